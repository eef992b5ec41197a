"""Drills on a workflow whose alerts come late, twice or never: it is told as it came. No AWS."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
from accounts import nowhere
from drilled import STARTED, drill
from fakes import World
from machines import StepFunctions, says
from subscribers import Mailing, Queues, alert

from lib.changes import engine
from lib.changes.plans import Change, Wanted, entry
from lib.cli import drill_command
from lib.definitions import templates
from lib.drills import drill_log, drill_progress, drill_runner, evaluation, scenarios, subscribers
from lib.drills.drill_progress import Stage
from lib.drills.drill_session import Group, Session
from lib.drills.scenarios import Scenario, outcome
from lib.errors import NotAsWanted, Refused, Superseded, Throttled, Unreachable
from lib.phases import event_rules, session
from lib.record import run_phases
from lib.record.records import LOG
from lib.resources import connected_run
from lib.resources.existing import traffic_entries
from lib.resources.existing.traffic_entries import Entries
from lib.resources.existing.traffic_starters import Starter
from lib.settings import load
from lib.wait import idle

CRISIS = next(case for case in scenarios.load() if case.name == "crisis")
NORMAL = next(case for case in scenarios.load() if case.name == "normal")
PREFIX = "arn:aws:states:us-east-1:000000000000:execution:Your6-CheckinWorkflow"


@dataclass
class Workflow(StepFunctions):
    """Step Functions that also starts executions: each ends after `lasts` seconds of the connection's clock.

    By the same clock it enters its states. A history can be `closed` to who reads it while an execution runs.
    """

    clock: object = None
    lasts: float = 0.0
    enters: dict[str, float] = field(default_factory=lambda: {"DrillGate": 0, "EvaluateRisk": 0})
    closed: bool = False
    histories: int = 0
    looks: int = 0
    started: dict[str, dict] = field(default_factory=dict)
    reacts: object = lambda name, given: None

    def _start_execution(self, stateMachineArn, name, input):  # noqa: N803 - AWS's own names
        self.started[f"{PREFIX}:{name}"] = {"by": stateMachineArn, "at": self.clock(), "given": json.loads(input)}
        self.reacts(name, json.loads(input))
        return {"executionArn": f"{PREFIX}:{name}"}

    def _describe_execution(self, executionArn):  # noqa: N803
        self.looks += 1
        over = self.clock() >= self.started[executionArn]["at"] + self.lasts
        ended = {"status": "SUCCEEDED", "stopDate": STARTED, "output": '{"route": "crisis"}'} if over else {}
        return {"status": "RUNNING", "startDate": STARTED, **ended}

    def _describe_state_machine_for_execution(self, executionArn):  # noqa: N803
        return {"revisionId": "r1"}

    def get_paginator(self, operation):
        assert operation == "get_execution_history"
        return SimpleNamespace(paginate=self._history)

    def _history(self, executionArn, **_):  # noqa: N803
        self.histories += 1
        since = self.clock() - self.started[executionArn]["at"]
        if self.closed and since <= self.lasts:
            raise says("ThrottlingException")
        events = [{"stateEnteredEventDetails": {"name": name}} for name, at in self.enters.items() if at <= since]
        return [{"events": [*events, {"type": "ExecutionSucceeded"}]}]


@dataclass
class Table:
    """The drill user's item, None where there is none."""

    count: object = 0
    more: dict[str, object] = field(default_factory=dict)

    def get_item(self, **_):
        if self.count is None:
            return {}
        item = {"userId": {"S": "drill-operations"}, "crisisInterventionCount": self.count_typed}
        return {"Item": {**item, **self.more}}

    @property
    def count_typed(self):
        return {"S": self.count} if isinstance(self.count, str) else {"N": str(self.count)}


@pytest.fixture
def settings(settings):
    update = {"alert_limit_seconds": 10, "listen_seconds": 5, "poll_seconds": 1, "settle_seconds": 7}
    return settings.model_copy(update=update)


@pytest.fixture
def world():
    """Where the listeners are: two of them, and what was there before."""
    return World({"theirs": 1})


@pytest.fixture
def queues():
    return Queues()


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def aws(settings, queues, table):
    """The workflow as phase 03 leaves it, which reacts to a crisis as it should."""
    held = {"definition": json.dumps(templates.definition(settings)), "roleArn": "r"}
    found = Workflow(settings.state_machine_arn, {settings.state_machine_arn: held})

    def reacts(name, given):
        if given["checkinResult"]["risk_score"] > 95:
            table.count += 1
            for channel in ("trusted", "operations"):
                queues.put(channel, alert(name), sent=STARTED.timestamp() + 0.5)

    found.reacts = reacts
    return found


@pytest.fixture
def live(settings, aws, queues, table, world, monkeypatch):
    """A connection on whose clock time passes only while somebody sleeps."""
    now = [0.0]
    found = nowhere(settings, stepfunctions=aws, sqs=queues, dynamodb=table, sns=Mailing())
    found = replace(found, sleep=lambda seconds: now.__setitem__(0, now[0] + seconds), clock=lambda: now[0])
    aws.clock = queues.clock = found.clock
    monkeypatch.setattr(traffic_entries, "read", lambda live: Entries(aws.arn, (), ()))
    monkeypatch.setattr(subscribers, "left_behind", lambda live: [])
    monkeypatch.setattr(
        drill_runner.resource_kinds, "reopen", lambda live, kind, identity: world.reopen(kind, identity)
    )
    monkeypatch.setattr(connected_run, "AccountGuards", lambda live: world)
    monkeypatch.setattr(connected_run.run_lock, "of", lambda live: world.lock)
    monkeypatch.setattr(subscribers, "listeners", lambda live, session: world.wanted(ear="listens", mouth="speaks"))
    return found


def drilled(live, record, *cases, **more):
    return drill_runner.run(connected_run.of(live, record), [Group("scenarios", cases or [CRISIS], **more)])


def judged(drill, settings):
    return {check.name.partition(": ")[2]: check.status for check in evaluation.judge(drill, settings, "r1")}


# A drill that goes well


def test_a_drill_is_told_with_everything_that_came_of_it_and_nothing_that_listened_is_left(live, aws, world, record):
    found = drilled(live, record)
    (one,) = found.drills
    assert (one.group, one.scenario, one.execution.status) == ("scenarios", CRISIS, "SUCCEEDED")
    assert ([message.channel for message in one.received], one.interventions) == (["trusted", "operations"], 1)
    assert (one.path, one.revision) == (["DrillGate", "EvaluateRisk"], "r1")
    assert (found.strays, found.counted, found.left) == ([], {"scenarios": 1}, "")
    assert world.live == {"theirs": 1}
    assert [label for label, value in world.writes if value] == ["ear", "mouth"]
    assert {row["temporary"] for row in record.rows(LOG)} == {True}


def test_a_drill_is_the_drill_users_and_carries_the_name_by_which_its_alerts_are_told(live, aws, settings, record):
    (one,) = drilled(live, record).drills
    (told,) = aws.started.values()
    assert told["given"] == {"userId": settings.drill_user_id, **CRISIS.input(one.execution.name)} | {
        "userId": settings.drill_user_id
    }
    assert one.given == CRISIS.input(one.execution.name)
    assert one.execution.name in json.dumps(told["given"])
    assert re.fullmatch(r"drill-crisis-[A-Za-z0-9]{12}-[0-9a-f]{6}", one.execution.name)


def test_drills_start_what_check_ins_start(live, aws, record, monkeypatch):
    alias = f"{aws.arn}:live"
    aws.held[f"{aws.arn}:1"], aws.aliases["live"] = aws.held[aws.arn], {f"{aws.arn}:1": 100}
    monkeypatch.setattr(traffic_entries, "read", lambda live: Entries(aws.arn, ("live",), (Starter("who", alias),)))
    drilled(live, record)
    assert [told["by"] for told in aws.started.values()] == [alias]


def test_nothing_starts_before_the_listeners_have_had_their_time(live, aws, record):
    drilled(live, record)
    assert [told["at"] for told in aws.started.values()] == [live.settings.settle_seconds]


@pytest.mark.parametrize(("protocol", "apart"), [("email", 0.2), ("sqs", 0)])
def test_crises_at_once_start_apart_where_their_alerts_are_mailed(protocol, apart, live, aws, record):
    live.client("sns").topics[live.settings.ops_topic_name] = [protocol]
    drilled(live, record, *[CRISIS] * 12, at_once=12)
    began = sorted(told["at"] - live.settings.settle_seconds for told in aws.started.values())
    assert all(at >= number * apart - 0.001 for number, at in enumerate(began))
    assert apart or set(began) == {0}


def test_two_sessions_of_one_run_listen_by_queues_of_different_names(live, world, record, monkeypatch):
    names = []
    monkeypatch.setattr(subscribers, "listeners", lambda live, session: names.append(session) or world.wanted(ear=1))
    for _ in range(2):
        drilled(live, record, NORMAL)
    assert len(set(names)) == 2 and all(name.endswith(record.run_id) for name in names)


@pytest.mark.parametrize(("run_id", "part"), [("r.1_2-3", "r123"), ("20260101T120000Z-abcd", "T120000Zabcd")])
def test_a_drills_name_is_one_that_step_functions_takes_and_is_never_used_twice(run_id, part):
    long = replace(CRISIS, name="x" * 90)
    first, second = drill_runner._name(CRISIS, run_id), drill_runner._name(CRISIS, run_id)
    assert first != second and first.startswith(f"drill-crisis-{part}-")
    assert len(drill_runner._name(long, run_id)) == 80


# Once it runs, no read that is refused takes the evidence with it


def refused(*_, **__):
    raise NotAsWanted("AWS refused while reading it: Rate exceeded")


@pytest.mark.parametrize(
    ("name", "what", "open_check"),
    [("path", "path", ""), ("revision", "revision", "ran on the live revision")],
)
def test_an_alert_that_is_lost_is_judged_though_a_read_behind_it_is_refused(
    name, what, open_check, live, settings, aws, record, monkeypatch
):
    aws.reacts = lambda name, given: None  # nobody is alerted
    monkeypatch.setattr(drill_runner.executions, name, refused)
    (one,) = drilled(live, record).drills
    assert one.unread == {what: "AWS refused while reading it: Rate exceeded"}
    given = settings.model_copy(update={"not_exercised_here": []})
    checks = judged(one, given)
    assert (checks["alerts to operations"], checks["received in time"]) == ("failed", "failed")
    assert [check for check, status in checks.items() if status == "cannot tell"] == (
        [open_check] if open_check else []
    )
    row = evaluation.row(one, given, "r1")
    assert (row["unread"], row["verdict"]["status"]) == (one.unread, "failed")


def test_a_count_that_cannot_be_read_any_more_is_no_count_and_no_end(live, settings, aws, record, monkeypatch):
    reads, count = [], drill_runner._interventions

    def once(live):
        reads.append(1)
        return count(live) if len(reads) < 3 else refused()

    monkeypatch.setattr(drill_runner, "_interventions", once)
    found = drilled(live, record)
    (one,) = found.drills
    assert (one.interventions, list(one.unread), found.counted) == (None, ["interventions"], {})
    assert judged(one, settings)["intervention recorded"] == "cannot tell"
    check = evaluation.interventions(found, "scenarios")
    assert (check.status, check.found) == ("cannot tell", "could not be read")
    assert evaluation.summary(one, evaluation.judge(one, settings, "r1")).status == "failed"  # its events are lacking


def test_where_it_cannot_be_read_before_the_first_drill_none_begins(live, aws, record, monkeypatch):
    monkeypatch.setattr(drill_runner, "_interventions", refused)
    with pytest.raises(NotAsWanted, match="Rate exceeded"):
        drilled(live, record)
    assert aws.started == {}


def test_what_was_heard_is_kept_also_where_another_took_the_lock_meanwhile(live, aws, world, record, monkeypatch):
    begin = engine.temporary_things

    @contextmanager
    def superseded(*given):
        with begin(*given):
            yield
        raise Superseded("another run holds the lock")

    monkeypatch.setattr(drill_runner.engine, "temporary_things", superseded)
    found = drilled(live, record)
    assert (len(found.drills[0].received), found.left) == (2, "another run holds the lock")


# To a workflow without the gate, a drill is a real check-in


def without_gate(aws):
    definition = json.loads(aws.held[aws.arn]["definition"])
    del definition["States"][drill_runner.GATE]
    return json.dumps(definition)


def with_another_gate(aws):
    definition = json.loads(aws.held[aws.arn]["definition"])
    definition["States"][drill_runner.GATE]["Default"] = "EvaluateRisk"
    return json.dumps(definition)


@pytest.mark.parametrize("definition", [without_gate, with_another_gate, lambda aws: '"no object"', None])
def test_where_the_gate_is_not_ours_nothing_is_started_and_nothing_listens(definition, live, aws, world, record):
    if definition:
        aws.held[aws.arn]["definition"] = definition(aws)
    else:
        aws.held.clear()
    with pytest.raises(
        Refused, match=r"^Your6-CheckinWorkflow, which check-ins start, has no DrillGate.*phase 03 first"
    ):
        drilled(live, record)
    assert (aws.started, world.writes, record.rows(LOG)) == ({}, [], [])


def test_one_version_in_a_hundred_without_the_gate_is_one_too_many(live, aws, record, monkeypatch):
    aws.held |= {f"{aws.arn}:1": aws.held[aws.arn], f"{aws.arn}:2": {"definition": without_gate(aws), "roleArn": "r"}}
    aws.aliases["live"] = {f"{aws.arn}:1": 99, f"{aws.arn}:2": 1}
    starter = Starter("who", f"{aws.arn}:live")
    monkeypatch.setattr(traffic_entries, "read", lambda live: Entries(aws.arn, ("live",), (starter,)))
    with pytest.raises(Refused, match="Your6-CheckinWorkflow:live, which check-ins start, has no DrillGate"):
        drilled(live, record)
    assert aws.started == {}


@pytest.mark.parametrize("gated", [True, False])
def test_a_drill_that_would_reach_a_person_is_not_started(gated, live, aws, table, world, record):
    table.more = {"trustedContact": {"M": {"phone": {"S": "+15550100123"}}}}
    with pytest.raises(Refused, match=r"a drill would call somebody.*its trustedContact is a person's") as error:
        drill_runner.run(connected_run.of(live, record), [Group("scenarios", [CRISIS])], gated=gated)
    with pytest.raises(Refused, match="a drill would call somebody"):
        event_rules.dispatcher(live)
    assert "5550100" not in str(error.value)
    assert (aws.started, world.writes, record.rows(LOG)) == ({}, [], [])


def test_what_is_no_drill_of_ours_needs_no_gate(live, aws, record):
    aws.held[aws.arn]["definition"] = without_gate(aws)
    found = drill_runner.run(connected_run.of(live, record), [Group("before", [NORMAL])], "00", gated=False)
    assert len(found.drills) == 1
    assert {row["phase"] for row in record.rows(LOG)} == {"00"}


# Late, twice, never


@pytest.fixture
def quiet(aws):
    """The workflow reacts to nothing by itself."""
    aws.reacts = lambda name, given: None
    return aws


def test_an_alert_that_never_comes_is_waited_for_and_told_as_lost(live, quiet, settings, record):
    (one,) = drilled(live, record).drills
    assert (one.alerts, one.latency("trusted"), one.latency("operations")) == ([], None, None)
    assert live.clock() >= settings.settle_seconds + settings.alert_limit_seconds + settings.listen_seconds
    said = judged(one, settings)
    assert (said["alerts to the trusted contact"], said["received in time"]) == ("failed", "failed")


def test_an_alert_that_comes_after_the_limit_is_heard_and_told_as_late(live, quiet, queues, settings, record):
    def late(name, given):
        for channel in ("trusted", "operations"):
            queues.put(channel, alert(name), at=19, sent=STARTED.timestamp() + 12)

    quiet.reacts = late
    (one,) = drilled(live, record).drills
    assert (len(one.alerts), one.latency("trusted")) == (2, 12.0)
    said = judged(one, settings)
    assert (said["alerts to the trusted contact"], said["received in time"]) == ("passed", "failed")


def test_an_alert_that_a_person_gets_twice_is_told_twice_and_one_that_sqs_repeats_once(live, aws, queues, record):
    crisis = aws.reacts

    def twice(name, given):
        crisis(name, given)
        queues.put("trusted", alert(name), message_id="again", at=9)
        queues.put("operations", alert(name), message_id="m1", at=9)  # the operations' own, delivered again

    aws.reacts = twice
    (one,) = drilled(live, record).drills
    assert (len(one.heard("trusted")), len(one.heard("operations"))) == (2, 1)
    assert judged(one, live.settings)["alerts to the trusted contact"] == "failed"


def test_alerts_of_each_drill_are_waited_for_and_told_by_its_name(live, aws, record):
    found = drilled(live, record, CRISIS, NORMAL, CRISIS)
    assert [len(one.alerts) for one in found.drills] == [2, 0, 2]
    assert [one.interventions for one in found.drills] == [1, 0, 1]
    assert found.counted == {"scenarios": 2}
    assert all(message.is_about(one.execution.name) for one in found.drills for message in one.received)


@pytest.mark.parametrize("missing", ["trusted", "operations"])
def test_nobody_stops_waiting_while_one_of_the_two_is_still_to_come(missing, live, quiet, queues, record):
    other = {"trusted": "operations", "operations": "trusted"}[missing]

    def reacts(name, given):
        queues.put(other, alert(name), message_id="a")
        queues.put(missing, alert(name), message_id="b", at=15)

    quiet.reacts = reacts
    (one,) = drilled(live, record).drills
    assert len(one.heard(missing)) == 1


def test_another_drills_alert_is_not_the_one_that_is_waited_for(live, quiet, queues, settings, record):
    queues.put("trusted", alert("drill-crisis-somebody's"))
    queues.put("operations", alert("drill-crisis-somebody's"))
    found = drilled(live, record)
    assert live.clock() > settings.settle_seconds + settings.alert_limit_seconds
    assert (found.drills[0].alerts, len(found.strays)) == ([], 2)


def test_what_says_that_it_is_a_drills_and_is_of_none_is_counted_and_a_persons_alert_is_not(live, queues, record):
    queues.put("trusted", alert("nobody's", subject="[DRILL] Your6"))
    queues.put("trusted", {"Subject": "Your6", "Message": json.dumps({"userId": "jim", "drill": False})})
    found = drilled(live, record)
    assert [message.is_about("nobody's") for message in found.strays] == [True]
    check = evaluation.strays(found)
    assert (check.status, check.found) == ("failed", "1 on trusted")


def test_an_execution_that_does_not_end_is_told_as_it_stands(live, aws, record):
    aws.lasts = 1_000
    (one,) = drilled(live, record).drills
    assert (one.execution.status, one.execution.seconds) == ("RUNNING", None)
    assert drill_runner.WAIT_SECONDS <= live.clock() - live.settings.settle_seconds < 2 * drill_runner.WAIT_SECONDS


# Who watches


def watched(live, record, observer, *cases, **more):
    group = Group("scenarios", cases or [CRISIS], **more)
    return drill_runner.run(connected_run.of(live, record), [group], observer=observer)


def test_who_watches_is_told_of_each_state_as_it_is_entered(live, aws, record):
    aws.lasts, aws.enters = 3, {"DrillGate": 0, "EvaluateRisk": 1, "CrisisProtocol": 3}
    told = []
    watched(live, record, told.append)
    seen = [(one.watched.status, *one.watched.states) for one in told if one.watched]
    assert list(dict.fromkeys(seen)) == [
        ("RUNNING", "DrillGate"),
        ("RUNNING", "DrillGate", "EvaluateRisk"),
        ("SUCCEEDED", "DrillGate", "EvaluateRisk", "CrisisProtocol"),
    ]
    assert {one.watched.scenario for one in told if one.watched} == {"crisis"}
    assert {one.watched.execution for one in told if one.watched} == {arn.rpartition(":")[2] for arn in aws.started}


def test_who_watches_is_told_what_is_done_how_many_have_ended_and_for_how_long(live, aws, record):
    aws.lasts = 2
    told = []
    watched(live, record, told.append, CRISIS, NORMAL, CRISIS, at_once=2)
    assert list(dict.fromkeys(one.stage for one in told)) == list(Stage)
    assert list(dict.fromkeys((one.ended_in_group, one.in_group) for one in told if one.group)) == [
        (0, 3), (1, 3), (2, 3), (3, 3),
    ]  # fmt: skip
    assert [(one.group, one.scenario, one.status, one.expected) for one in told[-1].ended] == [
        ("scenarios", name, "SUCCEEDED", "SUCCEEDED") for name in ("crisis", "normal", "crisis")
    ]
    assert (told[0].drills, told[0].ended) == (3, ())
    assert {one.watched.beside for one in told if one.watched} == {1, 0}
    seconds = [one.seconds for one in told]
    assert (seconds, seconds[0]) == (sorted(seconds), 0)
    assert seconds[-1] >= live.settings.settle_seconds + live.settings.listen_seconds
    assert {one.lasts for one in told if one.stage is Stage.LISTENING} == {live.settings.listen_seconds}


def test_a_history_is_read_once_at_each_look_and_only_where_somebody_watches(live, aws, record):
    aws.lasts = 3
    drilled(live, record)
    assert (aws.histories, aws.looks) == (1, 4)  # the drill's own
    watched(live, record, lambda progress: None)
    assert (aws.histories, aws.looks) == (1 + 4 + 1, 8)


def without_names(session):
    """What came of drills, but for the names of their executions."""
    return [
        (one.execution.status, one.path, one.revision, one.interventions, len(one.alerts)) for one in session.drills
    ]


@pytest.mark.parametrize("kind", [ZeroDivisionError, OSError, NotAsWanted])
def test_a_watcher_that_fails_harms_no_drill_and_is_told_only_of_the_end(kind, live, aws, record):
    aws.lasts = 2
    alone, told = drilled(live, record, CRISIS, NORMAL), []

    def fails(progress):
        told.append((progress.stage, len(progress.ended)))
        raise kind("a display that is broken")

    found = watched(live, record, fails, CRISIS, NORMAL)
    assert told == [(Stage.SETTING_UP, 0), (Stage.OVER, 2)]
    assert without_names(found) == without_names(alone)
    assert (found.counted, found.left) == (alone.counted, alone.left)
    assert aws.histories == 2 + 2  # nothing is read for it


def test_where_a_history_cannot_be_read_the_drill_goes_on_and_it_is_not_asked_for_again(live, aws, record):
    aws.lasts, aws.closed = 3, True
    told = []
    found = watched(live, record, told.append)
    assert {one.watched.states for one in told if one.watched} == {None}
    assert (found.drills[0].path, aws.histories) == (["DrillGate", "EvaluateRisk"], 1 + 1)


def test_histories_that_take_long_are_read_no_more_after_half_a_minute(live, record, monkeypatch):
    def slow(live, arn):
        idle(12, live.sleep)
        return ["DrillGate"]

    monkeypatch.setattr(drill_progress, "executions", SimpleNamespace(path=slow))
    told = []
    found = watched(live, record, told.append, *[NORMAL] * 5)
    states = {one.watched.execution: one.watched.states for one in told if one.watched}
    assert [*states.values()] == [["DrillGate"], ["DrillGate"], ["DrillGate"], None, None]
    assert [one.path for one in found.drills] == [["DrillGate", "EvaluateRisk"]] * 5


@pytest.mark.parametrize(
    "error", [Unreachable("no answer"), KeyboardInterrupt()], ids=lambda error: type(error).__name__
)
def test_who_watches_is_told_of_the_end_of_what_is_broken_off(error, live, aws, record):
    def breaks(name, given):
        if len(aws.started) > 1:
            raise error

    aws.reacts, told = breaks, []
    with pytest.raises(type(error)):
        watched(live, record, told.append, NORMAL, NORMAL, NORMAL)
    assert (told[-1].stage, len(told[-1].ended), told[-1].drills) == (Stage.OVER, 1, 3)


# Many at once, and what is so only meanwhile


def test_of_drills_that_run_at_once_a_wave_starts_together_and_only_the_whole_is_counted(live, aws, record):
    aws.lasts = 2
    found = drilled(live, record, *[CRISIS] * 5, at_once=3)
    times = [told["at"] for told in aws.started.values()]
    assert (len(times), times[0] == times[2], times[3] > times[2], times[3] == times[4]) == (5, True, True, True)
    assert [(one.interventions, one.path, one.revision) for one in found.drills] == [(None, [], None)] * 5
    assert found.counted == {"scenarios": 5}
    assert {len(one.alerts) for one in found.drills} == {2}


def test_what_is_so_for_one_group_is_so_while_it_runs_and_not_for_the_next(live, aws, world, record):
    seen, crisis = [], aws.reacts

    def reacts(name, given):
        seen.append("closed" in world.live)
        crisis(name, given)

    aws.reacts = reacts
    closed = (Wanted(world.thing("closed"), True),)
    drill_runner.run(
        connected_run.of(live, record), [Group("closed", [CRISIS], meanwhile=closed), Group("open", [CRISIS])]
    )
    assert (seen, "closed" in world.live) == ([True, False], False)


def test_what_was_so_for_a_group_ends_with_it_also_where_a_drill_cannot_be_started(live, aws, world, record):
    def refuse(name, given):
        raise says("ExecutionLimitExceeded")

    aws.reacts = refuse
    with pytest.raises(
        NotAsWanted, match=r"AWS refused while starting execution drill-crisis-.*ExecutionLimitExceeded"
    ):
        drill_runner.run(
            connected_run.of(live, record),
            [Group("closed", [CRISIS], meanwhile=(Wanted(world.thing("closed"), True),))],
        )
    assert world.live == {"theirs": 1}


@pytest.mark.parametrize(("count", "added"), [(None, 0), (0, 0), (7, 0), ("many", None), (2.0, 0)])
def test_interventions_are_counted_from_what_is_there_and_a_count_that_is_none_is_an_error(
    count, added, live, table, record
):
    table.count = count
    if added is None:
        with pytest.raises(NotAsWanted, match="crisisInterventionCount is many; expected a number"):
            drilled(live, record, NORMAL)
        return
    assert drilled(live, record, NORMAL).counted == {"scenarios": added}


def test_the_first_crisis_that_is_ever_counted_is_one(live, aws, table, record):
    table.count = None
    aws.reacts = lambda name, given: setattr(table, "count", 1)
    assert drilled(live, record).counted == {"scenarios": 1}


# What cannot be cleared away, what breaks off, and what an earlier one left


def test_a_listener_that_cannot_be_cleared_away_is_said_and_what_was_heard_is_not_lost(live, aws, world, record):
    crisis = aws.reacts

    def reacts(name, given):
        crisis(name, given)
        world.refuses = {"mouth"}

    aws.reacts = reacts
    found = drilled(live, record)
    assert len(found.drills[0].alerts) == 2
    assert "left behind" in found.left and "thing mouth (AWS refused mouth)" in found.left
    assert world.live == {"theirs": 1, "mouth": "speaks"}
    assert evaluation.clearance(found).status == "failed"


def test_what_a_killed_run_left_is_cleared_away_before_anything_listens(live, aws, world, record, monkeypatch):
    world.live |= {"older": "of another machine"}
    monkeypatch.setattr(subscribers, "left_behind", lambda live: [world.thing("older")])
    with (
        pytest.raises(NotAsWanted),
        engine.temporary_things(world.wanted(queue="of this run"), "05", world.run(load("local"), record)),
    ):
        world.refuses = {"queue"}
    world.refuses = set()
    world.writes.clear()
    drilled(live, record)
    assert [label for label, _ in world.writes][:3] == ["queue", "older", "ear"]
    assert world.live == {"theirs": 1}


def test_what_a_row_says_that_the_run_did_not_write_is_not_cleared_away_and_no_drill_begins(live, aws, world, record):
    row = entry("05", Change(world.thing("theirs"), None, 1, temporary=True), "intended")
    record.append(LOG, row)
    with pytest.raises(NotAsWanted, match=r"could not be removed: thing theirs \(the account does not keep that run"):
        drilled(live, record)
    assert (world.live, world.writes, aws.started) == ({"theirs": 1}, [], {})


def test_where_that_cannot_be_cleared_away_nothing_is_started(live, aws, world, record, monkeypatch):
    world.live["older"] = 1
    world.refuses = {"older"}
    monkeypatch.setattr(subscribers, "left_behind", lambda live: [world.thing("older")])
    with pytest.raises(NotAsWanted, match="what was there for a while could not be removed: thing older"):
        drilled(live, record)
    assert aws.started == {}


ENDS = [
    Superseded("another run holds the lock"),
    Unreachable("no answer"),
    Throttled("AWS asked to wait"),
    KeyboardInterrupt(),
    ZeroDivisionError("a fault of ours"),
]


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stays", [False, True])
def test_what_breaks_a_drill_off_stays_what_it_was_and_what_listened_is_removed_or_said(
    error, stays, live, aws, world, record
):
    def breaks(name, given):
        world.refuses = {"mouth"} if stays else set()
        raise error

    aws.reacts = breaks
    with pytest.raises(type(error)) as caught:
        drilled(live, record)
    told = f"{caught.value} {getattr(caught.value, '__notes__', '')}"
    assert str(error) in told
    assert ("thing mouth (AWS refused mouth)" in told, "mouth" in world.live) == (stays, stays)
    assert "ear" not in world.live
    rows = [(row["name"], row["state"]) for row in record.rows(LOG) if not row["undoes"]]
    assert ("thing ear", "applied") in rows and ("thing mouth", "applied") in rows
    assert run_phases.status(record)["verdict"] == "drills that did not end; the next ones remove what they left"


# The command's own trace


@pytest.fixture
def said(monkeypatch):
    """What the command complains of."""
    found = []
    monkeypatch.setattr(drill_command.terminal, "complain", found.append)
    monkeypatch.setattr(drill_command.terminal, "identity", lambda live: None)
    return found


@pytest.fixture
def command(settings, live, record, monkeypatch, said):
    """`runbook drill` on that account; its exit code."""
    monkeypatch.setattr(session, "begin_with", lambda chosen: connected_run.of(live, record))
    given = {"environment": "local", "overrides": [f"outputs_dir={settings.outputs_dir}"]}

    def carried_out(scenario="crisis"):
        with pytest.raises(SystemExit) as caught:
            drill_command.drill.callback(**given, scenario=scenario)
        return caught.value.code

    return carried_out


def raising(error):
    def reacts(name, given):
        raise error

    return reacts


CODES = {"Superseded": 3, "Unreachable": 2, "Throttled": 1, "KeyboardInterrupt": 130}


@pytest.mark.parametrize("error", ENDS[:4], ids=lambda error: type(error).__name__)
def test_a_drill_that_breaks_off_leaves_a_row_in_the_log_of_drills_however_it_ends(error, command, aws, settings):
    aws.reacts = raising(error)
    assert command() == CODES[type(error).__name__]
    (row,) = drill_log.open_log(settings).rows(drill_log.LOG)
    assert (row["scenario"], row["verdict"], row["failed"]) == ("crisis", "failed", [str(error) or "interrupted"])


def test_what_was_refused_before_anything_was_set_up_is_no_drill(command, aws, settings):
    aws.held[aws.arn]["definition"] = without_gate(aws)
    assert command() == 3
    assert drill_log.open_log(settings).rows(drill_log.LOG) == []


def test_a_log_of_drills_that_cannot_be_kept_does_not_hide_what_ended_the_drill(command, aws, settings, said):
    (drill_log.open_log(settings).folder / drill_log.LOG).mkdir(parents=True)
    aws.reacts = raising(Superseded("another run holds the lock"))
    assert command() == 3
    assert [str(error) for error in said] == ["another run holds the lock"]


@pytest.fixture
def ending(monkeypatch, said):
    """`ending(drill, refuses)`: what the command shows and writes to CloudWatch, in order, where the session had it."""
    order = []

    def ends(one, refuses=False):
        def writes(what):
            order.append(what)
            if refuses:
                raise NotAsWanted(f"AWS refused while recording {what}")
            return 2

        monkeypatch.setattr(drill_runner, "run", lambda *_: Session([one]))
        monkeypatch.setattr(drill_command.watched_logs, "watch", lambda *_: [])
        monkeypatch.setattr(drill_command.infrastructure, "operations_reachable", lambda live: [])
        monkeypatch.setattr(drill_command.publication.metrics, "publish_drill", lambda *_: writes("latencies"))
        monkeypatch.setattr(drill_command.publication.metrics, "publish_passed", lambda *_: writes("passed"))
        monkeypatch.setattr(drill_command.terminal, "drill_verdict", lambda *given: order.append(("verdict", given)))
        monkeypatch.setattr(drill_command.terminal, "data", lambda value: order.append(("data", value)))
        return order

    return ends


LOST = "crisis: alerts to operations"


def test_a_lost_alert_is_recorded_and_shown_before_cloudwatch_is_told_and_whatever_it_answers(
    command, ending, settings, record
):
    order = ending(drill(messages=drill().heard("trusted")), refuses=True)
    assert command() == 1
    (what, (_, status, why, _)), after, (_, data) = order
    assert (what, status, LOST in why, after) == ("verdict", "failed", True, "latencies")
    assert record.latest("evidence/drill.json")["verdict"]["status"] == "failed"
    (row,) = drill_log.open_log(settings).rows(drill_log.LOG)
    assert (row["verdict"], row["lost"]) == ("failed", ["operations"])
    (published,) = [check for check in data["checks"] if check["id"] == "drills.published"]
    assert (published["status"], published["found"]) == ("cannot tell", "AWS refused while recording latencies")
    assert data["uncounted"] == "no alert that was due came on the topic of operations"


def test_a_crisis_that_passed_is_counted_by_the_alarm_and_a_drill_that_shows_nobody_reached_is_not(command, ending):
    order = ending(drill())
    assert command() == 0
    assert [what for what in order if isinstance(what, str)] == ["latencies", "passed"]
    assert order[-1][1]["uncounted"] == ""
    order.clear()
    ended = replace(drill().execution, output={"route": "none"})
    ending(drill(messages=[], scenario=NORMAL, given={}, execution=ended, interventions=0))
    assert command("normal") == 0
    assert [what for what in order if isinstance(what, str)] == ["latencies"]
    assert order[-1][1]["uncounted"].startswith("normal is no crisis")


def test_a_drill_is_judged_though_aws_refuses_to_tell_who_subscribes(command, ending, monkeypatch):
    order = ending(drill())
    monkeypatch.setattr(drill_command.infrastructure, "operations_reachable", refused)
    assert command() == 0
    assert order[-1][1]["status"] == "cannot tell"
    assert "passed" not in order and order[-1][1]["uncounted"] == "the drill has not passed, but is: cannot tell"


# What is told of a drill


def test_an_alert_that_nobody_has_to_get_is_not_waited_for():
    unheard = Scenario("x", "X", {}, {**outcome("none"), "trusted_alerts": None, "operations_alerts": None})
    one = drill(messages=[])
    started = drill_runner._Started(Group("g", [unheard]), unheard, {}, one.execution, None, {})
    assert drill_runner._complete([started], [])
    assert not drill_runner._complete([replace(started, scenario=CRISIS)], [])
