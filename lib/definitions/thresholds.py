"""Reads and changes the numbers by which a definition decides. Pure: no AWS."""

import copy
import json
import sys
from collections.abc import Mapping
from typing import Any

from lib import routes
from lib.asl.choice_rules import is_number
from lib.asl.states import states_by_name
from lib.definitions import loader, templates
from lib.definitions.loader import DECISION
from lib.errors import BadParameters
from lib.settings import Settings
from lib.values.alerts import Score

NAMES = tuple(threshold.placeholder for threshold in routes.THRESHOLDS)
SCALES = {Score.RISK: "risk score, 0 to 100", Score.SENTIMENT: "sentiment, -1 to 1"}


def thresholds_of(definition: Mapping[str, Any]) -> dict[str, float]:
    """The numbers by which a rendered definition decides. Raises BadParameters when its rules are not ours."""
    return _numbers_in(definition, loader.definition()["States"][DECISION])


def _numbers_in(definition: Mapping[str, Any], ours: Any) -> dict[str, float]:  # noqa: ANN401
    theirs, numbers = states_by_name(definition).get(DECISION), dict[str, float]()
    if not _aligned(ours, theirs, numbers) or set(numbers) != set(NAMES):
        raise BadParameters(f"its {DECISION} is not that of {loader.DEFINITION}, so it has no thresholds of ours")
    return {name: numbers[name] for name in NAMES}


def _aligned(ours: Any, theirs: Any, numbers: dict[str, float]) -> bool:  # noqa: ANN401
    """Whether `theirs` is `ours` with numbers for placeholders, the same one everywhere; collects them."""
    if isinstance(ours, str) and (alone := templates.PLACEHOLDER.fullmatch(ours)):
        return (
            is_number(theirs) and abs(theirs) <= sys.float_info.max and numbers.setdefault(alone[1], theirs) == theirs
        )
    if isinstance(ours, dict) and isinstance(theirs, Mapping):
        return ours.keys() == theirs.keys() and all(_aligned(ours[key], theirs[key], numbers) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(_aligned(a, b, numbers) for a, b in zip(ours, theirs, strict=True))
    return json.dumps(ours) == json.dumps(theirs)


def with_thresholds(definition: Mapping[str, Any], thresholds: Mapping[str, float]) -> dict[str, Any]:
    """A copy that decides by other numbers; names left out keep theirs. Raises BadParameters for an unknown name."""
    unknown = sorted(set(thresholds) - set(NAMES))
    if unknown:
        raise BadParameters(f"unknown threshold {', '.join(unknown)}; expected one of {', '.join(NAMES)}")
    changed = dict(copy.deepcopy(dict(definition)))
    decision = loader.definition()["States"][DECISION]
    changed["States"][DECISION] = templates.fill(decision, {**_numbers_in(definition, decision), **thresholds})
    return changed


def scale(name: str) -> str:
    """The scale of what a threshold is compared with."""
    return SCALES[_threshold(name).score]


def _threshold(name: str) -> routes.Threshold:
    """A threshold by its name in the definition."""
    return next(one for one in routes.THRESHOLDS if one.placeholder == name)


def compare_with_live(definition: Mapping[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """The live numbers beside the parameters', one a row, and loud where they differ."""
    try:
        live: Mapping[str, Any] = thresholds_of(definition)
    except BadParameters:
        live = dict.fromkeys(NAMES, "no such rule live")
    return [
        {
            "threshold": name,
            "in the file": _threshold(name).parameter,
            "scale": scale(name),
            "live": live[name],
            "parameters": wanted,
            "": "" if live[name] == wanted else "DIFFERS",
        }
        for name, wanted in settings.thresholds.items()
    ]
