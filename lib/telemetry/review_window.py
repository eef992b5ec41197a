"""Which time a review looks at, and when the change was. Plain data, no AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lib.errors import BadParameters
from lib.settings import Settings
from lib.telemetry.execution_status import Count
from lib.telemetry.libraries import pandas as pd

NO_CHANGE = "none: check-ins do not run the newest published version, or none was published"


@dataclass(frozen=True)
class Cutover:
    """The moment of the change (UTC), as well as it is known.

    What started before `earliest` ran what was before, what started since `latest` runs the newest version; of what
    started between, only its own version tells (`versions` hold the new one). `doubt` says why the two differ, or "".
    """

    at: datetime
    earliest: datetime
    latest: datetime
    versions: tuple[str, ...] = ()
    doubt: str = ""
    later: datetime | None = None  # since then something else runs, that another deployment or an undo brought


@dataclass(frozen=True)
class Window:
    """The time that is looked at (UTC), and the change; None where check-ins do not run a newest published version.

    A chart goes from `start` to `end`. `since` is where the time after the change begins, if later than the change;
    `compared` what it is compared with, and `because` why with that; None is what of `start` to `end` lies before.
    """

    start: datetime
    end: datetime
    change: Cutover | None
    since: datetime | None = None
    compared: tuple[datetime, datetime] | None = None
    because: str = ""

    @property
    def change_at(self) -> datetime | None:
        return self.change.at if self.change else None

    @property
    def after(self) -> datetime | None:
        """Where the time after the change begins, as it is looked at; None where there was no change."""
        return max(self.since or self.change.latest, self.change.latest) if self.change else None

    @property
    def from_change(self) -> bool:
        """Whether what is looked at begins with the change, and not later."""
        return not self.change or self.after == self.change.latest

    @property
    def spans(self) -> tuple[tuple[datetime, datetime], ...]:
        """The times whose check-ins are counted: before the change, and after it."""
        if self.compared is None or self.after is None:
            return ((self.start, self.end),)
        return self.compared, (self.after, self.end)


def of_tuning(window: Window, settings: Settings) -> Window:
    """The window from `tuning_from` to `tuning_to`, each as it is where the parameters say nothing.

    `window` ends now, and so does what is later: nobody has checked in then. Raises BadParameters where it would end
    before it begins.
    """
    start = _moment(settings.tuning_from) or window.start
    end = min(_moment(settings.tuning_to) or window.end, window.end)
    if start >= end:
        now = ", which is now" if end == window.end else ""
        raise BadParameters(
            f"the tuning would go from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC{now}; expected an earlier "
            "beginning, or a later end"
        )
    return replace(window, start=start, end=end)


def _moment(said: str) -> datetime | None:
    return datetime.fromisoformat(said).replace(tzinfo=UTC) if said else None


def counted_successes(frame: pd.DataFrame) -> float | None:
    """How many successes CloudWatch counted, of check-ins and drills together; None without a datapoint: not zero."""
    if frame.empty:
        return None
    successes = frame.loc[frame["metric"] == Count.SUCCEEDED, "value"].dropna()
    return None if successes.empty else float(successes.sum())
