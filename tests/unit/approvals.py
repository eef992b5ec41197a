"""A run that needs approval: its parameters, its plan as it is reviewed, and its record as it is begun."""

from fakes import run_of

from lib.changes import approval, plan_data
from lib.changes.approval import require_whole
from lib.record import records
from lib.record.records import Record
from lib.settings import Settings, load

CALLER = "arn:aws:sts::205930636302:assumed-role/Operations/jane.doe"
# Another value of each parameter that decides what is changed.
OTHERS = {
    "environment": "other", "account_id": "111111111111", "region": "eu-west-1", "endpoint_url": "http://other",
    "approval": "none", "ops_subscription_protocol": "https", "ops_subscription_endpoint": "jim@example.org",
    "log_retention_days": 7, "not_exercised_here": ["execution_revision"],
}  # fmt: skip


def needing_approval(tmp_path) -> Settings:
    """Parameters of a run that needs approval, and has an approver and a ticket."""
    given = {"mode": "apply", "outputs_dir": str(tmp_path), "ops_subscription_protocol": "email"}
    given |= {
        "ops_subscription_endpoint": "joe@example.org",
        "approved_by": "bob",
        "change_ticket": "CHG-7",
        "may_replace": 9,
    }
    asked = {"approval": "required", "not_exercised_here": []}
    return load("local", given | asked)


def planned(settings, *plans, run_id="") -> Settings:
    """As `runbook plan` and a reviewer leave it: the plan in a record, its fingerprint in the parameters."""
    record = records.open_run(settings.model_copy(update={"run_id": run_id}))
    data = plan_data.plan_data(plans, run_of(settings.model_copy(update={"mode": "plan"}), record, *plans))
    record.keep_json(approval.PLAN, data)
    return settings.model_copy(update={"approved_plan": data["fingerprint"]})


def begun(settings, *plans, run_id="") -> Record:
    """As `runner.begin_approved` leaves it."""
    record = records.open_run(settings.model_copy(update={"run_id": run_id}))
    require_whole(run_of(settings, record, *plans), plans, CALLER)
    approval.keep_begun_plan(plans, run_of(settings, record, *plans), CALLER)
    return record


def other_value(key: str, value: object) -> object:
    if key in OTHERS:
        return OTHERS[key]
    if isinstance(value, dict):
        return {**value, "other": []}
    return value + 1 if isinstance(value, int | float) else f"{value}-other"
