"""Runs the phases in order, stops at the first failure, and writes the run's verdict. No AWS beside the plan."""

import platform
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from types import FrameType
from typing import Any

from lib import approval, audit, changes, desired, guards, locks, preflight, records
from lib.aws import Identity, Live
from lib.checks import require
from lib.errors import Altered, RunbookError
from lib.notebooks import adopt, execute
from lib.phases import NOTEBOOKS, PLANNED_MINUTES, ROLLBACK, Phase
from lib.plans import Plan
from lib.record import formats
from lib.records import VERDICT, Record
from lib.settings import ROOT, Settings

PACKAGES = ("boto3", "papermill", "jupyterlab", "pandas", "matplotlib", "pydantic", "statelint")


class Interrupted(KeyboardInterrupt):
    """SIGTERM, taken like Ctrl-C."""


def plan_all(live: Live) -> list[Plan]:
    """The plan of every phase that changes something. Read-only."""
    return [changes.plan(number, wanted(live)) for number, wanted in desired.PHASES.items()]


def begin(settings: Settings, record: Record, live: Live, chosen: Sequence[str]) -> None:
    """Plan, refuse losses and, where approval is required, compare; then keep the plan in the record.

    Writes nothing to AWS. Several phases without the preflight stop here when a piece of the baseline is missing.
    """
    if len(chosen) > 1 and "00" not in chosen:
        require(preflight.pieces(live))
    plans = plan_all(live)
    audit.look(settings)  # under the lock: another machine's run counts up to its last row
    approval.require_whole(settings, record, plans, live.identity.caller)
    guards.require_no_loss([plan for plan in plans if plan.phase in chosen], settings, record)
    record.keep_json(
        approval.PLAN, approval.plan_data(plans, settings) | approval.given(settings, live.identity.caller)
    )


def phases(
    settings: Settings,
    record: Record,
    chosen: Sequence[str],
    told: Callable[[Phase], None],
    begin: Callable[[Settings, Record, Live, Sequence[str]], None] = begin,
    ended: Callable[[Sequence[Phase]], None] = lambda done: None,
) -> list[Phase]:
    """Run the chosen phases in order, stop at the first that does not succeed, and write `run.json` and the manifest.

    Holds the environment's lock where it may write. `told` hears of each phase twice: when it starts (verdict
    `running`) and when it ends; `ended` of all of them, while the lock is still held.
    """
    started = datetime.now(UTC)
    done = [Phase(number, NOTEBOOKS[number], planned_minutes=PLANNED_MINUTES.get(number)) for number in chosen]
    with ExitStack() as held:
        held.enter_context(sigterm_interrupts())
        try:
            record, live = audit.attached(settings, record)
            held.enter_context(sealed(record))  # last of all, since giving the lock back is a call as well
            held.enter_context(alone(settings, record, live))
            begin(settings, record, live, chosen)
        except RunbookError as error:
            # A run that began before keeps its verdict.
            if not isinstance(error, Altered) and record.verdict() is None:
                write_verdict(settings, record, done, started, None, str(error))
                with suppress(RunbookError):
                    records.seal(record)
            raise
        for index, waiting in enumerate(done):
            done[index] = replace(waiting, verdict="running")
            told(done[index])
            # Written before it starts, so that a run that is killed does not look as if nothing had happened.
            write_verdict(settings, record, done, started, live.identity)
            done[index] = execute(settings, record, waiting.number, waiting.notebook)
            told(done[index])
            write_verdict(settings, record, done, started, live.identity)
            if done[index].verdict != "succeeded":
                break
        ended(done)
    return done


@contextmanager
def sealed(record: Record) -> Iterator[None]:
    """Seal the record at the end, however that is: a refusal has called AWS as well, and the record holds its calls."""
    with records.sealing(record):
        yield


@contextmanager
def alone(settings: Settings, record: Record, live: Live) -> Iterator[None]:
    """Hold the environment's lock, where this run may write. Raises Superseded where another run holds it.

    Reading needs no lock.
    """
    if settings.mode == "plan":
        yield
        return
    with locks.held(live, record.run_id):
        adopt(settings, record)  # what a killed command left of its notebooks
        yield


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Take SIGTERM like Ctrl-C, so that what is temporary is removed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_verdict(
    settings: Settings,
    record: Record,
    done: Sequence[Phase],
    started: datetime,
    identity: Identity | None,
    refused: str = "",
) -> None:
    """`run.json` as the run stands now, and the manifest over the whole record."""
    now, every = datetime.now(UTC), _with_earlier(record, done)
    record.write_json(
        VERDICT,
        {
            formats.KEY: formats.FORMAT,
            "run_id": record.run_id,
            "environment": settings.environment,
            "mode": settings.mode,
            "verdict": overall(every, refused),
            "refused": refused,
            "started": started.isoformat(timespec="seconds"),
            "ended": now.isoformat(timespec="seconds"),
            "seconds": round((now - started).total_seconds(), 1),
            "caller": identity.to_row() if identity else None,
            "phases": [phase.to_row() for phase in every],
            "parameters": settings.recorded(),
            "git_commit": _git_commit(),
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "rollback": (record.verdict() or {}).get("rollback"),
        },
    )
    records.seal(record, closing=False)


def _with_earlier(record: Record, done: Sequence[Phase]) -> list[Phase]:
    """These phases, and those that the run's earlier commands ran, in the runbook's order."""
    found = {phase.number: phase for phase in recorded(record)}
    # What did not run now takes nothing from what ran before.
    found |= {phase.number: phase for phase in done if phase.verdict != "not_run" or phase.number not in found}
    return [found[number] for number in NOTEBOOKS if number in found]


def recorded(record: Record) -> list[Phase]:
    """What the phases of a run did, as `run.json` tells."""
    return [Phase.from_row(row) for row in (record.verdict() or {}).get("phases", [])]


def overall(done: Sequence[Phase], refused: str = "") -> str:
    """The run's verdict in one word."""
    verdicts = {phase.verdict for phase in done}
    if refused and verdicts <= {"not_run"}:
        return "refused"
    if verdicts == {"succeeded"}:
        return "succeeded"
    return next((word for word in ("running", "interrupted", "failed") if word in verdicts), "not_run")


def _git_commit() -> str:
    """The checkout's commit, with `+` where files differ from it; "" outside a git checkout."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    edited = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False)
    return commit.stdout.strip() + ("+" if edited.stdout.strip() else "") if commit.returncode == 0 else ""


def roll_back(settings: Settings, record: Record, told: Callable[[Phase], None]) -> Phase:
    """Run the rollback of this record's run, and add its verdict to the run's. Holds the lock where it may write."""
    record, live = audit.attached(settings, record)
    with sigterm_interrupts(), sealed(record), alone(settings, record, live):
        told(Phase("90", ROLLBACK, "running"))
        done = execute(settings, record, "90", ROLLBACK)
        told(done)
        if settings.mode == "apply":
            record.write_json(VERDICT, {**(record.verdict() or {}), "rollback": done.to_row()})
    return done


def status(record: Record) -> dict[str, Any]:
    """A run's verdict as recorded, with what a later rollback or a kill makes of it."""
    found = record.verdict()
    if found is None:
        return {"run_id": record.run_id, "verdict": _without_phases(record), "phases": []}
    applied = sum(row["state"] == "applied" and not row["undoes"] for row in record.changes())
    verdict = str(found.get("verdict", "not told"))
    if verdict == "running":
        verdict = f"running, or killed: {applied} changes applied"
    if found.get("rollback"):
        verdict = f"{verdict}; rollback {Phase.from_row(found['rollback']).verdict}"
    return {"phases": [], **found, "run_id": record.run_id, "verdict": verdict}


def _without_phases(record: Record) -> str:
    """What a record is of in which no phase ran."""
    if drilled := record.latest("evidence/drill.json"):
        verdict = drilled["verdict"]
        return f"drill {drilled['scenario']}: {verdict['status']}" + (
            f" ({verdict['found']})" if verdict["found"] else ""
        )
    if any(row["temporary"] for row in record.changes()) and not (record.folder / "evidence").exists():
        return "drills that did not end; the next ones remove what they left"
    return "did not start" if record.latest("plan.json") is None else "plan only"
