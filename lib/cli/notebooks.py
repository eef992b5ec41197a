"""Executes one notebook into a run's record, and says what of it really ran. No AWS.

The verdict is our own, from what really ran: papermill calls cells of a dead kernel `completed`.
"""

import errno
import logging
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillException, PapermillExecutionError
from zmq.error import ZMQError

from lib.cli import notebook_engine, notebook_text, output_limits
from lib.display import executed
from lib.display.interactive.cell_progress import CellProgress
from lib.display.progress_bar import PROGRESS_SEEN
from lib.errors import BadParameters, RunbookError, Unrecorded
from lib.phases import parameters_cell
from lib.record import files, run_verdict, writers
from lib.record.folder import ATTEMPT
from lib.record.records import DRAFT, RUNNING, Record, Run
from lib.record.run_phases import PLANNED_MINUTES, Phase
from lib.settings import ROOT, Settings
from lib.values import contacts
from lib.values.verdicts import Verdict

RUNBOOKS = ROOT / "runbooks"
# Every way in which a notebook is not executed to its end, beside an interrupt.
NOT_EXECUTED = (PapermillException, RunbookError, OSError, RuntimeError, ValueError, ZMQError)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EACCES, errno.EPERM)
PUT_IN = {"papermill-error-cell-tag", "injected-parameters"}  # by papermill
# Any parameter may be given to any notebook, and what is none is refused: papermill need not warn of what is fine.
logging.getLogger("papermill").addFilter(lambda said: "Passed unknown parameter" not in said.getMessage())


def declared_parameters(path: Path) -> list[str]:
    """The parameters that a notebook declares. Refuses what is none; papermill would only warn."""
    if not path.is_file():
        raise BadParameters(f"no notebook {path}; expected the runbooks of this checkout")
    declared = list(papermill.inspect_notebook(str(path)))
    wrong = [f"declares {name}, which is no parameter" for name in declared if name not in Settings.model_fields]
    wrong += [f"does not declare {name}" for name in parameters_cell.ALWAYS if name not in declared]
    if wrong:
        raise BadParameters(f"{path.name}: its parameters cell {'; '.join(wrong)}; put it right")
    return declared


def execute(run: Run, number: str, notebook: str) -> Phase:
    """Execute one notebook into the record; returns its verdict, also of an interruption.

    One that ran to its end has failed all the same where a check of its phase failed, or was never answered.
    While it runs it is written to `<notebook>.running.ipynb`, where another execution of it is not; under its own name
    it is always whole.
    """
    run = replace(run, record=replace(run.record, attempt=secrets.token_hex(4)))
    settings, record = run.settings, run.record
    source, running = RUNBOOKS / f"{notebook}.ipynb", record.folder / f"{notebook}{RUNNING}"
    if running.exists():
        running = running.with_name(f"{notebook}.{record.attempt}{RUNNING}")
    parameters = parameters_cell.injected_values(settings, record.run_id, declared_parameters(source))
    files.reserve(running)
    progress = CellProgress(run, notebook)
    started, interrupted, kind, error = time.monotonic(), False, "", ""
    try:
        with notebook_engine.sockets() as sockets:
            options = _options(run, sockets, progress.watched)
            callbacks = {"listener": progress.begin, "counter": progress.count}
            papermill.execute_notebook(str(source), str(running), parameters, **options, **callbacks)
    except NOT_EXECUTED as failure:
        kind, error = _told(failure, record)
    except KeyboardInterrupt as ended:
        interrupted, kind, error = True, type(ended).__name__, "interrupted"
    output = _kept(running, run)
    seconds = round(time.monotonic() - started, 1)
    name = output.name if output else ""
    error = settings.masked(error[: output_limits.LINE])
    done = Phase(number, notebook, seconds=seconds, output=name, error=error, error_class=kind)
    return run_verdict.with_its_checks(_verdict(done, output, interrupted), run)


def _told(failure: Exception, record: Record) -> tuple[str, str]:
    """The class of what ended a notebook, and its reason in one line. A cell's error keeps the class it had there."""
    if isinstance(failure, PapermillExecutionError):
        return failure.ename, contacts.mask_text(f"{failure.ename}: {failure.evalue}")
    kind, said = type(failure).__name__, " ".join(str(failure).split())
    # A limit that was passed is an OSError too, and no trouble with the disk.
    if isinstance(failure, OSError) and not isinstance(failure, CellTimeoutError):
        if not record.folder.is_dir():
            return Unrecorded.__name__, f"the folder of the run is gone: {record.folder}"
        if failure.errno in FULL:
            said = f"the executed notebook cannot be kept in {record.folder} ({failure.strerror}); make room"
            return Unrecorded.__name__, said
    return kind, said if isinstance(failure, DeadKernelError) else f"{kind}: {said}"


def adopt(run: Run) -> list[str]:
    """Keep what a killed run left of its notebooks, as executed notebooks, and drop its drafts. Returns names.

    Not while another process of this machine writes to the run: it may be its notebook, and its draft.
    """
    folder = run.record.folder
    if writers.others(folder):
        return []
    for draft in folder.rglob(f"{DRAFT}*"):
        draft.unlink()
    left = sorted(folder.glob(f"*{RUNNING}"))
    return [kept.name for running in left if (kept := _kept(running, run))]


def _options(run: Run, sockets: Path, watched: bool) -> dict[str, Any]:
    seen = {PROGRESS_SEEN: "1"} if watched else {}
    of_run = parameters_cell.kernel_variables(run.settings, run.record.run_id)
    return {
        "engine_name": notebook_engine.NAME,
        "kernel_name": "python3",
        "progress_bar": False,
        "cwd": str(ROOT),
        "execution_timeout": run.settings.cell_timeout_seconds + round(run.settings.soak_minutes * 60),
        "sockets": sockets,
        "variables": {ATTEMPT: run.record.attempt, **seen, **of_run},
    }


def _verdict(phase: Phase, output: Path | None, interrupted: bool) -> Phase:
    """Count what really ran: a code cell without an execution count did not."""
    cells = nbformat.read(output, as_version=4).cells if output else []
    code = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    # papermill puts cells of its own in, about an error and with parameters; they are not ours.
    code = [cell for cell in code if not PUT_IN & {*cell.metadata.get("tags", [])}]
    ran = [cell for cell in code if cell.execution_count is not None]
    failed = [cell for cell in ran if any(item.output_type == "error" for item in cell.outputs)]
    complete = code and len(ran) == len(code) and not failed and not phase.error
    verdict = Verdict.INTERRUPTED if interrupted else Verdict.SUCCEEDED if complete else Verdict.FAILED
    error = phase.error or ("" if complete else f"{len(failed)} cells failed, {len(code) - len(ran)} never ran")
    return replace(
        phase,
        verdict=verdict,
        cells_run=len(ran) - len(failed),
        cells_failed=len(failed),
        cells_not_run=len(code) - len(ran),
        planned_minutes=PLANNED_MINUTES.get(phase.number),
        error=error,
    )


def _kept(running: Path, run: Run) -> Path | None:
    """Keep a notebook under its own name, without what no record may hold; None where it was cut in the middle.

    That is the subscriber's address (papermill stores it twice) and this machine's paths.
    """
    try:
        notebook = nbformat.read(running, as_version=4)
    except (OSError, ValueError):  # nothing was written yet, or a full disk or a kill cut it short
        running.unlink(missing_ok=True)
        return None
    written = notebook.metadata.get("papermill", {})
    executed.make_legible(notebook)
    own = running.name.partition(".")[0] + ".ipynb"
    written.update({key: own for key in ("input_path", "output_path") if written.get(key)})
    output = run.record.keep_text(own, run.settings.masked(notebook_text.to_text(notebook)))
    running.unlink()
    return output
