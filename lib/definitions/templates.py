"""Fills our templates with an environment's names and thresholds, and shows a definition to people. No AWS.

Templates are walked as parsed JSON: `string.Template` would turn `$$.State` into `$.State` without a word.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.asl import json_text
from lib.asl.shape import inner
from lib.asl.states import states_by_name, walk
from lib.definitions import loader
from lib.definitions.mermaid import mermaid as mermaid
from lib.errors import BadParameters
from lib.settings import Settings
from lib.values.exact_json import map_parts, parts_of

PLACEHOLDER = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_]*)\}")
ORDER = ("Type", "Comment", "Variable", "Resource", "InputPath", "Parameters", "Result", "ResultSelector", "ResultPath")
WIDTH = 110
WITHIN = ("Branches", "ItemProcessor", "Iterator")  # what they hold is shown state by state

Value = str | int | float


def fill(template: Any, values: Mapping[str, Value], *, all_used: bool = False, name: str = "the template") -> Any:  # noqa: ANN401
    """A copy of parsed JSON with each `${Name}` filled; alone in a string it becomes the value itself, a number too.

    Raises BadParameters naming every placeholder without a value and, with `all_used`, every value without a place.
    """
    wanted = placeholders(template)
    unfilled = sorted(wanted - set(values))
    if unfilled:
        known = ", ".join(sorted(values))
        raise BadParameters(f"{name}: no value for placeholder {', '.join(unfilled)}; expected one of {known}")
    unused = sorted(set(values) - wanted) if all_used else []
    if unused:
        raise BadParameters(f"{name}: nothing to fill with {', '.join(unused)}; a placeholder was lost or renamed")
    return _filled(template, values)


def placeholders(template: Any) -> set[str]:  # noqa: ANN401
    """The names of the placeholders in parsed JSON; a malformed one is returned as it stands."""
    texts = {text for part in parts_of(template) for text in (part.key, part.value) if isinstance(text, str)}
    return {name for text in texts for name in _placeholders(text)}


def _placeholders(text: str) -> Iterator[str]:
    yield from PLACEHOLDER.findall(text)
    rest = PLACEHOLDER.sub("", text)
    if "${" in rest:
        yield rest[rest.index("${") :]


def _filled(template: Any, values: Mapping[str, Value]) -> Any:  # noqa: ANN401
    def put(_: str, part: Any) -> Any:  # noqa: ANN401
        if not isinstance(part, str):
            return part
        alone = PLACEHOLDER.fullmatch(part)
        return values[alone[1]] if alone else _text(part, values)

    return map_parts(template, put, lambda key: _text(key, values))


def _text(template: str, values: Mapping[str, Value]) -> str:
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)


def _definition_values(settings: Settings, processor_arn: str = "") -> dict[str, Value]:
    """What the definition's placeholders stand for in this environment."""
    return {
        "Partition": settings.partition,
        "CheckinProcessorArn": processor_arn or settings.processor_arn,
        "OpsAlertTopicArn": settings.ops_topic_arn,
        "DynamoTableName": settings.table_name,
        "AlertTopicArn": settings.alert_topic_arn,
        "DrillUserId": settings.drill_user_id,
        **settings.thresholds,
    }


def _document_values(settings: Settings) -> dict[str, Value]:
    """What the placeholders of any of our documents stand for."""
    return {
        **_definition_values(settings),
        "AccountId": settings.account_id,
        "Region": settings.region,
        "TableArn": settings.table_arn,
        "StateMachineArn": settings.state_machine_arn,
        "StateMachineName": settings.state_machine_name,
        "LogGroupArn": settings.log_group_arn,
    }


def definition(settings: Settings, processor_arn: str = "") -> dict[str, Any]:
    """The Phase 3 definition for this environment; `processor_arn`: as the account calls it, "" for its name alone.

    Raises BadParameters for any placeholder too many or too few.
    """
    values = _definition_values(settings, processor_arn)
    return dict(fill(loader.definition(), values, all_used=True, name=loader.DEFINITION))


def policy(settings: Settings) -> dict[str, Any]:
    """The execution role's policy for this environment."""
    return dict(fill(loader.policy(), _document_values(settings), name=loader.POLICY))


def dashboard(settings: Settings) -> dict[str, Any]:
    """The dashboard's Phase 3 widgets for this environment."""
    return dict(fill(loader.dashboard(), _document_values(settings), name=loader.DASHBOARD))


def diff(old: Any, new: Any) -> str:  # noqa: ANN401
    """A unified diff a state, in the order of the new flow; "" when they say the same. Of definitions of any shape."""
    before, after = _parts(old), _parts(new)
    shown = list[str]()
    for name in dict.fromkeys([*after, *before]):
        was, now = ((_compact(_sorted(p[name])) if name in p else "").splitlines() for p in (before, after))
        shown += difflib.unified_diff(was, now, f"{name} before", f"{name} after", lineterm="")
    return "".join(f"{line}\n" for line in shown)


def _parts(machine: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """The workflow's own fields, then each state's in the order of the flow; those within a state are their own."""
    parts = {"(the workflow)": _top(machine)}
    for state in walk(machine):
        name, times = state.where, 1
        while name in parts:  # AWS wants each name once; a definition that has it twice loses nothing here
            times += 1
            name = f"{state.where} ({times})"
        walked = tuple(key for key in WITHIN if isinstance(state.body.get(key), list | Mapping))
        parts[name] = {**_without(state.body, walked), **_around(state.body)}
    return parts


def _top(machine: Any) -> dict[str, Any]:  # noqa: ANN401
    """What a definition says beside its states, what in States is no state, and what plain data would lose of it."""
    whole = json_text.to_look_at(machine)
    states = whole.get("States", {})
    rest = _without(states, tuple(states_by_name(machine))) if isinstance(states, Mapping) else states
    lost = json_text.trouble(machine)
    return {**_without(whole, ("States",)), **({"States": rest} if rest else {}), **({"as JSON": lost} if lost else {})}


def _around(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the machines within a state say beside their states: where each starts, how a Map goes about it."""
    members = dict[str, Any]()
    for number, within in enumerate(inner(body), start=1):
        top = _top(within) if isinstance(within, Mapping) else {"": within}
        members |= {f"{number}.{key}": value for key, value in top.items()}
    return members


def _compact(value: Any, indent: int = 0) -> str:  # noqa: ANN401
    """JSON with what fits into a line on one line."""
    line, pad = json.dumps(value, ensure_ascii=False), " " * (indent + 2)
    if not isinstance(value, dict | list) or not value or (len(line) + indent <= WIDTH and "Type" not in value):
        return line
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_compact(part, indent + 2)}" for key, part in value.items()]
    else:
        parts = [_compact(part, indent + 2) for part in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{pad}" + f",\n{pad}".join(parts) + f"\n{' ' * indent}{closing}"


def _without(body: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in fields}


def _sorted(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_sorted(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    keys = sorted(value, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key))
    return {key: _sorted(value[key]) for key in keys}


def state_changes(old: Any, new: Any) -> list[dict[str, str]]:  # noqa: ANN401
    """A row a state: `state`, `change` (added, removed, changed, same), `what`. The first row is the workflow."""
    before, after = _parts(old), _parts(new)
    return [_row(name, before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])]


def _row(name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, str]:
    if before is None or after is None:
        body = before or after or {}
        what = " ".join(str(body[key]) for key in ("Type", "Resource", "Error") if key in body)
        return {"state": name, "change": "removed" if after is None else "added", "what": what}
    fields = sorted(key for key in {*before, *after} if _said(before, key) != _said(after, key))
    return {"state": name, "change": "changed" if fields else "same", "what": ", ".join(fields)}


def _said(body: Mapping[str, Any], key: str) -> str:
    """A field as JSON, in which `null` is not the same as nothing, and `true` not as 1."""
    return json.dumps(body[key], sort_keys=True) if key in body else ""
