"""Phase 06 beyond its plan: whether the documents will describe what runs, and what changed in them. Read-only."""

from lib import desired, documents
from lib.aws import Live
from lib.checks import Check
from lib.plans import Plan
from lib.resources import Section, Workflow


def describes_live(live: Live) -> list[Check]:
    """Whether the live definition is the one that the sections are rendered from."""
    value = Workflow(live, live.settings.state_machine_name).read()
    same = value is not None and value["definition"] == desired.workflow(live)["definition"]
    status = "passed" if same else "failed" if live.settings.mode == "apply" else "not applied"
    return [Check("the live workflow is the documented one", status, "the same" if same else "another", "the same")]


def diff(plan: Plan) -> str:
    """The unified diff of every section that the plan changes."""
    parts = []
    for change in plan.changes:
        if isinstance(change.resource, Section) and change.action != "none":
            parts.append(documents.changed(change.resource.file, change.before, change.after))
    return "\n".join(parts)
