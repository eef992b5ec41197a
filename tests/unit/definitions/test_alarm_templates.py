"""The alarms of an environment: one for each thing that can go wrong unheard, each told to somebody who can hear it."""

import pytest

from lib import routes
from lib import settings as parameters
from lib.definitions import alarm_templates, loader
from lib.errors import BadParameters

OLD = ("Your6-CheckinDLQ", "Your6-AlertDLQ")
SECOND = "arn:aws:sns:us-east-1:000000000000:Second"


def alarms(**other):
    return {one.name: one for one in alarm_templates.of(parameters.load("local", other), OLD)}


@pytest.fixture(scope="module")
def every():
    return alarms()


def watched(alarm):
    """(namespace, metric, dimension's value) of each metric."""
    return [(m.namespace, m.metric, *m.dimensions.values()) for m in alarm.definition.metrics]


def test_every_failure_of_the_plan_has_an_alarm(every):
    seen = {one for alarm in every.values() for one in watched(alarm)}
    s = parameters.load("local")
    rules = [routes.LOW_SENTIMENT_RULE, *(rule["name"] for rule in loader.rules())]
    expected = {
        ("AWS/States", name, s.state_machine_arn)
        for name in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled")
    }
    expected |= {
        ("AWS/Events", name, rule)
        for rule in rules
        for name in ("FailedInvocations", "InvocationsFailedToBeSentToDlq", "Invocations", "TriggeredRules")
    }
    suffixes = ("Failed", "RedrivenToDlq", "FailedToRedriveToDlq")
    topics = (s.alert_topic_name, s.ops_topic_name)
    expected |= {("AWS/SNS", f"NumberOfNotifications{name}", topic) for topic in topics for name in suffixes}
    queues = (s.ops_dead_letter_queue_name, s.events_dead_letter_queue_name, *OLD)
    expected |= {("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue) for queue in queues}
    functions = (s.processor_function_name, s.dispatcher_function_name)
    expected |= {("AWS/Lambda", n, f) for f in functions for n in ("Errors", "Throttles", "DeadLetterErrors")}
    states = ("CrisisAlertUndelivered", "AlertUndelivered", "RouteUnscored")
    entered = f"StatesEntered-{s.state_machine_name}"
    expected |= {("Your6/Workflow", entered, state) for state in (*states, *loader.publishing_states().values())}
    expected |= {("AWS/States", "ExecutionsStarted", s.state_machine_arn)}
    expected |= {("Your6/Workflow", "DrillPassed", s.state_machine_arn)}
    assert seen == expected


def test_operations_are_told_but_of_what_is_wrong_with_their_own_topic(every):
    s = parameters.load("local")
    told = {name: alarm.value.get("AlarmActions", []) for name, alarm in alarms(second_alarm_action=SECOND).items()}
    own = sorted(name.removeprefix(f"{s.state_machine_name}-") for name, topics in told.items() if topics == [SECOND])
    assert own == [
        "queue-Your6-OperationsAlertsDLQ-messages", "topic-operations-failed", "topic-operations-redrive-failed",
        "topic-operations-redriven",
    ]  # fmt: skip
    assert {tuple(topics) for topics in told.values()} == {(SECOND,), (s.ops_topic_arn,)}
    silent = [name for name, alarm in every.items() if "AlarmActions" not in alarm.value]
    assert len(silent) == len(own)


def test_each_tells_what_it_means_and_fits(every):
    for name, alarm in every.items():
        assert alarm.value["AlarmDescription"] == alarm.definition.description
        assert "${" not in str(alarm.value), name
        assert alarm.value.get("OKActions") == alarm.value.get("AlarmActions")
        assert len(alarm.definition.description) <= 1024


def test_the_metric_filter_counts_the_states_that_alarms_watch_and_no_word_of_a_checkin(every):
    s = parameters.load("local")
    name, value = alarm_templates.metric_filter(s, [*every.values()])
    assert name == f"{s.state_machine_name}-states-entered"
    for state in ("CrisisAlertUndelivered", "AlertUndelivered", "RouteUnscored", "SendCrisisEvent"):
        assert f'$.details.name = "{state}"' in value["filterPattern"]
    (transformed,) = value["metricTransformations"]
    assert transformed["dimensions"] == {"State": "$.details.name"}


def test_accepted_and_lost_is_what_was_published_less_what_its_rule_carried(every):
    lost = [alarm for name, alarm in every.items() if name.endswith("accepted-and-lost")]
    assert len(lost) == len(routes.ALERTS)
    for alarm in lost:
        *metrics, told = alarm.value["Metrics"]
        assert told["Expression"] == "FILL(published, 0) - MIN([FILL(matched, 0), FILL(carried, 0)])"
        assert [row["ReturnData"] for row in (*metrics, told)] == [False, False, False, True]


def test_a_file_of_nothing_known_and_two_of_a_name_are_refused(monkeypatch):
    template = loader.alarms()["alarms/no-drill.json"]
    monkeypatch.setattr(loader, "alarms", lambda: {"alarms/made.json": {**template, "each": "planet"}})
    with pytest.raises(BadParameters, match="each 'planet'; expected one of workflow"):
        alarms()
    monkeypatch.setattr(loader, "alarms", lambda: {"alarms/a.json": template, "alarms/b.json": template})
    with pytest.raises(BadParameters, match="-no-drill is named twice"):
        alarms()
    many = {f"alarms/{at}.json": {**template, "suffix": "x" * 300} for at in range(1)}
    monkeypatch.setattr(loader, "alarms", lambda: many)
    with pytest.raises(BadParameters, match="CloudWatch takes 255 of a name"):
        alarms()


@pytest.mark.parametrize("hours", [0, 169])
def test_hours_that_cloudwatch_would_not_look_back(hours):
    with pytest.raises(BadParameters, match="no_checkin_hours"):
        parameters.load("local", {"no_checkin_hours": hours})


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("arn:aws:sns:us-east-1:000000000000:Your6-OperationsAlerts", "is the operations topic"),
        ("arn:aws:sns:eu-west-1:000000000000:Second", "tells topics of its own region"),
        ("Second", "the ARN of a standard topic, or nothing"),
    ],
)
def test_a_second_action_that_could_tell_nobody(second, said):
    with pytest.raises(BadParameters, match=said):
        parameters.load("local", {"second_alarm_action": second})
