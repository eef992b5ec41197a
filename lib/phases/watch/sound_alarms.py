"""Whether our alarms can go off, and tell whom they should. Read-only.

One that is gone, may not act or tells somebody else tells nobody; so do all that count by the filter on the workflow's
log once that is gone, and CloudWatch calls each of them OK. What counts otherwise than the plan makes it waits for
somebody: it may be meant.
"""

from collections.abc import Mapping, Sequence

from lib.aws import Live
from lib.changes.plans import differences
from lib.checks import WORST_FIRST, Status
from lib.definitions.alarm_templates import AlarmTemplate
from lib.errors import RunbookError
from lib.phases.watch.failures import NAMED
from lib.resources import desired
from lib.resources.monitoring.alarm_listing import Row
from lib.resources.monitoring.alarms import value_of
from lib.values.numbers import first_of

EXPECTED = "each is there, may act, tells whom it should, and counts as the plan makes it"
# Whom else an alarm tells, and in which words, is whoever's who added it.
BESIDE_THE_COUNT = ("ActionsEnabled", "AlarmActions", "AlarmDescription", "OKActions")


def judge(live: Live, templates: Sequence[AlarmTemplate], ours: Mapping[str, Row]) -> tuple[Status, list[str]]:
    """Of all of them, and what is said of those that are not sound; `ours` are those that are there, by name."""
    absent = [one.name for one in templates if one.name not in ours]
    there = [(one, ours[one.name]) for one in templates if one.name in ours]
    disabled = [one.name for one, row in there if not row["ActionsEnabled"]]
    astray = [one.name for one, row in there if {*one.value.get("AlarmActions", ())} - {*row.get("AlarmActions", ())}]
    moved = [why for one, row in there if (why := _moved(one, value_of(live, row)))]
    counting, of_filter = _filter(live, templates)
    words = {
        "gone, or may not act": [*absent, *disabled],
        "tells not whom it should": astray,
        "counts otherwise than the plan makes it": moved,
    }
    said = [f"{what}: {first_of(names, NAMED)}" for what, names in words.items() if names]
    status = Status.FAILED if absent or disabled or astray else Status.WAITING if moved else Status.PASSED
    return min(status, counting, key=WORST_FIRST.index), [*said, *([of_filter] if of_filter else [])]


def _moved(one: AlarmTemplate, live: Mapping[str, object]) -> str:
    """What of an alarm decides when it goes off and is not the plan's, "" where all of it is."""
    wanted = {key: value for key, value in one.value.items() if key not in BESIDE_THE_COUNT}
    fields = differences(wanted, {key: live[key] for key in wanted if key in live})
    return f"{one.name} ({first_of(fields, NAMED)})" if fields else ""


def _filter(live: Live, templates: Sequence[AlarmTemplate]) -> tuple[Status, str]:
    """The same of the filter on the log, by which alarms count the states that check-ins enter."""
    wanted = desired.metric_filter(live, templates)
    try:
        held = wanted.resource.read()
    except RunbookError as error:
        return Status.CANNOT_TELL, f"whether the alarms on the log count anything nobody can tell: {error}"
    if held is None:
        return Status.FAILED, f"{wanted.resource.name} is gone: what counts by it stays OK, whatever happens"
    fields = differences(wanted.value, held)
    said = f"{wanted.resource.name} counts otherwise than the plan makes it: {first_of(fields, NAMED)}"
    return (Status.WAITING, said) if fields else (Status.PASSED, "")
