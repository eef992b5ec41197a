"""Whether enough time after the change is looked at to say that all goes well: of three minutes, nobody can. No AWS."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from lib.checks import Check, Status
from lib.telemetry.review_window import Window
from lib.values.check_registry import Id
from lib.values.numbers import say_minute, say_roughly

# The plan's own: "Monitor CloudWatch for 24 hours". A day has each hour once.
ENOUGH = timedelta(hours=24)
RESTING = (Id.CRITERION_3, Id.CRITERION_4)  # on what real check-ins did since the change
NAME = "time since the change that is looked at"
EXPECTED = f"at least {say_roughly(ENOUGH)}, which the plan monitors"


def check(window: Window) -> Check:
    """Whether a day after the change is looked at; no time before it is enough for a pass."""
    return Check(
        Id.LONG_ENOUGH, NAME, Status.PASSED if _enough(window) else Status.CANNOT_TELL, _found(window), EXPECTED
    )


def _enough(window: Window) -> bool:
    return window.after is not None and window.end - window.after >= ENOUGH


def _found(window: Window) -> str:
    if window.after is None:
        return "no moment of a change is known"
    said = f"{say_roughly(window.end - window.after)}, from {say_minute(window.after)} to {say_minute(window.end)} UTC"
    if _enough(window):
        return said
    if window.change and window.change.later:
        return f"{said}; since then something else runs, so that of this change no more can be seen"
    return f"{said}: too early, so review it again after {say_minute(window.after + ENOUGH)} UTC"


def without_early_passes(decided: Sequence[Check], window: Window) -> list[Check]:
    """The criteria, where none that rests on the time since the change passes before enough of it is looked at."""
    if _enough(window):
        return list(decided)
    return [
        replace(one, status=Status.CANNOT_TELL, found=f"{_found(window)}; {one.found}")
        if one.id in RESTING and one.status == Status.PASSED
        else one
        for one in decided
    ]
