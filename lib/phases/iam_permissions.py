"""What the execution role may do: one permission at a time, by AWS's simulator or from the policies. Read-only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lib import routes
from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status, in_mode
from lib.resources.existing import identity_policies, names
from lib.resources.existing.encryption import USES, topics_keys, workflows_keys
from lib.resources.roles import inline_policies
from lib.values.check_registry import Id
from lib.values.modes import Gap, Mode
from lib.wait import until

LOGGING = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
)  # fmt: skip

# What our reading finds, in a status and in words.
READ = {
    True: (Status.NOT_EXERCISED, "allowed"), False: (Status.FAILED, "not allowed"),
    None: (Status.CANNOT_TELL, "hangs on a condition"),
}  # fmt: skip


@dataclass(frozen=True)
class Need:
    """One thing that the workflow must be allowed to do, and what breaks without it."""

    action: str
    resource: str
    without: str
    context: tuple[tuple[str, str], ...] = ()


def needs(live: Live) -> list[Need]:
    """Every permission that the Phase 3 workflow uses."""
    s = live.settings
    bus = s.arn("events", "event-bus/default")
    return [
        Need("lambda:InvokeFunction", names.function_arn(live, names.processor(live)), "no check-in is scored"),
        Need("dynamodb:UpdateItem", s.table_arn, "crisis interventions are not recorded"),
        *(
            Need(
                "events:PutEvents", bus, f"{alert.without} falls back to the topic", (("events:source", alert.source),)
            )
            for alert in routes.ALERTS
        ),
        Need("sns:Publish", s.alert_topic_arn, "the fallback to the trusted contact is silent"),
        Need("sns:Publish", s.ops_topic_arn, "operations is not told of a crisis"),
        *(Need(action, "*", "the workflow's log stays empty") for action in LOGGING),
        *(
            Need(action, key, f"nothing can be published to topic {topic}, which this key encrypts")
            for topic, key in topics_keys(live)
            for action in USES
        ),
        *(
            Need(action, key, f"no crisis is recorded, or none is run: this key encrypts the {what}")
            for what, key, actions in workflows_keys(live)
            for action in actions
        ),
    ]


def checks(live: Live, needed: Sequence[Need] = ()) -> list[Check]:
    """Whether the role holds each needed permission.

    `SimulatePrincipalPolicy` decides, where the environment can answer it. Elsewhere our own reading of the role's
    inline policies decides only what is `failed`: what it finds allowed is `not exercised here`, never `passed`, and
    what hangs on a condition that it does not know is `cannot tell`.
    """
    policies = list(_inline_policies_or_fail(live).values())
    simulated = Gap.PERMISSION_SIMULATION not in live.settings.not_exercised_here
    role = names.role_arn(live) if simulated else ""
    return [_check(live, need, policies, role) for need in needed or needs(live)]


def _checks_settled(live: Live) -> list[Check]:
    """`checks`, asked again until none is failed or `verify_timeout_seconds` pass: IAM takes a while. Read-only."""
    needed = needs(live)
    return until(
        lambda: checks(live, needed),
        lambda answers: all(check.status != Status.FAILED for check in answers),
        live.patience(),
    ).seen


def checks_after_write(live: Live, asked: Sequence[Check]) -> list[Check]:
    """What the role holds once phase 02 is done, `asked` before it; in plan mode that, where nothing is written."""
    return _checks_settled(live) if live.settings.mode == Mode.APPLY else in_mode(asked, live.settings.mode)


def _inline_policies_or_fail(live: Live) -> dict[str, dict[str, Any]]:
    """The execution role's inline policies, with a readable error where there is no such role."""
    with readable(f"reading the policies of role {live.settings.execution_role_name}"):
        return inline_policies(live, live.settings.execution_role_name)


def of_role(live: Live, role: str, actions: Sequence[str], resource: str) -> list[Check]:
    """Whether a role of somebody else's holds each of these: as `checks`, but its attached policies are not read."""
    name = role.rpartition("/")[2]
    simulated = Gap.PERMISSION_SIMULATION not in live.settings.not_exercised_here
    with readable(f"reading the policies of role {name}"):
        policies = list(inline_policies(live, name).values())
        attached = live.client("iam").list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    needed = [Need(action, resource, "what this key encrypts is closed to it") for action in actions]
    answers = [_check(live, need, policies, role if simulated else "") for need in needed]
    unread = attached and not simulated
    return [
        replace(one, status=Status.CANNOT_TELL) if unread and one.status == Status.FAILED else one for one in answers
    ]


def _check(live: Live, need: Need, policies: Iterable[Mapping[str, Any]], role: str) -> Check:
    """`role`: whose permissions AWS simulates, "" where it cannot."""
    context = "".join(f" with {key} = {value}" for key, value in need.context)
    name, read = f"{need.action} on {_shown(need.resource)}{context}", is_allowed(policies, need)
    if role:
        decision, missing = _simulate(live, need, role)
        status = Status.PASSED if decision == "allowed" else Status.FAILED
        # What a call carries that nobody told the simulator: there its answer is none, also where it is `allowed`.
        if missing and (decision == "explicitDeny" or read is None):
            said = f"{decision} (AWS simulator), without {', '.join(missing)}"
            return Check(Id.PERMISSION, name, Status.CANNOT_TELL, said, "allowed", name)
        return Check(Id.PERMISSION, name, status, f"{decision} (AWS simulator)", "allowed", name)
    status, said = READ[read]
    found = f"{said} by our reading of the policies; only AWS can decide"
    return Check(Id.PERMISSION, name, status, found, f"allowed, or {need.without}", name)


def _shown(resource: str) -> str:
    """What the ARN names, without its account; of a function called by an alias, both."""
    return resource.partition(":function:")[2] or resource.rsplit(":", 1)[-1]


def _simulate(live: Live, need: Need, role: str) -> tuple[str, list[str]]:
    """What AWS decides, and of which condition keys it was told no value."""
    context = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in need.context
    ]
    context.append({"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"})
    with readable(f"simulating {need.action}"):
        answer = live.client("iam").simulate_principal_policy(
            PolicySourceArn=role,
            ActionNames=[need.action],
            ResourceArns=[need.resource],
            ContextEntries=context,
        )
    result = next(iter(answer["EvaluationResults"]), dict[str, Any]())
    return str(result.get("EvalDecision", "no answer")), list(result.get("MissingContextValues", []))


def is_allowed(policies: Iterable[Mapping[str, Any]], need: Need) -> bool | None:
    """Our reading of a role's policies; None where it hangs on a condition that only AWS can decide."""
    return identity_policies.decide_access(policies, need.action, need.resource, dict(need.context))


def comparison(before: Iterable[Check], after: Iterable[Check]) -> list[dict[str, str]]:
    """Each permission before and after, as plain data."""
    return [
        {
            "permission": now.name,
            "before": was.found,
            "after": now.found,
            "status": str(now.status),
            "expected": now.expected,
        }
        for was, now in zip(before, after, strict=True)
    ]
