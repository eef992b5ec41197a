"""Our alarms: which are in alarm now, and which went off since and are quiet again. Read-only.

An alarm that cannot go off or tells nobody is called out as well (`sound_alarms`). One that was fired as a test, or
that drills alone set off, is counted apart. The one that asks for a drill is in alarm from the day it is made until one
passes, which says nothing of the change: it waits for somebody, and breaks no watch.
"""

from dataclasses import replace
from datetime import datetime

from lib.aws import Live
from lib.checks import Check, Status
from lib.definitions.alarm_lint import DRILL_PASSED
from lib.drills.alarm_drill import FIRED, TEST
from lib.phases.watch import drilled as drills
from lib.phases.watch import sound_alarms
from lib.phases.watch.checkpoint import Reading, Span
from lib.phases.watch.failures import LATE, NAMED
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.resources.monitoring import alarm_listing
from lib.telemetry.deliveries import alarm_history
from lib.values.check_registry import Id
from lib.values.numbers import first_of, say_minute

EXPECTED = "quiet"


def alarms(run: ConnectedRun, span: Span) -> Reading:
    """One answer for all of them, and one for each that is in alarm, or was for a while."""
    templates = desired.alarms(run.live)
    names = [one.name for one in templates]
    asks_for_a_drill = {one.name for one in templates if DRILL_PASSED in {m.metric for m in one.definition.metrics}}
    ours = alarm_listing.of_names(run.live, names)
    fired = {name: row for name, row in ours.items() if row["StateValue"] == FIRED}
    now = {name: row for name, row in fired.items() if not row.get("StateReason", "").startswith(TEST)}
    went_off, tests = _went_off(run.live, span)
    past = {name: moments for name, moments in went_off.items() if name in ours and name not in fired}
    moments = {name: went_off.get(name) or [alarm_listing.changed_at(row)] for name, row in now.items()} | past
    by_name = {one.name: one for one in templates}
    drilled = [name for name, each in moments.items() if drills.set_off(run.live, by_name[name], each, span.until)]
    loud = [
        *(_alarm(name, f"in ALARM since {say_minute(alarm_listing.changed_at(row))} UTC") for name, row in now.items()),
        *(_alarm(name, f"went off at {say_minute(each[-1])} UTC, and is quiet again") for name, each in past.items()),
    ]
    loud = [one for one in loud if one.subject not in drilled]
    loud = [
        replace(one, status=Status.WAITING, found=f"{one.found}: a drill that passes ends it")
        if one.subject in asks_for_a_drill
        else one
        for one in loud
    ]
    status, unsound = sound_alarms.judge(run.live, templates, ours)
    said = [f"{len(now)} of {len(names)} in ALARM, {len(past)} more went off since", f"{tests} fired as a test"]
    said += [f"drills alone set off {first_of(drilled, NAMED)}"] if drilled else []
    found = "; ".join([*said, *unsound])
    whole = Check(Id.WATCH_ALARMS, "watch: alarms can go off", status, found, sound_alarms.EXPECTED)
    return Reading([whole, *loud], {"in alarm": len(now), "went off": len(past), "tests": tests})


def _alarm(name: str, said: str) -> Check:
    return Check(Id.WATCH_ALARM, f"watch: alarm {name}", Status.FAILED, said, EXPECTED, name)


def _went_off(live: Live, span: Span) -> tuple[dict[str, list[datetime]], int]:
    """When each alarm of ours went off in this time, oldest first; and how many were fired as a test."""
    fired, tests, ours = dict[str, list[datetime]](), 0, live.settings.state_machine_name
    for change in alarm_history.changes_of_state(live, span.since - LATE, span.until):
        if change.new != FIRED or not change.name.startswith(ours):
            continue
        if change.reason.startswith(TEST):
            tests += 1
        else:
            fired.setdefault(change.name, []).append(change.at)
    return fired, tests
