"""The fault matrix: every fault at every mutating call, then resume or rollback; what was lost. Loopback only.

`make faults`, or `python -m rehearsal.fault_matrix`. Each worker has an account and a proxy of its own. The seed
decides the order, and which calls are also tried with faults that do not go away and with whole notebooks.
"""

import math
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from multiprocessing import get_context, util
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from lib.cli.app import exits_with_code
from lib.display.terminal import say, table
from lib.errors import BadParameters, RunbookError
from lib.settings import ROOT
from rehearsal.fault_matrix import notebook_trial, trials
from rehearsal.fault_matrix.kept_results import Chosen, KeptResults
from rehearsal.fault_matrix.notebook_trial import NOTEBOOKS
from rehearsal.fault_matrix.operations import APPLY, STORED
from rehearsal.fault_matrix.testbed import Stage, stage
from rehearsal.fault_matrix.trial_choice import ALL_KINDS, STORIES, choose, trial_named
from rehearsal.fault_matrix.trials import RESUME, ROLLBACK, Result, Trial

LOST = ROOT / ".rehearsal" / "faults"
TELL_EVERY = 50


def try_one(current: Stage, trial: Trial) -> Result:
    """Carry one trial out; what cannot even be tried counts as lost."""
    try:
        return (
            notebook_trial.carry_out_trial(current, trial)
            if trial.story == NOTEBOOKS
            else trials.carry_out_trial(current, trial)
        )
    except (RunbookError, BotoCoreError, ClientError, OSError) as error:
        current.build()
        return Result(trial, "", "", f"could not be tried: {type(error).__name__}: {error}", 0)


_stages: list[Stage] = []


def _open(kept: Path) -> None:
    """In a worker, before its first trial: a stage that lasts as long as the worker."""
    stack = ExitStack()
    _stages.append(stack.enter_context(stage()))
    _stages[0].kept = kept
    util.Finalize(None, stack.close, exitpriority=10)


def _in_worker(trial: Trial) -> Result:
    return try_one(_stages[0], trial)


def _carried_out(chosen: Sequence[Trial], workers: int, minutes: float | None) -> Iterator[Result]:
    """The results as they come, from workers with an account each; those begun in time, where there is a limit."""
    end = math.inf if minutes is None else time.monotonic() + minutes * 60
    waiting, running = iter(chosen), set[Future[Result]]()
    with ProcessPoolExecutor(workers, get_context("fork"), initializer=_open, initargs=(LOST,)) as pool:
        while True:
            # No more than can begin at once, so that none begins later.
            free = workers - len(running) if time.monotonic() < end else 0
            running |= {pool.submit(_in_worker, trial) for trial in islice(waiting, free)}
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)


def rows(results: Iterable[Result]) -> list[list[str]]:
    """The table: per kind of fault, how many were tried, survived by resume and by rollback, and lost; then all."""
    counted: dict[str, Counter[str]] = {}
    for result in results:
        trial = result.trial
        story = f"{trial.story}, " if trial.story != APPLY else ""
        name = f"{story}{trial.kind}{', every time' if trial.repeated else ''}"
        for row in (counted.setdefault(name, Counter()), counted.setdefault("total", Counter())):
            row["tried"] += 1
            row["lost" if result.lost else trial.then] += 1
    names = [*(name for name in counted if name != "total"), "total"]
    shown = ("tried", RESUME, ROLLBACK, "lost")
    return [[name, *(str(counted.get(name, Counter())[column]) for column in shown)] for name in names]


def report(results: Sequence[Result], seed: int | None, chosen: int) -> int:
    """Print the table and every trial that was lost, and how many of those chosen were tried; returns the exit code."""
    by_seed = "" if seed is None else f"; seed {seed}"
    order = {kind: at for at, kind in enumerate(ALL_KINDS)}
    by_kind = sorted(results, key=lambda r: (r.trial.repeated, STORIES.index(r.trial.story), order[r.trial.kind]))
    columns = ["fault", "tried", "survived: resume", "survived: rollback", "lost"]
    table(f"Fault matrix{by_seed}", columns, rows(by_kind))
    lost = [result for result in by_kind if result.lost]
    for result in lost:
        say(f"\nLOST {result.trial.name}: {result.call or 'no call'}; the process ended: {result.ended}")
        say(f"  {result.lost}")
        say(f"  Again: python -m rehearsal.fault_matrix --only '{result.trial.name}'    Record: {LOST}")
    survived, minutes = len(results) - len(lost), sum(result.seconds for result in results) / 60
    say(f"\n{len(results)} faults tried, {survived} survived, {len(lost)} lost{by_seed}")
    say(f"They took {minutes:.1f} minutes, by however many workers that is divided.")
    if left := chosen - len(results):
        say(f"{left} of {chosen} were not tried. Go on: python -m rehearsal.fault_matrix --go-on")
    return 1 if lost or left or not results else 0


@click.command()
@click.option("--seed", type=int, default=None, help="Decides order and samples; without it, one is drawn and shown.")
@click.option("--workers", type=click.IntRange(1, 16), default=4, show_default=True, help="Accounts at once.")
@click.option("--sample", type=click.IntRange(1), default=None, help="So many of the trials in process, not all.")
@click.option("--whole", "count", type=click.IntRange(0), default=8, show_default=True, help="With whole notebooks.")
@click.option("--minutes", type=click.FloatRange(min=0), default=None, help="Begin no trial after so long.")
@click.option(
    "--go-on", is_flag=True, help="Go on with the one that was ended last, of this code: its seed, its trials."
)
@click.option("--only", multiple=True, metavar="TRIAL", help="This trial alone, such as drop@17/resume.")
@exits_with_code
def faults(
    seed: int | None,
    workers: int,
    sample: int | None,
    count: int,
    minutes: float | None,
    go_on: bool,
    only: Sequence[str],
) -> int:
    """Try every fault at every mutating call, and see whether anything is lost. Ends with 1 while some are left."""
    if go_on and (only or sample or seed is not None):
        raise BadParameters("--go-on goes on with the seed and the trials of what was ended; expected no other choice")
    if only:
        chosen = [trial_named(name) for name in only]
        say(f"{len(chosen)} faults to try, {workers} at once")
        return report(list(_carried_out(chosen, workers, minutes)), None, len(chosen))
    seed = secrets.randbelow(10**6) if seed is None else seed
    kept = KeptResults.newest(LOST) if go_on else KeptResults.begin(LOST, Chosen(seed, sample, count))
    chosen = _chosen(kept.chosen)
    left = kept.left(chosen)
    before = f", {len(chosen) - len(left)} tried before" if go_on else ""
    say(f"{len(chosen)} faults to try{before}, {workers} at once, seed {kept.chosen.seed}")
    for done, result in enumerate(_carried_out(left, workers, minutes), len(chosen) - len(left) + 1):
        kept.keep(result)
        if result.lost:
            say(f"  LOST {result.trial.name}: {result.lost}")
        elif done % TELL_EVERY == 0:
            say(f"  {done} of {len(chosen)}")
    return report(kept.results(), kept.chosen.seed, len(chosen))


def _chosen(by: Chosen) -> list[Trial]:
    with stage() as scout:
        scout.rehearse(STORED)
        return choose(scout.calls, by)
