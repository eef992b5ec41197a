"""An account with a proxy in front of it, how it should look, and processes that work on it and may be killed.

A process is forked from this one, which has the clients ready: to the account it is the same as a kernel or a runner
that is killed, and it takes a second instead of a minute. `wholes.py` has real kernels and runners. Loopback only.
"""

import contextlib
import gc
import os
import re
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lib import locks, records
from lib import settings as parameters
from lib.aws import Live, connect
from lib.errors import NotAsWanted, RunbookError
from lib.records import Record
from lib.routes import DRILL_PREFIX
from lib.settings import Settings
from rehearsal import baseline, faults, server, shelf
from rehearsal.calls import Call
from rehearsal.faults import Proxy
from rehearsal.snapshot import snapshot
from rehearsal.stories import APPLY, DRILL, STORED, STORIES, UNDO, Work, apply, taken_back, undo

# What may differ, since it is there to stay: every write of the workflow publishes a version, every drill is executed,
# and the processor records the drill user's check-ins, of which phase 03 makes one before its update.
STAYS = ("versions of ", "executions of ", f"object {DRILL_PREFIX}")
SERVICES = ("sns", "sqs", "lambda", "dynamodb", "iam", "events", "logs", "stepfunctions", "cloudwatch", "ssm")
ANSWER_SECONDS = 1.0
HOLD_SECONDS = 1.3
PATIENCE_SECONDS = 600.0  # whole notebooks take two minutes on a machine that does much else
WAITS = {"settle_seconds": 0.05, "verify_timeout_seconds": 5, "poll_seconds": 0.05, "listen_seconds": 0.5}
BUG = 70  # exit code of a process that ended by an error which nobody can act on


@dataclass
class Stage:
    """An account of its own with a proxy in front of it, and how it looks before and after a run without faults."""

    settings: Settings
    direct: Settings
    proxy: Proxy
    live: Live
    newest: list[Record]  # the record that calls are logged to
    before: dict[str, Any] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    kept: Path | None = None  # where the records of lost trials go
    applied: Record | None = None  # of the run that stands, when the account is in the state after a run

    def look(self) -> dict[str, Any]:
        """The account as it stands, without what is there to stay."""
        found = snapshot(self.direct)
        return {name: value for name, value in found.items() if not name.startswith(STAYS)}

    @property
    def record(self) -> Record:
        return self.newest[0]

    def begin(self, record: Record | None = None) -> Record:
        """Work in a new record, or in an earlier one again."""
        self.newest[0] = record or records.open_run(self.settings)
        self.live = replace(self.live, settings=parameters.changed(self.settings, run_id=self.record.run_id))
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
        shelf.make(self.direct)
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
            self.begin()
        return self.clean if story == DRILL else self.before

    def practise(self) -> None:
        """Tell the stories once in this process: what botocore and lib make at first use, every later one inherits."""
        self.begin()
        for work in (apply, STORIES[DRILL], undo):
            work(self.live, self.record)
            os.environ.pop(locks.TOKEN, None)
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
            self.expect(taken_back(story))

    def expect(self, work: Work) -> None:
        """Do something without a fault. Raises NotAsWanted where it fails."""
        self.proxy.begin()
        failed = ended(self, started(self, work), PATIENCE_SECONDS)
        if failed:
            raise NotAsWanted(f"without any fault: {failed}")


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is ready for trials; everything it makes is gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True)))
        account = stack.enter_context(server.running(folder=folder / "server"))
        proxy = stack.enter_context(faults.between(account.endpoint, HOLD_SECONDS))
        yield rehearsed(account.endpoint, proxy, folder)


def rehearsed(endpoint: str, proxy: Proxy, folder: Path) -> Stage:
    """A stage on a running account: built anew, and run once without a fault to see what it calls and leads to."""
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    given = {"endpoint_url": proxy.endpoint, "mode": "apply", "answer_timeout_seconds": ANSWER_SECONDS}
    settings = parameters.load("local", {**given, **folders, **WAITS})
    direct = parameters.changed(settings, endpoint_url=endpoint)
    newest = [records.open_run(settings)]
    live = connect(settings, lambda row: newest[0].log_call(row))
    current = Stage(settings, direct, proxy, live, newest)
    for service in SERVICES:  # made once, for all processes that are forked later
        current.live.client(service)
        current.live.once().client(service)
    current.build()
    current.before = current.look()
    current.practise()
    for story in (APPLY, DRILL, UNDO):
        current.rehearse(story)
    return current


def started(current: Stage, work: Work) -> int:
    """Begin work in a process of its own; returns its id."""
    child = os.fork()
    if child:
        return child
    code, said = BUG, ""
    try:
        os.environ.pop(locks.TOKEN, None)
        work(current.live, current.record)
        code = 0
    except RunbookError as error:
        code, said = error.exit_code, f"{type(error).__name__}: {error}"
    finally:
        try:
            if code:
                _said(current).write_text(said or f"a bug: {traceback.format_exc()}", encoding="utf-8")
        finally:
            os._exit(code)  # whatever happens: a copy of this process must never go on as if it were this one


def _said(current: Stage) -> Path:
    """Beside the records: what is in one is sealed and stored."""
    return current.settings.path(current.settings.outputs_dir) / "said.txt"


def ended(current: Stage, child: int, patience: float, sleep: Callable[[float], None] = time.sleep) -> str:
    """Wait for a process, and kill it when patience ends. Returns why it did not succeed, or ""."""
    deadline, killed = time.monotonic() + patience, False
    try:
        while True:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                break
            if time.monotonic() > deadline and not killed:
                killed = True
                os.kill(child, signal.SIGKILL)
            sleep(0.01)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if os.WIFSIGNALED(status):
        return "still running, and killed" if killed else "killed"
    return _said(current).read_text(encoding="utf-8") if os.WEXITSTATUS(status) else ""
