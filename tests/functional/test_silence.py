"""Every task broken on both interpreters; and definitions that would silence somebody, which must be found out."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lib.asl.states import walk
from lib.definitions import templates
from lib.errors import NotAsWanted
from rehearsal.account.clients import client
from rehearsal.single_failures import alarms_fired, event_faults, reachability, refusing_proxy, trials
from rehearsal.single_failures.catalogue import DISABLED, DISPATCHER, RULE, Failure, behind_events, of_tasks, shorten
from rehearsal.single_failures.definition_mutations import FAILING, MISSING, SLOW
from rehearsal.single_failures.ground import MINISTACK, MOTO, Ground, ground

ALERTED = ("SendHighRiskEvent", "SendStandardEvent", "SendProactiveEvent")


@pytest.fixture(scope="module")
def on() -> Iterator[Ground]:
    with ground() as prepared:
        yield prepared


@pytest.fixture(scope="module")
def plain(on: Ground) -> dict[str, Any]:
    return templates.definition(on.settings)


@pytest.fixture(scope="module")
def given(on: Ground) -> dict[str, dict[str, Any]]:
    return reachability.inputs(on.settings)


# moto takes half a second of computing an execution, so there faults that are as others to the workflow are left out.
@pytest.mark.parametrize(("where", "chooses"), [(MINISTACK, list), (MOTO, shorten)])
def test_no_single_task_that_fails_silences_anybody(on, plain, given, where, chooses):
    chosen = chooses(of_tasks(plain, given))
    rows = trials.broken_tasks(on, plain, chosen, [where])
    assert len(rows) == len(chosen)
    assert [(row["task"], row["fault"], row["why"]) for row in rows if row["verdict"] != "passed"] == []
    assert [row["task"] for row in rows if row["single"] and not row["reached"]] == []
    crisis = [row for row in rows if row["route"] == "crisis" and row["single"]]
    assert all(row["status"] == "SUCCEEDED" for row in crisis)
    assert {row["task"]: set(row["reached"]) for row in crisis} == {
        "SendCrisisEvent": {"contact", "operations"},
        "TellOperations": {"contact"},
        "RecordIntervention": {"contact", "operations"},
    }


RULES = {
    "SendHighRiskEvent": "Your6-HighRiskRule",
    "SendStandardEvent": "Your6-LowSentimentRule",
    "SendProactiveEvent": "Your6-ProactiveRule",
}


@pytest.mark.parametrize("where", [MINISTACK, MOTO])
def test_what_fails_behind_an_accepted_event_silences_no_crisis_and_sets_an_alarm_off(on, plain, given, where):
    rows = trials.broken_behind(on, plain, behind_events(plain, given), [where])
    crisis = [row for row in rows if row["route"] in ("crisis", "unscored")]
    assert {(row["verdict"], *row["reached"]) for row in crisis} == {("passed", "operations")}
    others = {(row["task"], row["fault"]): row["verdict"] for row in rows if row not in crisis}
    assert set(others.values()) == {"not exercised here", "alarm"}
    why = {(row["task"], row["fault"]): row["why"] for row in rows if row not in crisis}
    machine = on.settings.state_machine_name
    for event in ALERTED:
        for fault in ("disabled", "without target"):
            assert others[f"{event} > rule", fault] == "alarm"
            named = f"goes off: {machine}-alert-{RULES[event]}-accepted-and-lost"
            assert why[f"{event} > rule", fault].endswith(named)
        assert others[f"{event} > dispatcher", "failing"] == "not exercised here"
    assert others["SendHighRiskEvent > dispatcher", "missing"] == "not exercised here"
    assert others["SendStandardEvent > dispatcher", "missing"] == "alarm"  # its rule has no dead-letter queue
    failed = f"goes off: {machine}-rule-{RULES['SendStandardEvent']}-failed-invocations"
    assert why["SendStandardEvent > dispatcher", "missing"].endswith(failed)


def test_without_its_alarm_it_is_a_gap_again(on, plain, given):
    """An alarm whose actions are disabled tells nobody."""
    cloudwatch, machine = on.aws("cloudwatch"), on.settings.state_machine_name
    name = f"{machine}-alert-{RULES['SendHighRiskEvent']}-accepted-and-lost"
    chosen = [
        failure
        for failure in behind_events(plain, given)
        if (failure.task, failure.behind, failure.fault) == ("SendHighRiskEvent", RULE, DISABLED)
    ]
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    (row,) = trials.broken_behind(on, plain, chosen, [MINISTACK])
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    assert row["verdict"] == "gap"


def test_nor_does_one_tell_anybody_whose_action_is_no_topic_of_ours(on):
    cloudwatch, name = on.aws("cloudwatch"), f"{on.settings.state_machine_name}-unscored"
    (row,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    taken = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    was = {key: value for key, value in row.items() if key in taken}
    assert name in [alarm["AlarmName"] for alarm in alarms_fired._telling(on)]
    for action in (on.settings.arn("sns", "somebodys"), on.settings.arn("lambda", "function:theirs")):
        cloudwatch.put_metric_alarm(**{**was, "AlarmActions": [action]})
        assert name not in [alarm["AlarmName"] for alarm in alarms_fired._telling(on)]
    cloudwatch.put_metric_alarm(**was)


def alarms_of(on, where, definition, given):
    drill = on.drill(where, definition, given)
    prefix = f"{on.settings.state_machine_name}-"
    names = alarms_fired.by_failure(on, {})(Failure("", MISSING, ""), drill)
    return drill, [name.removeprefix(prefix) for name in names]


@pytest.mark.parametrize("where", [MINISTACK, MOTO])
def test_a_checkin_without_a_score_sets_its_alarm_off(on, plain, given, where):
    drill, alarms = alarms_of(on, where, plain, given["unscored"])
    assert (drill.status, "unscored" in alarms) == ("SUCCEEDED", True)


@pytest.mark.parametrize("where", [MINISTACK, MOTO])
@pytest.mark.parametrize(
    ("route", "error", "alarm"),
    [("crisis", "CrisisAlertUndelivered", "crisis-undelivered"), ("high", "AlertUndelivered", "alert-undelivered")],
)
def test_what_reaches_nobody_sets_its_alarm_off(on, plain, given, where, route, error, alarm):
    told = [state.name for state in walk(plain) if state.is_task("sns:publish") or state.is_task("events:putEvents")]
    broken = on.broken(where, plain, dict.fromkeys(told, MISSING))
    drill, alarms = alarms_of(on, where, broken, given[route])
    assert (drill.status, drill.error) == ("FAILED", error)
    assert alarm in alarms


def swallowed(machine: dict[str, Any]) -> None:
    machine["States"]["ProcessCheckin"]["Catch"] = [
        {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Swallowed"}
    ]
    machine["States"]["Swallowed"] = {"Type": "Pass", "End": True}


def caught_as_well(machine: dict[str, Any]) -> None:
    machine["States"]["SendHighRiskEvent"]["Catch"][0]["Next"] = "CheckinComplete"


def without_fallback(machine: dict[str, Any]) -> None:
    del machine["States"]["SendProactiveEvent"]["Catch"]


def cutting_off(machine: dict[str, Any]) -> None:
    record = machine["States"]["CrisisProtocol"]["Branches"][2]["States"]["RecordIntervention"]
    del record["Catch"], machine["States"]["CrisisProtocol"]["Catch"]


def resigned(machine: dict[str, Any]) -> None:
    machine["States"]["CheckCrisisDelivery"]["Default"] = "CheckinComplete"


def lost_in_the_last_resort(machine: dict[str, Any]) -> None:
    states = machine["States"]
    states["TellOperationsInvalid"]["Catch"][0]["Next"] = "Fine"
    states["Fine"] = {"Type": "Succeed"}


SABOTAGES: dict[str, tuple[Callable[[dict[str, Any]], None], Failure, str]] = {
    "a catch that completes": (caught_as_well, Failure("SendHighRiskEvent", MISSING, "high"), "SILENT"),
    "a removed fallback": (without_fallback, Failure("SendProactiveEvent", MISSING, "proactive"), "CUT OFF"),
    "a branch that cancels the others": (cutting_off, Failure("RecordIntervention", MISSING, "crisis"), "CUT OFF"),
    "a swallowed check-in": (swallowed, Failure("ProcessCheckin", MISSING, "unprocessed"), "SILENT"),
    "a crisis that counts as delivered": (
        resigned,
        Failure(
            "TellContactsInstead", MISSING, "crisis", ("SendCrisisEvent", "TellContactsDirectly", "TellOperations")
        ),
        "SILENT",
    ),
    "an invalid check-in that ends well": (
        lost_in_the_last_resort, Failure("TellOperationsInvalid", MISSING, "invalid"), "SILENT",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_definition_that_silences_somebody_is_found_out(on, plain, name):
    sabotage, failure, word = SABOTAGES[name]
    machine = copy.deepcopy(plain)
    sabotage(machine)
    (row,) = trials.broken_tasks(on, machine, [failure], [MINISTACK])
    assert (row["verdict"], row["why"].split(":")[0]) == ("failed" if row["reached"] else "silent", word), row
    assert (row["control"]["status"], set(row["control"]["seconds"])) == ("SUCCEEDED", {"contact", "operations"})
    assert (word == "SILENT") <= ("so it is the failure's" in row["why"])


def test_operations_told_by_an_event_alone_is_found_out(on, plain):
    machine = copy.deepcopy(plain)
    branches = machine["States"]["CrisisProtocol"]["Branches"]
    event = branches[0]["States"]["SendCrisisEvent"]
    told = branches[1]["States"]["TellOperations"]
    told |= {key: event[key] for key in ("Resource", "Parameters")}
    failure = Failure("SendCrisisEvent", "disabled", "crisis", behind="rule")
    (row,) = trials.broken_behind(on, machine, [failure], [MINISTACK])
    assert (row["verdict"], row["why"].split(":")[0]) == ("silent", "SILENT")


def test_a_task_that_nothing_reaches_is_reported(on, plain):
    (row,) = trials.broken_tasks(on, plain, [Failure("Nowhere", MISSING, "")], [MINISTACK])
    assert (row["verdict"], row["status"]) == ("failed", "not run")


@pytest.mark.parametrize(
    ("service", "operation", "asked", "code"),
    [
        ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:T-rehearsal-denied", "Message": "m"},
         "AuthorizationError"),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:T-rehearsal-throttled", "Message": "m"},
         "Throttling"),
        ("dynamodb", "update_item", {"TableName": "T-rehearsal-failing", "Key": {"userId": {"S": "u"}}},
         "InternalServerError"),
        ("lambda", "invoke", {"FunctionName": "F-rehearsal-denied"}, "AccessDeniedException"),
    ],
)  # fmt: skip
def test_the_gate_answers_as_the_service_would(on, service, operation, asked, code):
    with refusing_proxy.gate(on.settings.endpoint_url) as endpoint:
        asker = client(endpoint, service)
        with pytest.raises(asker.exceptions.ClientError) as refused:
            getattr(asker, operation)(**asked)
        assert refused.value.response["Error"]["Code"] == code
        assert client(endpoint, "sns").list_topics()["Topics"]


def test_the_rows_are_plain_data(on, plain, given):
    (failure,) = [
        f for f in behind_events(plain, given) if (f.given, f.fault, f.behind) == ("crisis", "disabled", "rule")
    ]
    (row,) = trials.broken_behind(on, plain, [failure], [MINISTACK])
    assert json.loads(json.dumps([row])) == [row]
    assert (row["task"], row["single"], row["interpreter"]) == ("SendCrisisEvent > rule", True, MINISTACK)
    assert DISPATCHER not in row["task"]


def test_rules_that_were_not_broken_are_no_trial(on, plain):
    rules = sorted(event_faults.rules_by_task(on, plain).values())
    with pytest.raises(NotAsWanted, match=f"the rules {rules[0]}, .* were not broken, so that nothing was tried"):
        event_faults._require_rules_broken(on, rules)
    with event_faults.breaking_rules(on, plain, RULE, DISABLED):
        event_faults._require_rules_broken(on, rules)
    assert {on.aws("events").describe_rule(Name=name)["State"] for name in rules} == {"ENABLED"}


@pytest.mark.parametrize("where", [MINISTACK, MOTO])
def test_a_fault_that_never_struck_is_no_pass(on, plain, monkeypatch, where):
    """The copy is whole: everybody is told, which shows nothing of the failure."""
    monkeypatch.setattr(Ground, "broken", lambda self, where, definition, tasks: copy.deepcopy(dict(definition)))
    chosen = [Failure("SendHighRiskEvent", MISSING, "high"), Failure("TellOperations", SLOW, "crisis")]
    for row in trials.broken_tasks(on, plain, chosen, [where]):
        said = f"THE FAULT DID NOT STRIKE: {row['task']} was tried and did not fail"
        assert (row["verdict"], row["why"]) == ("did not strike", said)
        assert row["reached"]


@pytest.mark.parametrize("where", [MINISTACK, MOTO])
def test_a_task_without_a_limit_does_not_pass_slow(on, plain, where):
    machine = copy.deepcopy(plain)
    del machine["States"]["SendHighRiskEvent"]["TimeoutSeconds"]
    (row,) = trials.broken_tasks(on, machine, [Failure("SendHighRiskEvent", SLOW, "high")], [where])
    assert (row["verdict"], row["why"].partition(":")[0], row["reached"]) == ("failed", "NO LIMIT", ["contact"])


def test_a_queue_that_is_named_and_is_not_there_carries_nothing(on, plain):
    queue = "Your6-AlertDLQ"
    url = on.aws("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    of_dispatcher = ("SendHighRiskEvent", DISPATCHER, FAILING)
    assert f"then queue {queue}" in event_faults.carriers(on, plain)[of_dispatcher]
    on.aws("sqs").delete_queue(QueueUrl=url)
    try:
        assert of_dispatcher not in event_faults.carriers(on, plain)
    finally:
        on.aws("sqs").create_queue(QueueName=queue, Attributes={"MessageRetentionPeriod": "1209600"})
