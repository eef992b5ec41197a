"""`run.json`: what a run is by what its phases did, whoever ran them, a command or somebody by hand. No AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from lib.errors import RunbookError
from lib.record import formats, run_phases, sealing, software_versions
from lib.record.records import VERDICT, Run
from lib.record.run_phases import NOTEBOOKS, Phase
from lib.values.modes import Mode
from lib.values.verdicts import Verdict

LONGEST_ERROR = 4_000  # characters of what ended a phase
BEGUN_BY_HAND = "begun_by_hand"  # in run.json: no command began it, so that it is no command's word for anything


class Caller(Protocol):
    """Who carries a run out."""

    def to_row(self) -> dict[str, Any]:
        """Who, as `run.json` holds it."""


def write_verdict(
    run: Run, done: Sequence[Phase], started: datetime, caller: Caller | None, refused: str = "", by_hand: bool = False
) -> None:
    """`run.json` as the run stands now, and the manifest over the whole record.

    A run that is gone on with began when its first command did, and took as long as its phases did.
    `by_hand`: no command did this. A run that none began says so until one goes on with it.
    """
    settings, record = run.settings, run.record
    before = record.verdict()
    # What was only planned is none of a run that applies by now: it would pass for applied.
    planned = (before or {}).get("mode") in (Mode.PLAN, Mode.CANDIDATE)
    earlier = {} if planned and settings.mode == Mode.APPLY else before or {}
    every = _with_earlier(earlier, done)
    begun_by_hand = by_hand and (before is None or before.get(BEGUN_BY_HAND, False))
    record.write_json(
        VERDICT,
        {
            formats.KEY: formats.FORMAT,
            "run_id": record.run_id,
            "environment": settings.environment,
            "mode": str(settings.mode),
            "verdict": str(run_phases.overall(every, refused)),
            "refused": refused,
            "started": earlier.get("started") or started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(sum(phase.seconds for phase in every), 1),
            "caller": caller.to_row() if caller else None,
            "phases": [phase.to_row() for phase in every],
            "parameters": settings.recorded(),
            **software_versions.ran_on(),
            "rollback": (before or {}).get("rollback"),
            **({BEGUN_BY_HAND: True} if begun_by_hand else {}),
        },
    )
    sealing.seal(record, closing=False)


def _with_earlier(earlier: Mapping[str, Any], done: Sequence[Phase]) -> list[Phase]:
    """These phases, and those that the run did earlier, in the runbook's order."""
    phases = {phase.number: phase for phase in run_phases.phases_of(earlier)}
    # What did not run now takes nothing from what ran before.
    phases |= {phase.number: phase for phase in done if phase.verdict != Verdict.NOT_RUN or phase.number not in phases}
    return [phases[number] for number in NOTEBOOKS if number in phases]


def with_its_checks(phase: Phase, run: Run) -> Phase:
    """What the checks of its phase make of a notebook that ran to its end, whatever its cells made of them."""
    if phase.verdict != Verdict.SUCCEEDED:
        return phase
    try:
        run_phases.require_met(run.record, phase.number, run.settings.mode)
    except RunbookError as error:
        said = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        return replace(phase, verdict=Verdict.FAILED, error=run.settings.masked(said), error_class=type(error).__name__)
    return replace(phase, verdict=Verdict.TRIED) if run.settings.mode == Mode.CANDIDATE else phase
