"""One trial: a fault at one call of a run, then resume or roll back, and what the account looks like. Loopback only."""

import os
import random
import shutil
import signal
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from lib.record.records import Run
from rehearsal.account import fault_proxy
from rehearsal.account.fault_proxy import DELAY, DROP, FREEZE, REFUSE, Fault
from rehearsal.account.snapshot import differences
from rehearsal.fault_matrix import record_bucket
from rehearsal.fault_matrix.operations import APPLY, DRILL, STORED, STORIES, go_on, undo
from rehearsal.fault_matrix.testbed import (
    ANSWER_SECONDS,
    BUG,
    PATIENCE_SECONDS,
    Ending,
    Stage,
    fork_work,
    wait_for_work,
)

# A process that is killed: before AWS hears of the call, after AWS did it, and while the call is on its way.
KILLED = {"killed before": REFUSE, "killed after": DROP, "killed in flight": DELAY}
KINDS = (*fault_proxy.KINDS, *KILLED)
# One that heard a fault and is killed when it makes its next call: what it noted of the fault is in the record by then.
HEARD = {"killed after server error": "server error", "killed after throttle": "throttle"}
RESUME, ROLLBACK = "resume", "rollback"


@dataclass(frozen=True)
class Trial:
    """A fault at the `at`-th mutating call of a story, and what is done then.

    `repeated`: it strikes every call of that operation from there on, however often it is tried; of a freeze, nobody
    ends the process.
    """

    kind: str
    at: int
    then: str
    story: str = APPLY
    repeated: bool = False

    @property
    def name(self) -> str:
        """`drop@17/resume`, `drill:drop@3*/rollback`: what `--only` takes."""
        story = "" if self.story == APPLY else f"{self.story}:"
        return f"{story}{self.kind.replace(' ', '-')}@{self.at}{'*' if self.repeated else ''}/{self.then}"


@dataclass(frozen=True)
class Result:
    """What became of a trial: which call was struck, how the process ended, and what was lost ("" for nothing)."""

    trial: Trial
    call: str
    ended: str
    lost: str
    seconds: float


def carry_out_trial(current: Stage, trial: Trial) -> Result:
    """Carry one trial out. The account is afterwards where it was before, if need be by building it anew."""
    begun = time.monotonic()
    expected, run = current.enter(trial.story), Run(current.direct, current.record)
    random.seed(trial.name)
    how = _struck(current, trial)
    call = current.proxy.struck[0].said if current.proxy.struck else ""
    current.proxy.begin()  # which waits until a delayed call has been delivered
    if call and (trial.kind not in KILLED | HEARD or how.killed):
        lost = _lost(current, trial, expected, how)
    else:
        never = "nobody was killed" if call else "the fault never struck"
        lost = f"{never}; the process ended: {how.why or 'well'}"
    if trial.story == STORED:
        lost = lost or _otherwise(record_bucket.store_differences(run))
        record_bucket.clear(run)
    if lost:
        current.keep(trial.name)
        current.build()
    else:
        shutil.rmtree(run.record.folder)
    return Result(trial, call, how.why or "succeeded all the same", lost, time.monotonic() - begun)


def _struck(current: Stage, trial: Trial) -> Ending:
    """The story with its fault: how the process ended."""
    kind = (KILLED | HEARD).get(trial.kind, trial.kind)
    child = Future[int]()
    operation = current.calls[trial.story][trial.at - 1].operation if trial.repeated and kind != FREEZE else ""
    fault = Fault(kind, trial.at, operation, later=trial.kind in HEARD)
    if trial.kind in KILLED | HEARD:
        current.proxy.begin(fault, lambda call: os.kill(child.result(), signal.SIGKILL))
    else:
        current.proxy.begin(fault)
    child.set_result(fork_work(current, STORIES[trial.story]))
    patience = PATIENCE_SECONDS
    if kind == FREEZE and not trial.repeated:
        # Somebody loses patience while it waits for the answer to its first question after the call.
        current.proxy.wait_struck(PATIENCE_SECONDS)
        patience = ANSWER_SECONDS * 1.5
    return wait_for_work(current, child.result(), patience)


def _lost(current: Stage, trial: Trial, expected: dict[str, Any], how: Ending) -> str:
    """Resume or roll back, and what is not as it should be then."""
    if how.code == BUG:
        return f"a bug: {how.why}"
    if trial.then == RESUME:
        resumed = current.carried_out(go_on(DRILL if trial.story == DRILL else APPLY))
        if resumed.why:
            return f"could not be resumed: {resumed.why}"
        if differing := wrong(current.clean, current.look()):
            return f"resumed, but not as after a clean run: {differing}"
        if trial.story == DRILL:
            return ""
    undone = current.carried_out(undo)
    if undone.why and not current.nothing_to_undo(undone.code):
        return f"could not be rolled back: {undone.why}"
    differing = wrong(expected, current.look())
    return f"rolled back, but not as before: {differing}" if differing else ""


def _otherwise(files: str) -> str:
    return f"the record is not the one in its store: {files}" if files else ""


def wrong(expected: dict[str, Any], actual: dict[str, Any]) -> str:
    """What differs, by name, with both values; "" where nothing does."""
    names = sorted(differences(expected, actual))
    return "; ".join(f"{name}: expected {expected.get(name)}, found {actual.get(name)}" for name in names)
