"""Which key a topic or a queue is encrypted with, and whether that key lets a service or a role use it. Read-only.

A key may be named by its id, its ARN, an alias, an alias's ARN, or be another account's. What may not be read is never
taken for allowed: the answer is then that nobody can tell.
"""

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none, answer_or_code, readable
from lib.errors import NotAsWanted
from lib.resources.existing.subscriptions import NO_TOPIC
from lib.resources.queues import NO_QUEUE
from lib.values import exact_json

OF_AWS = "alias/aws/"  # AWS's own keys: nobody can change them, nor whom they serve
WRITE, DECRYPT = ("kms:GenerateDataKey",), ("kms:Decrypt",)
USES = (*WRITE, *DECRYPT)
USABLE = ("Enabled", "Updating")  # the latter while a replica becomes the primary key
GONE = ("NotFoundException",)
# Conditions that are read; under any other one, nobody can tell.
COMPARED: dict[str, Callable[[str, str], bool]] = {
    "stringequals": str.__eq__, "stringlike": fnmatch.fnmatchcase,
    "arnequals": fnmatch.fnmatchcase, "arnlike": fnmatch.fnmatchcase,
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """One key as it is: `given` is what the topic or queue calls it. Without `arn` it could not be looked at.

    `manager`: AWS or CUSTOMER, "" where not known; `policy` None where it may not be read.
    """

    given: str
    arn: str = ""
    manager: str = ""
    state: str = ""
    symmetric: bool = True
    policy: Mapping[str, Any] | None = None
    unread: str = ""

    @property
    def of_aws(self) -> bool:
        return self.manager == "AWS" or OF_AWS in self.given


def topic_key(live: Live, arn: str) -> str | None:
    """What the topic calls its key; "" without one, None where there is no such topic."""
    with readable(f"reading the key of topic {arn.rsplit(':', 1)[-1]}"), absent_is_none(*NO_TOPIC):
        attributes = live.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        return str(attributes.get("KmsMasterKeyId") or "")
    return None


def queue_key(live: Live, arn: str) -> str | None:
    """What the queue calls its key; "" without one or under SQS's own, None where there is no such queue."""
    account, name = arn.split(":")[4:6]
    with readable(f"reading the key of queue {name}"), absent_is_none(*NO_QUEUE):
        sqs = live.client("sqs")
        url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])
        return str(answer.get("Attributes", {}).get("KmsMasterKeyId") or "")
    return None


def key_named(live: Live, given: str) -> Key:
    """The key that this id, ARN or alias names."""
    if OF_AWS in given:
        return Key(given, manager="AWS")
    kms = live.client("kms")
    with readable(f"looking at key {given}"):
        metadata, refused = answer_or_code(lambda: kms.describe_key(KeyId=given)["KeyMetadata"])
        if metadata is None:
            return Key(given, _computed(live, given), state="missing" if refused in GONE else "", unread=refused)
        policy, refused = answer_or_code(
            lambda: kms.get_key_policy(KeyId=metadata["Arn"], PolicyName="default")["Policy"]
        )
    document, unread = (None, refused) if policy is None else _document(policy)
    kind = (metadata.get("KeySpec", "SYMMETRIC_DEFAULT"), metadata.get("KeyUsage", "ENCRYPT_DECRYPT"))
    symmetric = kind == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    manager, state = metadata.get("KeyManager", ""), metadata.get("KeyState", "")
    return Key(given, metadata["Arn"], manager, state, symmetric, document, unread)


def _document(text: str) -> tuple[dict[str, Any] | None, str]:
    """The policy, or None and why it could not be read."""
    try:
        policy = exact_json.loads(text)
    except (ValueError, RecursionError):
        return None, "it is no JSON"
    return (policy, "") if isinstance(policy, dict) else (None, "it is no policy")


def _computed(live: Live, given: str) -> str:
    """The ARN of a key that may not be looked at; of an alias nobody can tell it."""
    if ":key/" in given:
        return given
    return "" if "alias/" in given else live.settings.arn("kms", f"key/{given}")


def topics_keys(live: Live) -> list[tuple[str, str]]:
    """(topic's name, key's ARN) of the topics that the workflow publishes to and that a customer's key encrypts."""
    s, keys = live.settings, list[tuple[str, str]]()
    for name, arn in ((s.alert_topic_name, s.alert_topic_arn), (s.ops_topic_name, s.ops_topic_arn)):
        if key := _customers_key(live, topic_key(live, arn) or ""):
            keys.append((name, key))
    return keys


def table_key(live: Live) -> str:
    """The key of the users' table, "" where it is under DynamoDB's own, or is not there."""
    with readable("reading the key of the table"), absent_is_none("ResourceNotFoundException"):
        table = live.client("dynamodb").describe_table(TableName=live.settings.table_name)["Table"]
        return str(table.get("SSEDescription", {}).get("KMSMasterKeyArn") or "")
    return ""


def bucket_key(live: Live) -> str:
    """The key by which the bucket of check-ins encrypts what names none; "" under S3's own."""
    absent = ("ServerSideEncryptionConfigurationNotFoundError", "NoSuchBucket")
    with readable("reading the key of the bucket"), absent_is_none(*absent):
        answer = live.client("s3").get_bucket_encryption(Bucket=live.settings.checkin_bucket_name)
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
        given = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules]
        return next((str(one) for one in given if one), "")
    return ""


def machine_key(live: Live) -> str:
    """The workflow's own key, "" under Step Functions' own, or where there is no workflow."""
    with readable("reading the key of the workflow"), absent_is_none("StateMachineDoesNotExist"):
        machine = live.client("stepfunctions").describe_state_machine(stateMachineArn=live.settings.state_machine_arn)
        return str(machine.get("encryptionConfiguration", {}).get("kmsKeyId") or "")
    return ""


def workflows_keys(live: Live) -> list[tuple[str, str, Sequence[str]]]:
    """(of what, key's ARN, calls) of the customer's keys that the workflow needs beside those of topics.

    A table that may not be looked at counts as without one; phase 00 says so.
    """
    try:
        table = table_key(live)
    except NotAsWanted:
        table = ""
    rows = (("table", table, DECRYPT), ("workflow", machine_key(live), USES))
    return [(what, key, actions) for what, given, actions in rows if (key := _customers_key(live, given))]


def _customers_key(live: Live, given: str) -> str:
    """The ARN of the key that this names, "" where it is AWS's own, or nobody can tell its ARN."""
    key = key_named(live, given) if given else None
    return key.arn if key and not key.of_aws else ""


def lets(key: Key, principal: str, context: Mapping[str, Sequence[str]], actions: Sequence[str] = USES) -> bool | None:
    """Whether the key's policy lets a service (`sns.amazonaws.com`) or an ARN use it; None where nobody can tell.

    `context`: condition key in lower case -> what the call carries; of several values each must be let in.
    """
    if key.policy is None:
        return None
    answers = [_lets_once(key, principal, action, one) for action in actions for one in _each(context)]
    return False if False in answers else None if None in answers else True


def _each(context: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """One context a source, since every rule and topic calls by itself."""
    longest = max((len(values) for values in context.values()), default=1)
    return [{name: values[min(at, len(values) - 1)] for name, values in context.items()} for at in range(longest)]


def _lets_once(key: Key, principal: str, action: str, context: Mapping[str, str]) -> bool | None:
    decisions = {"Allow": set[bool | None](), "Deny": set[bool | None]()}
    for statement in many((key.policy or {}).get("Statement", [])):
        decisions[str(statement.get("Effect"))].add(_applies(statement, key.arn, principal, action, context))
    if True in decisions["Deny"]:
        return False
    if None in decisions["Deny"]:
        return None if decisions["Allow"] & {True, None} else False
    return True if True in decisions["Allow"] else None if None in decisions["Allow"] else False


def _applies(
    statement: Mapping[str, Any], arn: str, principal: str, action: str, context: Mapping[str, str]
) -> bool | None:
    """Whether a statement speaks of this use; None where it may."""
    parts = [
        _negatable(statement, "Action", lambda pattern: _like(action.lower(), pattern.lower())),
        _negatable(statement, "Resource", lambda pattern: _like(arn, pattern)),
        _principal(statement, principal),
        _condition(statement.get("Condition", {}), context),
    ]
    return False if False in parts else None if None in parts else True


def _negatable(statement: Mapping[str, Any], field: str, matches: Callable[[str], bool]) -> bool:
    if f"Not{field}" in statement:
        return not any(matches(pattern) for pattern in many(statement[f"Not{field}"]))
    return any(matches(pattern) for pattern in many(statement.get(field, "*")))


def _principal(statement: Mapping[str, Any], principal: str) -> bool | None:
    if "NotPrincipal" in statement:
        return None
    given = statement.get("Principal", {})
    if given == "*":
        return True if statement.get("Effect") == "Deny" else None  # whether it means services too is not written down
    kind = "AWS" if principal.startswith("arn:") else "Service"
    names = many(given.get(kind, [])) if isinstance(given, Mapping) else []
    if principal in names:
        return True
    if "*" in many(given.get("AWS", [])):
        return True if statement.get("Effect") == "Deny" or kind == "AWS" else None
    if kind == "AWS":
        # The account itself, by its ARN or number: allowed, the role's own policies decide; denied, all of it is.
        account = principal.split(":")[4]
        return any(name == account or name.endswith(f":{account}:root") for name in map(str, names))
    return False


def _condition(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool | None:
    answers = list[bool | None]()
    for operator, keys in condition.items():
        compare = COMPARED.get(str(operator).lower())
        for name, wanted in keys.items():
            value = context.get(str(name).lower())
            if compare is None or value is None:
                answers.append(None)
            else:
                answers.append(any(compare(value, str(one)) for one in many(wanted)))
    return False if False in answers else None if None in answers else True


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, str(pattern).replace("[", "[[]"))


def many(value: Any) -> list[Any]:  # noqa: ANN401 - a policy takes one or a list everywhere
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]
