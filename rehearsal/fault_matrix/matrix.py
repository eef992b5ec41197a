"""The fault matrix: every fault at every mutating call, then resume or rollback; what was lost. Loopback only.

`make faults`, or `python -m rehearsal.fault_matrix`. Each worker has an account and a proxy of its own. The seed
decides the order, and which calls are also tried with faults that do not go away and with whole notebooks.
"""

import random
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from itertools import cycle, product
from multiprocessing import get_context, util
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from lib.cli.app import exits_with_code
from lib.display.terminal import say, table
from lib.errors import BadParameters, RunbookError
from lib.settings import ROOT
from rehearsal.account.calls import Call
from rehearsal.account.fault_proxy import FREEZE
from rehearsal.fault_matrix import notebook_trial, trials
from rehearsal.fault_matrix.notebook_trial import KERNEL, NOTEBOOKS, RUNNER
from rehearsal.fault_matrix.operations import APPLY, DRILL, STORED, UNDO
from rehearsal.fault_matrix.testbed import Stage, stage
from rehearsal.fault_matrix.trials import HEARD, KILLED, KINDS, RESUME, ROLLBACK, Result, Trial

STORIES = (APPLY, STORED, DRILL, UNDO, NOTEBOOKS)
ALL_KINDS = (*KINDS, *HEARD, KERNEL, RUNNER)
LOST = ROOT / ".rehearsal" / "faults"
EACH_REPEATED, EACH_UNDONE, EACH_HEARD = 4, 5, 4
PUTS, OTHERS = 3, 1  # each kind at so many calls that keep the record in its store, and at so many other ones
NAME = re.compile(r"(?:(?P<story>\w+):)?(?P<kind>[a-z-]+)@(?P<at>\d+)(?P<repeated>\*?)/(?P<then>resume|rollback)")
TELL_EVERY = 50


def single_trials(calls: Mapping[str, Sequence[Call]]) -> list[Trial]:
    """Every kind of fault at every mutating call of the run, once, then resume; then rollback.

    And at every one of a drill, which makes nothing that lasts, with resume and rollback in turn.
    """
    run = [Trial(kind, call.number, then) for call, kind, then in product(calls[APPLY], KINDS, (RESUME, ROLLBACK))]
    drill = [
        Trial(kind, call.number, (RESUME, ROLLBACK)[(call.number + place) % 2], DRILL)
        for call, (place, kind) in product(calls[DRILL], enumerate(KINDS))
    ]
    return run + drill


def _repeated_trials(calls: Mapping[str, Sequence[Call]], chance: random.Random) -> Iterator[Trial]:
    """Faults that do not go away, each kind at a few calls; a freeze takes its time, so at one."""
    for kind in (kind for kind in KINDS if kind not in KILLED):
        for call in chance.sample(calls[APPLY], 1 if kind == FREEZE else EACH_REPEATED):
            yield Trial(kind, call.number, chance.choice((RESUME, ROLLBACK)), repeated=True)


def _rollback_trials(calls: Mapping[str, Sequence[Call]], chance: random.Random) -> list[Trial]:
    """Faults of a rollback, each kind at a few calls; then the same rollback again, or the run resumed after all."""
    return [
        Trial(kind, call.number, chance.choice((RESUME, ROLLBACK)), UNDO)
        for kind in KINDS
        for call in chance.sample(calls[UNDO], EACH_UNDONE)
    ]


def _killed_trials(calls: Mapping[str, Sequence[Call]], chance: random.Random) -> list[Trial]:
    """A process that is killed once it heard a fault, each kind at a few calls."""
    ways = (RESUME, ROLLBACK)
    return [
        Trial(kind, call.number, ways[at % len(ways)])
        for kind in HEARD
        for at, call in enumerate(chance.sample(calls[APPLY], EACH_HEARD))
    ]


def stored_trials(calls: Mapping[str, Sequence[Call]], chance: random.Random) -> Iterator[Trial]:
    """Faults of a run whose record is kept in S3, each kind at a few calls, most of which keep it there."""
    puts = [call for call in calls[STORED] if call.service == "s3"]
    others = [call for call in calls[STORED] if call.service != "s3"]
    ways = cycle((RESUME, ROLLBACK))
    for kind in (*KINDS, *HEARD):
        for call in (*chance.sample(puts, PUTS), *chance.sample(others, OTHERS)):
            yield Trial(kind, call.number, next(ways), STORED)


def _notebook_trials(count: int, calls: Mapping[str, Sequence[Call]], chance: random.Random) -> list[Trial]:
    """Whole notebooks: kernel and runner in turn, resume and rollback in turn, at calls of the kernels."""
    ways = list(product((RESUME, ROLLBACK), (KERNEL, RUNNER)))
    chosen = (chance.randint(2, len(calls[APPLY]) - 1) for _ in range(count))
    return [Trial(*_way(ways, number, at), NOTEBOOKS) for number, at in enumerate(chosen)]


def _way(ways: Sequence[tuple[str, str]], number: int, at: int) -> tuple[str, int, str]:
    then, kind = ways[number % len(ways)]
    return kind, at, then


def trial_named(name: str) -> Trial:
    """A trial by its name. Raises BadParameters for a name that no trial has."""
    match = NAME.fullmatch(name)
    kinds = {kind.replace(" ", "-"): kind for kind in ALL_KINDS}
    if not match or match["kind"] not in kinds or (match["story"] or APPLY) not in STORIES:
        raise BadParameters(f"no trial {name!r}; expected one such as drop@17/resume, drill:refuse@3/rollback")
    return Trial(
        kinds[match["kind"]], int(match["at"]), match["then"], match["story"] or APPLY, bool(match["repeated"])
    )


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


def _carried_out(chosen: Sequence[Trial], workers: int) -> Iterator[Result]:
    """The results as they come, from workers with an account each."""
    with ProcessPoolExecutor(workers, get_context("fork"), initializer=_open, initargs=(LOST,)) as pool:
        waiting: list[Future[Result]] = [pool.submit(_in_worker, trial) for trial in chosen]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


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


def report(results: Sequence[Result], seed: int) -> int:
    """Print the table and every trial that was lost; returns the exit code."""
    order = {kind: at for at, kind in enumerate(ALL_KINDS)}
    by_kind = sorted(results, key=lambda r: (r.trial.repeated, STORIES.index(r.trial.story), order[r.trial.kind]))
    columns = ["fault", "tried", "survived: resume", "survived: rollback", "lost"]
    table(f"Fault matrix, seed {seed}", columns, rows(by_kind))
    lost = [result for result in by_kind if result.lost]
    for result in lost:
        say(f"\nLOST {result.trial.name}: {result.call or 'no call'}; the process ended: {result.ended}")
        say(f"  {result.lost}")
        say(f"  Again: python -m rehearsal.fault_matrix --only '{result.trial.name}'    Record: {LOST}")
    survived, minutes = len(results) - len(lost), sum(result.seconds for result in results) / 60
    say(f"\n{len(results)} faults tried, {survived} survived, {len(lost)} lost; seed {seed}")
    say(f"They took {minutes:.1f} minutes, by however many workers that is divided.")
    return 1 if lost or not results else 0


@click.command()
@click.option("--seed", type=int, default=None, help="Decides order and samples; without it, one is drawn and shown.")
@click.option("--workers", type=click.IntRange(1, 16), default=4, show_default=True, help="Accounts at once.")
@click.option("--sample", type=click.IntRange(1), default=None, help="So many of the trials in process, not all.")
@click.option("--whole", "count", type=click.IntRange(0), default=8, show_default=True, help="With whole notebooks.")
@click.option("--only", multiple=True, metavar="TRIAL", help="This trial alone, such as drop@17/resume.")
@exits_with_code
def faults(seed: int | None, workers: int, sample: int | None, count: int, only: Sequence[str]) -> int:
    """Try every fault at every mutating call, and see whether anything is lost."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    chance = random.Random(seed)
    chosen = [trial_named(name) for name in only]
    if not chosen:
        with stage() as scout:
            scout.rehearse(STORED)
            calls = scout.calls
        chosen = [
            *single_trials(calls),
            *_rollback_trials(calls, chance),
            *_repeated_trials(calls, chance),
            *_killed_trials(calls, chance),
            *stored_trials(calls, chance),
        ]
        chosen = chance.sample(chosen, min(sample or len(chosen), len(chosen)))
        # Those of a story together: between them the run is carried out or rolled back.
        chosen = sorted(
            [*_notebook_trials(count, calls, chance), *chosen], key=lambda trial: STORIES.index(trial.story)
        )
    say(f"{len(chosen)} faults to try, {workers} at once, seed {seed}")
    results: list[Result] = []
    for result in _carried_out(chosen, workers):
        results.append(result)
        if result.lost:
            say(f"  LOST {result.trial.name}: {result.lost}")
        elif len(results) % TELL_EVERY == 0:
            say(f"  {len(results)} of {len(chosen)}")
    return report(results, seed)
