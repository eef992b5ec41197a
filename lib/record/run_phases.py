"""The phases of the plan, and what became of them in a run, as its record tells. Reads; no AWS.

Whether a phase ended well is decided here alone, by the checks that are registered with it, as this attempt at it
answered them: for a notebook that is run by hand (its last cell) and for the runner (`notebooks.execute`). What a cell
shows or leaves out decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lib.checks import Check, Status, failures, id_of, key_of, require
from lib.errors import BadParameters, NotAsWanted
from lib.record import command_lines
from lib.record.change_rows import UNDONE_SINCE, WriteState
from lib.record.folder import ALARMS_FIRED, BROKEN_OFF, CHECKS, DRILLED
from lib.record.records import VERDICT, Record
from lib.settings import Settings, folder_of
from lib.values.check_registry import Id, due
from lib.values.modes import Mode
from lib.values.verdicts import Verdict, member

DID_NOT_START = "did not start"
WELL = {Verdict.SUCCEEDED, Verdict.TRIED}  # as a run ends well that carries its plan out, and one that only tries it
NAMED = 2  # so many things that were undone are named; more are counted
PLAN_ONLY = "plan only"  # of a record that holds a plan, and no phase


# In the order in which they run. The rules (04) come before the workflow (03) whose events they carry: the other way
# round, every high-risk alert between the two, or after a failed 03, would be published and heard by nobody.
NOTEBOOKS = {
    "00": "00_preflight",
    "01": "01_infrastructure",
    "02": "02_iam_permissions",
    "04": "04_event_rules",
    "03": "03_state_machine",
    "05": "05_validation",
    "06": "06_documentation",
    "07": "07_post_implementation_review",
    "08": "08_threshold_tuning",
}
ROLLBACK = "90_rollback"
PREFLIGHT = "00"
WORKFLOW = "03"
VALIDATION = "05"
DOCUMENTATION = "06"
REVIEW = "07"
TUNING = "08"
READS_ONLY = (PREFLIGHT, REVIEW, TUNING)  # in both modes
PLANNED_MINUTES = {"01": 10, "02": 15, "03": 20, "04": 10, "05": 30, "06": 10}


@dataclass(frozen=True)
class Phase:
    """What one notebook did."""

    number: str
    notebook: str
    verdict: Verdict = Verdict.NOT_RUN
    cells_run: int = 0
    cells_failed: int = 0
    cells_not_run: int = 0
    seconds: float = 0.0
    planned_minutes: int | None = None
    output: str = ""
    error: str = ""
    error_class: str = ""  # the name of the class of what ended it, from which the exit code follows
    by_hand: str = ""  # how somebody stepped through it, where nobody's command ran it

    def to_row(self) -> dict[str, Any]:
        """What the notebook did as `run.json` holds it."""
        return {**asdict(self), "verdict": str(self.verdict)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Phase":
        """What `run.json` holds of a notebook, whatever stands beside it. Raises BadParameters for what is none."""
        known = {key: row[key] for key in cls.__dataclass_fields__ if key in row} if isinstance(row, Mapping) else {}
        if not all(isinstance(known.get(key), str) for key in ("number", "notebook")):
            raise BadParameters("run.json tells of a phase without its number or notebook; see what wrote it")
        if "verdict" in known:
            what = f"the verdict of phase {known['number']} in run.json"
            known["verdict"] = member(Verdict, known["verdict"], what, BadParameters)
        return cls(**known)


def verdict_of_part(verdict: str, ran: Sequence[str]) -> str:
    """A run's verdict, and of which phases it is where they are not all of them."""
    return (
        verdict if verdict != Verdict.SUCCEEDED or set(ran) == set(NOTEBOOKS) else f"{verdict} ({', '.join(ran)} alone)"
    )


def numbers(first: str = "", last: str = "", only: str = "") -> list[str]:
    """The phases to run, in order. Raises BadParameters for a phase that does not exist."""
    for given in (first, last, only):
        if given and given not in NOTEBOOKS:
            raise BadParameters(f"no phase {given!r}; expected one of {', '.join(NOTEBOOKS)}")
    if only and (first or last):
        raise BadParameters(f"--only {only} is one phase, and --from and --to name more; leave one of them out")
    if only:
        return [only]
    order = list(NOTEBOOKS)
    begin, end = order.index(first or order[0]), order.index(last or order[-1])
    if begin > end:
        raise BadParameters(f"phase {first} runs after {last}; the order is {', '.join(order)}")
    return order[begin : end + 1]


def resumable(record: Record) -> bool:
    """Whether a run began phases in apply mode, and so may be gone on with."""
    try:
        verdict = record.read_json(VERDICT)
    except NotAsWanted:  # one that cannot be read keeps no other from being offered
        return False
    return isinstance(verdict, dict) and verdict.get("mode") == Mode.APPLY and verdict.get("verdict") != Verdict.REFUSED


def way_on(settings: Settings, run_id: str) -> str:
    """The command that goes on with a run of this machine; of one that began no phase, what tells of it."""
    begun = resumable(Record(folder_of(settings, run_id), run_id))
    return command_lines.runbook(settings, *(["apply", "--resume"] if begun else ["status"]), run_id)


def recorded_phases(record: Record) -> list[Phase]:
    """What the phases of a run did, as `run.json` tells."""
    return phases_of(record.verdict() or {})


def not_begun(record: Record) -> list[str]:
    """The phases that come after the last one of a run that began with the first, and so far succeeded in apply mode.

    None of any other run: one that stopped goes on with its own, and one that began elsewhere may want no more.
    """
    if not resumable(record):
        return []
    phases, order = recorded_phases(record), list(NOTEBOOKS)
    done = {phase.number for phase in phases if phase.verdict == Verdict.SUCCEEDED}
    return order[len(phases) :] if phases and done == set(order[: len(phases)]) else []


def phases_of(verdict: Mapping[str, Any]) -> list[Phase]:
    return [Phase.from_row(row) for row in verdict.get("phases", [])]


def overall(done: Sequence[Phase], refused: str = "") -> Verdict:
    """The run's verdict in one word."""
    verdicts = {phase.verdict for phase in done}
    if refused and verdicts <= {Verdict.NOT_RUN}:
        return Verdict.REFUSED
    if len(verdicts) == 1 and verdicts <= WELL:
        return verdicts.pop()
    worst = (Verdict.RUNNING, Verdict.INTERRUPTED, Verdict.FAILED)
    return next((word for word in worst if word in verdicts), Verdict.NOT_RUN)


def status(record: Record) -> dict[str, Any]:
    """A run's verdict as recorded, with what a later rollback or a kill makes of it."""
    recorded = record.verdict()
    if recorded is None:
        return {"run_id": record.run_id, "verdict": _without_phases(record), "phases": []}
    rows = [row for row in record.changes() if row["state"] == WriteState.APPLIED]
    applied = sum(not (row["undoes"] or row["temporary"]) for row in rows)  # a drill's listeners are no change
    ran = [str(phase.get("number", "?")) for phase in recorded.get("phases", [])]
    verdict = verdict_of_part(str(recorded.get("verdict", "not told")), ran)
    if verdict == Verdict.RUNNING:
        verdict = f"running, or killed: {applied} changes applied"
    if recorded.get("rollback"):
        verdict = f"{verdict}; rollback {Phase.from_row(recorded['rollback']).verdict}"
    return {"phases": [], **recorded, "run_id": record.run_id, "verdict": verdict + _undone_since(rows)}


def _undone_since(applied: Sequence[Mapping[str, Any]]) -> str:
    """What a restore or a part of a rollback took back; "" where nothing was, or all of it, as a rollback says itself.

    A run whose workflow was restored still succeeded, and what it deployed is live no more.
    """
    latest = {row["name"]: row["undoes"] for row in applied if not row["temporary"]}
    undone = [name for name, taken_back in latest.items() if taken_back]
    if not undone or len(undone) == len(latest):
        return ""
    said = ", ".join(undone) if len(undone) <= NAMED else f"{len(undone)} of {len(latest)} changes"
    return f"; {UNDONE_SINCE}: {said}"


def took_place(recorded: Mapping[str, Any]) -> bool:
    """Whether any of what `status` gave is more than an attempt: a run that was killed between phases is."""
    ran = any(phase["verdict"] != Verdict.NOT_RUN for phase in recorded["phases"])
    return ran or recorded["verdict"] not in (DID_NOT_START, Verdict.REFUSED, Verdict.NOT_RUN)


def _without_phases(record: Record) -> str:
    """What a record is of in which no phase ran."""
    if drilled := record.latest(DRILLED):
        verdict = drilled["verdict"]
        return f"drill {drilled['scenario']}: {verdict['status']}" + (
            f" ({verdict['found']})" if verdict["found"] else ""
        )
    if fired := [row for row in record.latest(ALARMS_FIRED) or [] if id_of(row) is Id.ALARM_TELLS]:
        passed = sum(row["status"] == Status.PASSED for row in fired)
        return f"alarms fired as a test: {passed} of {len(fired)} told"
    begun = any(row["temporary"] for row in record.changes()) and not (record.folder / "evidence").exists()
    if begun or record.latest(BROKEN_OFF):
        return "drills that did not end; the next ones remove what they left"
    return DID_NOT_START if record.latest("plan.json") is None else PLAN_ONLY


def answers(record: Record, phase: str) -> list[Check]:
    """What this attempt at a phase answered. What was asked again later, as by hand, counts as it was answered last."""
    mine = [row for row in record.rows(CHECKS) if (row.get("phase"), row.get("attempt")) == (phase, record.attempt)]
    return [Check.from_row(row) for row in _latest(mine)]


def _latest(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the answers to one question the last one; of several that were asked at once under one key, none replaces
    another."""
    latest: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        at_once = latest.get(key_of(row), [])
        latest[key_of(row)] = [*(one for one in at_once if one["time"] == row["time"]), row]
    return [row for same in latest.values() for row in same]


def waits_for_people(record: Record) -> list[dict[str, str]]:
    """What a run that applied left for a person to do, as it was asked last, in whichever phase: `check`, `found`,
    `phase`, `time`. What a review or the checklist makes of it is left out."""
    if (record.verdict() or {}).get("mode") != Mode.APPLY:
        return []
    phases = [number for number in NOTEBOOKS if number not in (REVIEW, TUNING)]
    asked = [row for row in record.rows(CHECKS) if row.get("phase") in phases and {"name", "time"} <= row.keys()]
    latest = [(Check.from_row(row), row) for row in _latest(asked) if id_of(row) != Id.CHECKLIST]
    return [
        {"check": check.name, "found": check.found, "phase": row["phase"], "time": row["time"]}
        for check, row in latest
        if check.status == Status.WAITING
    ]


def unmet(record: Record, phase: str, mode: Mode) -> list[Check]:
    """The checks by which the phase stops: those that failed, and those that it had to answer and did not."""
    answered = answers(record, phase)
    known = {check.id for check in answered}
    expected = f"an answer of phase {phase}: run its notebook from the first cell to the last"
    lacking = [one for one in due(phase, applies=mode == Mode.APPLY) if one not in known]
    return [*failures(answered), *(Check(one, one, Status.FAILED, "no answer", expected) for one in lacking)]


def require_met(record: Record, phase: str, mode: Mode) -> None:
    """Stop the phase by its checks. Raises NotAsWanted naming each that failed or was not answered."""
    require(unmet(record, phase, mode))
