"""Words of the parameters by which code decides: whether a run writes, what is approved, what is left out. No AWS."""

from enum import StrEnum


class Mode(StrEnum):
    """Whether a run may write."""

    PLAN = "plan"
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
