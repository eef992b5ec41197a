"""The file of a proposal, as `runbook plan --thresholds` takes it. Reads a file; no AWS."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from lib import routes
from lib.errors import BadParameters, Refused
from lib.record import records, run_index
from lib.record.records import Run
from lib.settings import Settings, file_word
from lib.values.yaml_text import read

FORMAT = 2
KEPT = "evidence/thresholds-proposal.yaml"
PLACE = ("environment", "account_id", "region")
PARAMETERS = tuple(threshold.parameter for threshold in routes.THRESHOLDS)


def proposed_parameters(path: Path, settings: Settings, moment: datetime) -> dict[str, float]:
    """The five parameters that a proposal says.

    Raises BadParameters for a file that is none, and Refused for one of another account or environment, one that does
    not hold any more at this moment, and one that was compared with other thresholds than those of the parameters.
    """
    said = _content(path)
    try:
        numbers, compared = _five(said["thresholds"]), _five(said["now"])
        until = _utc(said["holds_until"])
        whose = [str(said[name]) for name in PLACE]
        _doubts(said)
    except (KeyError, TypeError, ValueError) as error:
        raise BadParameters(
            f"{path.name} is no proposal of format {FORMAT}; expected the {KEPT} of a tuning, as it was written"
        ) from error
    if whose != (here := [str(getattr(settings, name)) for name in PLACE]):
        raise Refused(f"{path.name} is of {' '.join(whose)}; expected one of {' '.join(here)}")
    if moment >= until:
        raise Refused(f"{path.name} holds until {until:%Y-%m-%d %H:%M} UTC; tune again, with what was recorded since")
    other = [f"{name} {number:g}" for name, number in compared.items() if getattr(settings, name) != number]
    if other:
        mine = ", ".join(f"{name} {getattr(settings, name):g}" for name in compared)
        raise Refused(
            f"{path.name} was compared with {', '.join(other)}, which the live workflow had, and the parameters say "
            f"otherwise: {mine}. Let the parameters say what is live, or apply them first; then tune again"
        )
    return numbers


def require_as_made(path: Path, settings: Settings) -> str:
    """Refuse a proposal that is not as the run that made it kept it; returns what is to be said of one of elsewhere."""
    run_id, text = str(_content(path).get("run_id", "")), path.read_text(encoding="utf-8")
    try:
        record = run_index.find_run(settings, run_id)
    except BadParameters:
        return f"{path.name} is of run {run_id!r}, which is not on this machine: nobody compared it with what that kept"
    run = Run(settings, record)
    kept = [name for name in record.kept_as(KEPT) if not records.wrong_with(run, name)]
    if text not in [(record.folder / name).read_text(encoding="utf-8") for name in kept]:
        raise Refused(
            f"{path.name} is not as run {run_id} made and sealed it; take it from there: "
            f"{file_word(record.folder / KEPT)}, or tune again"
        )
    return ""


def doubts(path: Path) -> list[str]:
    """What the tuning itself says against following its proposal, in sentences."""
    return [f"the tuning says not to follow it: {one}" for one in _doubts(_content(path))]


def _doubts(said: Mapping[str, Any]) -> list[str]:
    """Raises ValueError where they are no list of sentences: what speaks against a proposal is never passed over."""
    doubts = said["doubts"]
    if not isinstance(doubts, list) or not all(isinstance(one, str) for one in doubts):
        raise ValueError("no doubts that can be read")
    return doubts


def _utc(said: object) -> datetime:
    """A moment with its zone. Raises ValueError for any other, whose moment would be another on every machine."""
    moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    if moment is None or moment.utcoffset() != timedelta(0):
        raise ValueError("no moment of UTC")
    return moment


def _content(path: Path) -> Mapping[str, Any]:
    try:
        said = read(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameters(f"{path} cannot be read as a file; expected the {KEPT} of a tuning") from error
    if not isinstance(said, Mapping) or type(said.get("format")) is not int or said["format"] != FORMAT:
        raise BadParameters(f"{path.name} is no proposal of format {FORMAT}; expected the {KEPT} of a tuning")
    return said


def _five(said: object) -> dict[str, float]:
    """The numbers by parameter. Raises ValueError where they are not the five."""
    if not isinstance(said, Mapping) or set(said) != set(PARAMETERS) or not all(map(_is_number, said.values())):
        raise ValueError("not the five thresholds")
    return {name: said[name] for name in PARAMETERS}


def _is_number(value: object) -> bool:
    """A number as large as a threshold may be: what is far beyond that no double holds."""
    return type(value) in (int, float) and abs(value) < 1e6 and isfinite(value)  # type: ignore[arg-type]
