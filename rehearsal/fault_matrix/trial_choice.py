"""Which faults a matrix tries: every one at every mutating call, and of what else can happen a drawn part. No AWS."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, product

from lib.errors import BadParameters
from rehearsal.account.calls import Call
from rehearsal.account.fault_proxy import FREEZE
from rehearsal.fault_matrix.kept_results import Chosen
from rehearsal.fault_matrix.notebook_trial import KERNEL, NOTEBOOKS, RUNNER
from rehearsal.fault_matrix.operations import APPLY, DRILL, STORED, UNDO
from rehearsal.fault_matrix.trials import HEARD, KILLED, KINDS, RESUME, ROLLBACK, Trial

STORIES = (APPLY, STORED, DRILL, UNDO, NOTEBOOKS)
ALL_KINDS = (*KINDS, *HEARD, KERNEL, RUNNER)
EACH_REPEATED, EACH_UNDONE, EACH_HEARD = 4, 5, 4
PUTS, OTHERS = 3, 1  # each kind at so many calls that keep the record in its store, and at so many other ones
NAME = re.compile(r"(?:(?P<story>\w+):)?(?P<kind>[a-z-]+)@(?P<at>\d+)(?P<repeated>\*?)/(?P<then>resume|rollback)")


def choose(calls: Mapping[str, Sequence[Call]], by: Chosen) -> list[Trial]:
    """The trials of a matrix: the same, in the same order, for the same choice and the same code."""
    chance = random.Random(by.seed)
    chosen = [
        *single_trials(calls),
        *_rollback_trials(calls, chance),
        *_repeated_trials(calls, chance),
        *_killed_trials(calls, chance),
        *stored_trials(calls, chance),
    ]
    chosen = chance.sample(chosen, min(by.sample or len(chosen), len(chosen)))
    # Those of a story together: between them the run is carried out or rolled back.
    return sorted([*_notebook_trials(by.whole, calls, chance), *chosen], key=lambda trial: STORIES.index(trial.story))


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
