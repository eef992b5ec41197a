"""Runs the phases in order, stops at the first failure, and writes the run's verdict. No AWS beside the plan."""

import platform
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from types import FrameType
from typing import Any

from lib import changes, desired, preflight, records
from lib.aws import Identity, Live, connect
from lib.checks import require
from lib.errors import Refused, RunbookError
from lib.notebooks import execute
from lib.phases import NOTEBOOKS, PLANNED_MINUTES, Phase
from lib.plans import Plan, fingerprint
from lib.records import Record
from lib.settings import ROOT, Settings

PACKAGES = ("boto3", "papermill", "jupyterlab", "pandas", "matplotlib", "pydantic", "statelint")


class Interrupted(KeyboardInterrupt):
    """SIGTERM, taken like Ctrl-C."""


def plan_all(live: Live) -> list[Plan]:
    """The plan of every phase that changes something. Read-only."""
    return [changes.plan(number, wanted(live)) for number, wanted in desired.PHASES.items()]


def plan_data(plans: Sequence[Plan], settings: Settings) -> dict[str, Any]:
    """A plan as `plan.json` keeps it."""
    return {
        "environment": settings.environment,
        "account": settings.account_id,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": fingerprint(plans),
        "changes": [{"phase": plan.phase, **change.row()} for plan in plans for change in plan.changes],
    }


def begin(settings: Settings, record: Record, chosen: Sequence[str] = ()) -> Identity:
    """Guard, plan and, where approval is required, compare; then keep the plan in the record. Writes nothing to AWS.

    Several phases without the preflight stop here when a piece of the baseline is missing.
    """
    live = connect(settings, record.log_call)
    if len(chosen) > 1 and "00" not in chosen:
        require(preflight.pieces(live))
    plans = plan_all(live)
    _require_approved(settings, plans)
    record.keep_json("plan.json", plan_data(plans, settings))
    return live.identity


def _require_approved(settings: Settings, plans: Sequence[Plan]) -> None:
    """Refuse a plan that was not reviewed or is carried out already; what writes nothing needs no approval."""
    if settings.approval == "none" or settings.mode == "plan":
        return
    found, pending = fingerprint(plans), any(plan.pending for plan in plans)
    if settings.approved_plan == (found if pending else ""):
        return
    if not pending:
        raise Refused(
            f"{settings.approved_plan} is carried out already, or was never this account's: nothing is left to change. "
            "Leave --approved-plan out to run phases that only read"
        )
    raise Refused(
        f"{settings.environment} needs approval: the account's plan is {found}, approved is "
        f"{settings.approved_plan or 'none'}. Review `runbook plan {settings.environment}` and approve that one"
    )


def phases(
    settings: Settings,
    record: Record,
    chosen: Sequence[str],
    told: Callable[[Phase], None],
) -> list[Phase]:
    """Run the chosen phases in order, stop at the first that does not succeed, and write `run.json` and the manifest.

    `told` hears of each phase twice: when it starts (verdict `running`) and when it ends.
    """
    started = datetime.now(UTC)
    done = [Phase(number, NOTEBOOKS[number], planned_minutes=PLANNED_MINUTES.get(number)) for number in chosen]
    identity = _refusable(settings, record, done, started)
    with _sigterm_interrupts():
        for index, waiting in enumerate(done):
            done[index] = replace(waiting, verdict="running")
            told(done[index])
            # Written before it starts, so that a run that is killed does not look as if nothing had happened.
            write_verdict(settings, record, done, started, identity)
            done[index] = execute(settings, record, waiting.number, waiting.notebook)
            told(done[index])
            write_verdict(settings, record, done, started, identity)
            if done[index].verdict != "succeeded":
                break
    return done


def _refusable(settings: Settings, record: Record, done: Sequence[Phase], started: datetime) -> Identity:
    """`begin`, with a verdict in the record also when the run cannot start."""
    try:
        return begin(settings, record, [phase.number for phase in done])
    except RunbookError as error:
        write_verdict(settings, record, done, started, None, str(error))
        raise


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
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
        "run.json",
        {
            "run_id": record.run_id,
            "environment": settings.environment,
            "mode": settings.mode,
            "verdict": overall(every, refused),
            "refused": refused,
            "started": started.isoformat(timespec="seconds"),
            "ended": now.isoformat(timespec="seconds"),
            "seconds": round((now - started).total_seconds(), 1),
            "caller": vars(identity) if identity else None,
            "phases": [vars(phase) for phase in every],
            "parameters": settings.recorded(),
            "git_commit": _git_commit(),
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "rollback": (record.read_json("run.json") or {}).get("rollback"),
        },
    )
    records.seal(record)


def _with_earlier(record: Record, done: Sequence[Phase]) -> list[Phase]:
    """These phases, and those that the run's earlier commands ran, in the runbook's order."""
    earlier = [Phase(**row) for row in (record.read_json("run.json") or {}).get("phases", [])]
    found = {phase.number: phase for phase in earlier}
    # What did not run now takes nothing from what ran before.
    found |= {phase.number: phase for phase in done if phase.verdict != "not_run" or phase.number not in found}
    return [found[number] for number in NOTEBOOKS if number in found]


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


def status(record: Record) -> dict[str, Any]:
    """A run's verdict as recorded, with what a later rollback or a kill makes of it."""
    found = record.read_json("run.json")
    if found is None:
        planned = record.latest("plan.json") is not None
        return {"run_id": record.run_id, "verdict": "plan only" if planned else "did not start", "phases": []}
    applied = sum(row["state"] == "applied" and not row["undoes"] for row in record.rows(changes.LOG))
    verdict = found["verdict"]
    if verdict == "running":
        verdict = f"running, or killed: {applied} changes applied"
    if found.get("rollback"):
        verdict = f"{verdict}; rollback {found['rollback']['verdict']}"
    return {**found, "verdict": verdict}


def write_rollback(record: Record, done: Phase) -> None:
    """Add the verdict of a rollback to the run's own, and seal the record again."""
    record.write_json("run.json", {**(record.read_json("run.json") or {}), "rollback": vars(done)})
    records.seal(record)
