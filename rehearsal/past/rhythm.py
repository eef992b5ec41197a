"""When synthetic people check in: by the hour, by the day of the week, and when all are asked. Numbers, no AWS.

All times are UTC. Once a week everybody is asked how they are, at the time of day and the day of the week at which the
past ends. A review of a rehearsal compares its few minutes with the same ones of the week before, and at any other
moment those would be all but empty.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from lib.telemetry.libraries import numpy as np

DAYS = 21
WEEK = 7
A_DAY = 100  # check-ins of all people together that nobody asked for; more would make phase 03's backtest a long wait
DAY_NOISE = 0.1  # how far a whole day is above or below that, as a share
ASKED_WEEKLY = 270  # answers each time when everybody is asked ...
ANSWERED_IN_MINUTES = 2.5  # ... most of them so soon; half of them within four minutes
MINUTES = 24 * 60
# Of the other check-ins, by the hour: people in America, who sleep when it is 6 to 11 here, and check in after work.
BY_HOUR = (9, 8, 7, 5, 4, 3, 1, 1, 1, 1, 2, 4, 7, 8, 7, 6, 6, 7, 6, 5, 5, 7, 9, 10)
BY_WEEKDAY = (1.1, 1.05, 1.0, 1.0, 0.95, 0.85, 0.95)  # from Monday on
Span = tuple[datetime, datetime]


def moments(chance: np.random.Generator, until: datetime, silences: tuple[Span, ...] = ()) -> list[datetime]:
    """When somebody checked in during the DAYS before `until` (UTC), in order, to the millisecond.

    In the `silences` nobody does.
    """
    start = until.replace(microsecond=until.microsecond // 1000 * 1000) - timedelta(days=DAYS)
    minutes = [start + timedelta(minutes=at) for at in range(DAYS * MINUTES)]
    rates = np.array([A_DAY * _hourly(minute) * BY_WEEKDAY[minute.weekday()] for minute in minutes])
    rates *= np.repeat(chance.normal(1, DAY_NOISE, DAYS).clip(0.5), MINUTES)
    rates += np.tile(_asked(), DAYS // WEEK)
    counts = chance.poisson(rates)
    begins = np.repeat(np.arange(len(minutes)) * 60_000, counts)
    milliseconds = np.unique(begins + chance.integers(0, 60_000, len(begins)))
    drawn = [start + timedelta(milliseconds=int(at)) for at in milliseconds]
    return [moment for moment in drawn if not any(first <= moment < last for first, last in silences)]


def _hourly(minute: datetime) -> float:
    """The share of a day's check-ins in this minute."""
    return BY_HOUR[minute.hour] / sum(BY_HOUR) / 60


def _asked() -> np.ndarray:
    """How many answer in each minute of a week that begins with the question (gamma, shape 2)."""
    after = np.arange(WEEK * MINUTES) + 0.5
    density = after * np.exp(-after / ANSWERED_IN_MINUTES)
    return np.asarray(ASKED_WEEKLY * density / density.sum())
