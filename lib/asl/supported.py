"""Whether a walk knows all that a definition says; what it does not know is refused by name, never guessed. No AWS."""

from collections.abc import Mapping
from typing import Any

from lib.asl import choice_rules, comparison_sides, shape
from lib.asl.execution_errors import naming, result_of
from lib.asl.payload_templates import expression, place_result, steps_of
from lib.errors import BadParameters
from lib.values.exact_json import parts_of

KNOWN = {
    "Comment", "Type", "Next", "End", "InputPath", "OutputPath", "Parameters", "Result", "ResultPath", "ResultSelector",
    "Resource", "TimeoutSeconds", "HeartbeatSeconds", "Retry", "Catch", "Choices", "Default", "Branches", "Error",
    "Cause", "ErrorPath", "CausePath", "Seconds", "Timestamp", "Credentials", "QueryLanguage",
}  # fmt: skip
TYPES = ("Task", "Pass", "Choice", "Parallel", "Wait", "Succeed", "Fail")
CATCHER = {"ErrorEquals", "Next", "ResultPath", "Comment"}
PATHS = ("InputPath", "OutputPath")


def require_known(machine: Any) -> None:  # noqa: ANN401
    """Raises BadParameters naming the first state of a kind, or with a field, that is not known here."""
    for problem in shape.problems(machine):
        raise BadParameters(f"the definition is not as the language has it: {problem}")
    if not isinstance(machine, Mapping):
        raise BadParameters("the definition is a text; expected it as plain data")
    _known(machine, ())
    for problem in shape.dangling_ways(machine):
        raise BadParameters(f"the definition is not as the language has it: {problem}")
    comparison_sides.require_sides(machine)


def _known(machine: Mapping[str, Any], inside: tuple[str, ...]) -> None:
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise BadParameters(f"the definition is written in {machine['QueryLanguage']}; expected JSONPath")
    for name, body in machine["States"].items():
        where = " / ".join((*inside, name))
        _known_fields(where, body)
        with naming(where, {}, ()):
            _known_words(body)
        for branch in body.get("Branches", []):
            _known(branch, (*inside, name))


def _known_fields(where: str, body: Mapping[str, Any]) -> None:
    if body["Type"] not in TYPES:
        raise BadParameters(f"{where} is a {body['Type']} state; expected one of {', '.join(TYPES)}")
    if body.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise BadParameters(f"{where} is written in {body['QueryLanguage']}; expected JSONPath")
    unknown = set(body) - KNOWN
    unknown |= {f"Catch.{key}" for catcher in body.get("Catch", []) for key in set(catcher) - CATCHER}
    unknown |= {"Choices.Assign" for rule in body.get("Choices", []) if "Assign" in rule}
    if unknown:
        raise BadParameters(f"{where} has {', '.join(sorted(unknown))}, which is not known here")
    if body["Type"] not in shape.ENDLESS and ("Next" in body) == bool(body.get("End")):
        raise BadParameters(f"{where} has both Next and End, or neither; expected one of them")


def _known_words(body: Mapping[str, Any]) -> None:
    """Raises BadParameters for a service, an operator, a path or a function that is not known here."""
    if body["Type"] == "Task":
        result_of(body, None)
    if body["Type"] == "Choice":
        list(choice_rules.comparisons(body))
    _known_paths(body)
    for template in (body.get("Parameters"), body.get("ResultSelector"), body.get("Credentials")):
        _known_expressions(template)


def _known_paths(body: Mapping[str, Any]) -> None:
    """Raises BadParameters for a path of a state, outside its payload templates, that is not known here."""
    paths = [body[key] for key in PATHS if body.get(key) is not None]
    for rule in choice_rules.rules(body) if body["Type"] == "Choice" else ():
        named = choice_rules.operator_of(rule)
        paths += [rule["Variable"], *([rule[named]] if named.endswith("Path") else [])]
    for path in paths:
        steps_of(path)
    for part in (body, *body.get("Catch", [])):
        place_result(part.get("ResultPath"), {}, None)
    for key in ("ErrorPath", "CausePath"):
        if key in body:
            expression(body[key])


def _known_expressions(template: Any) -> None:  # noqa: ANN401
    """Raises BadParameters for a path or an intrinsic function of a payload template that is not known here."""
    for part in parts_of(template):
        if part.key.endswith(".$"):
            expression(part.value)
