"""Rows of a run's log, as a run leaves them that wrote something."""

from lib.record import change_rows
from lib.resources.queues import Queue
from lib.resources.workflow import Workflow
from lib.resources.workflow_alias import WorkflowAlias


def wrote(kind, state="intended", undoes=False, **more):
    """A row of a run's log."""
    change = {"kind": kind, "name": kind, "identity": {"n": kind}, "action": "update", "before": 1, "after": 2}
    return change_rows.to_row("2026-11-28T00:00:00+00:00", "03", state, undoes, False, change) | more


OF_THE_WORKFLOW, OF_AN_ALIAS, OF_A_QUEUE = wrote(Workflow.kind), wrote(WorkflowAlias.kind), wrote(Queue.kind)


TOLD = {"time": "2026-01-01T00:00:00+00:00", "phase": "01", "undoes": False, "temporary": False, "action": "update"}


def told(label, before, after, **more):
    identity = {"label": label}
    row = {**TOLD, "kind": "thing", "name": f"thing {label}", "identity": identity, "before": before, "after": after}
    return [{**row, "state": state, **more} for state in ("intended", "applied")]
