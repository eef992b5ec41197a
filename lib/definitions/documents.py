"""The documentation that phase 06 writes: tables, commands and diagram as Markdown, made from what is deployed. No AWS.

It holds no time and no run, so writing it twice changes nothing, and no address of a subscriber.
"""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib import routes
from lib.definitions.marked_sections import normal
from lib.record import command_lines
from lib.routes import DRILL_PREFIX, LOW_SENTIMENT_RULE, STANDARD_ALERT, Route, Threshold
from lib.settings import Settings
from lib.settings import with_changes as with_values
from lib.values import escape
from lib.values.alerts import Score, Told
from lib.values.modes import Approval

CLAUDE, README = "CLAUDE.md", "README.md"
# What only the reviewer knows, as variables of a shell.
APPROVED = ("--approved-plan", '"$FINGERPRINT"', "--approved-by", '"$APPROVER"', "--change-ticket", '"$TICKET"')
DRILL = {"risk_score": 98, "score": -0.95, "trajectory": "declining", "text": "Drill: no real check-in."}


def sections(
    settings: Settings,
    definition: Mapping[str, Any],
    mermaid: str,
    rules: Sequence[Mapping[str, Any]],
    started: str = "",
) -> dict[tuple[str, str], str]:
    """(file, section) -> Markdown. `rules`: the new event rules; `mermaid`: the diagram.

    `started`: the ARN that check-ins start, "" for the workflow's own.
    """
    texts = {
        (CLAUDE, "event-types"): event_types(settings, rules),
        (CLAUDE, "thresholds"): _thresholds(settings),
        (CLAUDE, "testing"): testing_commands(settings, started),
        (README, "step-functions"): features(settings, definition),
        (README, "alert-levels"): _alert_levels(settings),
        (README, "architecture"): _architecture(mermaid),
    }
    return {place: normal(text) for place, text in texts.items()}


def event_types(settings: Settings, rules: Sequence[Mapping[str, Any]]) -> str:
    """The event types, who catches them, and on which route they are sent."""
    both = ", ".join(route for route in Route if route.row.alert == STANDARD_ALERT)
    existing = (STANDARD_ALERT.source, STANDARD_ALERT.detail_type, LOW_SENTIMENT_RULE, both, "as before")
    rows = [existing] + [row for rule in rules for row in _rule_rows(rule)]
    return f"""## Event types (Phase 3)

{_table(("source", "detail-type", "rule", "route", ""), rows)}

Every rule's target is `{settings.dispatcher_function_name}`. What a new rule cannot deliver is tried again, and then
kept in `{settings.events_dead_letter_queue_name}`. The detail carries `userId`, `sentimentScore`, `textPreview` and
`timestamp`; the new types add `riskScore`, `trajectory`, `route`, `drill` and `executionArn`.
"""


def _thresholds(settings: Settings) -> str:
    """The numbers that decide the route, in the order in which they are tried."""
    rows = [
        (str(place), route, _when(route, settings.thresholds), ", ".join(f"`{one.parameter}`" for one in _tried(route)))
        for place, route in enumerate(Route, start=1)
    ]
    only = " and ".join(route for route in Route if route.row.declining) + " only with a usable sentiment"
    return f"""## Crisis thresholds (Phase 3)

{_table(("order", "route", "when", "parameter"), rows)}

The first that holds decides, {only}. A missing score or sentiment is never read as "no
risk". The numbers are parameters of the runbook; a change of one is planned and applied like any other change.
"""


def _tried(route: Route) -> Sequence[Threshold]:
    """A route's numbers as its documentation says them: what a mood decides before what a score does."""
    return sorted(route.row.thresholds, key=lambda one: one.score is Score.RISK)


def _when(route: Route, numbers: Mapping[str, float]) -> str:
    """When a route is taken, in words."""
    if route is Route.NONE:
        return "a usable score and sentiment, and none of these"
    if route is Route.UNSCORED:
        alone = sum(not one.row.declining for one in routes.SCORED)
        return f"no usable score (0 to 100); or none of 1 to {alone} and no usable sentiment (-1 to 1)"
    said = " or ".join(f"{one.score} {one.sign} {numbers[one.placeholder]:g}" for one in _tried(route))
    return f"trajectory {routes.DECLINING} and {said}" if route.row.declining else said


def testing_commands(settings: Settings, started: str = "") -> str:
    """Commands that test the deployed workflow; only ones that exist."""
    s = settings
    given = json.dumps({"userId": s.drill_user_id, "checkinResult": DRILL}, indent=2)
    named = f"`{DRILL_PREFIX}*` of the user `{s.drill_user_id}`"
    approved = APPROVED if s.approval == Approval.REQUIRED else ()
    anybodys = with_values(s, profile="")
    start = ("--state-machine-arn", started or s.state_machine_arn, "--input", "file://drill-crisis.json")
    return f"""## Testing the workflow (Phase 3)

From the runbook's checkout:

```bash
# what would change; writes nothing:
{command_lines.anywhere(s, "plan")}
# carry it out, with drills of every route on the deployed workflow:
{command_lines.anywhere(s, "apply", *approved)}
# the drills' notebook alone, in the mode of the parameters:
{command_lines.papermill(s, "05_validation", "validation.ipynb")}
```

One crisis drill by hand. Only an execution named {named} may bring its own score; its
alerts say `[DRILL]`, and that user's contact is the operations team:

```bash
cat > drill-crisis.json <<'JSON'
{given}
JSON
{command_lines.aws(anybodys, "stepfunctions", "start-execution", *start)} \\
  --name "{DRILL_PREFIX}crisis-$(date +%s)"
```
"""


def features(settings: Settings, definition: Mapping[str, Any]) -> str:
    """What the workflow does since Phase 3."""
    s = settings
    branches = [
        len(state.get("Branches", [])) for state in definition["States"].values() if state["Type"] == "Parallel"
    ]
    at_once = f"{branches[0]} branches at once" if branches else "branches"
    limit, name = definition.get("TimeoutSeconds"), escape.code(s.state_machine_name)
    by_event = [route.row.said for route in Route if route.row.told == (Told.CONTACT,)]
    said = f"{', '.join(by_event[:-1])} and {by_event[-1]}".capitalize()
    bounded = f"\n- An execution ends after {limit} s at the latest; every task has its own timeout." if limit else ""
    return f"""## Check-in workflow (Phase 3)

{name} scores a check-in with `{s.processor_function_name}` and routes it by risk, sentiment and
trajectory.

- Crisis protocol in {at_once}: trusted contact, operations, and a note on the user's item in `{s.table_name}`. No
  branch waits for another, none can cancel another, and each alert has a second way.
- {said} alerts go by event, and straight to `{s.alert_topic_name}` where the event is
  refused.
- A check-in without a usable score or sentiment raises an alert.
- One that cannot be processed is told to `{s.ops_topic_name}`, and its execution fails for all to see.
- Drills run on the real workflow, are marked as drills, and have the operations team as their contact.{bounded}
- The log `{s.log_group_name}` holds every step and no word of a check-in.
"""


def _alert_levels(settings: Settings) -> str:
    """Who hears of which level, and what they do."""
    names = {Told.CONTACT: "trusted contact", Told.OPERATIONS: "operations"}
    rows = [
        *((route, " and ".join(names[one] for one in route.row.told), route.row.advice) for route in routes.ALERTING),
        ("not processed", names[Told.OPERATIONS], "read the check-in; the execution has failed"),
        (Route.NONE, "nobody", ""),
    ]
    return f"""## Alert levels (Phase 3)

{_table(("level", "who is told", "what to do"), rows)}

A crisis alert must arrive within {settings.alert_limit_seconds:g} s.
"""


def _architecture(mermaid: str) -> str:
    """The diagram, as GitHub draws it."""
    return f"## Architecture (Phase 3)\n\n```mermaid\n{mermaid.strip()}\n```\n"


def _rule_rows(rule: Mapping[str, Any]) -> list[tuple[str, ...]]:
    pattern = rule["pattern"]
    return [
        (*map(escape.markdown, (source, kind, rule["name"])), routes.of_event(source, kind), "new")
        for source in pattern["source"]
        for kind in pattern["detail-type"]
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def section_diff(file: str, before: str | None, after: str | None) -> str:
    """What differs between two texts of a section, as a unified diff; None is no section."""
    old, new = ([] if text is None else text.split("\n") for text in (before, after))
    return "\n".join(difflib.unified_diff(old, new, f"{file} (now)", f"{file} (wanted)", lineterm=""))
