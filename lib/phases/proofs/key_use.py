"""Whether whoever must use a key may: one answer for a service or a role, and the keys that our roles meet. Read-only.

The dispatcher publishes every alert with its own role, so that a key which lets in the workflow's alone silences it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import WORST_FIRST, Check, Status
from lib.errors import NotAsWanted
from lib.phases import iam_permissions
from lib.resources.existing import encryption, names
from lib.resources.existing.encryption import DECRYPT, USABLE, USES, WRITE, Key, lets, many
from lib.values.check_registry import Id

ANY_KEY = "no key, or one that the roles of workflow and functions may use"


@dataclass(frozen=True)
class Use:
    """A key that a role meets: of what thing, by which service, and for which calls."""

    what: str
    given: str
    role: str
    service: str
    actions: Sequence[str] = USES


def row(
    which: Id, what: str, key: Key, who: str, context: Mapping[str, Sequence[str]], actions: Sequence[str] = USES
) -> Check:
    """Whether a service or a role may use a key, by the key's policy."""
    expected = f"{short(who)} {may(actions)}, by its policy"

    def answered(status: Status, said: str, wanted: str = "") -> Check:
        return Check(which, what, status, f"{key.given}{said}", f"{wanted}{expected}", what)

    if key.state and key.state not in USABLE:
        return answered(Status.FAILED, f" is {key.state}: nothing can be sent", "an enabled key; ")
    if not key.symmetric:
        return answered(Status.FAILED, " is no symmetric key for encryption", "one that is; ")
    if key.policy is None:
        return answered(Status.CANNOT_TELL, f": its policy may not be read ({key.unread})")
    answer = lets(key, who, context, actions)
    status = {True: Status.PASSED, False: Status.FAILED, None: Status.CANNOT_TELL}[answer]
    words = {True: "lets it in", False: "does not let it in", None: "has conditions that only AWS can decide"}
    return answered(status, f": its policy {words[answer]}")


def may(actions: Sequence[str]) -> str:
    """What must be allowed, as a policy says it."""
    return f"may {' and '.join('kms:GenerateDataKey*' if one in WRITE else one for one in actions)} with the key"


def short(who: str) -> str:
    """A role by its name, a service as it is."""
    return f"role {who.rsplit('/', 1)[-1]}" if who.startswith("arn:") else who


def of_roles(live: Live) -> list[Check]:
    """A row for each role and customer's key that it meets, beside the topics' keys for the workflow's own role."""
    unread, s = list[Check](), live.settings
    try:
        uses = list(_of_workflow(live))
    except NotAsWanted as error:
        unread, uses = [_unread("keys of the workflow's role", error)], []
    for name in (s.processor_function_name, s.dispatcher_function_name):
        try:
            uses += _of_function(live, name)
        except NotAsWanted as error:
            unread.append(_unread(f"keys of the role of {name}", error))
    keys = {given: encryption.key_named(live, given) for given in dict.fromkeys(use.given for use in uses)}
    rows = {use: _of_role(live, use, keys[use.given]) for use in uses if not keys[use.given].of_aws}
    return [*unread, *{one.key: one for one in rows.values()}.values()]


def _unread(what: str, error: NotAsWanted) -> Check:
    return Check(Id.KEY_OF_ROLE, what, Status.CANNOT_TELL, str(error), ANY_KEY, what)


def _of_workflow(live: Live) -> Iterator[Use]:
    s = live.settings
    table, machine = encryption.table_key(live), encryption.machine_key(live)
    role = names.role_arn(live) if table or machine else ""
    if table:
        yield Use(f"key of table {s.table_name}", table, role, "dynamodb", DECRYPT)
    if machine:
        yield Use(f"key of workflow {s.state_machine_name}", machine, role, "states")


def _of_function(live: Live, name: str) -> Iterator[Use]:
    s = live.settings
    with readable(f"reading the role and key of {name}"):
        function: dict[str, Any] = live.client("lambda").get_function_configuration(FunctionName=name)
    role, environment = str(function["Role"]), function.get("Environment", {})
    if function.get("KMSKeyArn"):
        yield Use(f"key of the environment of {name}", str(function["KMSKeyArn"]), role, "lambda", DECRYPT)
    for topic, arn in ((s.alert_topic_name, s.alert_topic_arn), (s.ops_topic_name, s.ops_topic_arn)):
        # A topic that its environment names, or may name, is one that it publishes to.
        named = "Error" in environment or arn in environment.get("Variables", {}).values()
        key = encryption.topic_key(live, arn) if named else None
        if key:
            yield Use(f"key of topic {topic}", key, role, "sns")
    if table := encryption.table_key(live):
        yield Use(f"key of table {s.table_name}", table, role, "dynamodb", DECRYPT)
    if name == s.processor_function_name and (bucket := encryption.bucket_key(live)):
        yield Use(f"key of bucket {s.checkin_bucket_name}", bucket, role, "s3", WRITE)


def _of_role(live: Live, use: Use, key: Key) -> Check:
    """By the key's policy; where that leaves it to the account, by the role's own as well."""
    s, what = live.settings, f"{use.what}, for {short(use.role)}"
    via = f"{use.service}.{s.region}.amazonaws.com"
    context = {"kms:viaservice": (via,), "kms:calleraccount": (s.account_id,)}
    check = row(Id.KEY_OF_ROLE, what, key, use.role, context, use.actions)
    if check.status != Status.PASSED or lets(_without_account(key, s.account_id), use.role, context, use.actions):
        return check
    rights = iam_permissions.of_role(live, use.role, use.actions, key.arn)
    worst = min(rights, key=lambda one: WORST_FIRST.index(one.status))
    said = f"{key.given}: its policy leaves it to the role's own, and {worst.name} is {worst.found}"
    return replace(check, status=worst.status, found=said)


def _without_account(key: Key, account: str) -> Key:
    """The key without what it allows the account itself, whose policies of roles decide then."""

    def of_account(statement: Mapping[str, Any]) -> bool:
        given = statement.get("Principal")
        rows = many(given.get("AWS", [])) if isinstance(given, Mapping) else []
        whole = any(str(one) == account or str(one).endswith(f":{account}:root") for one in rows)
        return statement.get("Effect") == "Allow" and whole and len(rows) == 1

    kept = [one for one in many((key.policy or {}).get("Statement", [])) if not of_account(one)]
    return replace(key, policy={**(key.policy or {}), "Statement": kept})
