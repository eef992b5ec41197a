"""An account with a proxy in front of it, how it should look, and processes that work on it and may be killed.

A process is forked from this one, which has everything imported: to the account it is the same as a runner that is
killed, and it takes a second instead of a minute. `notebook_trial.py` has real kernels and runners. Loopback only.
"""

import contextlib
import gc
import os
import re
import shutil
import signal
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib import settings as parameters
from lib.cli.app import exits_with_code
from lib.errors import BadParameters, NotAsWanted
from lib.record import records
from lib.record.records import Record
from lib.resources import run_lock
from lib.routes import DRILL_PREFIX
from lib.settings import Settings
from lib.wait import Patience, until
from rehearsal.account import baseline, fault_proxy, server
from rehearsal.account.calls import Call
from rehearsal.account.fault_proxy import Proxy
from rehearsal.account.snapshot import snapshot
from rehearsal.fault_matrix import record_bucket
from rehearsal.fault_matrix.operations import APPLY, BUCKET, DRILL, PREFIX, STORED, STORIES, UNDO, Work, apply, undo

# What may differ, since it is there to stay: every write of the workflow publishes a version, every drill is executed,
# and the processor records the drill user's check-ins, of which phase 03 makes one before its update.
STAYS = ("versions of ", "executions of ", f"object {DRILL_PREFIX}")
ANSWER_SECONDS = 1.0
HOLD_SECONDS = 1.3
PATIENCE_SECONDS = 600.0  # whole notebooks take two minutes on a machine that does much else
WAITS = {"settle_seconds": 0.05, "verify_timeout_seconds": 5, "poll_seconds": 0.05, "listen_seconds": 0.5}
KILLED = "killed"  # how a process ended that somebody killed
BUG = 70  # exit code of a process that ended by an error which nobody can act on


@dataclass(frozen=True)
class Ending:
    """How a process ended: its exit code, None where it was killed; and why it did not succeed, "" where it did."""

    code: int | None
    why: str = ""

    @property
    def killed(self) -> bool:
        """Whether somebody killed it, and not the patience of whoever waited for it."""
        return self.why == KILLED


@dataclass
class Stage:
    """An account of its own with a proxy in front of it, and how it looks before and after a run without faults."""

    settings: Settings
    direct: Settings
    proxy: Proxy
    given: Settings  # as a command of the story gets them: with its run, and the store where it has one
    before: dict[str, Any] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    kept: Path | None = None  # where the records of lost trials go
    applied: Record | None = None  # of the run that stands, when the account is in the state after a run

    def look(self) -> dict[str, Any]:
        """The account as it stands, without what is there to stay."""
        things = snapshot(self.direct)
        return {name: value for name, value in things.items() if not name.startswith(STAYS)}

    @property
    def record(self) -> Record:
        """The run's record. Whoever works in it opens it, as a command does."""
        return Record(self.given.run_folder, self.given.run_id)

    def begin(self, record: Record | None = None, stored: bool = False) -> Record:
        """Work in a new record, or in an earlier one again."""
        run_id = record.run_id if record else records.new_run_id()
        store = f"s3://{BUCKET}/{PREFIX}" if stored else ""
        self.given = parameters.with_changes(self.settings, run_id=run_id, record_store=store)
        return self.record

    def keep(self, name: str) -> None:
        """Copy the record to where it can be looked at later."""
        if self.kept:
            place = self.kept / re.sub(r"[^A-Za-z0-9@*-]+", "-", name)
            shutil.copytree(self.record.folder, place, dirs_exist_ok=True)

    def build(self) -> None:
        """The account from nothing, as the plan finds it."""
        server.reset(self.direct.endpoint_url)
        shutil.rmtree(self.direct.path(self.direct.docs_dir), ignore_errors=True)
        baseline.build(self.direct)
        baseline.application(self.direct)
        record_bucket.make(self.direct)
        self.applied = None

    def enter(self, story: str) -> dict[str, Any]:
        """Bring the account to where a story begins, with a record for it; returns how a rollback must leave it."""
        if story in (APPLY, STORED) and self.applied:
            self.begin(self.applied)
            self.applied = None
            self.expect(undo)
        elif story not in (APPLY, STORED) and not self.applied:
            self.applied = self.begin()
            self.expect(apply)
        if story == UNDO:
            self.begin(self.applied)
            self.applied = None
        else:
            self.begin(stored=story == STORED)
        return self.clean if story == DRILL else self.before

    def practise(self) -> None:
        """Tell the stories once in this process: what botocore and lib make at first use, every later one inherits."""
        self.begin()
        for work in (apply, STORIES[DRILL], undo):
            with contextlib.redirect_stdout(None):
                code = work(self.given)
            if code:
                raise NotAsWanted(f"without any fault: exit code {code}")
        shutil.rmtree(self.record.folder)
        gc.freeze()

    def rehearse(self, story: str) -> None:
        """Tell the story once without a fault, to see what it calls."""
        self.enter(story)
        self.expect(STORIES[story])
        self.calls[story] = list(self.proxy.calls)
        if story == APPLY:
            self.clean, self.applied = self.look(), self.record
        if story == STORED:
            self.expect(undo)

    def expect(self, work: Work) -> None:
        """Do something without a fault. Raises NotAsWanted where it fails."""
        self.proxy.begin()
        if why := self.carried_out(work).why:
            raise NotAsWanted(f"without any fault: {why}")

    def carried_out(self, work: Work) -> Ending:
        """Work in a process of its own, to its end."""
        return wait_for_work(self, fork_work(self, work), PATIENCE_SECONDS)

    def nothing_to_undo(self, code: int | None) -> bool:
        """Whether a rollback that ended so says that the run was stopped before it changed what lasts, and it was."""
        lasting = [row for row in self.record.changes() if not row.get("temporary")]
        return code == BadParameters.exit_code and not lasting


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is ready for trials; everything it makes is gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True)))
        account = stack.enter_context(server.running_account(folder=folder / "server"))
        proxy = stack.enter_context(fault_proxy.running_proxy(account.endpoint, HOLD_SECONDS))
        yield _rehearsed_stage(account.endpoint, proxy, folder)


def _rehearsed_stage(endpoint: str, proxy: Proxy, folder: Path) -> Stage:
    """A stage on a running account: built anew, and run once without a fault to see what it calls and leads to."""
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    given = {"endpoint_url": proxy.endpoint, "mode": "apply", "answer_timeout_seconds": ANSWER_SECONDS}
    settings = parameters.load("local", {**given, **folders, **WAITS})
    direct = parameters.with_changes(settings, endpoint_url=endpoint)
    current = Stage(settings, direct, proxy, settings)
    current.build()
    current.before = current.look()
    current.practise()
    for story in (APPLY, DRILL, UNDO):
        current.rehearse(story)
    return current


def fork_work(current: Stage, work: Work) -> int:
    """Begin work in a process of its own; returns its id."""
    child = os.fork()
    if child:
        return child
    code = BUG
    try:
        os.environ.pop(run_lock.TOKEN, None)
        code = _as_a_command(current, work)
    finally:
        os._exit(code)  # whatever happens: a copy of this process must never go on as if it were this one


def _as_a_command(current: Stage, work: Work) -> int:
    """Work as the `runbook` command does; returns the exit code. What it says of errors is kept beside the records."""
    code, place = BUG, _said(current)
    with place.open("w", encoding="utf-8") as said, contextlib.redirect_stderr(said), contextlib.redirect_stdout(None):
        try:
            exits_with_code(work)(current.given)
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:  # noqa: BLE001 - whatever it is, the trial tells of it
            said.write(traceback.format_exc())
    return code


def _said(current: Stage) -> Path:
    """Beside the records: what is in one is sealed and stored."""
    return current.settings.path(current.settings.outputs_dir) / "said.txt"


def wait_for_work(current: Stage, child: int, patience: float) -> Ending:
    """Wait for a process, and kill it when patience ends."""
    try:
        waited = until(lambda: os.waitpid(child, os.WNOHANG), lambda seen: bool(seen[0]), Patience(patience, 0.01))
        status = waited.seen[1]
        if not waited:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if os.WIFSIGNALED(status):
        return Ending(None, KILLED if waited else "still running, and killed")
    code = os.WEXITSTATUS(status)
    said = " ".join(_said(current).read_text(encoding="utf-8").split()) if code else ""
    return Ending(code, said or (f"exit code {code}" if code else ""))
