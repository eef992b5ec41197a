"""What each question of a checkpoint says where there is little to go by, and of what is neither broken nor well."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fakes import World
from machines import connected
from simulated import START, Time
from watched_account import FORECAST, FROM, MINUTE, WEEK, CheckIn, WatchedAccount

from lib.definitions import loader
from lib.drills.alarm_drill import TEST
from lib.errors import BadParameters, NotAsWanted
from lib.phases.watch import alerting, criteria, drilled, failures, news
from lib.phases.watch.alarms import alarms
from lib.phases.watch.breaks import Break, News
from lib.phases.watch.checkpoint import Span
from lib.phases.watch.delivery import deliveries, functions, subscribers
from lib.resources.connected_run import ConnectedRun
from lib.routes import LOW_SENTIMENT_RULE, Route
from lib.settings import load
from lib.telemetry.review_window import Cutover, Window

S = load("local")
HOUR = timedelta(hours=1)
SPAN = Span(START - HOUR / 4, START)


@pytest.fixture
def aws():
    return WatchedAccount(Time(), S)


@pytest.fixture
def run(record, aws):
    return ConnectedRun(S, record, World(), World().lock, connected(S, **aws.clients()))


def statuses(reading):
    return {check.name: str(check.status) for check in reading.checks}


def only(reading):
    (check,) = reading.checks
    return str(check.status), check.found


# Failures.


@pytest.mark.parametrize(
    ("of", "share", "most"), [(0, 0.02, 0), (1, 0.02, 1), (2, 0.02, 1), (10, 0.02, 2), (200, 0.02, 11), (50, 1.0, 50)]
)
def test_so_many_failures_are_chance_and_more_are_not(of, share, most):
    assert failures.most_allowed(of, share) == most


def test_where_no_check_in_ended_nobody_can_tell_whether_they_fail(run, aws):
    aws.changed = lambda one: None
    assert only(failures.failures(run, SPAN)) == (
        "cannot tell", "0 of 0 check-ins failed, or took longer than they may",
    )  # fmt: skip


def test_drills_that_fail_on_purpose_are_no_failures(run, aws):
    aws.changed = lambda one: replace(one, name=f"drill-{one.name}", status="FAILED")
    assert only(failures.failures(run, SPAN))[0] == "cannot tell"


def test_check_ins_that_hang_are_failures_however_long_ago_they_began(run, aws):
    aws.changed = lambda one: replace(one, seconds=10_000.0) if one.began < START - HOUR else None
    status, found = only(failures.failures(run, SPAN))
    assert status == "failed" and "RUNNING" in found


def test_as_many_as_before_the_change_are_no_news(run, aws, record):
    assert failures.share_before(record) == 0.0
    aws.changed = lambda one: replace(one, status="FAILED") if one.name.endswith(("1", "3", "5", "7", "9")) else one
    assert only(failures.failures(run, SPAN))[0] == "failed"
    record.keep_text("evidence/success_rate.csv", "who,when,succeeded,finished\ncheck-ins,before,50,100\n")
    assert failures.share_before(record) == pytest.approx(0.5)
    assert only(failures.failures(run, SPAN))[0] == "passed"


def test_a_short_burst_in_a_long_time_that_nobody_watched_does_not_go_under(run, aws):
    burst = (START - timedelta(minutes=90), START - timedelta(minutes=80))
    aws.changed = lambda one: replace(one, status="FAILED") if burst[0] <= one.began < burst[1] else one
    long = Span(START - timedelta(hours=10), START)
    assert failures.most_allowed(240, 0.1) >= 20  # of the whole, so many are no news
    status, found = only(failures.failures(run, long))
    assert status == "failed" and found.startswith("20 of 32 check-ins failed, or took longer than they may, from 2026")
    assert [part.until for part in Span(START, START).parts(HOUR)] == [START]
    thirds = Span(START, START + 2.5 * HOUR).parts(HOUR)
    assert [(part.until - part.since) / HOUR for part in thirds] == [1, 1, 0.5]


# Silence.


def test_silence_is_none_where_the_week_before_was_as_silent(run, aws):
    aws.changed = lambda one: None if one.began > START - timedelta(minutes=5) else one
    status, found = only(failures.silence(run, SPAN))
    assert status == "passed" and "and 5 in the same hours of the week before" in found


def test_where_none_came_and_few_came_a_week_ago_nobody_can_tell(run, aws):
    aws.changed = lambda one: None if one.began > START - timedelta(minutes=5) else one
    status, found = only(failures.silence(run, Span(START - timedelta(minutes=4), START)))
    assert status == "cannot tell" and found.startswith("0 began; none from 2026-11-28 11:55")


@pytest.mark.parametrize(("days", "period"), [(1, 60), (10, 300), (70, 3600)])
def test_a_silence_of_weeks_is_held_against_periods_that_are_still_kept(run, aws, days, period):
    """The week before a silence of ten days is over fifteen days old: of that CloudWatch has no minutes any more."""
    aws.changed = lambda one: None if one.began > START - timedelta(minutes=1) else one
    asked, answered = [], aws._get_metric_data

    def keep(**given):
        asked.extend(query["MetricStat"]["Period"] for query in given["MetricDataQueries"])
        return answered(**given)

    aws._get_metric_data = keep
    failures._week_before(run, [(START - timedelta(days=days), START)])
    assert asked == [period]


def test_a_week_before_without_a_datapoint_is_not_a_silent_one(run, aws):
    aws.changed = lambda one: None
    aws._points = lambda metric, name: []
    status, found = only(failures.silence(run, SPAN))
    assert status == "cannot tell" and "and no datapoint in the same hours of the week before" in found


@pytest.mark.parametrize(
    ("a_week_ago", "says"),
    [
        (lambda at: [], "cannot tell"),  # nobody counted anything
        # As many as seven come in such a pause, and of that pause nobody counted any: a gap, or as silent as this one.
        (lambda at: [one for one in at if one < START - WEEK - timedelta(minutes=10)], "cannot tell"),
        (lambda at: at[::12], "passed"),  # so few come that a pause is none
    ],
)
def test_a_pause_that_nobody_counted_in_the_week_before_is_passed_by_no_check_in_beside_it(run, aws, a_week_ago, says):
    quiet = (START - timedelta(minutes=10), START - timedelta(minutes=1))
    aws.changed = lambda one: None if quiet[0] < one.began < quiet[1] else one
    every = [FROM - WEEK + number * MINUTE for number in range(120)]
    aws._points = lambda metric, name: a_week_ago(every)
    status, found = only(failures.silence(run, SPAN))
    assert status == says and "began; none from 2026-11-28 11:50 to 2026-11-28 11:59" in found


def test_drills_break_no_silence(run, aws):
    quiet = START - timedelta(minutes=12)
    aws.changed = lambda one: replace(one, name=f"drill-{one.name}") if one.began > quiet else one
    assert only(failures.silence(run, SPAN))[0] == "failed"


def test_where_all_the_newest_are_drills_the_silence_is_at_least_as_long(run, aws):
    aws.changed = lambda one: replace(one, name=f"drill-{one.name}")
    assert only(failures.silence(run, SPAN))[0] == "failed"


# Crises and routes.


def test_without_a_real_crisis_nobody_can_tell_how_soon_one_is_told(run, aws):
    aws.changed = lambda one: replace(one, route=Route.NONE)
    crises, *_ = alerting.alerts(run, SPAN).checks
    assert (crises.status, crises.found[:26]) == ("cannot tell", "no real crisis in this tim")


@pytest.mark.parametrize(
    ("change", "said"),
    [({"seconds": 31.0}, "succeeded after 31 s"), ({"seconds": 9_999.0}, "still runs after"),
     ({"status": "FAILED"}, "failed after 2 s"), ({"status": "TIMED_OUT"}, "timedout after 2 s")],
)  # fmt: skip
def test_a_crisis_that_ends_late_badly_or_never_is_broken(run, aws, change, said):
    aws.changed = lambda one: replace(one, **change) if one.route is Route.CRISIS else one
    crises, *_ = alerting.alerts(run, SPAN).checks
    assert crises.status == "failed" and said in crises.found


def test_a_late_crisis_in_the_log_is_called_out_where_executions_may_not_be_listed(run, aws, monkeypatch):
    def refused(*_):
        raise NotAsWanted("not allowed")

    run.record.keep_text("evidence/backtest.csv", FORECAST)
    monkeypatch.setattr(alerting.executions, "list_executions", refused)
    crises, _, whole = alerting.alerts(run, SPAN).checks
    assert {one.status for one in alerting.alerts(run, SPAN).checks} == {"cannot tell"}
    assert "what else it lacks nobody can tell: not allowed" in crises.found and whole.found == "not allowed"
    aws.changed = lambda one: replace(one, seconds=31.0) if one.route is Route.CRISIS else one
    assert alerting.alerts(run, SPAN).checks[0].status == "failed"


def test_a_slow_crisis_whose_lines_came_after_the_checkpoint_that_it_ended_before_is_told_by_the_next(run, aws):
    late = CheckIn("checkin-late", SPAN.since - timedelta(minutes=4), 60.0, route=Route.CRISIS)
    aws.changed = lambda one: late if one.name == "checkin-1" else replace(one, route=Route.NONE)
    crises, *_ = alerting.alerts(run, replace(SPAN, earlier=[{}])).checks
    assert (crises.status, crises.found) == ("failed", "1 of 1: checkin-late succeeded after 60 s")


def test_a_crisis_whose_beginning_was_not_read_is_no_quick_one(run, aws):
    aws.changed = lambda one: replace(one, began=START - timedelta(hours=1, minutes=16), seconds=4_600.0) if (
        one.route is Route.CRISIS
    ) else None  # fmt: skip
    crises, *_ = alerting.alerts(run, SPAN).checks
    assert crises.status == "cannot tell"  # its route was not read either: nothing is said of what nobody saw


def test_where_a_line_of_the_log_cannot_be_read_no_crisis_is_called_quick_and_no_route_as_forecast(run, aws):
    run.record.keep_text("evidence/backtest.csv", FORECAST)
    assert set(statuses(alerting.alerts(run, SPAN)).values()) == {"passed"}
    lines = aws._filter_log_events
    strange = {"timestamp": 0, "message": '{"type": "ExecutionStarted"}'}
    aws._filter_log_events = lambda **asked: {"events": [*lines(**asked)["events"], strange]}
    for check in alerting.alerts(run, SPAN).checks[:2]:
        assert (check.status, check.found) == ("cannot tell", "1 line of the log could not be read")


def test_a_drill_is_no_real_crisis(run, aws):
    aws.changed = lambda one: replace(one, name=f"drill-{one.name}", seconds=99.0)
    crises, *_ = alerting.alerts(run, SPAN).checks
    assert crises.status == "cannot tell"


def test_without_a_backtest_nothing_was_forecast(run, aws):
    _, routes, _ = alerting.alerts(run, SPAN).checks
    assert (routes.status, routes.found) == ("cannot tell", alerting.NO_FORECAST)


def test_each_check_in_is_counted_in_one_checkpoint_alone(run, aws, record):
    record.keep_text("evidence/backtest.csv", FORECAST)
    first = alerting.alerts(run, Span(START - HOUR, START - HOUR / 2))
    second = alerting.alerts(run, Span(START - HOUR / 2, START, [first.counts]))
    assert sum(first.counts.values()) == sum(second.counts.values()) == 60
    assert second.checks[1].found.startswith("120 check-ins since the watch began: ")


def test_what_is_too_little_for_one_interval_is_told_by_the_whole_watch(run, aws, record):
    record.keep_text("evidence/backtest.csv", FORECAST)
    aws.changed = lambda one: replace(one, route=Route.CRISIS) if one.name.endswith("9") else one
    once = alerting.alerts(run, SPAN)
    assert once.checks[1].status == "passed"
    again = alerting.alerts(run, replace(SPAN, earlier=[once.counts] * 12))
    assert again.checks[1].status == "failed" and "crisis: 39 of 390 check-ins" in again.checks[1].found


def test_half_an_hour_that_was_busier_does_not_go_under_in_a_long_time(run, aws, record):
    record.keep_text("evidence/backtest.csv", FORECAST)
    aws.per_minute = 20
    hour = (START - timedelta(minutes=60), START - timedelta(minutes=30))
    aws.changed = lambda one: (
        replace(one, route=Route.HIGH) if hour[0] <= one.began < hour[1] and "7" in one.name else one
    )
    _, routes, _ = alerting.alerts(run, Span(START - 2 * HOUR, START)).checks
    assert routes.status == "failed" and routes.found.startswith("high: ")


def test_a_route_that_nobody_knows_is_an_error_and_no_answer(run, aws):
    aws.changed = lambda one: replace(one, route=SimpleNamespace(state="RouteSomewhere"))
    with pytest.raises(BadParameters, match=r"no route of lib/routes\.py is decided in a state"):
        alerting.alerts(run, SPAN)


def test_no_log_group_is_no_quiet_log(run, aws, record):
    record.keep_text("evidence/backtest.csv", FORECAST)
    aws._filter_log_events = lambda **_: (_ for _ in ()).throw(__import__("machines").says("ResourceNotFoundException"))
    crises, routes, whole = alerting.alerts(run, SPAN).checks
    assert (crises.status, routes.status, whole.status) == ("cannot tell", "cannot tell", "failed")
    assert whole.found.startswith("the log tells nothing of 19 of 19 executions") and "does not exist" in whole.found


def test_of_executions_right_after_the_change_and_of_the_last_minutes_no_line_is_looked_for(run, aws):
    aws.log_until = START - HOUR
    *_, whole = alerting.alerts(run, Span(START - HOUR / 12, START)).checks
    assert (whole.status, whole.found) == ("cannot tell", "no execution to look for in it")
    *_, whole = alerting.alerts(run, replace(SPAN, earlier=[{}], watched_since=START - timedelta(minutes=8))).checks
    assert whole.found.startswith("the log tells nothing of 5 of 5 executions that began from 2026-11-28 11:53 ")
    assert whole.status == "cannot tell"  # of so few, lines may be late


# Alarms.


def test_an_alarm_that_is_gone_or_may_not_act_is_called_out(run, aws):
    name = next(iter(aws.alarms))
    del aws.alarms[name]
    whole, *loud = alarms(run, SPAN).checks
    assert (whole.status, loud) == ("failed", []) and f"gone, or may not act: {name}" in whole.found


@pytest.mark.parametrize(
    ("edited", "status", "said"),
    [
        ({"ActionsEnabled": False}, "failed", "gone, or may not act: {name}"),
        ({"AlarmActions": []}, "failed", "tells not whom it should: {name}"),
        ({"AlarmActions": ["arn:aws:sns:us-east-1:000000000000:Theirs"]}, "failed", "tells not whom it should: {name}"),
        ({"Threshold": 5.0}, "waiting", "counts otherwise than the plan makes it: {name} (Threshold)"),
        ({"MetricName": "NobodysMetric"}, "waiting", "counts otherwise than the plan makes it: {name} (MetricName)"),
        ({"AlarmActions": [S.ops_topic_arn, "arn:aws:sns:us-east-1:000000000000:Theirs"]}, "passed", ""),
        ({"AlarmDescription": "in their words"}, "passed", ""),
    ],
)
def test_an_alarm_that_tells_nobody_is_called_out_and_one_that_counts_otherwise_waits(run, aws, edited, status, said):
    name = f"{S.state_machine_name}-unscored"
    aws.edited[name] = edited
    whole, *loud = alarms(run, SPAN).checks
    assert (str(whole.status), loud) == (status, [])
    assert whole.found.endswith(said.format(name=name) or "0 fired as a test")


COUNTING = f"metric filter {S.log_group_name} / {S.state_machine_name}-states-entered"


def test_without_the_filter_on_the_log_what_counts_by_it_stays_quiet_for_ever(run, aws):
    aws.filters = []
    whole, *_ = alarms(run, SPAN).checks
    assert whole.status == "failed" and f"{COUNTING} is gone: what counts by it stays OK" in whole.found


def test_a_filter_on_the_log_that_counts_otherwise_waits_for_somebody(run, aws):
    aws.filters[0]["filterPattern"] = '{ $.type = "PassStateEntered" }'
    whole, *_ = alarms(run, SPAN).checks
    said = f"{COUNTING} counts otherwise than the plan makes it: filterPattern"
    assert whole.status == "waiting" and whole.found.endswith(said)


def test_where_the_filter_may_not_be_read_what_alarms_there_are_is_said_all_the_same(run, aws):
    aws.denied = {"describe_metric_filters"}
    name = f"{S.state_machine_name}-unscored"
    aws.alarms[name] = "ALARM"
    whole, loud = alarms(run, SPAN).checks
    assert whole.status == "cannot tell" and "whether the alarms on the log count anything" in whole.found
    assert (loud.subject, loud.status) == (name, "failed")


def test_the_alarm_that_asks_for_a_drill_waits_for_somebody_and_any_other_breaks(run, aws):
    aws.alarms = dict.fromkeys(aws.alarms, "ALARM")
    _, *loud = alarms(run, SPAN).checks
    asks = f"{S.state_machine_name}-no-drill"
    statuses = {check.subject: str(check.status) for check in loud}
    assert statuses == dict.fromkeys(aws.alarms, "failed") | {asks: "waiting"}
    assert next(check for check in loud if check.subject == asks).found.endswith(": a drill that passes ends it")


def test_one_fired_as_a_test_is_counted_apart_and_somebody_elses_not_at_all(run, aws):
    ours = next(iter(aws.alarms))
    at = START - timedelta(minutes=3)
    aws.history += [(at, ours, "ALARM", f"{TEST}, s1: nothing is wrong"), (at, "theirs", "ALARM", "Threshold Crossed"),
                    (at, ours, "OK", "fine")]  # fmt: skip
    whole, *loud = alarms(run, SPAN).checks
    assert (whole.status, loud) == ("passed", []) and "1 fired as a test" in whole.found


def test_an_alarm_that_is_being_fired_as_a_test_is_no_break(run, aws):
    ours = next(iter(aws.alarms))
    aws.alarms[ours], aws.reasons[ours] = "ALARM", f"{TEST}, s1: nothing is wrong"
    whole, *loud = alarms(run, SPAN).checks
    assert (whole.status, loud) == ("passed", []) and whole.found.startswith("0 of ")
    aws.reasons[ours] = "Threshold Crossed"
    assert len(alarms(run, SPAN).checks) == 2


# What drills set off on purpose.

AT = START - timedelta(minutes=5)
UNREADABLE, PERSON = "drill-unreadable-a1", "c1"


def went_off(aws, kind, *failed):
    """An alarm of this kind goes off at AT; the executions of these names failed, or took route unscored, before it."""
    name = f"{S.state_machine_name}-{kind}"
    aws.history.append((AT, name, "ALARM", "Threshold Crossed"))
    how = {"route": Route.UNSCORED} if kind == "unscored" else {"status": "FAILED"}
    came = [CheckIn(one, AT - timedelta(minutes=1), **how) for one in failed]
    usual = {f"checkin-{228 + at}": one for at, one in enumerate(came)}  # what would begin then
    aws.changed = lambda one: usual.get(one.name, one)
    aws.attempts = {AT - timedelta(minutes=1): failed}
    return name


OWN = ("executions-failed", "unscored", "function-processor-errors")


@pytest.mark.parametrize("kind", OWN)
def test_an_alarm_that_the_drill_of_the_validation_set_off_is_counted_apart(run, aws, kind):
    name = went_off(aws, kind, UNREADABLE)
    whole, *loud = alarms(run, SPAN).checks
    assert (whole.status, loud) == ("passed", []) and f"drills alone set off {name}" in whole.found


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("failed", [(), (PERSON,), (UNREADABLE, PERSON)])
def test_it_counts_where_a_person_or_nobody_known_may_have_set_it_off(run, aws, kind, failed):
    name = went_off(aws, kind, *failed)
    _, loud = alarms(run, SPAN).checks
    assert (loud.subject, loud.status) == (name, "failed")


@pytest.mark.parametrize(
    ("kind", "failed"), [("executions-failed", "drill-crisis-a1"), ("function-dispatcher-errors", UNREADABLE)]
)
def test_a_drill_that_had_to_succeed_and_another_function_excuse_nothing(run, aws, kind, failed):
    name = went_off(aws, kind, failed)
    assert [one.subject for one in alarms(run, SPAN).checks[1:]] == [name]


@pytest.mark.parametrize("kind", OWN)
def test_what_aws_refuses_to_tell_of_drills_excuses_nothing_and_hides_no_alarm(run, aws, kind, monkeypatch):
    def refused(*_):
        raise NotAsWanted("not allowed")

    name = went_off(aws, kind, UNREADABLE)
    aws.counted[S.processor_function_name, "Errors"] = [AT - timedelta(minutes=1)]
    assert [one.subject for one in alarms(run, SPAN).checks[1:]] == []
    monkeypatch.setattr(drilled.executions, "list_executions", refused)
    monkeypatch.setattr(drilled.workflow_log, "read", refused)
    assert [one.subject for one in alarms(run, SPAN).checks[1:]] == [name]
    assert functions(run, SPAN).checks[0].status == "failed"


@pytest.mark.parametrize(("failed", "status"), [((UNREADABLE,), "passed"), ((UNREADABLE, PERSON), "failed")])
def test_errors_of_the_processor_that_a_drill_made_on_purpose_are_no_break(run, aws, failed, status):
    went_off(aws, "executions-failed", *failed)
    aws.counted[S.processor_function_name, "Errors"] = [AT - timedelta(minutes=1)]
    check = functions(run, SPAN).checks[0]
    assert (check.subject, check.status) == (S.processor_function_name, status)
    assert ("1 Errors, each of a drill" in check.found) is (status == "passed")


# What runs.


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (None, "cannot tell", "none: check-ins do not run the newest published version"),
        (Cutover(START, START, START), "passed", "since 2026-11-28 12:00:00 UTC"),
        (Cutover(START, START, START, later=START + HOUR), "failed", "something else runs since 2026-11-28 13:00:00"),
    ],
)  # fmt: skip
def test_a_run_that_was_undone_or_that_another_deployment_followed_is_called_that(change, status, said):
    check = criteria.still_runs(Window(START, START + 2 * HOUR, change))
    assert (check.status, check.found[: len(said)]) == (status, said)


# Functions and rules, subscribers, queues.


@pytest.mark.parametrize(
    ("configuration", "said"),
    [({"State": "Failed"}, "it is Failed"), ({"ReservedConcurrentExecutions": 0}, "its concurrency is 0")],
)
def test_a_function_that_may_not_run_is_called_out(run, aws, configuration, said):
    aws.functions[S.dispatcher_function_name] = configuration
    check = next(one for one in functions(run, SPAN).checks if one.subject == S.dispatcher_function_name)
    assert check.status == "failed" and said in check.found


def test_one_that_was_never_called_is_no_proof_that_it_works(run, aws):
    aws._points = lambda metric, name: []
    found = statuses(functions(run, SPAN))
    assert {found[f"watch: function {name}"] for name in aws.functions} == {"cannot tell"}


@pytest.mark.parametrize("rule", [LOW_SENTIMENT_RULE, loader.rules()[0]["name"]])
@pytest.mark.parametrize("off", ["disabled", "no target", "another target"])
def test_a_rule_that_carries_nothing_to_the_dispatcher_is_called_out(run, aws, off, rule):
    aws.rules_off[rule] = off
    found = statuses(functions(run, SPAN))
    assert {name for name, status in found.items() if status == "failed"} == {f"watch: rule {rule}"}


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ("another pattern", "it takes other events than the plan's rule"),
        ("another text", "the dispatcher is not sent the event itself: Input"),
    ],
)
def test_a_rule_of_the_plan_that_takes_or_sends_something_else_carries_no_alert(run, aws, off, said):
    name = loader.rules()[0]["name"]
    aws.rules_off = {name: off, LOW_SENTIMENT_RULE: off}  # the existing one is theirs
    failed = [(one.subject, one.found) for one in functions(run, SPAN).checks if one.status == "failed"]
    assert failed == [(name, said)]


def test_a_rule_that_calls_another_alias_of_the_dispatcher_than_check_ins_do_is_called_out(run, aws):
    """The existing rule calls an alias, and the new ones the latest code, which nobody tried."""
    aws.rules_off[LOW_SENTIMENT_RULE] = "an alias"
    checks = [one for one in functions(run, SPAN).checks if "rule" in one.name]
    assert [str(one.status) for one in checks] == ["passed", *["failed"] * len(loader.rules())]
    assert f"{S.dispatcher_function_name}:live, the dispatcher" in checks[1].found


def test_where_nobody_can_tell_which_dispatcher_is_meant_the_rules_alone_are_unknown(run, aws):
    aws.rules_off[LOW_SENTIMENT_RULE] = "two aliases"
    found = statuses(functions(run, SPAN))
    assert {status for name, status in found.items() if "rule" in name} == {"cannot tell"}
    assert {status for name, status in found.items() if "function" in name} == {"passed"}


def test_a_failed_invocation_is_called_out_with_its_number(run, aws):
    aws.counted[LOW_SENTIMENT_RULE, "FailedInvocations"] = [START - timedelta(minutes=2)]
    check = next(one for one in functions(run, SPAN).checks if one.subject == LOW_SENTIMENT_RULE)
    assert (check.status, check.found) == ("failed", f"1 FailedInvocations since {SPAN.since:%Y-%m-%d %H:%M} UTC")


@pytest.mark.parametrize(
    ("ask", "name", "metric"),
    [
        (functions, LOW_SENTIMENT_RULE, "FailedInvocations"),
        (functions, S.dispatcher_function_name, "Errors"),
        (deliveries, S.ops_topic_name, "NumberOfNotificationsFailed"),
    ],
)
def test_what_is_counted_minutes_late_is_asked_of_the_next_time_as_well_but_nothing_from_before_the_watch(
    run, aws, ask, name, metric
):
    aws.counted[name, metric] = [SPAN.since - timedelta(minutes=3)]  # no checkpoint up to there could see it
    status = {check.subject: str(check.status) for check in ask(run, replace(SPAN, earlier=[{}])).checks}
    assert status[name] == "failed"
    assert {str(check.status) for check in ask(run, SPAN).checks if check.subject == name} == {"passed"}


def test_one_subscriber_fewer_than_when_the_watch_began_is_one_muted(run, aws):
    first = subscribers(run, SPAN)
    assert set(statuses(first).values()) == {"passed"} and first.counts[S.ops_topic_name] == 2
    aws.subscribers[S.ops_topic_name].pop()
    later = subscribers(run, replace(SPAN, earlier=[first.counts]))
    assert statuses(later)[f"watch: subscribers of {S.ops_topic_name}"] == "failed"
    # And it stays so: the number of when the watch began is what counts.
    assert later.counts[S.ops_topic_name] == 2


def test_nobody_at_operations_is_broken_and_nobody_at_the_contacts_topic_is_for_a_person(run, aws):
    aws.subscribers = {S.ops_topic_name: [{"FilterPolicy": '{"a": ["b"]}'}], S.alert_topic_name: []}
    found = statuses(subscribers(run, SPAN))
    assert found[f"watch: subscribers of {S.ops_topic_name}"] == "failed"
    assert found[f"watch: subscribers of {S.alert_topic_name}"] == "waiting"


def test_a_queue_that_is_not_there_keeps_nothing(run, aws):
    del aws.queues[S.ops_dead_letter_queue_name]
    check = next(one for one in deliveries(run, SPAN).checks if one.subject == S.ops_dead_letter_queue_name)
    assert (check.status, check.found) == ("failed", "there is no such queue, so nothing is kept")


@pytest.mark.parametrize("metric", ["NumberOfNotificationsFailed", "NumberOfNotificationsRedrivenToDlq"])
def test_a_notification_that_nobody_got_is_called_out_by_its_topic(run, aws, metric):
    aws.counted[S.ops_topic_name, metric] = [START - timedelta(minutes=2)]
    assert statuses(deliveries(run, SPAN))[f"watch: notifications of {S.ops_topic_name}"] == "failed"


def test_a_topic_of_which_nothing_is_counted_is_no_proof_that_it_delivers(run, aws):
    name, counted = f"watch: notifications of {S.alert_topic_name}", {}
    aws._points = lambda metric, of: [START - timedelta(minutes=2)] if (of, metric) in counted else []
    assert statuses(deliveries(run, SPAN))[name] == "cannot tell"
    counted[S.alert_topic_name, "NumberOfMessagesPublished"] = True
    assert statuses(deliveries(run, SPAN))[name] == "cannot tell"
    counted[S.alert_topic_name, "NumberOfNotificationsDelivered"] = True
    assert statuses(deliveries(run, SPAN))[name] == "passed"


# What operations read.


def test_a_message_names_who_run_criterion_value_and_limit_and_nobodys_contact(run):
    one = Break(
        "k", "alarms", "watch: alarm X", "write to nobody@example.org\nnow", "quiet", "2026-11-28T12:00:00+00:00"
    )
    subject, message = news.subject(run, one, News.BROKEN), news.message(run, one, News.BROKEN)
    assert subject == "[WATCH] BROKEN: watch: alarm X (local)"
    assert "example.org" not in message and message.count("\n") == 5
    assert "limit: quiet" in message and "said by the watch of arn:aws:sts::000000000000:" in message
    over = news.message(run, replace(one, over="2026-11-28T13:00:00+00:00"), News.OVER)
    assert over.startswith("[WATCH] is over: ") and "over at 2026-11-28 13:00:00 UTC" in over


def test_a_subject_is_as_sns_takes_it_and_a_long_value_is_cut_with_its_length(run):
    one = Break("k", "alarms", "watch: é\u202e " + "x" * 200, "v" * 5_000, "limit", "2026-11-28T12:00:00+00:00")
    subject = news.subject(run, one, News.BROKEN)
    assert len(subject) == 100 and subject.isascii() and "\n" not in subject
    assert "... (5,000 characters)" in news.message(run, one, News.BROKEN)


def test_a_check_in_of_the_stand_in_ends_when_it_says():
    assert CheckIn("a", START, 3.0).ends == START + timedelta(seconds=3)
