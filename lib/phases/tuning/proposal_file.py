"""The file of a proposal, as `runbook plan --thresholds` takes it: read once, and judged. Reads files; no AWS.

A proposal is somebody's word until it is compared with what the run that tuned made and sealed. What a plan was given
is kept under another name than what a tuning makes, so that nobody's file is ever taken for a tuning's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from lib import routes
from lib.changes.stepped_cells import CELLS
from lib.definitions import thresholds
from lib.errors import BadParameters, Refused
from lib.record import records, run_index
from lib.record.records import MANIFEST, Run
from lib.record.run_phases import NOTEBOOKS, TUNING
from lib.settings import Settings, file_word
from lib.values import contacts, yaml_text
from lib.values.run_names import checked_run_id

FORMAT = 2
KEPT = "evidence/thresholds-proposal.yaml"  # what a tuning makes
GIVEN = "evidence/thresholds-given.yaml"  # what a plan was given
HOLDS = timedelta(days=30)
APART = timedelta(minutes=10)  # what the clocks of two machines may be apart
MOST_BYTES = 1_000_000
UNVERIFIED = "--unverified"
PLACE = ("environment", "account_id", "region")
PARAMETERS = tuple(threshold.parameter for threshold in routes.THRESHOLDS)


@dataclass(frozen=True)
class Proposal:
    """A file that says it is a proposal: its name, its text, and what that says."""

    name: str
    text: str
    said: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The run that says it made it. Raises BadParameters for what can be none."""
        said = self.said.get("run_id")
        try:
            return checked_run_id(said if isinstance(said, str) else "")
        except ValueError as error:
            raise BadParameters(f"{self.name} names no run that could have made it: {error}") from error

    @property
    def doubts(self) -> list[str]:
        """What the tuning itself says against following its proposal, in sentences that hold nobody's contact."""
        return [f"the tuning says not to follow it: {contacts.mask_text(one)}" for one in _doubts(self.said)]


def read(path: Path) -> Proposal:
    """Read a file, once: whatever becomes of it meanwhile, all that is asked is asked of the same text.

    Raises BadParameters for one that is no proposal of this format.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BadParameters(f"{path.name} is larger than {MOST_BYTES:,} bytes; expected the {KEPT} of a tuning")
        text = data.decode().replace("\r\n", "\n")  # as it may come by mail
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameters(f"{path} cannot be read as a file; expected the {KEPT} of a tuning") from error
    said = yaml_text.read(text, path.name)
    if not isinstance(said, Mapping) or type(said.get("format")) is not int or said["format"] != FORMAT:
        raise BadParameters(f"{path.name} is no proposal of format {FORMAT}; expected the {KEPT} of a tuning")
    return Proposal(path.name, text, said)


def proposed_parameters(proposal: Proposal, settings: Settings, moment: datetime) -> dict[str, float]:
    """The five parameters that a proposal says.

    Raises BadParameters for one that is none, or says that it holds longer than any; and Refused for one of another
    account or environment, one that does not hold at this moment, or was not made yet, and one that was compared with
    other thresholds than those of the parameters.
    """
    said, name = proposal.said, proposal.name
    try:
        numbers, compared = _five(said["thresholds"]), _five(said["now"])
        made, until = _utc(said["made_at"]), _utc(said["holds_until"])
        whose = [_text(said[one]) for one in PLACE]
        _doubts(said)
        if until > made + HOLDS:
            raise ValueError("holds longer than a proposal does")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadParameters(
            f"{name} is no proposal of format {FORMAT}; expected the {KEPT} of a tuning, as it was written"
        ) from error
    if whose != (here := [str(getattr(settings, one)) for one in PLACE]):
        raise Refused(f"{name} is of {' '.join(whose)}; expected one of {' '.join(here)}")
    if made > moment + APART:
        raise Refused(
            f"{name} says that it was made at {made:%Y-%m-%d %H:%M} UTC, and here it is {moment:%Y-%m-%d %H:%M}; set "
            "the clock of the machine that is wrong, then tune again where it was that one's"
        )
    if moment >= until:
        raise Refused(f"{name} holds until {until:%Y-%m-%d %H:%M} UTC; tune again, with what was recorded since")
    other = [f"{one} {number:g}" for one, number in compared.items() if getattr(settings, one) != number]
    if other:
        mine = ", ".join(f"{one} {getattr(settings, one):g}" for one in compared)
        raise Refused(
            f"{name} was compared with {', '.join(other)}, which the live workflow had, and the parameters say "
            f"otherwise: {mine}. Let the parameters say what is live, or apply them first; then tune again"
        )
    return numbers


def moved_on(proposal: Proposal, live: Mapping[str, Any]) -> str:
    """Why a proposal does not speak of the live definition any more, in a sentence; "" where it does.

    It does where that decides by the numbers it was compared with, or already by those it proposes; and where it is
    none of ours, as before the update: then it was compared with the parameters.
    """
    try:
        numbers = thresholds.thresholds_of(live)
    except BadParameters:
        return ""
    here = {one.parameter: numbers[one.placeholder] for one in routes.THRESHOLDS}
    if here in (_five(proposal.said["now"]), _five(proposal.said["thresholds"])):
        return ""
    named = ", ".join(f"{one} {number:g}" for one, number in here.items() if number != proposal.said["now"][one])
    return (
        f"the live workflow has {named} by now, with which it was not compared: its figures, intervals and doubts are "
        "of other thresholds, so tune again"
    )


def require_as_made(proposal: Proposal, settings: Settings, unverified: bool = False) -> str:
    """Refuse a proposal that is not as the run that tuned made and kept it; returns what is to be said of it besides.

    One of a run that is not on this machine cannot be compared, and needs somebody's word that it is taken
    `unverified`; that is said. Raises BadParameters for a run that can be none.
    """
    name, run_id = proposal.name, proposal.run_id
    try:
        record = run_index.find_run(settings, run_id)
    except BadParameters as error:
        if not unverified:
            raise Refused(
                f"{name} is of run {run_id}, which is not on this machine, so that nobody can compare it with what "
                f"that run kept. Plan it on the machine that tuned; or, where you know who gave it to you, say "
                f"{UNVERIFIED}"
            ) from error
        return f"{name} is of run {run_id}, which is not on this machine: nobody compared it with what that kept"
    run = Run(settings, record)
    if wrong := records.wrong_with(run, MANIFEST):
        raise Refused(
            f"{name} is of run {run_id}, whose record is not as it was sealed ({'; '.join(wrong)}), so that nobody can "
            "tell what that run proposed; see who changed it, or tune again"
        )
    if not _tuned(run):
        raise Refused(
            f"run {run_id} did not tune: its record tells of no phase {TUNING} that ran, so {name} is none of its "
            "proposals. See who made it, or tune again"
        )
    kept = [one for one in record.kept_as(KEPT) if records.is_as_sealed(run, one)]
    if proposal.text not in [(record.folder / one).read_text(encoding="utf-8") for one in kept]:
        raise Refused(
            f"{name} is not as run {run_id} made and sealed it; take it from there: "
            f"{file_word(record.folder / KEPT)}, or tune again"
        )
    return ""


def _tuned(run: Run) -> bool:
    """Whether the record tells, as it was sealed, that the tuning's notebook ran: by a command, or cell by cell."""
    record = run.record
    executed = record.kept_as(f"{NOTEBOOKS[TUNING]}.ipynb")
    if any(not records.wrong_with(run, name) for name in executed):
        return True
    stepped = any(row.get("phase") == TUNING for row in record.rows(CELLS))
    return stepped and not records.wrong_with(run, CELLS)


def _doubts(said: Mapping[str, Any]) -> list[str]:
    """Raises ValueError where they are no list of sentences: what speaks against a proposal is never passed over."""
    doubts = said["doubts"]
    if not isinstance(doubts, list) or not all(isinstance(one, str) for one in doubts):
        raise ValueError("no doubts that can be read")
    return doubts


def _text(said: object) -> str:
    """Raises ValueError for what is none."""
    if not isinstance(said, str):
        raise ValueError("no text")
    return said


def _utc(said: object) -> datetime:
    """A moment with its zone. Raises ValueError for any other, whose moment would be another on every machine."""
    moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    if moment is None or moment.utcoffset() != timedelta(0):
        raise ValueError("no moment of UTC")
    return moment


def _five(said: object) -> dict[str, float]:
    """The numbers by parameter. Raises ValueError where they are not the five."""
    if not isinstance(said, Mapping) or set(said) != set(PARAMETERS) or not all(map(_is_number, said.values())):
        raise ValueError("not the five thresholds")
    return {name: said[name] for name in PARAMETERS}


def _is_number(value: object) -> bool:
    """A number as large as a threshold may be: what is far beyond that no double holds."""
    return type(value) in (int, float) and abs(value) < 1e6 and isfinite(value)  # type: ignore[arg-type]
