"""Things broken on the embedded account, and the checks that say so: those that no other test breaks for real.

Which check is seen to fail by which test, `check_proofs.py` holds.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from accounts import started_by_alias
from steps import carried_out, redeployed
from ways import applied, the

from lib.aws import connect
from lib.changes import engine
from lib.checks import Check, as_before_write
from lib.phases import documentation, event_rules, iam_permissions, infrastructure, preflight, state_machine, validation
from lib.phases.proofs import encryption, way_in
from lib.phases.watch import alarms, delivery
from lib.phases.watch.checkpoint import Reading, Span
from lib.record.records import Run
from lib.resources import connected_run, desired
from lib.resources.connected_run import ConnectedRun
from lib.routes import LOW_SENTIMENT_RULE
from lib.settings import Settings
from lib.telemetry import executions
from lib.wait import FOR_EVER

Aws = Callable[[str], Any]
RULE = "Your6-HighRiskRule"


def bad(checks: list[Check]) -> dict[str, str]:
    """What is no pass: name and status."""
    return {check.name: str(check.status) for check in checks if check.status != "passed"}


def subscribed(client: Aws, topic: str) -> list[str]:
    rows = client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return [row["SubscriptionArn"] for row in rows]


def test_topics_that_nobody_subscribes_to(account, client):
    live, _ = carried_out(account, "01")
    asked = [*infrastructure.operations_reachable(live), *infrastructure.contacts_reachable(live)]
    assert bad(asked) == {}
    for topic in (account.ops_topic_arn, account.alert_topic_arn):
        for arn in subscribed(client, topic):
            client("sns").unsubscribe(SubscriptionArn=arn)
    asked = [*infrastructure.operations_reachable(live), *infrastructure.contacts_reachable(live)]
    assert bad(asked) == {"operations subscribers": "waiting", "trusted-contact subscribers": "waiting"}
    assert "A CRISIS PAGE REACHES NOBODY YET" in asked[0].found
    assert "only an SMS of the dispatcher would reach a contact" in asked[1].found


def test_what_somebody_undoes_at_once_is_not_as_wanted(account, client):
    live, record = carried_out(account, "01")
    outcome = engine.carry_out(engine.plan("04", desired.event_rules(live)), connected_run.of(live, record))
    run = Run(live.settings.model_copy(update={"verify_timeout_seconds": 0}), record)
    assert bad(engine.verify(outcome, run)) == {}
    client("events").disable_rule(Name=RULE)
    assert bad(engine.verify(outcome, run)) == {f"rule {RULE}": "failed"}
    documented = {check.name: check for check in documentation.describes_live(live)}
    assert documented["the live event rules are the documented ones"].found == f"another: rule {RULE}"


def test_a_role_that_lost_its_policy(account, client):
    live, _ = carried_out(account, "01", "02")
    assert bad(validation.in_place(live)) == {"phase 04 is in place": "failed", "phase 03 is in place": "failed"}
    policy = {"RoleName": account.execution_role_name, "PolicyName": account.execution_policy_name}
    client("iam").delete_role_policy(**policy)
    assert bad(validation.in_place(live))["phase 02 is in place"] == "failed"
    lacking = {check.name for check in iam_permissions.checks(live) if check.status == "failed"}
    assert "dynamodb:UpdateItem on table/your6-users" in lacking


def test_an_environment_that_lost_its_variable(account, client):
    live, _ = carried_out(account, "01")
    name = account.processor_function_name
    held = client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    rest = {key: value for key, value in held.items() if key != "OPS_SNS_TOPIC_ARN"}
    client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": rest})
    found = the(validation.in_place(live), "phase 01 is in place")
    assert (found.status, "OPS_SNS_TOPIC_ARN" in found.found) == ("failed", True)


def test_a_processor_that_answers_without_a_trajectory(account, client, tmp_path):
    live, given = connect(account), {"userId": "user-001", "text": "Slept well.", "timestamp": "2026-01-01"}
    name, old = account.processor_function_name, '"trajectory": _trajectory(plain)'
    redeployed(client, name, tmp_path, "checkin_processor", old, '"course": _trajectory(plain)')
    executions.wait_until_ended(live, executions.start(live, "since", given), FOR_EVER, with_output=False)
    found = preflight.phase_3(live)
    assert (found.status, found.found) == ("failed", "answers without trajectory")


def test_a_dispatcher_that_does_not_know_a_crisis(account, client, tmp_path):
    live, _ = carried_out(account, "01", "04")
    redeployed(
        client, account.dispatcher_function_name, tmp_path, "alert_dispatcher", '"Crisis Protocol Alert":', '"Other":'
    )
    assert bad(event_rules.dispatcher(live)) == {"dispatcher takes Crisis Protocol Alert": "failed"}


def test_a_dispatcher_that_the_rule_calls_by_two_names(account, client):
    functions, name = client("lambda"), account.dispatcher_function_name
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    target = {"Id": "Second", "Arn": f"{account.dispatcher_arn}:live"}
    client("events").put_targets(Rule=LOW_SENTIMENT_RULE, Targets=[target])
    found = the(way_in.checks(connect(account)), "how the dispatcher is called")
    assert (found.status, "which may be different code" in found.found) == ("failed", True)


def test_what_is_asked_of_keys_before_the_write_fails_as_after_it(account, client):
    client("sns").create_topic(Name=account.ops_topic_name, Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    queue = {"QueueName": account.ops_dead_letter_queue_name, "Attributes": {"KmsMasterKeyId": "alias/aws/sqs"}}
    client("sqs").create_queue(**queue)
    asked = as_before_write(encryption.operations(connect(account)))
    assert {str(check.id) for check in asked if check.status == "failed"} == {"key.topic.before", "key.queue.before"}


def test_a_definition_without_a_limit(account):
    live, definition = connect(account), desired.workflow(connect(account))["definition"]
    assert the(state_machine.definition_checks(live, definition), "statelint and the house's rules").status == "passed"
    endless = {key: value for key, value in definition.items() if key != "TimeoutSeconds"}
    found = the(state_machine.definition_checks(live, endless), "statelint and the house's rules")
    assert (found.status, "has no TimeoutSeconds" in found.found) == ("failed", True)


def test_a_workflow_that_is_updated_by_hand_is_not_what_was_published(account, client):
    started_by_alias(account, "live")
    live, _ = applied(account)
    live = replace(live, sleep=lambda seconds: None)
    names = {"newest published version is the live revision", "alias live runs the live revision"}
    assert {check.name for check in state_machine.publication(live)} == names
    assert bad(state_machine.publication(live)) == {}
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)
    text = machine["definition"].replace('"TimeoutSeconds"', '"Comment": "by hand", "TimeoutSeconds"', 1)
    client("stepfunctions").update_state_machine(stateMachineArn=account.state_machine_arn, definition=text)
    assert bad(state_machine.publication(live)) == dict.fromkeys(names, "failed")
    (other,) = client("stepfunctions").list_state_machine_versions(
        stateMachineArn=account.state_machine_arn, maxResults=1
    )["stateMachineVersions"]
    assert bad(documentation.describes_live(live)) == {}  # check-ins come by the alias, which stays on what was made
    arn = f"{account.state_machine_arn}:live"
    newest = client("stepfunctions").publish_state_machine_version(stateMachineArn=account.state_machine_arn)
    routing = [{"stateMachineVersionArn": newest["stateMachineVersionArn"], "weight": 100}]
    client("stepfunctions").update_state_machine_alias(stateMachineAliasArn=arn, routingConfiguration=routing)
    assert other["stateMachineVersionArn"] != newest["stateMachineVersionArn"]
    assert bad(state_machine.publication(live)) == {}
    assert bad(documentation.describes_live(live)) == {"the live workflow is the documented one": "failed"}


@pytest.fixture
def watched(account: Settings) -> ConnectedRun:
    live, record = carried_out(account, "01", "04")
    return connected_run.of(live, record)


def seen(reading: Reading) -> dict[str, str]:
    return {check.name: str(check.status) for check in reading.checks if check.status == "failed"}


def test_a_watch_sees_a_rule_a_subscriber_a_queue_and_an_alarm_that_are_taken_away(watched: ConnectedRun, client):
    s, now = watched.settings, datetime.now(UTC)
    span = Span(now - timedelta(minutes=15), now)
    asked = (delivery.subscribers, delivery.deliveries, delivery.functions, alarms.alarms)
    assert [seen(ask(watched, span)) for ask in asked] == [{}, {}, {}, {}]
    before = Span(span.since, span.until, [delivery.subscribers(watched, span).counts])

    for arn in subscribed(client, s.alert_topic_arn):
        client("sns").unsubscribe(SubscriptionArn=arn)
    assert seen(delivery.subscribers(watched, before)) == {f"watch: subscribers of {s.alert_topic_name}": "failed"}

    url = client("sqs").get_queue_url(QueueName=s.events_dead_letter_queue_name)["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="{}")
    assert seen(delivery.deliveries(watched, span)) == {f"watch: queue {s.events_dead_letter_queue_name}": "failed"}

    client("events").disable_rule(Name=RULE)
    assert seen(delivery.functions(watched, span)) == {f"watch: rule {RULE}": "failed"}

    counting = f"{s.state_machine_name}-states-entered"
    client("logs").delete_metric_filter(logGroupName=s.log_group_name, filterName=counting)
    (whole,) = alarms.alarms(watched, span).checks
    assert whole.status == "failed" and f"{counting} is gone" in whole.found

    fired, mute = (f"{s.state_machine_name}-{name}" for name in ("executions-failed", "unscored"))
    client("cloudwatch").disable_alarm_actions(AlarmNames=[mute])
    client("cloudwatch").set_alarm_state(AlarmName=fired, StateValue="ALARM", StateReason="a check-in failed")
    assert seen(alarms.alarms(watched, span)) == {
        "watch: alarms can go off": "failed",
        f"watch: alarm {fired}": "failed",
    }
