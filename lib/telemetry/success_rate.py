"""Whether check-ins succeed as often as before, decided by `exact_tests`. Pure arithmetic, no AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log2

from lib.checks import Status
from lib.telemetry.exact_tests import Tally, p_value, percent, possible, proven_share
from lib.telemetry.libraries import numpy as np

MOST = 3_000_000  # a number of check-ins beyond this is not asked for
SHORTEST = 5  # check-ins; a shorter stretch is not looked at on its own


@dataclass(frozen=True)
class Decision:
    """`passed`, `failed` or `cannot tell`, and why."""

    status: Status
    why: str


def compare(before: Tally, after: Tally, margin: float, error: float) -> Decision:
    """Whether check-ins succeed as often as before: shown to be less than the margin lower (`passed`), or else shown
    to be lower (`failed`), or neither (`cannot tell`), each but for `error`. What would be needed is said."""
    said = f"before {before}, after {after}"
    if not before.of or not after.of:
        lacking = "after the change" if before.of else "before the change; raise review_minutes where it began earlier"
        return Decision(Status.CANNOT_TELL, f"no check-in counted {lacking}; {said}")
    fell = p_value(before, after) <= error
    if p_value(after, before, margin) <= error:
        lower = "; lower than before, and by less than the margin" if fell else ""
        return Decision(Status.PASSED, f"{said}: shown to be less than {percent(margin)} lower{lower}")
    if fell:
        return Decision(Status.FAILED, f"{said}: shown to be lower")
    return Decision(
        Status.CANNOT_TELL, f"cannot tell at this number: {said}; {_needed(before, after.of, margin, error)}"
    )


def at_least(tally: Tally, share: float, error: float) -> Decision:
    """Whether more than `share` succeed: shown (`passed`), shown to be less (`failed`), or neither."""
    least, most = proven_share(tally, error), possible(tally, error)
    said = f"{tally} succeeded, which proves {percent(least)} or more"
    status = Status.PASSED if least > share else Status.FAILED if most < share else Status.CANNOT_TELL
    return Decision(status, f"{said}, {1 - error:.0%} sure")


@dataclass(frozen=True)
class Stretch:
    """Check-ins next to each other: from the number `first` on, counted from the oldest."""

    first: int
    tally: Tally
    chance: float  # p-value of "not worse by more than the margin", times the number of stretches looked at

    @property
    def last(self) -> int:
        return self.first + self.tally.of - 1


def stretches(good: Sequence[bool], before: Tally, margin: float) -> list[Stretch]:
    """The newest 5, 10, 20 ... check-ins and all, and of each length the worst stretch, the newest ones first.

    `good` are those after the change, oldest first. Half of the error goes to the newest, half to all stretches
    (Bonferroni), so that any one with a chance below the error is shown to be worse than before by over the margin.
    """
    counted = np.concatenate([[0], np.cumsum(np.asarray(good, dtype=int))])
    number = len(good)
    lengths = sorted({min(SHORTEST * 2**power, number) for power in range(_doublings(number) + 1)})
    newest, anywhere = list[Stretch](), list[Stretch]()
    for of in lengths if number >= SHORTEST else []:
        inside = counted[of:] - counted[:-of]
        worst = int(np.argmin(inside))
        for side, first, looks in ((newest, number - of, 1), (anywhere, worst, len(inside))):
            tally = Tally(int(inside[first]), of)
            chance = p_value(before, tally, -margin) * 2 * len(lengths) * looks
            side.append(Stretch(first, tally, min(1.0, chance)))
    return newest + anywhere


def newest(good: Sequence[bool], share: float, error: float) -> Decision:
    """Whether the newest 5, 10, 20 ... are not shown to succeed in less than `share`. `good`: oldest first."""
    number = len(good)
    lengths = [SHORTEST * 2**power for power in range(_doublings(number) + 1) if SHORTEST * 2**power <= number]
    for of in lengths:
        tally = Tally.of_each(good[number - of :])
        if possible(tally, error / len(lengths)) < share:
            return Decision(
                Status.FAILED, f"of the newest {of:,}, {tally} succeeded: shown to be under {percent(share)}"
            )
    return Decision(Status.PASSED, f"no newest part is shown to be under {percent(share)}")


def either_way(decided: Callable[[Sequence[bool]], Decision], good: Sequence[bool | None]) -> Decision:
    """What is decided of check-ins of which some are in doubt (None): only what holds however those end.

    Decided with all of them a success, and with none of them one.
    """
    doubts = sum(one is None for one in good)
    worst = decided([bool(one) for one in good])
    if not doubts or worst.status == Status.PASSED:
        return worst
    if worst.status == Status.FAILED == decided([one is not False for one in good]).status:
        return worst
    return Decision(Status.CANNOT_TELL, f"{worst.why}, if none of {doubts:,} in doubt succeeds")


def no_worse_part(good: Sequence[bool], before: Tally, margin: float, error: float) -> tuple[Decision, Stretch | None]:
    """Whether any stretch since the change is shown to be worse than before by more than the margin, and which.

    Where the newest ones are shown to be lower, look lower by so much, and are too few to show that, nobody can tell.
    """
    parts = stretches(good, before, margin)
    if not before.of or not parts:
        few = f"{len(good)} check-ins after the change, at least {SHORTEST} are needed; before {before}"
        return Decision(Status.CANNOT_TELL, few), None
    if shown := [one for one in parts if one.chance <= error]:
        worst = min(shown, key=lambda one: (round(one.chance, 3), one.tally.succeeded - one.tally.of))
        which = "the newest" if worst.last == len(good) - 1 else "a stretch of"
        why = f"{which} {worst.tally.of:,}: {worst.tally} succeeded; shown to be over {percent(margin)} lower"
        return Decision(Status.FAILED, f"{why} than before ({before})"), worst
    if len(good) < 1 / margin:
        why = f"no part of {len(good)} is shown to be worse, and so few can show nothing"
        return Decision(Status.CANNOT_TELL, f"{why}: at least {ceil(1 / margin)} are needed"), None
    newest = parts[: len(parts) // 2]
    for one in newest:
        looks_worse = one.tally.of >= 1 / margin and one.tally.share < before.share - margin
        if looks_worse and p_value(before, one.tally) * 2 * len(newest) <= error:
            why = f"of the newest {one.tally.of:,}, {one.tally} succeeded, before {before}: lower, and too few to show"
            return Decision(Status.CANNOT_TELL, f"{why} that it is by over {percent(margin)}"), one
    looked = ", ".join(f"{one.tally.of:,}" for one in newest)
    why = f"looked at the newest {looked} and at the worst stretch of each length; newest {newest[0].tally} succeeded"
    return Decision(Status.PASSED, why), None


def _needed(before: Tally, of: int, margin: float, error: float) -> str:
    """How many after the change would show it, if as large a share of them succeed as before."""

    def enough(number: int) -> bool:
        return p_value(Tally(int(number * before.share), number), before, margin) <= error

    if not enough(MOST):
        return f"no number after can show it against {before.of:,} before: look at a longer time"
    low, high = of, max(2 * of, 8)
    while not enough(high):
        low, high = high, min(2 * high, MOST)
    while high - low > max(1, high // 200):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return f"about {high:,} after would be needed, if they succeed as often as before"


def _doublings(number: int) -> int:
    return max(0, ceil(log2(max(number, 1) / SHORTEST)))
