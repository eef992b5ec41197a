"""Drills: the plan's scenarios on the real workflow, judged by what the subscribers received.

A drill runs as the drill user, whose contact is the operations team, and its alerts say [DRILL].
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

from lib import changes, executions, listening, resources
from lib.aws import Live
from lib.checks import Check
from lib.errors import BadParameters
from lib.executions import Execution
from lib.listening import Received
from lib.records import Record
from lib.resources.users import item_of
from lib.resources.workflow import description

FOLDER = Path(__file__).parent / "definitions" / "scenarios"
WAIT_SECONDS = 180
REPEATABLE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Scenario:
    """One drill: its input beside the drill user, and what must come of it.

    A text that names `{execution}` gets the execution's name there, and is then filled up to `text_length`.
    """

    name: str
    title: str
    given: dict[str, Any]
    expect: dict[str, Any]
    text_length: int = 0


@dataclass(frozen=True)
class Drill:
    """What a scenario did, and the checks that judge it."""

    scenario: Scenario
    execution: Execution
    path: list[str]
    received: list[Received]
    interventions: int
    revision: str

    def heard(self, channel: str) -> list[Received]:
        return [message for message in self.received if message.channel == channel]

    def latency(self, channel: str) -> float | None:
        """Seconds from the execution's start to its last message at the channel's subscriber; None without one."""
        times = [message.at for message in self.heard(channel)]
        return round(max(times) - self.execution.started.timestamp(), 3) if times else None

    @property
    def events(self) -> list[str]:
        """The detail-types of the events that the drill published."""
        return sorted(str(message.body.get("detail-type", "")) for message in self.heard("events"))


def load() -> list[Scenario]:
    """The plan's six scenarios, in the plan's order."""
    found = [_scenario(path) for path in FOLDER.glob("test-*.json")]
    return sorted(found, key=lambda scenario: int(scenario.expect["order"]))


def _scenario(path: Path) -> Scenario:
    data = json.loads(path.read_text(encoding="utf-8"))
    try:
        expect = {**data["expect"], "order": data["order"]}
        return Scenario(data["name"], data["title"], {"checkinResult": data["checkinResult"]}, expect)
    except KeyError as error:
        raise BadParameters(f"{path.name} lacks {error}; expected name, title, order, checkinResult, expect") from error


def ordinary() -> Scenario:
    """An ordinary check-in: no score is given, so it goes through the real processor."""
    expect = {"route": "none", "trusted_alerts": 0, "operations_alerts": 0, "events": [], "status": "SUCCEEDED"}
    given = {"text": "Slept well, walked the dog and had lunch with a friend.", "timestamp": "2026-01-01T12:00:00Z"}
    return Scenario(
        "ordinary", "Ordinary check-in through the processor", given, expect | {"intervention_recorded": False}
    )


def unreadable() -> Scenario:
    """A check-in that the processor cannot score: operations must hear of it, and the execution must not look well."""
    expect = {
        "route": None,
        "trusted_alerts": None,
        "operations_alerts": 1,
        "events": None,
        "status": None,
        "intervention_recorded": False,
    }
    return Scenario("unreadable", "Check-in that cannot be scored", {}, expect)


def run(live: Live, record: Record, scenarios: Sequence[Scenario]) -> list[Drill]:
    """Run the scenarios one after the other while temporary subscribers listen."""
    # SQS refuses a deleted queue's name for a minute, so a second validation of the run needs names of its own.
    changes.clear_left_behind(record.rows(changes.LOG), partial(resources.reopen, live), record)
    session = f"{secrets.token_hex(2)}-{record.run_id}"
    with changes.temporarily(listening.listeners(live, session), "05", record):
        # A queue's new policy and a new rule take a while to let messages through.
        live.sleep(live.settings.settle_seconds)
        started = [_start(live, record, scenario) for scenario in scenarios]
        heard = listening.collect(live, session, lambda got: _complete(got, started))
    return [_drill(live, scenario, execution, counted, heard) for scenario, execution, counted in started]


def _start(live: Live, record: Record, scenario: Scenario) -> tuple[Scenario, Execution, int]:
    user = live.settings.drill_user_id
    before = _interventions(live)
    name = f"drill-{scenario.name}-{REPEATABLE.sub('', record.run_id)[-12:]}-{secrets.token_hex(3)}"[:80]
    # The drill's text names its execution, so that an alert which carries no ARN can be told by it.
    given = json.loads(json.dumps(scenario.given).replace("{execution}", name))
    scenario = replace(scenario, given=given)
    arn = executions.start(live, name, {"userId": user, **given})
    execution = executions.finished(live, arn, WAIT_SECONDS)
    return scenario, execution, _interventions(live) - before


def _interventions(live: Live) -> int:
    item = item_of(live, live.settings.table_name, live.settings.drill_user_id) or {}
    return int(item.get("crisisInterventionCount", 0))


def _complete(heard: Sequence[Received], started: Sequence[tuple[Scenario, Execution, int]]) -> bool:
    return all(
        len([m for m in heard if m.channel == channel and m.is_about(execution.name)]) >= (scenario.expect[key] or 0)
        for scenario, execution, _ in started
        for channel, key in (("trusted", "trusted_alerts"), ("operations", "operations_alerts"))
    )


def _drill(live: Live, scenario: Scenario, execution: Execution, counted: int, heard: Sequence[Received]) -> Drill:
    return Drill(
        scenario=scenario,
        execution=execution,
        path=executions.path(live, execution.arn),
        received=[message for message in heard if message.is_about(execution.name)],
        interventions=counted,
        revision=executions.revision(live, execution.arn),
    )


def judge(drill: Drill, live: Live) -> list[Check]:
    """Every check of one drill: status, route, alerts at the subscribers, events, item, latency, revision."""
    expect, name = drill.scenario.expect, drill.scenario.name
    limit = live.settings.alert_limit_seconds
    checks = [
        _equal(f"{name}: status", drill.execution.status, expect["status"]),
        _equal(f"{name}: route", drill.execution.output.get("route"), expect["route"]),
        _equal(f"{name}: alerts to the trusted contact", len(drill.heard("trusted")), expect["trusted_alerts"]),
        _equal(f"{name}: alerts to operations", len(drill.heard("operations")), expect["operations_alerts"]),
        _equal(f"{name}: events", drill.events, expect["events"]),
        _equal(f"{name}: intervention recorded", drill.interventions, int(expect["intervention_recorded"])),
        _within(f"{name}: received in time", _slowest(drill), limit, bool(_alerts_expected(expect))),
        _marked(drill),
        _wordless(drill),
        _current(drill, live),
    ]
    return [check for check in checks if check is not None]


def _alerts_expected(expect: dict[str, Any]) -> int:
    return int(expect["trusted_alerts"] or 0) + int(expect["operations_alerts"] or 0)


def _slowest(drill: Drill) -> float | None:
    found = [seconds for seconds in (drill.latency("trusted"), drill.latency("operations")) if seconds is not None]
    return max(found) if found else None


def _equal(name: str, found: Any, expected: Any) -> Check | None:  # noqa: ANN401
    if expected is None:
        return None
    same = type(found) is type(expected) and found == expected
    return Check(name, "passed" if same else "failed", str(found), str(expected))


def _within(name: str, seconds: float | None, limit: float, expected: bool) -> Check | None:
    if not expected:
        return None
    passed = seconds is not None and seconds <= limit
    found = "nothing received" if seconds is None else f"{seconds:.2f} s"
    return Check(name, "passed" if passed else "failed", found, f"at most {limit:g} s")


def _marked(drill: Drill) -> Check | None:
    alerts = [*drill.heard("trusted"), *drill.heard("operations")]
    if not alerts:
        return None
    plain = [message.channel for message in alerts if not message.subject.startswith("[DRILL]")]
    found = f"{len(alerts) - len(plain)} of {len(alerts)} say [DRILL]"
    return Check(f"{drill.scenario.name}: marked as a drill", "failed" if plain else "passed", found, "all")


def _wordless(drill: Drill) -> Check | None:
    text = str(drill.scenario.given.get("checkinResult", {}).get("text") or drill.scenario.given.get("text") or "")
    alerts = [*drill.heard("trusted"), *drill.heard("operations")]
    if not alerts or not text:
        return None
    leaks = [message.channel for message in alerts if text in message.raw]
    found = f"the text is in the alert to {', '.join(leaks)}" if leaks else "no text in any alert"
    return Check(f"{drill.scenario.name}: no check-in text in an alert", "failed" if leaks else "passed", found, "none")


def _current(drill: Drill, live: Live) -> Check:
    name = f"{drill.scenario.name}: ran on the live revision"
    now = str((description(live, live.settings.state_machine_arn) or {}).get("revisionId", "unknown"))
    if "execution_revision" in live.settings.not_exercised_here:
        return Check(name, "not exercised here", "this environment does not say", now)
    return Check(name, "passed" if drill.revision == now else "failed", drill.revision or "unknown", now)


def row(drill: Drill, live: Live) -> dict[str, Any]:
    """A drill as plain data for the evidence; holds no check-in text."""
    return {
        "scenario": drill.scenario.name,
        "title": drill.scenario.title,
        "execution": drill.execution.arn,
        "started": drill.execution.started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "status": drill.execution.status,
        "route": drill.execution.output.get("route"),
        "risk": drill.execution.output.get("riskScore"),
        "path": drill.path,
        "trusted_alerts": len(drill.heard("trusted")),
        "operations_alerts": len(drill.heard("operations")),
        "events": drill.events,
        "interventions": drill.interventions,
        "trusted_seconds": drill.latency("trusted"),
        "operations_seconds": drill.latency("operations"),
        "revision": drill.revision,
        "checks": [vars(check) for check in judge(drill, live)],
    }
