"""What accounts are compared by sees whatever the plan can write: else its loss would be counted as nothing lost.

The kinds are asked of the code, not listed here: one that is added without being seen makes a test fail.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from inspect import isabstract
from typing import Any

import pytest
from accounts import differences, snapshot, started_by_alias

from lib import resources
from lib.aws import connect
from lib.changes.plans import Change
from lib.cli import runner
from lib.errors import NotAsWanted
from lib.resources import desired, resource_kinds
from lib.resources.account_guards import AccountGuards
from lib.resources.live_thing import LiveThing
from lib.resources.users import to_typed
from lib.resources.workflow import RUN_TAG
from lib.settings import Settings
from lib.values.exact_json import dumps
from rehearsal.account import snapshot as looked

Client = Callable[[str], Any]


def known() -> dict[str, type[LiveThing]]:
    """Every kind of live thing of every module under lib.resources, whether or not anybody uses it."""
    for module in pkgutil.walk_packages(resources.__path__, f"{resources.__name__}."):
        importlib.import_module(module.name)
    ahead, found = [LiveThing], dict[str, type[LiveThing]]()
    while ahead:
        kind = ahead.pop()
        # Those of lib alone: a test elsewhere may make a thing of its own.
        ahead += [under for under in kind.__subclasses__() if under.__module__.startswith(f"{resources.__name__}.")]
        found |= {} if isabstract(kind) else {kind.kind: kind}
    return found


@pytest.fixture(scope="module")
def written(module_account: Settings) -> list[tuple[Change, set[str]]]:
    """Every change of the whole plan, on an account whose check-ins come by an alias, and what was seen of each."""
    started_by_alias(module_account, "live")
    live = connect(module_account.model_copy(update={"mode": "apply"}))
    found, before = list[tuple[Change, set[str]]](), snapshot(module_account)
    plans = runner.plan_all(live)
    (passing,) = [wanted for plan in plans if (wanted := desired.candidate(plan, "r1"))]
    for_a_while = Change(passing.resource, None, passing.value)
    pending = [change for plan in plans for change in plan.pending]
    # Alarms are alike: the first and the last stand for those between.
    alarms = [change for change in pending if change.resource.kind == "alarm"]
    for change in [for_a_while, *(change for change in pending if change not in alarms[1:-1])]:
        change.resource.write(change.after)
        now = snapshot(module_account)
        found.append((change, differences(before, now)))
        before = now
    return found


def test_whatever_the_plan_writes_is_seen(written):
    assert [change.resource.name for change, seen in written if not seen] == []


def test_the_whole_plan_writes_something_of_every_kind_that_there_is(written):
    seen = {change.resource.kind for change, _ in written}
    assert seen == set(known()) == set(resource_kinds.KINDS)


# By other hands: each field of each value, through AWS itself and not through the plan's own classes.


def _queue(client: Client, s: Settings, thing: Any, value: Any) -> None:
    sqs = client("sqs")
    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=thing.queue)["QueueUrl"], Attributes=value)


def _queue_policy(client: Client, s: Settings, thing: Any, value: Any) -> None:
    _queue(client, s, thing, {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [value]})})


def _topic(client: Client, s: Settings, thing: Any, value: Any) -> None:
    for name, text in value.items():
        client("sns").set_topic_attributes(TopicArn=s.arn("sns", thing.topic), AttributeName=name, AttributeValue=text)


def _subscription(client: Client, s: Settings, thing: Any, value: Any) -> None:
    rows = client("sns").list_subscriptions_by_topic(TopicArn=s.arn("sns", thing.topic))["Subscriptions"]
    (arn,) = [row["SubscriptionArn"] for row in rows if row["Endpoint"] == thing.endpoint]
    for name, text in {
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": value["dead_letter_queue"]}),
        "RawMessageDelivery": value["raw"],
        "FilterPolicy": value["filter"] or "{}",
    }.items():
        client("sns").set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=text)


def _variable(client: Client, s: Settings, thing: Any, value: Any) -> None:
    held = client("lambda").get_function_configuration(FunctionName=thing.function)["Environment"]["Variables"]
    variables = {"Variables": {**held, thing.variable: value}}
    client("lambda").update_function_configuration(FunctionName=thing.function, Environment=variables)


def _permission(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("lambda").remove_permission(FunctionName=thing.function, StatementId=thing.sid)
    client("lambda").add_permission(FunctionName=thing.function, StatementId=thing.sid, **value)


def _role_policy(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("iam").put_role_policy(RoleName=thing.role, PolicyName=thing.policy, PolicyDocument=json.dumps(value))


def _state_machine(client: Client, s: Settings, thing: Any, value: Any) -> None:
    given = {**value, "definition": dumps(value["definition"])}
    client("stepfunctions").update_state_machine(stateMachineArn=s.state_machine_arn, **given)


def _candidate(client: Client, s: Settings, thing: Any, value: Any) -> None:
    states, workflow = client("stepfunctions"), {key: part for key, part in value.items() if key != "run"}
    workflow["definition"] = dumps(workflow["definition"])
    states.update_state_machine(stateMachineArn=thing.arn, **workflow)
    states.tag_resource(resourceArn=thing.arn, tags=[{"key": RUN_TAG, "value": value["run"]}])


def _workflow_alias(client: Client, s: Settings, thing: Any, value: Any) -> None:
    """Another version is the one before."""
    arn, (route,) = s.state_machine_arn, value["routes"]
    there = client("stepfunctions").list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    numbers = sorted(row["stateMachineVersionArn"].rpartition(":")[2] for row in there)
    number = route["version"] if route["version"] in numbers else numbers[0]
    routing = [{"stateMachineVersionArn": f"{arn}:{number}", "weight": 100}]
    client("stepfunctions").update_state_machine_alias(
        stateMachineAliasArn=f"{arn}:{thing.alias}", routingConfiguration=routing
    )


def _rule(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("events").put_rule(Name=thing.rule, **{**value, "EventPattern": json.dumps(value["EventPattern"])})


def _target(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("events").put_targets(Rule=thing.rule, Targets=[{"Id": thing.target, **value}])


def _log_group(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("logs").put_retention_policy(logGroupName=thing.group, **value)


def _metric_filter(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("logs").put_metric_filter(logGroupName=thing.group, filterName=thing.filter, **value)


def _alarm(client: Client, s: Settings, thing: Any, value: Any) -> None:
    client("cloudwatch").put_metric_alarm(AlarmName=thing.alarm, **value)


def _widgets(client: Client, s: Settings, thing: Any, value: Any) -> None:
    cloudwatch = client("cloudwatch")
    body = json.loads(cloudwatch.get_dashboard(DashboardName=thing.dashboard)["DashboardBody"])
    ours = [place for place, one in enumerate(body["widgets"]) if one["properties"]["title"].startswith(thing.prefix)]
    for place, widget in zip(ours, value, strict=True):
        body["widgets"][place] = widget
    cloudwatch.put_dashboard(DashboardName=thing.dashboard, DashboardBody=json.dumps(body))


def _drill_user(client: Client, s: Settings, thing: Any, value: Any) -> None:
    item = {"userId": {"S": thing.user}, **{name: to_typed(one) for name, one in value.items()}}
    client("dynamodb").put_item(TableName=thing.table, Item=item)


def _section(client: Client, s: Settings, thing: Any, value: Any) -> None:
    text = thing.path.read_text(encoding="utf-8")
    thing.path.write_text(text.replace(thing.read(), value), encoding="utf-8")


BY_OTHER_HANDS: dict[str, Callable[[Client, Settings, Any, Any], None]] = {
    "queue": _queue, "queue policy": _queue_policy, "topic": _topic, "subscription": _subscription,
    "environment variable": _variable, "function permission": _permission, "role policy": _role_policy,
    "state machine": _state_machine, "workflow alias": _workflow_alias, "rule": _rule, "rule target": _target,
    "log group": _log_group, "metric filter": _metric_filter, "alarm": _alarm, "dashboard widgets": _widgets,
    "drill user": _drill_user, "documentation section": _section, "candidate of workflow": _candidate,
}  # fmt: skip
# What AWS takes no other word or number for than these.
WORDS = {"": '{"a": ["b"]}', "false": "true", "ENABLED": "DISABLED", "ALL": "ERROR", 90: 30, 30: 90, 14: 30, 1: 2}


def another(value: Any) -> Any:
    """A value that differs from this one in its first leaf."""
    if isinstance(value, dict):
        first = next(iter(value))
        return {**value, first: another(value[first])}
    if isinstance(value, list):
        return [another(value[0]), *value[1:]]
    if isinstance(value, bool):
        return not value
    if value in WORDS:
        return WORDS[value]
    if isinstance(value, str) and not value.isdigit():
        return f"{value}x"
    return type(value)(int(value) - 1)


def others(value: Any) -> Iterator[tuple[str, Any]]:
    """The value with one field changed, for each of its fields."""
    if not isinstance(value, dict):
        yield "", another(value)
        return
    yield from ((name, {**value, name: another(field)}) for name, field in value.items())


@pytest.mark.parametrize("kind", known())
def test_whatever_somebody_else_changes_of_it_is_seen(kind, written, module_account, client):
    assert kind in BY_OTHER_HANDS, f"say how somebody else would change a {kind}, and see that the snapshot tells"
    thing = next(change.resource for change, _ in written if change.resource.kind == kind)
    value, before, unseen = thing.read(), snapshot(module_account), []
    for field, changed in others(value):
        BY_OTHER_HANDS[kind](client, module_account, thing, changed)
        unseen += [] if differences(before, snapshot(module_account)) else [field]
        BY_OTHER_HANDS[kind](client, module_account, thing, value)
    assert unseen == []


# And what no plan writes, but a run.


def test_what_the_account_keeps_of_approvals_is_seen_with_its_value_and_of_the_lock_that_it_is_held(
    module_account, client
):
    guards = AccountGuards(connect(module_account))
    before = snapshot(module_account)
    guards.use("plan-0123456789abcdef", "r1")
    kept = {f"parameter {guards.place}/approval", f"parameter {guards.place}/used/plan-0123456789abcdef"}
    now = snapshot(module_account)
    assert differences(before, now) == kept
    for name in kept:
        ssm = client("ssm")
        ssm.put_parameter(Name=name.partition(" ")[2], Value="another", Type="String", Overwrite=True)
    assert differences(now, snapshot(module_account)) == kept
    seen = []
    for value in ("one", "another"):
        client("ssm").put_parameter(Name=module_account.lock_name, Value=value, Type="String", Overwrite=True)
        seen.append(snapshot(module_account))
    assert differences(*seen) == set()
    assert f"parameter {module_account.lock_name}" in differences(now, seen[0])


def test_an_object_of_the_same_size_a_file_in_a_folder_and_a_second_subscriber_are_seen(module_account, client):
    s3, sns, folder = client("s3"), client("sns"), module_account.path(module_account.docs_dir)
    (folder / "deeper").mkdir()
    s3.put_object(Bucket=module_account.checkin_bucket_name, Key="user/one.json", Body=b"one")
    (folder / "deeper" / "file.md").write_text("one", encoding="utf-8")
    before = snapshot(module_account)
    s3.put_object(Bucket=module_account.checkin_bucket_name, Key="user/one.json", Body=b"two")
    (folder / "deeper" / "file.md").write_text("two", encoding="utf-8")
    for protocol in ("email", "email-json"):
        sns.subscribe(TopicArn=module_account.alert_topic_arn, Protocol=protocol, Endpoint="somebody@example.org")
    topic = module_account.alert_topic_name
    assert differences(before, snapshot(module_account)) == {
        "object user/one.json",
        "document deeper/file.md",
        f"subscription {topic} -> email somebody@example.org",
        f"subscription {topic} -> email-json somebody@example.org",
    }


def test_two_things_of_one_name_are_no_account_that_can_be_compared(module_account, monkeypatch):
    monkeypatch.setattr(looked, "_everything", lambda _: iter([("queue", "a", 1), ("queue", "a", 2)]))
    with pytest.raises(NotAsWanted, match="two things are called queue a"):
        snapshot(module_account)
