"""The watch after the update, by a clock that passes only while somebody sleeps: what ends it, and what does not."""

from datetime import timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from fakes import World
from machines import NOW, connected, says

from lib.changes.plans import Outcome
from lib.phases.proofs import early_watch
from lib.record.records import Record
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.settings import load
from lib.telemetry import continuity

UPDATED = NOW
OUTCOME = Outcome("03", (), "r1")


class Account:
    """What is listed, counted and in alarm, as so many seconds have passed since the update."""

    def __init__(self):
        self.executions, self.throttles, self.alarms, self.denied, self.looks = [], [], [], "", 0
        self.gone, self.changed = set(), None
        self.clock = lambda: 0.0

    def ends(self, after, status="FAILED", name="check-in"):
        at = UPDATED + timedelta(seconds=after)
        row = {"executionArn": f"arn:{name}", "name": name, "status": status, "startDate": at, "stopDate": at}
        self.executions.append((after, row))

    def get_paginator(self, operation):
        return SimpleNamespace(paginate=getattr(self, f"_{operation}"))

    def _list_executions(self, **_):
        self.looks += 1
        if self.denied == "list_executions":
            raise says("AccessDeniedException")
        rows = sorted((row for after, row in self.executions if after <= self.clock()), key=lambda r: r["startDate"])
        return [{"executions": rows[::-1]}]

    def _get_metric_data(self, MetricDataQueries, **_):  # noqa: N803 - AWS's own names
        points = [value for after, value in self.throttles if after <= self.clock()]
        times = [UPDATED] * len(points)
        return [{"MetricDataResults": [{"Id": MetricDataQueries[0]["Id"], "Timestamps": times, "Values": points}]}]

    def _describe_alarms(self, AlarmNames, AlarmTypes):  # noqa: N803
        AlarmNames = [name for name in AlarmNames if name not in self.gone]  # noqa: N806
        assert (len(AlarmNames) <= 100, AlarmTypes) == (True, ["MetricAlarm", "CompositeAlarm"])
        off = {name: after for after, name in self.alarms if after <= self.clock()}
        rows = [
            {
                "AlarmName": name,
                "StateValue": "ALARM" if name in off else "OK",
                "StateUpdatedTimestamp": UPDATED + timedelta(seconds=off.get(name, 1)),
                **({"StateTransitionedTimestamp": self.changed} if self.changed else {}),
            }
            for name in AlarmNames
        ]
        return [{"MetricAlarms": rows}]


@pytest.fixture
def aws():
    return Account()


def by_account(aws):
    """The time as the account has it."""
    return lambda live: lambda: UPDATED + timedelta(seconds=aws.clock())


@pytest.fixture
def watched(aws, tmp_path, monkeypatch):
    """`watched(5)`: the checks of a watch of so many minutes, by their names, and how long it took."""
    monkeypatch.setattr(continuity, "updated_at", lambda live: UPDATED)

    def run(minutes, mode="apply", began=0.0, names=(), outcome=OUTCOME, by_aws=False):
        monkeypatch.setattr(early_watch, "_alarm_names", lambda live: list(names))
        settings = load("local", {"mode": mode, "soak_minutes": minutes, "outputs_dir": str(tmp_path)})
        live = connected(settings, stepfunctions=aws, cloudwatch=aws, sts=aws)
        aws.clock = lambda: began + live.clock()
        run = ConnectedRun(settings, Record(tmp_path, "r1"), World(), World().lock, live)
        clock = early_watch._by_aws if by_aws else by_account(aws)
        found = early_watch.watch(run, outcome, clock)
        return {check.name: check for check in found}, live.clock()

    return run


def test_every_alarm_is_watched_but_those_that_silence_sets_off():
    live = connected(load("local"))
    left = {one.name for one in desired.alarms(live)} - set(early_watch._alarm_names(live))
    assert {name.removeprefix(load("local").state_machine_name) for name in left} == {"-no-checkin", "-no-drill"}


def test_a_quiet_time_passes_at_its_end(watched, aws):
    aws.ends(30, "SUCCEEDED")
    aws.ends(40, name="drill-crisis-abc")
    aws.throttles.append((0, 0.0))
    found, seconds = watched(5, names=["ours"])
    assert {str(check.status) for check in found.values()} == {"passed"} and len(found) == 3
    assert (seconds, aws.looks) == (300, 21)


@pytest.mark.parametrize("status", early_watch.ENDED_BADLY)
def test_a_check_in_that_fails_ends_the_watch_at_once_and_is_named(status, watched, aws):
    aws.ends(100, status, "check-in-7")
    found, seconds = watched(15)
    bad = found[early_watch.EXECUTIONS]
    assert (bad.status, seconds) == ("failed", 105)
    said = f"1 since the update, 0 in as long before: check-in-7 {status}"
    assert bad.found == f"{said}; watched for 105 s, until 105 s after the update"


def test_what_failed_as_often_before_is_not_the_updates(watched, aws):
    for after in (-200, -100, 50, 90):
        aws.ends(after)
    assert watched(5)[0][early_watch.EXECUTIONS].status == "passed"
    aws.ends(120, "TIMED_OUT", "check-in-8")
    bad = watched(5)[0][early_watch.EXECUTIONS]
    assert bad.status == "failed" and ": check-in-8 TIMED_OUT; watched for" in bad.found


def test_where_no_check_in_has_ended_since_none_can_have_failed(watched, aws):
    aws.ends(-30, "SUCCEEDED")
    aws.ends(40, name="drill-crisis-abc")
    aws.executions.append((50, {**aws.executions[0][1], "status": "RUNNING", "startDate": UPDATED + timedelta(50)}))
    del aws.executions[-1][1]["stopDate"]
    quiet = watched(5)[0][early_watch.EXECUTIONS]
    assert (quiet.status, early_watch.NONE_ENDED in quiet.found) == ("cannot tell", True)
    aws.ends(60, "SUCCEEDED")
    assert watched(5)[0][early_watch.EXECUTIONS].status == "passed"


def test_an_alarm_of_before_the_update_did_not_go_off_because_cloudwatch_dates_its_state_anew(watched, aws):
    aws.alarms.append((61, "ours"))
    aws.changed = UPDATED - timedelta(hours=3)
    found, seconds = watched(5, names=["ours"])
    assert (found[early_watch.ALARMS].status, seconds) == ("waiting", 300)
    assert found[early_watch.ALARMS].found.startswith("ours (since before the update)")


def test_a_throttle_and_an_alarm_that_goes_off_end_it_as_well(watched, aws):
    aws.throttles.append((60, 2.0))
    found, seconds = watched(5)
    assert (found[early_watch.THROTTLES].status, seconds) == ("failed", 60)
    assert found[early_watch.THROTTLES].found.startswith("2 since the update; watched for 60 s")
    aws.throttles.clear()
    names = [f"alarm-{at}" for at in range(150)]
    aws.alarms.append((61, "alarm-149"))
    found, seconds = watched(5, names=names)
    assert (found[early_watch.ALARMS].status, seconds) == ("failed", 75)
    assert found[early_watch.ALARMS].found.startswith("alarm-149; watched for")


def test_an_alarm_from_before_the_update_waits_for_a_person(watched, aws):
    aws.alarms.append((-60, "ours"))
    found, seconds = watched(1, names=["ours"])
    assert (found[early_watch.ALARMS].status, seconds) == ("waiting", 60)
    assert found[early_watch.ALARMS].found.startswith("ours (since before the update); watched")


def test_an_alarm_that_compares_what_comes_differently_late_undoes_nothing_and_waits_for_a_person(watched, aws):
    wanted = [one.name for one in desired.alarms(connected(load("local")))]
    lost = next(name for name in wanted if name.endswith("HighRiskRule-accepted-and-lost"))
    aws.alarms.append((20, lost))
    found, seconds = watched(1, names=wanted)
    assert (found[early_watch.ALARMS].status, seconds) == ("waiting", 60)
    assert found[early_watch.ALARMS].found.startswith(f"{lost} (look by hand: an alert may be lost")
    failed = next(name for name in wanted if name.endswith("executions-failed"))
    aws.alarms.append((20, failed))
    found, seconds = watched(1, names=wanted)
    assert (found[early_watch.ALARMS].status, seconds) == ("failed", 30)
    assert found[early_watch.ALARMS].found.startswith(f"{failed}, {lost} (look by hand")


def test_alarms_that_are_not_there_are_not_quiet_and_are_named(watched, aws):
    aws.gone = {"one", "two", "three", "four"}
    quiet = watched(1, names=["ours", *sorted(aws.gone)])[0][early_watch.ALARMS]
    assert quiet.status == "cannot tell" and quiet.found.startswith("none of 1; 4 of 5 are not there, until phase 04")
    assert ": four, one, three and 1 more;" in quiet.found
    aws.alarms.append((-60, "ours"))
    assert watched(1, names=["ours", "one"])[0][early_watch.ALARMS].status == "waiting"


def test_it_goes_by_the_clock_of_aws_however_far_ahead_this_machines_is(watched, aws):
    """By this machine's, the time of 2026-01-01 is long over, and one look would have been all."""
    stamp = format_datetime(UPDATED + timedelta(seconds=60), usegmt=True)
    answered = {"ResponseMetadata": {"HTTPHeaders": {"date": stamp}}}
    aws.get_caller_identity = lambda: answered
    found, seconds = watched(5, began=60, by_aws=True)
    assert (seconds, aws.looks) == (240, 17)
    assert found[early_watch.EXECUTIONS].found.endswith("; watched for 4 min, until 5 min after the update")


def test_of_all_alarms_only_accepted_and_lost_may_be_false_by_lateness():
    live = connected(load("local"))
    assert {name.rpartition("-accepted")[2] for name in early_watch._to_look_at(live)} == {"-and-lost"}


def test_what_cannot_be_read_or_is_not_counted_yet_is_no_pass(watched, aws):
    aws.denied = "list_executions"
    found, seconds = watched(1)
    assert (found[early_watch.EXECUTIONS].status, found[early_watch.THROTTLES].status) == ("cannot tell",) * 2
    assert found[early_watch.ALARMS].status == "passed" and seconds == 60


def test_a_run_that_is_gone_on_with_watches_the_rest_and_a_later_one_nothing(watched, aws):
    assert watched(5, began=285)[1] == 15
    found, seconds = watched(5, began=301)
    assert (found[early_watch.EXECUTIONS].status, seconds, aws.looks) == ("not exercised here", 0, 2)


@pytest.mark.parametrize(("minutes", "mode", "status"), [(0, "apply", "cannot tell"), (5, "plan", "not applied")])
def test_nothing_is_watched_where_nothing_shall_be(minutes, mode, status, watched, aws):
    found, seconds = watched(minutes, mode=mode)
    assert ([str(one.status) for one in found.values()], seconds, aws.looks) == ([status], 0, 0)
