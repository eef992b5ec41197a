"""What AWS holds of the state machine, of functions, and of the roles and keys that they work with. Read-only.

What moves by itself (dates, states) is left out, so that only what somebody did makes a difference. No variable's value
leaves this module but the one that is ours.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none
from lib.changes.plans import Value
from lib.resources.existing import traffic_entries
from lib.resources.existing.names import VARIABLE
from lib.resources.functions import environment_keys
from lib.resources.roles import inline_policies
from lib.resources.workflow import description, versions
from lib.resources.workflow_alias import routings
from lib.telemetry.configuration import callers
from lib.telemetry.configuration.facts import Sense
from lib.telemetry.configuration.readings import Reading, leave_out, only, parse_document, statements

VERSION = "stateMachineVersionArn"
NO_FUNCTION = ("ResourceNotFoundException",)
OF_A_MACHINE = ("roleArn", "type", "status", "encryptionConfiguration")
OF_A_FUNCTION = (
    "ResponseMetadata", "Environment", "CodeSha256", "CodeSize", "LastModified", "LastUpdateStatus", "State",
    "RevisionId", "RuntimeVersionConfig",
)  # fmt: skip


def state_machine(live: Live, name: str) -> list[Reading]:
    """Definition, role, logging, revision, newest version, and what each alias runs."""
    arn = live.settings.arn("states", f"stateMachine:{name}")
    described = cache(lambda: description(live, arn) or {})

    def aliases() -> Value:
        if not described():
            return None
        by_alias = routings(live, arn)
        return {
            alias: [{VERSION: one, "weight": weight} for one, weight in by_alias[alias].items()] for alias in by_alias
        }

    return [
        Reading("definition", Sense.WHOLE, lambda: parse_document(described().get("definition")), also="4"),
        Reading("role and type", Sense.WHOLE, lambda: only(described(), OF_A_MACHINE), also="4"),
        Reading("revision", Sense.WHOLE, lambda: described().get("revisionId"), also="4"),
        Reading("newest version", Sense.WHOLE, lambda: next(iter(versions(live, arn)), None), also="4"),
        Reading("aliases", Sense.MEMBERS, aliases, also="4"),
        Reading("logging", Sense.WHOLE, lambda: described().get("loggingConfiguration"), criteria="1"),
        Reading("tracing", Sense.NOTE, lambda: described().get("tracingConfiguration")),
    ]


def way_in(live: Live, name: str) -> list[Reading]:
    """What starts the workflow, and what of it may not be asked. Who was only seen to start it moves by itself."""
    entries = cache(lambda: traffic_entries.read(live))
    starters = lambda: {  # noqa: E731
        f"{one.who}: {entries().qualifier(one.arn) or one.arn}": one.arn for one in entries().starters if not one.seen
    }
    unread = lambda: sorted(what.partition(" (")[0] for what in entries().unread)  # noqa: E731
    return [Reading("started by", Sense.MEMBERS, starters), Reading("not to be asked", Sense.UNSEEN, unread)]


def function(live: Live, name: str) -> list[Reading]:
    """Configuration, code, variables' names, concurrency, what becomes of events, permissions, aliases, what feeds it.

    `name` may end in an alias or a version, which then is what is read.
    """
    aws, plain = live.client("lambda"), name.partition(":")[0]

    def asked(operation: str, **given: str) -> dict[str, Any]:
        with absent_is_none(*NO_FUNCTION):
            answer = getattr(aws, operation)(**given)
            return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
        return {}

    def aliases() -> Value:
        with absent_is_none(*NO_FUNCTION):
            rows = [
                row
                for page in aws.get_paginator("list_aliases").paginate(FunctionName=plain)
                for row in page["Aliases"]
            ]
            return {row["Name"]: only(row, ("FunctionVersion", "RoutingConfig")) for row in rows}
        return None

    described = cache(lambda: asked("get_function_configuration", FunctionName=name))
    return [
        Reading("configuration", Sense.WHOLE, lambda: leave_out(described(), OF_A_FUNCTION) or None),
        Reading("code", Sense.WHOLE, lambda: described().get("CodeSha256")),
        Reading("environment variables", Sense.WHOLE, lambda: _variables(live, name, described())),
        Reading("last update", Sense.UNSEEN, lambda: described().get("LastModified")),
        Reading("runtime version", Sense.NOTE, lambda: described().get("RuntimeVersionConfig")),
        Reading("reserved concurrency", Sense.WHOLE, lambda: asked("get_function_concurrency", FunctionName=plain)),
        Reading("events that fail", Sense.WHOLE, lambda: leave_out(
            asked("get_function_event_invoke_config", FunctionName=name), ("LastModified", "FunctionArn"))),
        Reading("permissions", Sense.STATEMENTS, lambda: statements(
            asked("get_policy", FunctionName=name).get("Policy"))),
        Reading("aliases", Sense.MEMBERS, aliases),
        *callers.of_a_function(live, plain),
    ]  # fmt: skip


def _variables(live: Live, name: str, described: Mapping[str, Any]) -> Value:
    """The names of the variables, and of their values the one that is ours. Raises where they cannot be read."""
    if not described:
        return None
    keys = environment_keys(live, name)
    return {"names": keys, VARIABLE: described.get("Environment", {}).get("Variables", {}).get(VARIABLE)}


def role(live: Live, name: str) -> list[Reading]:
    """Who may take it on, its boundary, and every statement of its inline and attached policies."""
    iam = live.client("iam")

    @cache
    def described() -> Mapping[str, Any]:
        with absent_is_none("NoSuchEntity"):
            return dict(iam.get_role(RoleName=name)["Role"])
        return {}

    def document(arn: str) -> Any:  # noqa: ANN401 - a policy document
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

    def allowed() -> Value:
        with absent_is_none("NoSuchEntity"):
            pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            arns = [row["PolicyArn"] for page in pages for row in page["AttachedPolicies"]]
            every = {**inline_policies(live, name), **{arn: document(arn) for arn in arns}}
            return [row for policy, one in every.items() for row in statements(one, policy)]
        return None

    def boundary() -> Value:
        arn = described().get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return arn and {"arn": arn, "document": document(arn)}

    trust = "AssumeRolePolicyDocument"
    return [
        Reading("policies", Sense.STATEMENTS, allowed),
        Reading("permissions boundary", Sense.WHOLE, boundary),
        Reading("who may take it on", Sense.STATEMENTS, lambda: statements(described().get(trust))),
    ]


def key(live: Live, name: str) -> list[Reading]:
    """A customer's key: which one it is, whether it can be used, and by whom; None where there is none."""
    kms = live.client("kms")

    @cache
    def described() -> Mapping[str, Any]:
        with absent_is_none("NotFoundException"):
            return dict(kms.describe_key(KeyId=name)["KeyMetadata"])
        return {}

    def policy() -> Value:
        if not described():
            return None
        return statements(kms.get_key_policy(KeyId=described()["KeyId"], PolicyName="default")["Policy"])

    return [
        Reading("state", Sense.WHOLE, lambda: only(described(), ("KeyId", "KeyState")) if described() else None),
        Reading("policy", Sense.STATEMENTS, policy),
    ]
