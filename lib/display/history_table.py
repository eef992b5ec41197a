"""What a conversion of check-ins shows in the terminal: how far it is, and what became of what. Decides nothing."""

from collections.abc import Callable, Sequence

from lib.display import console, progress_bar
from lib.telemetry.history.conversion import Conversion


def watch(what: str) -> Callable[[int, int], None]:
    """A bar that grows in place, where somebody sees it; says nothing elsewhere."""

    def show(done: int, every: int) -> None:
        if console.is_watched() and every:
            console.overwrite(progress_bar.bar(done, every, what))
            if done == every:
                console.line("")

    return show


def conversions(done: Sequence[Conversion]) -> None:
    """A row a source: new, converted before, and what is kept aside, by reason. Then the same as data."""
    rows = [[one.source, f"{one.new:,}", f"{one.before:,}", _aside(one)] for one in done]
    console.table("Check-ins", ["from", "new", "converted before", "kept aside"], rows)
    for one in done:
        if not one.whole:
            console.line(f"{one.source}: not read to its end; what is converted is a part of it.", result=True)
        if one.stale:
            console.line(
                f"{one.source}: convert it again with --export; another source of some of its check-ins changed; "
                "until then those are missing.",
                result=True,
            )
    console.data([{**vars(one), "aside": dict(one.aside)} for one in done])


def _aside(one: Conversion) -> str:
    return "; ".join(f"{many:,} {reason}" for reason, many in one.aside.most_common()) or "none"
