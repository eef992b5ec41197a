"""Has the embedded account enforce IAM (`AUTH=true`) on whoever calls with the runbook's key. For its process alone.

Ministack decides by policies as AWS does, but calls some actions and resources by other names than AWS. A policy is
tried only by the names that AWS has for them, so these are put right here, by botocore's models and our one table
(`iam_actions`). What was decided is kept in a file, a row a question.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ministack.core import iam_actions as theirs
from ministack.core import iam_evaluator
from ministack.services import iam

from lib.values.partitions import of_region
from rehearsal.account import iam_actions
from rehearsal.account.enforced import ASKED, RUNBOOKS_KEY

# The members of a request that name a thing by its ARN, where ministack does not look for it.
ARN_MEMBERS = ("ResourceArn", "resourceArn", "ResourceARN", "stateMachineAliasArn", "PolicySourceArn")
# Many messages in a call are allowed by AWS as one is.
MANY_AS_ONE = {
    f"sqs:{action}Batch": f"sqs:{action}" for action in ("ChangeMessageVisibility", "DeleteMessage", "SendMessage")
}
ASKED_WITH = ContextVar[Mapping[str, Any]]("asked with", default={})  # noqa: B039 - read alone
Answer = Callable[..., Any]


def is_wanted() -> bool:
    """Whether this account was started to enforce IAM."""
    return os.environ.get("AUTH", "").lower() == "true"


def install() -> None:
    """Put the names right, give the runbook's key to the users that are made, and keep what is decided.

    Raises AttributeError where a version of ministack has none of a name.
    """
    theirs.extract_iam_action = _action_as_on_aws(theirs.extract_iam_action)
    theirs.extract_resource_arn = _resource_as_on_aws(theirs.extract_resource_arn)
    theirs._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    theirs._lambda_action = _no_action  # one name of its table stands for several operations
    iam_evaluator.enforce = _kept_in_a_file(iam_evaluator.enforce)
    iam._IAM_HANDLERS["CreateAccessKey"] = _with_the_runbooks_key(iam._create_access_key)


def _no_action(method: str, path: str) -> None:
    """In place of ministack's table of Lambda's actions: botocore's model tells them."""


def _action_as_on_aws(ask: Answer) -> Answer:
    def action(service: str, method: str, path: str, *rest: Any) -> str | None:  # noqa: ANN401
        named = ask(service, method, path, *rest)
        named = MANY_AS_ONE.get(named, named)
        if service != "lambda" or not named:
            return named
        return iam_actions.of_operation(service, named.partition(":")[2])[0]

    return action


def _resource_as_on_aws(ask: Answer) -> Answer:
    def resource(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, params: Mapping[str, Any],
        region: str, account: str,
    ) -> str:  # fmt: skip
        request = _request(body, params)
        ASKED_WITH.set(request)
        named = next((str(request[key]) for key in ARN_MEMBERS if request.get(key)), "")
        if service == "monitoring":
            board = request.get("DashboardName") or next(iter(request.get("DashboardNames", [])), "")
            if board:
                return f"arn:{of_region(region)}:cloudwatch::{account}:dashboard/{board}"
            alarm = request.get("AlarmName") or next(iter(request.get("AlarmNames", [])), "")
            return f"arn:{of_region(region)}:cloudwatch:{region}:{account}:alarm:{alarm}" if alarm else "*"
        target = headers.get("x-amz-target", "")
        if target.startswith("AWSEvents.") and (name := request.get("Rule") or request.get("Name")):
            kind = "event-bus" if target.endswith("DescribeEventBus") else "rule"
            return f"arn:{of_region(region)}:events:{region}:{account}:{kind}/{_on_its_bus(str(name), request)}"
        if target.endswith(".CreateStateMachine"):
            return f"arn:{of_region(region)}:states:{region}:{account}:stateMachine:{request.get('name')}"
        if "routingConfiguration" in request and not named:  # an alias that is made, of the workflow of its versions
            return str(request["routingConfiguration"][0]["stateMachineVersionArn"]).rpartition(":")[0]
        asked = named or str(ask(service, method, path, headers, body, params, region, account))
        # Which version of a parameter is asked for is no part of its ARN.
        return ":".join(asked.split(":")[:6]) if service == "ssm" else asked

    return resource


def _on_its_bus(name: str, request: Mapping[str, Any]) -> str:
    """The default bus has no part in the ARN of a rule."""
    bus = str(request.get("EventBusName") or "default").rpartition("/")[2]
    return f"{bus}/{name}".removeprefix("default/")


def _request(body: bytes, params: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a request, whether it is a form or JSON."""
    flat = {key: value[0] if isinstance(value, list) and value else value for key, value in params.items()}
    try:
        held = json.loads(body or b"{}")
    except ValueError:
        held = {}
    return {**flat, **(held if isinstance(held, dict) else {})}


def _kept_in_a_file(decide: Answer) -> Answer:
    """The decision on a call: on its own action, and on each other that AWS asks for with it."""
    place = Path.cwd() / ASKED

    def decided(key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any) -> Any:  # noqa: ANN401
        request = ASKED_WITH.get()
        known = {**(more.get("service_context") or {}), **_keys(service, request)}
        answer = None
        for one, resource in [(action, resource_arn), *_beside(service, action, resource_arn, request)]:
            answer = decide(key, one, service, region, resource_arn=resource, service_context=known)
            row = {"key": key, "action": one, "resource": resource, "denied": answer is not None}
            with place.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(row)}\n")
            if answer is not None:
                break
        return answer

    return decided


def _keys(service: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The condition keys of our policies that ministack does not know."""
    if service == "monitoring" and "Namespace" in request:
        return {"cloudwatch:namespace": request["Namespace"]}
    if service == "dynamodb" and "Key" in request:
        return {"dynamodb:LeadingKeys": [next(iter(value.values())) for value in request["Key"].values()]}
    if "Overwrite" in request:
        return {"ssm:Overwrite": str(request["Overwrite"]).lower()}
    return {"iam:PassedToService": "states.amazonaws.com"} if "roleArn" in request else {}


def _beside(service: str, action: str, resource: str, request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else a call takes, by what it asks for: to publish a version, to pass a role on."""
    known = {prefix: name for name, prefix in iam_actions.PREFIXES.items()}
    others = iam_actions.of_operation(known.get(service, service), action.partition(":")[2])[1:]
    on = {
        "iam:PassRole": str(request.get("roleArn", "")),
        "states:PublishStateMachineVersion": resource if request.get("publish") else "",
        "states:TagResource": resource if request.get("tags") else "",
    }
    return [(one, on[one]) for one in others if on[one]]


def _with_the_runbooks_key(create: Answer) -> Answer:
    def created(request: Any) -> Any:  # noqa: ANN401
        answer = create(request)
        newest = list(iam._access_keys.values())[-1]
        own = {"AccessKeyId": RUNBOOKS_KEY, "SecretAccessKey": RUNBOOKS_KEY}
        iam._access_keys[RUNBOOKS_KEY] = {**newest, **own}
        return answer

    return created
