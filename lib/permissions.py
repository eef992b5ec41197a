"""What the execution role may do: one permission at a time, by AWS's simulator or from the policies. Read-only."""

import fnmatch
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib import names
from lib.aws import Live, readable
from lib.checks import Check
from lib.resources.encryption import USES, topics_keys
from lib.resources.roles import inline_policies

LOGGING = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
)  # fmt: skip


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
    events = [
        ("your6.checkin", "standard alerts"),
        ("your6.checkin.crisis", "the crisis alert"),
        ("your6.checkin.highrisk", "the high-risk alert"),
        ("your6.checkin.proactive", "proactive outreach"),
    ]
    return [
        Need("lambda:InvokeFunction", names.function_arn(live, names.processor(live)), "no check-in is scored"),
        Need("dynamodb:UpdateItem", s.table_arn, "crisis interventions are not recorded"),
        *(
            Need("events:PutEvents", bus, f"{what} falls back to the topic", (("events:source", source),))
            for source, what in events
        ),
        Need("sns:Publish", s.alert_topic_arn, "the fallback to the trusted contact is silent"),
        Need("sns:Publish", s.ops_topic_arn, "operations is not told of a crisis"),
        *(Need(action, "*", "the workflow's log stays empty") for action in LOGGING),
        *(
            Need(action, key, f"nothing can be published to topic {topic}, which this key encrypts")
            for topic, key in topics_keys(live)
            for action in USES
        ),
    ]


def checks(live: Live, needed: Sequence[Need] = ()) -> list[Check]:
    """Whether the role holds each needed permission.

    `SimulatePrincipalPolicy` decides, where the environment can answer it. Elsewhere our own reading of the role's
    inline policies decides only what is `failed`: what it finds allowed is `not exercised here`, never `passed`.
    """
    policies = list(inline_policies_or_fail(live).values())
    simulated = "permission_simulation" not in live.settings.not_exercised_here
    role = names.role_arn(live) if simulated else ""
    return [_check(live, need, policies, role) for need in needed or needs(live)]


def settled(live: Live) -> list[Check]:
    """`checks`, asked again until none is failed or `verify_timeout_seconds` pass: IAM takes a while. Read-only."""
    deadline = time.monotonic() + live.settings.verify_timeout_seconds
    needed = needs(live)
    while True:
        found = checks(live, needed)
        if all(check.status != "failed" for check in found) or time.monotonic() > deadline:
            return found
        live.sleep(live.settings.poll_seconds)


def inline_policies_or_fail(live: Live) -> dict[str, dict[str, Any]]:
    """The execution role's inline policies, with a readable error where there is no such role."""
    with readable(f"reading the policies of role {live.settings.execution_role_name}"):
        return inline_policies(live, live.settings.execution_role_name)


def _check(live: Live, need: Need, policies: Iterable[Mapping[str, Any]], role: str) -> Check:
    """`role`: whose permissions AWS simulates, "" where it cannot."""
    context = "".join(f" with {key} = {value}" for key, value in need.context)
    name = f"{need.action} on {_shown(need.resource)}{context}"
    if role:
        found = _simulate(live, need, role)
        return Check(name, "passed" if found == "allowed" else "failed", f"{found} (AWS simulator)", "allowed")
    read = allowed(policies, need)
    found = f"{'allowed' if read else 'not allowed'} by our reading of the policies; only AWS can decide"
    return Check(name, "not exercised here" if read else "failed", found, f"allowed, or {need.without}")


def _shown(resource: str) -> str:
    """What the ARN names, without its account; of a function called by an alias, both."""
    return resource.partition(":function:")[2] or resource.rsplit(":", 1)[-1]


def _simulate(live: Live, need: Need, role: str) -> str:
    context = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in need.context
    ]
    with readable(f"simulating {need.action}"):
        answer = live.client("iam").simulate_principal_policy(
            PolicySourceArn=role,
            ActionNames=[need.action],
            ResourceArns=[need.resource],
            ContextEntries=context,
        )
    return str(next((found["EvalDecision"] for found in answer["EvaluationResults"]), "no answer"))


def allowed(policies: Iterable[Mapping[str, Any]], need: Need) -> bool:
    """Our reading of identity policies: an Allow matches and no Deny does. Knows StringLike and StringEquals only."""
    statements = [statement for document in policies for statement in _many(document.get("Statement", []))]
    matching = [statement for statement in statements if _matches(statement, need)]
    return any(s["Effect"] == "Allow" for s in matching) and not any(s["Effect"] == "Deny" for s in matching)


def _matches(statement: Mapping[str, Any], need: Need) -> bool:
    if "Action" not in statement or "Resource" not in statement:
        return statement.get("Effect") == "Deny"  # NotAction and NotResource are not read: the safe side is "denied"
    action = any(_like(need.action.lower(), pattern.lower()) for pattern in _many(statement["Action"]))
    resource = any(_like(need.resource, pattern) for pattern in _many(statement["Resource"]))
    return action and resource and _condition_holds(statement, need)


def _condition_holds(statement: Mapping[str, Any], need: Need) -> bool:
    given = {key.lower(): value for key, value in need.context}
    for operator, keys in statement.get("Condition", {}).items():
        for key, patterns in keys.items():
            value = given.get(key.lower())
            if operator not in ("StringLike", "StringEquals") or value is None:
                return statement["Effect"] == "Deny"
            match = _like if operator == "StringLike" else str.__eq__
            if not any(match(value, pattern) for pattern in _many(patterns)):
                return False
    return True


def _like(value: str, pattern: str) -> bool:
    """IAM knows `*` and `?`; a bracket means itself."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _many(value: Any) -> list[Any]:  # noqa: ANN401 - IAM allows one or a list everywhere
    return value if isinstance(value, list) else [value]


def compared(before: Iterable[Check], after: Iterable[Check]) -> list[dict[str, str]]:
    """Each permission before and after, as plain data."""
    return [
        {
            "permission": now.name,
            "before": was.found,
            "after": now.found,
            "status": now.status,
            "expected": now.expected,
        }
        for was, now in zip(before, after, strict=True)
    ]
