"""Which time a review looks at, and with which it is compared: the same hours of a week before the change. Read-only.

What somebody asks for by `runbook review --since --until` stands in the record, and counts for one review; without it,
a review looks from the change until now. UTC inside, and the zone of this machine beside it.
"""

from datetime import datetime, timedelta, tzinfo
from math import ceil

from lib.aws import Live
from lib.errors import BadParameters
from lib.phases.review import request
from lib.phases.review.request import LOOKED_AT, Asked, Now, this_moment
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings
from lib.telemetry import cutover, metrics
from lib.telemetry.execution_status import Count
from lib.telemetry.metrics import STATES, Query
from lib.telemetry.review_window import NO_CHANGE, Cutover, Window
from lib.values.numbers import say_roughly
from lib.wait import until

WEEK = timedelta(days=7)
HOUR = 3600


def of_run(run: ConnectedRun, now: Now = this_moment) -> Window:
    """The window of a review of this run, which its record keeps.

    Of a time that ends now, it waits until a success after the change is counted, or the time is up: metrics are late.
    Raises BadParameters for one that was asked for and ends before the change, or before it begins.
    """
    change, wanted = cutover.of_run(run), request.latest(run.record)
    try:
        window = _counted_window(run, change, wanted, now)
    except BadParameters as error:
        # It was looked at, and shall not be what the next review is asked for.
        run.record.keep_json(LOOKED_AT, {"asked": wanted.at, "refused": str(error)})
        raise
    run.record.keep_json(LOOKED_AT, {**_data(window), "asked": wanted.at})
    return window


def until_now(run: ConnectedRun) -> Window:
    """The window of a review that asks for nothing, as it is now. Waits for no metric, and keeps nothing."""
    change, moment = cutover.of_run(run), this_moment()
    compared = _compared(run.live, change, Asked(), moment) if change else None
    return _window(run.settings, change, Asked(), moment, compared)


def _counted_window(run: ConnectedRun, change: Cutover | None, wanted: Asked, now: Now) -> Window:
    if change is None:
        return _window(run.settings, None, wanted, now(), None)
    compared = _compared(run.live, change, wanted, now())
    return until(
        lambda: _window(run.settings, change, wanted, now(), compared),
        lambda span: bool(wanted.until) or cutover.success_counted(run.live, span),
        run.live.patience(),
    ).seen


def _back(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.review_minutes)


def _end(change: Cutover | None, wanted: Asked, now: datetime) -> datetime:
    """Until when: as asked; else until now, but not beyond what brought something else to run."""
    return wanted.until or min(now, change.later if change and change.later else now)


def _window(
    settings: Settings,
    change: Cutover | None,
    wanted: Asked,
    now: datetime,
    compared: tuple[tuple[datetime, datetime], str] | None,
) -> Window:
    end = _end(change, wanted, now)
    if change is None:
        return Window(wanted.since or end - _back(settings), end, None)
    if end <= change.latest:
        raise BadParameters(
            f"the time that was asked for ends at {end:%Y-%m-%d %H:%M:%S} UTC, and the change was at "
            f"{change.latest:%Y-%m-%d %H:%M:%S}; expected an --until after it"
        )
    since = max(wanted.since or change.latest, change.latest)
    if end <= since:
        why = ", from when on something else runs" if not wanted.until and change.later == end else ""
        raise BadParameters(
            f"the time that was asked for begins at {since:%Y-%m-%d %H:%M:%S} UTC and ends at {end:%Y-%m-%d %H:%M:%S}"
            f"{why}; expected a --since before that, or a later --until"
        )
    # A chart shows some of the time before; of one that begins later, that is not the time before.
    start = change.earliest - _back(settings) if since == change.latest else since
    if wanted.since and wanted.since < change.latest:
        start = wanted.since
    before, because = compared or ((change.earliest - _back(settings), change.earliest), "")
    return Window(start, end, change, since, before, because)


def _compared(live: Live, change: Cutover, wanted: Asked, now: datetime) -> tuple[tuple[datetime, datetime], str]:
    """The same hours of the week before the change, or of as many before it as needed; what comes next, and why.

    Check-ins have their rhythm by hour and by day of the week, so that other hours are another kind of time.
    """
    since, end = max(wanted.since or change.latest, change.latest), _end(change, wanted, now)
    weeks = max(1, ceil((end - change.earliest) / WEEK))
    first, last = since - weeks * WEEK, end - weeks * WEEK
    far = "the week before" if weeks == 1 else f"{weeks} weeks before"
    if last > first and _any_started(live, first, last):
        return (first, last), f"the same hours of {far}"
    back = _back(live.settings)
    why = (
        f"no execution was counted in the same hours of {far}, from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} "
        f"UTC; so it is the {say_roughly(back)} right before the change, which are other hours of the day or week"
    )
    return (change.earliest - back, change.earliest), why


def _any_started(live: Live, first: datetime, last: datetime) -> bool:
    machine = (("StateMachineArn", live.settings.state_machine_arn),)
    query = Query("started", STATES, Count.STARTED.value, "Sum", machine)
    points = metrics.series(live, [query], first, last, metrics.kept_period(first, this_moment(), HOUR))
    return bool((points["value"] > 0).any())


def _data(window: Window) -> dict[str, object]:
    """The window as plain data."""
    before = window.compared or (None, None)
    moments = {
        "start": window.start, "since": window.after, "until": window.end, "change": window.change_at,
        "later": window.change.later if window.change else None, "compared from": before[0],
        "compared until": before[1],
    }  # fmt: skip
    return {**{key: one.isoformat() if one else None for key, one in moments.items()}, "because": window.because}


def fields(window: Window, zone: tzinfo | None = None) -> list[dict[str, str]]:
    """The window as a table; `here` is the zone of this machine, or the one that is given."""
    change = window.change
    rows: list[tuple[str, datetime | None, str]] = [
        ("change", window.change_at, (change.doubt if change else NO_CHANGE)),
        ("something else runs since", change.later if change else None, "another deployment, or an undo"),
        ("looked at from", window.after or window.start, ""),
        ("until", window.end, f"{say_roughly(window.end - (window.after or window.start))} are looked at"),
    ]
    if window.compared:
        rows += [("compared with", window.compared[0], window.because), ("until then", window.compared[1], "")]
    return [
        {"": what, "time (UTC)": f"{at:%Y-%m-%d %H:%M:%S}" if at else "none", "here": _here(at, zone), "why": why}
        for what, at, why in rows
        if at or what == "change"
    ]


def _here(at: datetime | None, zone: tzinfo | None) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z (%z)}" if at else ""
