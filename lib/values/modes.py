"""Words of the parameters by which code decides: whether a run writes, what is approved, what guards. No AWS."""

from enum import StrEnum

# By what the tuning judges thresholds: it changes nothing.
OF_THE_TUNING = (
    "tuning_from", "tuning_to", "outcomes_file", "crisis_recall_floor", "alerts_a_day", "outcome_costs",
)  # fmt: skip
# Who makes a run and where its record lies decides nothing about what is changed, so it is no part of an approval.
OF_THE_RUN = (
    "mode", "run_id", "outputs_dir", "docs_dir", "record_store", "profile", "approved_plan", "approved_by",
    "change_ticket", "rollback_to_phase", "rollback_foreign", *OF_THE_TUNING,
)  # fmt: skip
# What guards an account is as the parameters file in use says, and no option, notebook or environment word changes it.
# FIXED stays as it is, the workflow because the account keeps its guards by it; of TIGHTENED more may be asked than the
# file asks, and never less.
FIXED = ("environment", "account_id", "region", "lock_name", "state_machine_name")
TIGHTENED = ("approval", "not_exercised_here")


class Mode(StrEnum):
    """Whether a run may write."""

    PLAN = "plan"
    CANDIDATE = "candidate"  # in phase 03 what is there for a while, and its drills; what lasts is only planned
    APPLY = "apply"


class Approval(StrEnum):
    """Whether an account takes only what was approved."""

    NONE = "none"
    REQUIRED = "required"


class Foreign(StrEnum):
    """What a rollback does with what somebody else has changed since."""

    REFUSE = "refuse"
    OVERWRITE = "overwrite"


class Gap(StrEnum):
    """What the embedded account cannot answer, and AWS can."""

    PERMISSION_SIMULATION = "permission_simulation"
    DEFINITION_VALIDATION = "definition_validation"
    EXECUTION_REVISION = "execution_revision"
