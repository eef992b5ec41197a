"""What stands in the way of the alarms, before any is made. Read-only.

An alarm that nobody is told of is worse than none: CloudWatch says nothing where it may not publish.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status
from lib.definitions.alarm_templates import AlarmTemplate
from lib.errors import NotAsWanted
from lib.phases.proofs import alarm_outlook
from lib.resources import desired
from lib.resources.existing.encryption import Key, key_named, lets, many, topic_key
from lib.resources.monitoring import alarm_listing
from lib.resources.monitoring.alarm_listing import COMPOSITE, METRIC
from lib.values.check_registry import Id
from lib.values.exact_json import document

WORDS = {
    True: "lets CloudWatch",
    False: "does not let CloudWatch",
    None: "has conditions that only AWS can decide, so that nobody can tell here whether CloudWatch may",
}
CLOUDWATCH = "cloudwatch.amazonaws.com"
PUBLISH = ("SNS:Publish",)
MOST_ALARMS = 5_000  # of an account and region, unless AWS was asked for more


def obstacles(live: Live) -> list[Check]:
    """What stands in the way of the alarms, before any is made."""
    wanted = desired.alarms(live)
    listed = alarm_listing.of_both_kinds(live)
    return [
        *(_topic(live, arn) for arn in _actions(wanted)),
        _second(live, wanted),
        _quota(wanted, listed),
        *_others(wanted, listed),
        alarm_outlook.quiet(live),
        alarm_outlook.cost(live, wanted),
    ]


def _actions(wanted: Sequence[AlarmTemplate]) -> list[str]:
    return list(dict.fromkeys(arn for one in wanted for arn in one.value.get("AlarmActions", ())))


def _topic(live: Live, arn: str) -> Check:
    """Whether CloudWatch may publish to a topic: by its key, and by its policy."""
    name = arn.rpartition(":")[2]
    try:
        with readable(f"reading topic {name}"):
            status, said = _allowed(live, arn, name)
    except NotAsWanted as error:
        status, said = Status.CANNOT_TELL, str(error)
    expected = "it is there; CloudWatch may publish to it by its policy, and use its key where it has one"
    return Check(Id.ALARM_TOPIC, f"topic {name}, for CloudWatch", status, said, expected, name)


def _allowed(live: Live, arn: str, name: str) -> tuple[Status, str]:
    given, account = topic_key(live, arn), live.settings.account_id
    if given is None and arn == live.settings.ops_topic_arn:
        return Status.NOT_APPLIED, "there is no such topic; phase 01 makes it"
    if given is None:
        return Status.FAILED, "there is no such topic, so that these alarms would tell nobody"
    source = live.settings.arn("cloudwatch", f"alarm:{live.settings.state_machine_name}-no-drill")
    context = {"aws:sourceowner": (account,), "aws:sourceaccount": (account,), "aws:sourcearn": (source,)}
    key = key_named(live, given) if given else None
    if key is not None and key.of_aws:
        return Status.FAILED, f"{given}: AWS's own key lets CloudWatch not in, so that NO ALARM WOULD TELL ANYBODY"
    if key is not None and (let := lets(key, CLOUDWATCH, context)) is not True:
        return _status(let), f"{given}: its policy {WORDS[let]} use it"
    text = live.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy") or "{}"
    policy = document(text, f"the policy of topic {name}")
    let = lets(Key(name, arn, policy=policy), CLOUDWATCH, context, PUBLISH)
    if let is None and any(_by_default(one, account) for one in many(policy.get("Statement", []))):
        return Status.PASSED, "SNS's own policy: alarms of this account may publish"
    return _status(let), f"its policy {WORDS[let]} publish"


def _status(let: bool | None) -> Status:
    return {True: Status.PASSED, False: Status.FAILED, None: Status.CANNOT_TELL}[let]


def _by_default(statement: Mapping[str, Any], account: str) -> bool:
    """Whether it is the statement that SNS gives a topic, by which AWS lets the account's alarms publish."""
    owner = {str(key).lower(): value for key, value in statement.get("Condition", {}).get("StringEquals", {}).items()}
    lets_publish = any(str(one).lower() in ("sns:publish", "sns:*") for one in many(statement.get("Action", [])))
    return statement.get("Effect") == "Allow" and lets_publish and owner.get("aws:sourceowner") == account


def _second(live: Live, wanted: Sequence[AlarmTemplate]) -> Check:
    about = [one.name for one in wanted if live.settings.ops_topic_arn not in one.value.get("AlarmActions", ())]
    second = live.settings.second_alarm_action
    found = (
        f"{second}, for {len(about)} alarms"
        if second
        else (f"empty: WHERE THE OPERATIONS TOPIC IS BROKEN, {len(about)} ALARMS GO OFF AND TELL NOBODY")
    )
    expected = "a topic that reaches somebody by another way than the operations topic"
    return Check(Id.ALARM_SECOND, "second_alarm_action", Status.PASSED if second else Status.WAITING, found, expected)


def _quota(wanted: Sequence[AlarmTemplate], listed: dict[str, list[dict[str, Any]]]) -> Check:
    there = {row["AlarmName"] for rows in listed.values() for row in rows}
    after = len(there | {one.name for one in wanted})
    found = f"{len(there)} there, {after} afterwards"
    expected = f"at most {MOST_ALARMS:,}, unless AWS was asked for more"
    return Check(
        Id.ALARM_QUOTA,
        "alarms of the account",
        Status.PASSED if after <= MOST_ALARMS else Status.FAILED,
        found,
        expected,
    )


def _others(wanted: Sequence[AlarmTemplate], listed: dict[str, list[dict[str, Any]]]) -> Iterator[Check]:
    """What of our names is there already, and what somebody made of ours."""
    ours = {one.name: one for one in wanted}
    composite = [row for row in listed[COMPOSITE] if row["AlarmName"] in ours]
    silent = [row["AlarmName"] for row in listed[METRIC] if row["AlarmName"] in ours and not row["ActionsEnabled"]]
    theirs = [
        row["AlarmName"]
        for row in listed[METRIC]
        if row["AlarmName"] in ours and row.get("AlarmDescription") != ours[row["AlarmName"]].value["AlarmDescription"]
    ]
    said = [
        *(f"{row['AlarmName']} is a composite alarm" for row in composite),
        *(f"the actions of {name} are disabled" for name in silent),
        *(f"{name} says something else" for name in theirs),
    ]
    status = Status.FAILED if composite else Status.WAITING if said else Status.PASSED
    expected = "none, or as this plan makes it; what no recorded run wrote is not replaced unless may_replace allows it"
    yield Check(
        Id.ALARM_FOREIGN,
        "alarms of these names that are there",
        status,
        "; ".join(said) or "none of somebody else's",
        expected,
    )
    around = [row for row in listed[COMPOSITE] if any(name in str(row.get("AlarmRule", "")) for name in ours)]
    held = [
        f"{row['AlarmName']} (suppressed by {row['ActionsSuppressor']})"
        for row in around
        if row.get("ActionsSuppressor")
    ]
    found = ", ".join(held) or f"none of {len(around)} around ours"
    expected = "none: who counts on a composite alarm is not told while another alarm suppresses it"
    yield Check(
        Id.ALARM_SUPPRESSED,
        "composite alarms around ours that are suppressed",
        Status.WAITING if held else Status.PASSED,
        found,
        expected,
    )
