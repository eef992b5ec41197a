"""How these tests drive the runbook: its command, its record, and earlier phases carried out without a notebook."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from accounts import snapshot
from click.testing import CliRunner

from lib.aws import Live, connect
from lib.changes import engine
from lib.cli import change_commands
from lib.record import origin, records, writers
from lib.record.records import Record, Run
from lib.resources import connected_run, desired
from lib.settings import ROOT, Settings, load
from lib.values import processes, run_names
from rehearsal.account import baseline
from rehearsal.account.packages import function_package

FUNCTIONS = ROOT / "rehearsal" / "account" / "functions"
COMMAND = Path(sys.executable).with_name("runbook")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and the record that it left."""

    code: int
    said: str
    complained: str
    record: Record

    @property
    def verdict(self) -> dict[str, Any]:
        """`run.json`."""
        return dict(self.record.read_json("run.json"))

    def phase(self, number: str) -> dict[str, Any]:
        """What `run.json` says of a phase."""
        return next(dict(row) for row in self.verdict["phases"] if row["number"] == number)

    def checks(self, status: str) -> set[str]:
        """The names of the recorded checks with this status."""
        return {row["name"] for row in self.record.rows("checks.jsonl") if row["status"] == status}

    def changed(self, state: str = "intended") -> list[str]:
        """What the run began to write, temporary things left out."""
        rows = [row for row in self.record.rows("changes.jsonl") if row["state"] == state]
        return [row["name"] for row in rows if not row.get("temporary")]


def words(settings: Settings, command: str, *more: str, **other: Any) -> list[str]:
    """The words of a command line that names this account and these folders."""
    usual = load("local").model_dump()
    given = {
        key: value for key, value in settings.model_dump().items() if value != usual[key] and key != "mode"
    } | other
    sets = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
    yes = {"apply": ["--yes"]}.get(command, [])  # nobody sits at a terminal here
    return [command, "local", *yes, *more, *sets]


def runbook(settings: Settings, command: str, *more: str, **other: Any) -> Ended:
    """The `runbook` command, in this process; `other` are further parameters."""
    ended = CliRunner().invoke(change_commands.main, words(settings, command, *more, **other))
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr, latest(settings))


def started(settings: Settings, command: str, *more: str, checkout: Path = ROOT, **other: Any) -> subprocess.Popen[str]:
    """The `runbook` command as a process of its own, of this checkout or of a copy of it."""
    start = [
        sys.executable,
        *origin.ISOLATED,
        str(checkout / "lib" / "record" / "origin.py"),
        "lib.cli.__main__",
    ]
    line, pipe = [*start, *words(settings, command, *more, **other)], subprocess.PIPE
    return subprocess.Popen(line, cwd=checkout, stdout=pipe, stderr=pipe, text=True)


def finished(settings: Settings, process: subprocess.Popen[str]) -> Ended:
    """Wait for a started command."""
    said, complained = process.communicate()
    return Ended(process.returncode, said, complained, latest(settings))


def latest(settings: Settings) -> Record:
    """The newest record of this account."""
    folder = settings.path(settings.outputs_dir) / settings.environment
    runs = [path for path in folder.iterdir() if path.name[0] != "." and path.name != run_names.DRILLS]
    newest = max(runs, key=lambda path: path.stat().st_ctime)
    return Record(newest, newest.name)


def carried_out(settings: Settings, *phases: str) -> tuple[Live, Record]:
    """Make what these phases want, as their notebooks would, without a kernel."""
    chosen = settings.model_copy(update={"mode": "apply"})
    record = records.open_run(chosen)
    live = connect(chosen, record.log_call)
    for number in phases:
        engine.carry_out(engine.plan(number, desired.PHASES[number](live)), connected_run.of(live, record))
    return live, record


def killed(settings: Settings, record: Record) -> None:
    """Leave a record as a kill leaves it: open, and no process writes to it."""
    records.open_to_write(Run(settings, record))
    writers.leave(record.folder)


def lasting(names: set[str]) -> set[str]:
    """Without what a rollback leaves behind on purpose."""
    return {name for name in names if not name.startswith("versions of")}


def code_cells(path: Path) -> list[Any]:
    """The code cells of an executed notebook, beside the one that papermill put in."""
    found = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [
        cell for cell in found if cell.source.strip() and "injected-parameters" not in cell.metadata.get("tags", [])
    ]


def shown(path: Path) -> str:
    """What a notebook's cells printed and displayed, as text."""
    found = [out for cell in code_cells(path) for out in cell.outputs]
    return "\n".join(json.dumps(out) for out in found)


def children_of(pid: int, named: str) -> list[int]:
    """The ids of the processes that this one started and whose command line holds a word. Read-only."""
    return [child for child, command in processes.children(pid).items() if re.search(named, command)]


@contextmanager
def edited(path: Path, old: str, new: str) -> Iterator[None]:
    """A file of a copy of the checkout with one passage replaced, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")


def redeployed(client: Callable[[str], Any], function: str, folder: Path, module: str, old: str, new: str) -> None:
    """Deploy a stand-in function with one passage changed, which must be there."""
    source = (FUNCTIONS / f"{module}.py").read_text(encoding="utf-8")
    assert old in source
    changed = folder / f"{module}.py"
    changed.write_text(source.replace(old, new), encoding="utf-8")
    client("lambda").update_function_code(FunctionName=function, ZipFile=function_package(changed))


def left_by_drills(account: Settings) -> set[str]:
    """What drills may leave behind: executions, alerts, the drill user's own item and check-ins."""
    machine, user = account.state_machine_name, account.drill_user_id
    inboxes = {f"queue {name}" for name in (baseline.TRUSTED_INBOX, baseline.OPERATIONS_INBOX)}
    checkins = {name for name in snapshot(account) if name.startswith(f"object {user}/")}
    return {f"executions of {machine}", f"user {user}"} | inboxes | checkins
