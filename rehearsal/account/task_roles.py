"""The workflow's role, asked at each of its tasks as AWS asks it, by ministack's own evaluator. Only where wanted.

Ministack carries a task out whatever the role may do. Here a task that its role does not allow fails with the error
that AWS gives it, goes through its retries and catches, and reaches nobody. What a key or a topic's own policy adds is
not asked.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from lib.values.partitions import of_region
from rehearsal.account.server import ROLES

DENIED = "rehearsal:denied:"
Task = Callable[..., Any]
# Of each integration: its action, what names the thing in its parameters, and the error that a refusal is.
INTEGRATIONS = {
    ":sns:publish": ("sns:Publish", "TopicArn", "SNS.AuthorizationErrorException"),
    ":events:putEvents": ("events:PutEvents", "", "EventBridge.AccessDeniedException"),
    ":dynamodb:updateItem": ("dynamodb:UpdateItem", "TableName", "DynamoDB.AccessDeniedException"),
}
FUNCTION = ("lambda:InvokeFunction", "Lambda.AWSLambdaException")


def are_wanted() -> bool:
    """Whether this account was started to ask the roles of workflows."""
    return bool(os.environ.get(ROLES))


def enforce() -> None:
    """Let each task be refused that its workflow's role does not allow.

    Raises AttributeError where a version of ministack has none of a name.
    """
    stepfunctions._SERVICE_DISPATCH[DENIED] = _refuse
    stepfunctions._execute_task = _asking_the_role(stepfunctions._execute_task)


def _refuse(resource: str, given: object) -> None:
    raise stepfunctions._ExecutionError(resource.removeprefix(DENIED), "the role of the workflow does not allow it")


def _asking_the_role(execute: Task) -> Task:
    def inner(state: Mapping[str, Any], given: Any, execution: Mapping[str, Any], context: Any) -> Any:  # noqa: ANN401
        machine = stepfunctions._state_machines.get((execution or {}).get("stateMachineArn"))
        if machine:
            part = stepfunctions._apply_input_path(state, given, context)
            asked = stepfunctions._apply_parameters(state, part, context)
            if error := _denial(machine["roleArn"], str(state["Resource"]), asked):
                state = {**state, "Resource": f"{DENIED}{error}"}
        return execute(state, given, execution, context)

    return inner


def _denial(role: str, resource: str, asked: Any) -> str:  # noqa: ANN401 - the parameters of a task
    """The error with which AWS would refuse this task, "" where it would not."""
    if ":lambda:" in resource and ":function:" in resource:
        action, error = FUNCTION
        return "" if _allows(role, action, resource, {}) else error
    for suffix, (action, member, error) in INTEGRATIONS.items():
        if resource.endswith(suffix):
            arn = str(asked[member]) if member else "*"
            if not arn.startswith("arn:") and member:  # a table goes by its name
                arn = f"arn:{of_region(get_region())}:dynamodb:{get_region()}:{get_account_id()}:table/{arn}"
            sources = [{"events:source": one["Source"]} for one in asked.get("Entries", [])] or [{}]
            return "" if all(_allows(role, action, arn, keys) for keys in sources) else error
    return ""


def _allows(role: str, action: str, arn: str, keys: Mapping[str, str]) -> bool:
    asked = EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=arn,
        region=get_region(),
        service_context=json.loads(json.dumps(keys)),
    )
    policies = iam_evaluator._gather_role_policies(role.rpartition("/")[2], get_account_id())
    return bool(iam_evaluator.evaluate(asked, policies).decision == "Allow")
