"""The documentation that phase 06 writes: tables, commands and diagram as Markdown, made from what is deployed. No AWS.

It holds no time and no run, so writing it twice changes nothing, and no address of a subscriber.
"""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib.display import commands, escape
from lib.marked import diff, normal, read_section, write_section
from lib.modes import Approval
from lib.settings import Settings
from lib.settings import changed as with_values

__all__ = ["changed", "diff", "read_section", "sections", "write_section"]

CLAUDE, README = "CLAUDE.md", "README.md"
EXISTING = ("your6.checkin", "Low Sentiment Alert", "Your6-LowSentimentRule", "standard, unscored", "as before")
ROUTE_OF_SOURCE = {
    "your6.checkin.crisis": "crisis",
    "your6.checkin.highrisk": "high",
    "your6.checkin.proactive": "proactive",
}
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
        (CLAUDE, "thresholds"): thresholds(settings),
        (CLAUDE, "testing"): testing(settings, started),
        (README, "step-functions"): features(settings, definition),
        (README, "alert-levels"): alert_levels(settings),
        (README, "architecture"): architecture(mermaid),
    }
    return {place: normal(text) for place, text in texts.items()}


def event_types(settings: Settings, rules: Sequence[Mapping[str, Any]]) -> str:
    """The event types, who catches them, and on which route they are sent."""
    rows = [EXISTING] + [row for rule in rules for row in _rule_rows(rule)]
    return f"""## Event types (Phase 3)

{_table(("source", "detail-type", "rule", "route", ""), rows)}

Every rule's target is `{settings.dispatcher_function_name}`. What a new rule cannot deliver is tried again, and then
kept in `{settings.events_dead_letter_queue_name}`. The detail carries `userId`, `sentimentScore`, `textPreview` and
`timestamp`; the new types add `riskScore`, `trajectory`, `route`, `drill` and `executionArn`.
"""


def thresholds(settings: Settings) -> str:
    """The five numbers that decide the route, in the order in which they are tried."""
    s = settings
    rows = [
        ("1", "crisis", f"risk > {s.crisis_risk_above:g}", "`crisis_risk_above`"),
        ("2", "high", f"risk > {s.high_risk_above:g}", "`high_risk_above`"),
        (
            "3",
            "standard",
            f"sentiment < {s.sentiment_below:g} or risk > {s.moderate_risk_above:g}",
            "`sentiment_below`, `moderate_risk_above`",
        ),
        ("4", "proactive", f"trajectory declining and risk > {s.proactive_risk_above:g}", "`proactive_risk_above`"),
        ("5", "none", "a usable score and sentiment, and none of these", ""),
        ("6", "unscored", "no usable score (0 to 100); or none of 1 to 3 and no usable sentiment (-1 to 1)", ""),
    ]
    return f"""## Crisis thresholds (Phase 3)

{_table(("order", "route", "when", "parameter"), rows)}

The first that holds decides, proactive only with a usable sentiment. A missing score or sentiment is never read as "no
risk". The numbers are parameters of the runbook; a change of one is planned and applied like any other change.
"""


def testing(settings: Settings, started: str = "") -> str:
    """Commands that test the deployed workflow; only ones that exist."""
    s = settings
    given = json.dumps({"userId": s.drill_user_id, "checkinResult": DRILL}, indent=2)
    approved = APPROVED if s.approval == Approval.REQUIRED else ()
    anybodys = with_values(s, profile="")
    start = ("--state-machine-arn", started or s.state_machine_arn, "--input", "file://drill-crisis.json")
    return f"""## Testing the workflow (Phase 3)

From the runbook's checkout:

```bash
# what would change; writes nothing:
{commands.anywhere(s, "plan")}
# carry it out, with drills of every route on the deployed workflow:
{commands.anywhere(s, "apply", *approved)}
# the drills' notebook alone, in the mode of the parameters:
{commands.papermill(s, "05_validation", "validation.ipynb")}
```

One crisis drill by hand. Only an execution named `drill-*` of the user `{s.drill_user_id}` may bring its own score; its
alerts say `[DRILL]`, and that user's contact is the operations team:

```bash
cat > drill-crisis.json <<'JSON'
{given}
JSON
{commands.aws(anybodys, "stepfunctions", "start-execution", *start)} \\
  --name "drill-crisis-$(date +%s)"
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
    bounded = f"\n- An execution ends after {limit} s at the latest; every task has its own timeout." if limit else ""
    return f"""## Check-in workflow (Phase 3)

{name} scores a check-in with `{s.processor_function_name}` and routes it by risk, sentiment and
trajectory.

- Crisis protocol in {at_once}: trusted contact, operations, and a note on the user's item in `{s.table_name}`. No
  branch waits for another, none can cancel another, and each alert has a second way.
- High-risk, standard and proactive alerts go by event, and straight to `{s.alert_topic_name}` where the event is
  refused.
- A check-in without a usable score or sentiment raises an alert.
- One that cannot be processed is told to `{s.ops_topic_name}`, and its execution fails for all to see.
- Drills run on the real workflow, are marked as drills, and have the operations team as their contact.{bounded}
- The log `{s.log_group_name}` holds every step and no word of a check-in.
"""


def alert_levels(settings: Settings) -> str:
    """Who hears of which level, and what they do."""
    trusted, operations = "trusted contact", "operations"
    rows = [
        ("crisis", f"{trusted} and {operations}", "call or go to the person now; 911, or 988 and press 1"),
        ("high", trusted, "call the person as soon as possible, today"),
        ("standard", trusted, "get in touch"),
        ("proactive", trusted, "get in touch before it gets worse"),
        ("unscored", f"{trusted} and {operations}", "read the check-in; nobody knows how this person is"),
        ("not processed", operations, "read the check-in; the execution has failed"),
        ("none", "nobody", ""),
    ]
    return f"""## Alert levels (Phase 3)

{_table(("level", "who is told", "what to do"), rows)}

A crisis alert must arrive within {settings.alert_limit_seconds:g} s.
"""


def architecture(mermaid: str) -> str:
    """The diagram, as GitHub draws it."""
    return f"## Architecture (Phase 3)\n\n```mermaid\n{mermaid.strip()}\n```\n"


def _rule_rows(rule: Mapping[str, Any]) -> list[tuple[str, ...]]:
    pattern = rule["pattern"]
    return [
        (*map(escape.markdown, (source, kind, rule["name"])), ROUTE_OF_SOURCE.get(source, ""), "new")
        for source in pattern["source"]
        for kind in pattern["detail-type"]
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def changed(file: str, before: str | None, after: str | None) -> str:
    """What differs between two texts of a section, as a unified diff; None is no section."""
    old, new = ([] if text is None else text.split("\n") for text in (before, after))
    return "\n".join(difflib.unified_diff(old, new, f"{file} (now)", f"{file} (wanted)", lineterm=""))
