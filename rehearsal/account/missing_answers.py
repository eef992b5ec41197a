"""Answers that ministack gives otherwise than AWS does, put in their place in its own process. No AWS.

Always: a subscription whose owner has not confirmed is listed as pending, as on AWS; ministack lists it like any other,
so that a page which reaches nobody would look as if it reached somebody. A metric filter is described with what AWS
fills in where nobody gave it, so that who compares it with what was given meets that here. A subscription's dead-letter
queue is not taken away by an empty text, and what another account subscribed is closed to this one. And an execution is
told with the definition that it runs; ministack tells that of now.

Where a person calls (`server.PERSON` names one), also what an account that needs approval asks, since there no check
may be left out: who calls, what a permission is worth under a condition, whether a definition can be read, and which
revision an execution runs. The permissions are decided by ministack's own evaluator, which enforces them under
`AUTH=true`; the definition is read by moto's parser of the language. What these let through, AWS may still refuse.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import cloudwatch_logs, iam, sns, stepfunctions

Answer = tuple[int, dict[str, str], bytes]
LISTS = ("_list_subscriptions", "_list_subscriptions_by_topic")
PENDING, SET_ATTRIBUTE = "PendingConfirmation", "_set_subscription_attributes"
OWNERS_ALONE = ("_get_subscription_attributes", SET_ATTRIBUTE)
SAID = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
SIMULATE, VALIDATE = "SimulatePrincipalPolicy", "_validate_state_machine_definition"
START, DESCRIBE = "_start_execution", "_describe_state_machine_for_execution"
REVISION, DEFINITION = "revisionId", "definition"
FILTERS = "_describe_metric_filters"
FILLED_IN: dict[str, Any] = {"applyOnTransformedLogs": False}


def list_unconfirmed_as_pending() -> None:
    """Let no list of subscriptions give an unconfirmed one an ARN."""
    for name in LISTS:
        setattr(sns, name, _list_with_pending(getattr(sns, name)))


def _list_with_pending(listed: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def inner(params: object) -> Answer:
        status, headers, body = listed(params)
        for topic in sns._topics.values():
            for one in topic["subscriptions"]:
                if not one["confirmed"]:
                    body = body.replace(f">{one['arn']}<".encode(), f">{PENDING}<".encode())
        return status, headers, body

    return inner


def refuse_empty_redrive_policies() -> None:
    """Let SNS refuse an empty text in the place of a subscription's RedrivePolicy, and take none at all for its end."""
    sns.parse_qs = partial(parse_qs, keep_blank_values=True)
    write = getattr(sns, SET_ATTRIBUTE)

    def inner(params: Mapping[str, Any]) -> Answer:
        if params.get("AttributeName") == ["RedrivePolicy"] and params.get("AttributeValue") == [""]:
            refused: Answer = sns._error("InvalidParameter", "Invalid parameter: RedrivePolicy", 400)
            return refused
        whole: Answer = write(params)
        return whole

    setattr(sns, SET_ATTRIBUTE, inner)


def close_others_subscriptions() -> None:
    """Let what another account subscribed to a topic be read and changed by that account alone."""
    for name in OWNERS_ALONE:
        setattr(sns, name, _for_its_owner(getattr(sns, name)))


def _for_its_owner(call: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def inner(params: object) -> Answer:
        arn = sns._p(params, "SubscriptionArn")
        one = sns._find_subscription(arn.rpartition(":")[0], arn)
        if one and one["owner"] != get_account_id():
            refused: Answer = sns._error("AuthorizationError", "Not authorized to access this subscription", 403)
            return refused
        return call(params)

    return inner


def describe_filters_whole() -> None:
    """Let every metric filter be described with what AWS fills in."""
    describe = getattr(cloudwatch_logs, FILTERS)

    def inner(data: Mapping[str, Any]) -> Answer:
        status, headers, body = describe(data)
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        filled = [FILLED_IN | one for one in answer["metricFilters"]]
        whole: Answer = json_response({**answer, "metricFilters": filled})
        return whole

    setattr(cloudwatch_logs, FILTERS, inner)


def tell_what_executions_run() -> None:
    """Let an execution be described with the definition that it began with."""
    setattr(stepfunctions, START, _start_with_revision(getattr(stepfunctions, START)))
    setattr(stepfunctions, DESCRIBE, _as_begun(getattr(stepfunctions, DESCRIBE), DEFINITION))


def answer_as_for(person: str) -> None:
    """Let this person call, by the keys with which a custom endpoint is signed; and answer what approval asks.

    Raises AttributeError where a version of ministack has none of a name.
    """
    _call_as(person)
    iam._IAM_HANDLERS[SIMULATE] = _simulation
    setattr(stepfunctions, VALIDATE, _validation_by_parser(getattr(stepfunctions, VALIDATE)))
    setattr(stepfunctions, DESCRIBE, _as_begun(getattr(stepfunctions, DESCRIBE), REVISION))


def _call_as(person: str) -> None:
    from lib.aws import PLACEHOLDER  # with boto3, for which no other account need wait
    from lib.values import partitions

    resolve = iam_evaluator.resolve_caller_identity

    def inner(access_key_id: str) -> dict[str, Any] | None:
        if access_key_id != PLACEHOLDER["aws_access_key_id"]:
            return resolve(access_key_id)
        account = get_account_id()
        arn = f"arn:{partitions.of_region(get_region())}:iam::{account}:user/{person}"
        who = {"accessKey": access_key_id, "accountId": account, "userArn": arn, "userId": person}
        return {**who, "principalOrgId": None, "session": None}

    iam_evaluator.resolve_caller_identity = inner


def _simulation(params: Mapping[str, Any]) -> Answer:
    """Each action on each resource, under the context that the request tells, and what of it was not told."""
    source = iam._p(params, "PolicySourceArn")
    _, _, kind = source.rpartition(":")
    gather = {"role": iam_evaluator._gather_role_policies, "user": iam_evaluator._gather_user_policies}
    policies = gather[kind.partition("/")[0]](source.rpartition("/")[2], get_account_id())
    context = {
        iam._p(params, f"ContextEntries.member.{at}.ContextKeyName").lower(): _members(
            params, f"ContextEntries.member.{at}.ContextKeyValues"
        )
        for at in range(1, 1 + len(_members(params, "ContextEntries", ".ContextKeyName")))
    }
    results = "".join(
        _decision(source, policies, action, resource, context)
        for action in _members(params, "ActionNames")
        for resource in _members(params, "ResourceArns") or ["*"]
    )
    inside = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
    whole: Answer = iam._xml(200, f"{SIMULATE}Response", f"<{SIMULATE}Result>{inside}</{SIMULATE}Result>", ns="iam")
    return whole


def _members(params: Mapping[str, Any], name: str, after: str = "") -> list[str]:
    members: list[str] = []
    while value := iam._p(params, f"{name}.member.{len(members) + 1}{after}"):
        members.append(value)
    return members


def _decision(source: str, policies: list[Any], action: str, resource: str, context: Mapping[str, list[str]]) -> str:
    asked = EvalContext(
        principal_arn=source,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=context.get("aws:securetransport") == ["true"],
        service_context={key: values[0] if len(values) == 1 else values for key, values in context.items()},
    )
    keys = {key for one in policies for statement in one for tests in statement.conditions.values() for key in tests}
    missing = sorted(key for key in keys if iam_evaluator._resolve_condition_key(key, asked) is None)
    members = "".join(f"<member>{escape(key)}</member>" for key in missing)
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{SAID[iam_evaluator.evaluate(asked, policies).decision]}</EvalDecision>"
        f"<MatchedStatements></MatchedStatements><MissingContextValues>{members}</MissingContextValues></member>"
    )


def _validation_by_parser(accepts_anything: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    # Read at the start: while it is read, for two seconds, nothing else would be answered.
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    def inner(data: Mapping[str, Any]) -> Answer:
        try:
            AmazonStateLanguageParser.parse(data["definition"])
        except Exception as error:  # noqa: BLE001 - whatever its parser stumbles over is what is wrong
            wrong = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(error), "location": "/"}
            refused: Answer = json_response({"result": "FAIL", "diagnostics": [wrong], "truncated": False})
            return refused
        return accepts_anything(data)

    return inner


def _start_with_revision(start: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """Remember which revision an execution starts with: the latest, which ministack runs also by a version or an alias.

    What is updated within 150 ms of a start it runs all the same, which this does not see.
    """

    def inner(data: Mapping[str, Any]) -> Answer:
        status, headers, body = start(data)
        if status == 200:
            execution = stepfunctions._executions[json.loads(body)["executionArn"]]
            machine = stepfunctions._state_machines[execution["stateMachineArn"]]
            execution["_begun"] = {key: machine[key] for key in (DEFINITION, REVISION) if key in machine}
        return status, headers, body

    return inner


def _as_begun(describe: Callable[[Any], Answer], member: str) -> Callable[[Any], Answer]:
    def inner(data: Mapping[str, Any]) -> Answer:
        status, headers, body = describe(data)
        if status != 200:
            return status, headers, body
        begun = stepfunctions._executions[data["executionArn"]].get("_begun", {})
        answer: Answer = json_response(json.loads(body) | {key: begun[key] for key in (member,) if key in begun})
        return answer

    return inner
