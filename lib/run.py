"""Runs the notebooks in order by papermill, stops at the first failure, and writes the verdict. No AWS beside the plan.

The verdict is the runner's own, from what really ran: papermill calls cells of a dead kernel `completed`.
"""

import ast
import json
import os
import platform
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from lib import changes, desired, records
from lib.aws import Identity, Live, connect
from lib.changes import Plan
from lib.errors import BadParameters, Refused, RunbookError
from lib.records import Record
from lib.settings import ROOT, Settings

RUNBOOKS = ROOT / "runbooks"
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
PLANNED_MINUTES = {"01": 10, "02": 15, "03": 20, "04": 10, "05": 30, "06": 10}
PACKAGES = ("boto3", "papermill", "jupyterlab", "pandas", "matplotlib", "pydantic", "statelint")


@dataclass(frozen=True)
class Phase:
    """What one notebook did. `verdict`: succeeded, failed, interrupted or not_run."""

    number: str
    notebook: str
    verdict: str = "not_run"
    cells_run: int = 0
    cells_failed: int = 0
    cells_not_run: int = 0
    seconds: float = 0.0
    planned_minutes: int | None = None
    output: str = ""
    error: str = ""


class Interrupted(KeyboardInterrupt):
    """SIGTERM, taken like Ctrl-C."""


def numbers(first: str = "", last: str = "", only: str = "") -> list[str]:
    """The phases to run, in order. Raises BadParameters for a phase that does not exist."""
    for given in (first, last, only):
        if given and given not in NOTEBOOKS:
            raise BadParameters(f"no phase {given!r}; expected one of {', '.join(NOTEBOOKS)}")
    if only:
        return [only]
    order = list(NOTEBOOKS)
    begin, end = order.index(first or order[0]), order.index(last or order[-1])
    if begin > end:
        raise BadParameters(f"phase {first} runs after {last}; the order is {', '.join(order)}")
    return order[begin : end + 1]


def plan_all(live: Live) -> list[Plan]:
    """The plan of every phase that changes something. Read-only."""
    return [changes.plan(number, wanted(live)) for number, wanted in desired.PHASES.items()]


def plan_data(plans: Sequence[Plan], settings: Settings) -> dict[str, Any]:
    """A plan as `plan.json` keeps it."""
    return {
        "environment": settings.environment,
        "account": settings.account_id,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": changes.fingerprint(plans),
        "changes": [{"phase": plan.phase, **change.row()} for plan in plans for change in plan.changes],
    }


def begin(settings: Settings, record: Record) -> Identity:
    """Guard, plan and, where approval is required, compare; then keep the plan in the record. Writes nothing to AWS."""
    live = connect(settings, record.log_call)
    plans = plan_all(live)
    _require_approved(settings, plans)
    record.keep_json("plan.json", plan_data(plans, settings))
    return live.identity


def _require_approved(settings: Settings, plans: Sequence[Plan]) -> None:
    """Refuse a plan that was not reviewed, and one that was carried out already; what writes nothing needs no approval."""
    if settings.approval == "none" or settings.mode == "plan":
        return
    found, pending = changes.fingerprint(plans), any(plan.pending for plan in plans)
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


def check_notebook(path: Path) -> None:
    """Refuse a notebook whose parameters are not exactly ours; papermill would only warn."""
    if not path.is_file():
        raise BadParameters(f"no notebook {path}; expected the runbooks of this checkout")
    found = set(papermill.inspect_notebook(str(path)))
    known = set(Settings.model_fields)
    if found != known:
        wrong = ", ".join(sorted(found ^ known))
        raise BadParameters(f"{path.name}: its parameters cell and lib/settings.py differ in {wrong}; make them the same")


def phase(settings: Settings, record: Record, number: str, notebook: str) -> Phase:
    """Execute one notebook into the record; returns its verdict and raises only on interruption."""
    source, output = RUNBOOKS / f"{notebook}.ipynb", record.new_path(f"{notebook}.ipynb")
    check_notebook(source)
    parameters = {**settings.model_dump(), "run_id": record.run_id}
    started, interrupted, error = time.monotonic(), False, ""
    try:
        with _kernel_folder():
            papermill.execute_notebook(str(source), str(output), parameters, **_papermill_options(settings))
    except PapermillExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}"
    except (DeadKernelError, CellTimeoutError) as failure:
        error = " ".join(str(failure).split())[:300]
    except KeyboardInterrupt:
        interrupted, error = True, "interrupted"
    _mask(output, settings)
    seconds = round(time.monotonic() - started, 1)
    return _verdict(Phase(number, notebook, seconds=seconds, output=output.name, error=settings.masked(error)), output, interrupted)


def _papermill_options(settings: Settings) -> dict[str, Any]:
    return {
        "kernel_name": "python3",
        "progress_bar": False,
        "log_output": False,
        "cwd": str(ROOT),
        "execution_timeout": settings.cell_timeout_seconds,
        "interrupt_on_timeout": True,
        # Two kernels started at once can clash on TCP ports.
        "config": Config({"KernelManager": {"transport": "ipc"}}),
    }


@contextmanager
def _kernel_folder() -> Iterator[None]:
    """A short folder for the kernel's sockets: a Unix socket's path may have 107 characters at the most."""
    before = os.environ.get("JUPYTER_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="your6-", ignore_cleanup_errors=True) as folder:
        os.environ["JUPYTER_RUNTIME_DIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("JUPYTER_RUNTIME_DIR")
            os.environ.update({"JUPYTER_RUNTIME_DIR": before} if before else {})


def _verdict(found: Phase, output: Path, interrupted: bool) -> Phase:
    """Count what really ran: a code cell without an execution count did not."""
    cells = nbformat.read(output, as_version=4).cells if output.exists() else []
    code = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    # papermill puts a cell of its own, about the error, on top; it is not ours.
    code = [cell for cell in code if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]
    ran = [cell for cell in code if cell.execution_count is not None]
    failed = [cell for cell in ran if any(item.output_type == "error" for item in cell.outputs)]
    complete = code and len(ran) == len(code) and not failed and not found.error
    verdict = "interrupted" if interrupted else "succeeded" if complete else "failed"
    error = found.error or ("" if complete else f"{len(failed)} cells failed, {len(code) - len(ran)} never ran")
    return replace(
        found,
        verdict=verdict,
        cells_run=len(ran) - len(failed),
        cells_failed=len(failed),
        cells_not_run=len(code) - len(ran),
        planned_minutes=PLANNED_MINUTES.get(found.number),
        error=error,
    )


def _mask(output: Path, settings: Settings) -> None:
    """Take the subscriber's address out of an executed notebook, where papermill stores it twice."""
    if output.exists():
        text = output.read_text(encoding="utf-8")
        output.write_text(settings.masked(text), encoding="utf-8")


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
            told(replace(waiting, verdict="running"))
            done[index] = phase(settings, record, waiting.number, waiting.notebook)
            told(done[index])
            write_verdict(settings, record, done, started, identity)
            if done[index].verdict != "succeeded":
                break
    return done


def _refusable(settings: Settings, record: Record, done: Sequence[Phase], started: datetime) -> Identity:
    """`begin`, with a verdict in the record also when the run cannot start."""
    try:
        return begin(settings, record)
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
        },
    )
    records.seal(record)


def _with_earlier(record: Record, done: Sequence[Phase]) -> list[Phase]:
    """These phases, and those that the run's earlier commands ran, in the runbook's order."""
    earlier = [Phase(**row) for row in (record.read_json("run.json") or {}).get("phases", [])]
    found = {phase.number: phase for phase in (*earlier, *done)}
    return [found[number] for number in NOTEBOOKS if number in found]


def overall(done: Sequence[Phase], refused: str = "") -> str:
    """The run's verdict in one word."""
    verdicts = {phase.verdict for phase in done}
    if refused:
        return "refused"
    if verdicts == {"succeeded"}:
        return "succeeded"
    return "interrupted" if "interrupted" in verdicts else "failed" if "failed" in verdicts else "not_run"


def _git_commit() -> str:
    """The checkout's commit, with `+` where files differ from it; "" outside a git checkout."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    edited = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False)
    return commit.stdout.strip() + ("+" if edited.stdout.strip() else "") if commit.returncode == 0 else ""


def parameterized(settings: Settings, record: Record, notebook: str) -> Path:
    """A copy of a notebook in the record, with these parameters put in, to be stepped through by hand."""
    output = record.new_path(f"{notebook}.ipynb")
    parameters = {**settings.model_dump(), "run_id": record.run_id}
    source = str(RUNBOOKS / f"{notebook}.ipynb")
    papermill.execute_notebook(source, str(output), parameters, prepare_only=True, progress_bar=False)
    return output


def read_parameters(notebook: Path) -> Mapping[str, Any]:
    """The values of a notebook's parameters cell."""
    found = papermill.inspect_notebook(str(notebook))
    return {name: ast.literal_eval(item["default"]) for name, item in found.items()}


def status(record: Record) -> dict[str, Any]:
    """A run's verdict as recorded; a run that was killed before its first phase ended has none."""
    found = record.read_json("run.json")
    if found is None:
        return {"run_id": record.run_id, "verdict": "no verdict", "phases": []}
    return dict(json.loads(json.dumps(found)))
