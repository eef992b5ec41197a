"""Whether what a run validated is what is live now. Reads AWS; writes only evidence.

A validation proves something of the system that it ran on. Whoever speaks of it later asks here first: the review, a
drill, a resumed run. What was never read, or cannot be read now, is no agreement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.aws import Live
from lib.checks import Check, Status
from lib.record import run_index, run_phases
from lib.record.records import VALIDATED, Record, Run
from lib.record.run_phases import VALIDATION
from lib.resources.connected_run import ConnectedRun
from lib.telemetry.configuration import live_configuration
from lib.telemetry.configuration.facts import Difference, Fact, Meaning, compare_facts, from_plain
from lib.telemetry.configuration.live_configuration import Configuration
from lib.values.check_registry import Id
from lib.values.modes import Mode

BEGUN = "evidence/validation_begun.json"
SINCE = "evidence/since_validation.json"
FORMAT = 1
AS_VALIDATED = "what was validated is what is live now"
UNCHANGED = "nothing changed while the drills ran"
NONE_KNOWN = "no validated run is known"
NOT_KEPT = "this run kept no read of what it validated"
OFF = timedelta(minutes=5)  # what two machines' clocks may differ by
NOT_ENDED = "the run's latest validation did not end"


@dataclass(frozen=True)
class Validation:
    """What was live when the drills began and when they had ended, and what differs between the two."""

    begun: Configuration
    ended: Configuration
    differences: Sequence[Difference]


@dataclass(frozen=True)
class Validity:
    """What a run validated against what is live. `validated` is when; "" where it is not known, and `why` says why."""

    run_id: str
    validated: str
    read: str
    differences: Sequence[Difference] = ()
    why: str = ""
    left_out: str = ""  # which other validations decide nothing, and why

    @property
    def known(self) -> bool:
        return bool(self.validated)

    @property
    def holds(self) -> bool:
        """Whether what was validated is live, as far as that takes something away."""
        return self.known and all(row.meaning is Meaning.TOLD for row in self.differences)

    @property
    def since(self) -> str:
        """Which validation this is about, and when it was."""
        return f"validated by run {self.run_id} at {self.validated}" if self.known else self.why


def begin_validation(run: ConnectedRun) -> Configuration:
    """What is live before the drills; kept as evidence where they will run."""
    configuration = live_configuration.read(run.live)
    if run.settings.mode == Mode.APPLY:
        run.record.keep_json(BEGUN, _data(configuration))
    return configuration


def end(live: Live, begun: Configuration) -> Validation:
    """What is live after the drills, against what it was before them."""
    ended = live_configuration.read(live) if live.settings.mode == Mode.APPLY else begun
    return Validation(begun, ended, compare_facts(begun.facts, ended.facts))


def system_unchanged(live: Live, validation: Validation) -> list[Check]:
    """Whether the drills ran on one and the same system; what nobody can read is `cannot tell`, what came is said."""
    expected = f"as at {validation.begun.time}"
    if live.settings.mode != Mode.APPLY:
        return [Check(Id.UNCHANGED, UNCHANGED, Status.NOT_APPLIED, "plan mode", expected)]
    # While drills run nobody else updates a function, so that an update of which no more is known is a change as well.
    changed = [row for row in validation.differences if row.changed and row.meaning is not Meaning.TOLD]
    if changed:
        return [Check(Id.UNCHANGED, UNCHANGED, Status.FAILED, _sentences(changed), expected)]
    unknown = [row for row in validation.differences if row.meaning is Meaning.CANNOT_TELL]
    said = _sentences(validation.differences) or f"{len(validation.ended.facts)} facts as before"
    return [Check(Id.UNCHANGED, UNCHANGED, Status.CANNOT_TELL if unknown else Status.PASSED, said, expected)]


def keep(run: Run, validation: Validation) -> None:
    """Keep what was validated, and by which checks the validation stops, as the record tells, where drills ran."""
    if run.settings.mode == Mode.APPLY:
        failed = [check.name for check in run_phases.unmet(run.record, VALIDATION, run.settings.mode)]
        begun = {
            "begun": validation.begun.time,
            "changed": [row.sentence for row in validation.differences],
            "failed": failed,
        }
        run.record.keep_json(VALIDATED, {**begun, **_data(validation.ended)})


def of_run(run: ConnectedRun) -> Validity:
    """What this run validated last, against what is live now."""
    kept, begun = run.record.latest(VALIDATED), run.record.latest(BEGUN)
    why = "" if _usable(kept) else NOT_KEPT
    if kept and begun and begun["time"] != kept["begun"]:
        why = NOT_ENDED  # its drills are newer than what the earlier one kept
    return _validity(run.live, run.record.run_id, kept, why)


def latest(live: Live, now: datetime | None = None) -> Validity:
    """What the latest run of this environment that validated with success had before it, against what is live now.

    Runs are of many machines, and their clocks alone tell which is the latest. A validation of a time to come, which
    would be the latest until then, was dated by a clock that is wrong, or this one is: it is left out, and named.
    """
    now = now or datetime.now(UTC)
    every = run_index.latest_of_each(run_index.as_sealed(live.settings))
    rows = [(record.run_id, kept) for record in every for kept in _succeeded(record)]
    past = [row for row in rows if _moment(row[1]) <= now + OFF]
    others = [f"run {run_id} at {kept.get('time')}" for run_id, kept in rows if _moment(kept) > now + OFF]
    ahead = f"which lies ahead of {now:%Y-%m-%d %H:%M} UTC, so that nobody can tell whether it is the latest"
    left_out = (
        f"left out: {', '.join(others)}, {ahead}; the doctor holds a machine's clock against AWS's" if others else ""
    )
    run_id, kept = max(past, key=lambda row: _moment(row[1]), default=("", None))
    return replace(_validity(live, run_id, kept, "" if kept else left_out or NONE_KNOWN), left_out=left_out)


def check(standing: Validity) -> Check:
    """Whether what was validated is live, as one answer; what it does not know is never a pass.

    Where no run is known that validated anything, as before phase 05, there is nothing to compare: `not applied`.
    """
    if not standing.known:
        status = Status.NOT_APPLIED if standing.why == NONE_KNOWN else Status.CANNOT_TELL
        return Check(Id.AS_VALIDATED, AS_VALIDATED, status, standing.why, "as a run validated it")
    said = _sentences(standing.differences) or f"as it was {standing.since}"
    said += f"; {standing.left_out}" if standing.left_out else ""
    worst = min((row.meaning for row in standing.differences), key=list(Meaning).index, default=Meaning.TOLD)
    status = Status.PASSED if worst is Meaning.TOLD else Status(worst)
    return Check(Id.AS_VALIDATED, AS_VALIDATED, status, said, f"as {standing.since}")


def unreadable(configuration: Configuration) -> list[dict[str, str]]:
    """What could not be read, and why, as a table."""
    return [{"what": fact.name, "why": fact.unreadable} for fact in configuration.unreadable]


def data(standing: Validity) -> dict[str, Any]:
    """What was found, as evidence."""
    known = {
        "validated by": standing.run_id,
        "validated": standing.validated,
        "read": standing.read,
        "why": standing.why,
        **({"left out": standing.left_out} if standing.left_out else {}),
    }
    return {**known, "differences": table(standing)}


def table(standing: Validity | Validation) -> list[dict[str, str]]:
    """Every difference by name: what it is, what it does to the criteria that rest on it, and which these are."""
    return [
        {"what": row.name, "differs": row.said, "so": row.meaning, "criteria": ", ".join(row.criteria)}
        for row in standing.differences
    ]


def evidence_answers(standing: Validity, decided: Sequence[Check]) -> list[Check]:
    """Answers from the evidence of a run, as far as what it validated is live; each by the criteria that its id names.

    What differs fails an answer, by name; what cannot be told leaves it open; what came besides is said. What decides
    stands first.
    """
    return [_resting(standing, one) for one in decided]


def _resting(standing: Validity, decided: Check) -> Check:
    if not standing.known:
        open_now = Status.CANNOT_TELL if decided.status == Status.PASSED else decided.status
        return replace(decided, status=open_now, found=f"{standing.why}; {decided.found}")
    carried = decided.id.registered.criteria.split()
    mine = [row for row in standing.differences if set(carried) & set(row.criteria)]
    deciding = [row for row in mine if row.meaning is not Meaning.TOLD]
    if not deciding:
        besides = f", and besides: {_sentences(mine)}" if mine else ""
        return replace(decided, found=f"{decided.found}; live as {standing.since}{besides}")
    said = f"NOT AS {standing.since}: {_sentences(deciding)}; {decided.found}"
    if any(row.meaning is Meaning.FAILED for row in deciding):
        return replace(decided, status=Status.FAILED, found=said)
    return replace(
        decided, status=Status.CANNOT_TELL if decided.status == Status.PASSED else decided.status, found=said
    )


def _sentences(rows: Iterable[Difference]) -> str:
    return "; ".join(row.sentence for row in rows)


def _validity(live: Live, run_id: str, kept: Any, why: str) -> Validity:  # noqa: ANN401
    if why:
        return Validity(run_id, "", "", why=why)
    now = live_configuration.read(live)
    return Validity(run_id, kept["time"], now.time, compare_facts(_facts(kept), now.facts))


def _succeeded(record: Record) -> list[Any]:
    return [kept for kept in record.attempts(VALIDATED) if _usable(kept) and not kept["failed"]]


def _moment(kept: Any) -> datetime:  # noqa: ANN401
    """When a validation was, by the clock of its machine; of what is no time, the end of all."""
    try:
        return datetime.fromisoformat(kept["time"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def _usable(kept: Any) -> bool:  # noqa: ANN401
    return isinstance(kept, dict) and kept.get("format") == FORMAT


def _facts(kept: Any) -> list[Fact]:  # noqa: ANN401
    return from_plain(kept["facts"])


def _data(configuration: Configuration) -> dict[str, Any]:
    return {"format": FORMAT, "time": configuration.time, "facts": [fact.to_row() for fact in configuration.facts]}
