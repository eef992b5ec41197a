"""The file of a proposal, as `runbook plan --thresholds` takes it. Reads a file; no AWS."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lib import routes
from lib.errors import BadParameters, Refused
from lib.record import records, run_index
from lib.record.records import Run
from lib.settings import Settings, file_word
from lib.values.yaml_text import read

FORMAT = 1
KEPT = "evidence/thresholds-proposal.yaml"
PARAMETERS = tuple(threshold.parameter for threshold in routes.THRESHOLDS)


def proposed_parameters(path: Path, settings: Settings, moment: datetime) -> dict[str, float]:
    """The five parameters that a proposal says.

    Raises BadParameters for a file that is none, and Refused for one of another account or environment, one that does
    not hold any more at this moment, and one that was compared with other thresholds than those of the parameters.
    """
    said = _content(path)
    try:
        numbers, compared = _five(said["thresholds"]), _five(said["now"])
        until = datetime.fromisoformat(str(said["holds_until"])).astimezone(UTC)
        whose = str(said["environment"]), str(said["account_id"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadParameters(
            f"{path.name} is no proposal of format {FORMAT}; expected the {KEPT} of a tuning, as it was written"
        ) from error
    if whose != (settings.environment, settings.account_id):
        raise Refused(
            f"{path.name} is of {' '.join(whose)}; expected one of {settings.environment} {settings.account_id}"
        )
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
    said = _content(path).get("doubts") or []
    return [f"the tuning says not to follow it: {one}" for one in said] if isinstance(said, list) else []


def _content(path: Path) -> Mapping[str, Any]:
    try:
        said = read(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameters(f"{path} cannot be read as a file; expected the {KEPT} of a tuning") from error
    if not isinstance(said, Mapping) or said.get("format") != FORMAT:
        raise BadParameters(f"{path.name} is no proposal of format {FORMAT}; expected the {KEPT} of a tuning")
    return said


def _five(said: Mapping[str, Any]) -> dict[str, float]:
    """The numbers by parameter. Raises ValueError where they are not the five."""
    if set(said) != set(PARAMETERS) or not all(type(number) in (int, float) for number in said.values()):
        raise ValueError("not the five thresholds")
    return {name: said[name] for name in PARAMETERS}
