"""Phase 06 beyond its plan: whether the documents will describe what runs, and what changed in them. Read-only."""

from lib.aws import Live
from lib.changes import engine
from lib.changes.plans import Plan
from lib.checks import Check, status_in
from lib.definitions import documents
from lib.record.change_rows import Action
from lib.resources import desired
from lib.resources.existing import names
from lib.resources.resource_kinds import Section
from lib.values.check_registry import Id


def describes_live(live: Live) -> list[Check]:
    """Whether what check-ins run and the live event rules are those that the sections are rendered from."""
    wanted, running = desired.workflow(live)["definition"], names.running_definitions(live)
    same = bool(running) and all(definition == wanted for definition in running)
    status = status_in(live.settings.mode, same)
    name, found = "the live workflow is the documented one", "the same" if same else "another"
    return [Check(Id.WORKFLOW_DOCUMENTED, name, status, found, "the same"), _rules(live)]


def _rules(live: Live) -> Check:
    pending = [change.resource.name for change in engine.plan("04", desired.event_rules(live)).pending]
    status = status_in(live.settings.mode, not pending)
    found = f"another: {', '.join(pending)}" if pending else "the same"
    return Check(Id.RULES_DOCUMENTED, "the live event rules are the documented ones", status, found, "the same")


def diff(plan: Plan) -> str:
    """The unified diff of every section that the plan changes."""
    parts = []
    for change in plan.changes:
        if isinstance(change.resource, Section) and change.action != Action.NONE:
            parts.append(documents.section_diff(change.resource.file, change.before, change.after))
    return "\n".join(parts)
