"""Statements of a function's resource policy, as AddPermission takes them. Pure data, calls nothing.

A policy holds what any principal may be allowed or denied, by whoever wrote it. Only a statement of ours is read into a
value, since only ours is written; everybody else's is a statement as AWS sent it.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from lib.errors import NotAsWanted
from lib.values.exact_json import document

Statement = dict[str, Any]
# The condition that AddPermission makes of a parameter: operator and key, in lower case, and the parameter.
CONDITIONS = {
    ("arnlike", "aws:sourcearn"): "SourceArn",
    ("stringequals", "aws:sourceaccount"): "SourceAccount",
    ("stringequals", "aws:principalorgid"): "PrincipalOrgID",
    ("stringequals", "lambda:eventsourcetoken"): "EventSourceToken",
    ("stringequals", "lambda:functionurlauthtype"): "FunctionUrlAuthType",
    ("bool", "lambda:invokedviafunctionurl"): "InvokedViaFunctionUrl",
}
INVOKE = "lambda:InvokeFunction"
MEMBERS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


def statements(policy: str | None, function: str) -> list[Statement]:
    """Every statement of a policy's text, a lone one too; one that is no object is nobody's permission."""
    stated = document(policy, f"the resource policy of {function}").get("Statement", [])
    return [one for one in one_or_more(stated) if isinstance(one, dict)]


def value_of(statement: Statement) -> dict[str, Any]:
    """The statement as AddPermission takes it. Raises NotAsWanted for one that AddPermission could not put back."""
    odd = sorted(statement.keys() - MEMBERS)
    if statement.get("Effect") != "Allow":
        odd.append(f"Effect {statement.get('Effect')}")
    principal = statement.get("Principal")
    if isinstance(principal, dict) and len(principal) == 1:
        principal = next(iter(principal.values()))
    parameters: dict[str, Any] = {"Principal": principal, "Action": statement.get("Action")}
    odd += [f"{name} {part}" for name, part in parameters.items() if not isinstance(part, str)]
    for operator, key, wanted in _conditions(statement):
        parameter = CONDITIONS.get((operator.lower(), key.lower()))
        if parameter is None or not isinstance(wanted, str | bool) or parameter in parameters:
            odd.append(f"the condition on {key} ({operator})")
        else:
            parameters[parameter] = str(wanted).lower() == "true" if parameter == "InvokedViaFunctionUrl" else wanted
    if odd:
        raise NotAsWanted(
            f"permission {statement.get('Sid')} has {', '.join(odd)}, which AddPermission could not put back; expected "
            "the plan's own statement under this Sid, or none. It was left alone. Whoever made it should add it under "
            "another Sid first, and take this one away only then, so that nobody's way in is closed"
        )
    return parameters


def carries(statement: Statement, rule_arn: str) -> bool:
    """Whether this decides on EventBridge's invoking the function for a rule: also without a condition, or for all.

    A function URL's does not, nor any other whose condition no event of a rule meets.
    """
    conditions = [(key.lower(), one_or_more(wanted)) for _, key, wanted in _conditions(statement)]
    sources = [patterns for key, patterns in conditions if key == "aws:sourcearn"]
    return (
        _service(statement.get("Principal"), "events.amazonaws.com")
        and any(fnmatchcase(INVOKE, str(pattern)) for pattern in one_or_more(statement.get("Action")))
        and all(key in ("aws:sourcearn", "aws:sourceaccount") for key, _ in conditions)
        and all(any(fnmatchcase(rule_arn, str(pattern)) for pattern in patterns) for patterns in sources)
    )


def _conditions(statement: Statement) -> Iterator[tuple[str, str, Any]]:
    """Operator, key and what it is compared with."""
    held = statement.get("Condition", {})
    for operator, keys in (held if isinstance(held, dict) else {"no operator": held}).items():
        for key, wanted in (keys if isinstance(keys, dict) else {str(keys): None}).items():
            yield operator, key, wanted


def one_or_more(value: Any) -> list[Any]:  # noqa: ANN401
    """As a list, what a policy may say as one or as a list."""
    return value if isinstance(value, list) else [value]


def _service(principal: Any, name: str) -> bool:  # noqa: ANN401
    if isinstance(principal, dict):
        return name in one_or_more(principal.get("Service"))
    return bool(principal == "*")
