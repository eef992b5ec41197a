"""Trials with whole notebooks: a real runner and its kernel, one of them killed at a call. Loopback only.

AWS has carried the call out and nobody has heard of it: the moment after which most is unknown. What follows is the
command that an operator would type.
"""

import operator
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from lib.aws import connect
from lib.record import origin
from lib.resources import run_lock
from lib.settings import ROOT, load
from lib.values import processes
from lib.wait import Patience, until
from rehearsal.account.calls import Call
from rehearsal.account.child_processes import born
from rehearsal.account.fault_proxy import DROP, Fault
from rehearsal.fault_matrix.operations import APPLY, phases, undo
from rehearsal.fault_matrix.testbed import PATIENCE_SECONDS, Stage
from rehearsal.fault_matrix.trials import RESUME, Result, Trial, wrong

NOTEBOOKS = "notebooks"
KERNEL, RUNNER = "kernel killed", "runner killed"
COMMAND = Path(sys.executable).with_name("runbook")
# Phase 04 plays an event into its new rules, and the trusted contact's stand-in gets a message.
MOVING = ("queue Rehearsal-",)
TAIL = 600
GONE_SECONDS = 10.0


def carry_out_trial(current: Stage, trial: Trial, chosen: tuple[str, str] = ("01", "03")) -> Result:
    """Carry one trial out, over the notebooks of these phases. The account is afterwards where it was before."""
    begun = time.monotonic()
    clean = _clean(current, *chosen)
    record = current.begin()
    ended, killed, left = _killed(current, trial, chosen)
    call = current.proxy.struck[0].said if current.proxy.struck else ""
    current.proxy.begin()
    if left:
        lost = f"a kernel outlived its runner; {ended}"
    elif not call:
        lost = f"the call never came; the command said: {ended}"
    elif not killed:
        lost = f"nobody was killed; the command said: {ended}"
    else:
        lost = _lost(current, trial, clean)
    if lost:
        current.keep(trial.name)
    else:
        shutil.rmtree(record.folder)
    current.build()  # the messages of phase 04 are still there
    return Result(trial, call, ended, lost, time.monotonic() - begun)


def _killed(current: Stage, trial: Trial, chosen: tuple[str, str]) -> tuple[str, bool, list[int]]:
    """Run the notebooks until the kill and to the command's end: what it said last, whether anybody was killed, and the
    kernels that outlived it."""
    runner, kernels, killed = Future[int](), list[int](), list[int]()

    def kill(call: Call) -> None:
        kernels.extend(_kernels_of(runner.result()))
        for pid in kernels if trial.kind == KERNEL else [runner.result()]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    # The runner makes calls of its own, at which no kernel lives that could be killed: then it is the next one.
    alive = (lambda: bool(_kernels_of(runner.result()))) if trial.kind == KERNEL else None
    current.proxy.begin(Fault(DROP, trial.at, when=alive), kill)
    begun = _command(current, "apply", "--from", chosen[0], "--to", chosen[1])
    runner.set_result(begun.pid)
    said = _said(begun)
    dead = bool(killed) and (trial.kind == KERNEL or begun.returncode == -signal.SIGKILL)
    return said, dead, [pid for pid in kernels if not _kernel_has_ended(pid)]


def _clean(current: Stage, first: str, last: str) -> dict[str, Any]:
    """How the account looks when these phases were carried out without a fault."""
    current.enter(APPLY)
    current.expect(phases(first, last))
    clean = current.look()
    current.expect(undo)
    return clean


def _lost(current: Stage, trial: Trial, clean: dict[str, Any]) -> str:
    broken = ["--break-lock"] if run_lock.read_lock(connect(current.direct)) else []
    if trial.then == RESUME:
        resumed = _command(current, "apply", "--resume", current.record.run_id, *broken)
        said = _said(resumed)
        if resumed.returncode:
            return f"could not be resumed: {said}"
        if differing := wrong(_still(clean), _still(current.look())):
            return f"resumed, but not as after a clean run: {differing}"
        current.expect(undo)
    else:
        undone = _command(current, "rollback", current.record.run_id, *broken)
        said = _said(undone)
        if undone.returncode and not current.nothing_to_undo(undone.returncode):
            return f"could not be rolled back: {said}"
    differing = wrong(_still(current.before), _still(current.look()))
    return f"rolled back, but not as before: {differing}" if differing else ""


def _still(things: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in things.items() if not name.startswith(MOVING)}


def _command(current: Stage, *words: str) -> subprocess.Popen[str]:
    """Start the `runbook` command on the stage's account, through the proxy."""
    given, usual = current.settings.model_dump(), load("local").model_dump()
    # A kernel that starts on a busy machine may take longer for an answer than a process that is ready.
    usual |= {"mode": given["mode"], "answer_timeout_seconds": given["answer_timeout_seconds"]}
    more = {} if {"--resume", "rollback"} & {*words} else {"run_id": current.record.run_id}
    changed = {key: value for key, value in given.items() if value != usual[key]} | more
    yes = {"apply": ["--yes"]}.get(words[0], [])  # nobody sits at a terminal here
    line = [str(COMMAND), words[0], "local", *yes, *words[1:]]
    sets = [word for key, value in changed.items() for word in ("--set", f"{key}={value}")]
    plain = {name: text for name, text in os.environ.items() if not name.startswith("AWS_") and name != run_lock.TOKEN}
    pipe = subprocess.PIPE
    return subprocess.Popen([*line, *sets], cwd=ROOT, env=plain, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def _said(begun: subprocess.Popen[str]) -> str:
    """Wait for a command; the end of what it said."""
    try:
        said, _ = begun.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        begun.kill()
        said = f"{begun.communicate()[0]} (did not end by itself)"
    return f"exit code {begun.returncode}: {' '.join(said.split())[-TAIL:]}"


def _kernels_of(pid: int) -> list[int]:
    """The ids of the kernels that a runner started. Read-only."""
    return [child for child, command in processes.children(pid).items() if origin.KERNEL in command]


def _kernel_has_ended(pid: int) -> bool:
    """Whether a kernel ends by itself, within a while; it is killed where it does not."""
    ended = until(lambda: born(pid), operator.not_, Patience(GONE_SECONDS, 0.05)).so
    if not ended:
        os.kill(pid, signal.SIGKILL)
    return ended
