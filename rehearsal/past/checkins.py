"""Synthetic check-ins of the weeks before a rehearsal, the same for the same seed and end. No words, no AWS.

People differ, have better and worse days, some get worse or better over the weeks, and nights are harder. By how much
strain each check-in comes from, it is of one of the kinds that `traffic` plays, in the same shares, so that a backtest
over the past forecasts what is played after the change. Its scores are what the stand-in makes of a text of that kind,
with noise; the text is dropped at once. How the person really was is drawn beside it: scores miss some crises.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lib.telemetry.libraries import numpy as np
from lib.values.reviewed import Outcome
from rehearsal.account import traffic
from rehearsal.account.functions import checkin_processor
from rehearsal.past import incidents, rhythm
from rehearsal.past.incidents import Incidents

PEOPLE = 300
OTHERS_FROM = 101  # `user-101`: not those of `users`, who check in while the rehearsal runs
POOL = 64  # texts of each kind that are scored
RISK_NOISE, SENTIMENT_NOISE = 1.5, 0.02
UNSCORED = 1 / 1500  # that came back without a risk score, as the real processor's once did
FAILING = 1 / 250
SECONDS, SLOW_SECONDS, SLOW = 2.5, 12.0, 0.01  # half of them take up to the first, and of a hundred one the second
SPREAD = 0.5
# kind of check-in -> how the people were who sent it, of 1, in the order of Outcome. Crises are of one kind, of which
# the noise takes some below their threshold: else three weeks hold too few of them for the floor of notebook 08.
TRUTH = {
    "calm": (0.985, 0.015, 0, 0),
    "strained": (0.9, 0.1, 0, 0),
    "low": (0.6, 0.38, 0.02, 0),
    "declining": (0.5, 0.42, 0.08, 0),
    "moderate": (0.05, 0.63, 0.32, 0),
    "high": (0, 0.1, 0.9, 0),
    "crisis": (0, 0, 0, 1),
}


@dataclass(frozen=True)
class PastCheckin:
    """One check-in. `risk` is None where it came back unscored; `outcome` is what a reviewer would find out."""

    user: str
    moment: datetime
    risk: float | None
    score: float
    trajectory: str
    outcome: Outcome
    seconds: float
    failed: bool


@dataclass(frozen=True)
class _Scored:
    risk: float
    score: float
    trajectory: str


def people() -> list[str]:
    """`user-101` to `user-400`."""
    return [f"user-{OTHERS_FROM + at:03d}" for at in range(PEOPLE)]


def of_weeks(seed: int, until: datetime) -> list[PastCheckin]:
    """The check-ins of the three weeks before `until` (UTC), in order of time."""
    chance, planted = np.random.default_rng(seed), incidents.plant(until)
    moments = rhythm.moments(chance, until, (planted.silence,))
    activity = chance.gamma(2.0, size=PEOPLE)
    who = chance.choice(PEOPLE, len(moments), p=activity / activity.sum())
    kinds = _kinds(_strain(chance, who, moments, planted))
    return list(_checkins(chance, moments, who, kinds, planted))


def _strain(
    chance: np.random.Generator, who: np.ndarray, moments: Sequence[datetime], planted: Incidents
) -> np.ndarray:
    """How much strain each check-in comes from; what people differ by is about 1."""
    first = moments[0].date()
    day = np.array([(moment.date() - first).days for moment in moments])
    moods = np.zeros((PEOPLE, int(day.max()) + 1))
    for at in range(1, moods.shape[1]):  # a worse day follows a bad one
        moods[:, at] = 0.7 * moods[:, at - 1] + chance.normal(0, 0.4, PEOPLE)
    drift = chance.choice([0.0, 0.06, -0.05], PEOPLE, p=[0.86, 0.08, 0.06])  # a day: some get worse, some better
    night = np.array([0.3 * (4 <= moment.hour < 10) - 0.1 * (moment.weekday() >= 5) for moment in moments])
    worse = np.array([incidents.WORSE * incidents.lies_in(moment, planted.low_night) for moment in moments])
    own = chance.normal(0, 0.8, PEOPLE)
    return np.asarray(own[who] + moods[who, day] + drift[who] * day + night + worse + chance.normal(0, 0.6, len(who)))


def _kinds(strain: np.ndarray) -> list[str]:
    """The kind of each check-in: of all of them the shares are those that are played, the most strained in crisis."""
    shares = np.cumsum([share for share, _, _ in traffic.DAYS.values()], dtype=float)
    rank = (np.argsort(np.argsort(strain)) + 0.5) / max(len(strain), 1) * shares[-1]
    kinds = list(traffic.DAYS)
    return [kinds[at] for at in np.searchsorted(shares, rank)]


def _pools(chance: np.random.Generator) -> dict[str, list[_Scored]]:
    drawn = random.Random(int(chance.integers(2**31)))
    pools = {
        kind: [checkin_processor.score(traffic.text_of(drawn, kind)) for _ in range(POOL)] for kind in traffic.DAYS
    }
    return {
        kind: [_Scored(one["risk_score"], one["score"], one["trajectory"]) for one in pool]
        for kind, pool in pools.items()
    }


def _checkins(
    chance: np.random.Generator,
    moments: Sequence[datetime],
    who: np.ndarray,
    kinds: Sequence[str],
    planted: Incidents,
) -> Iterator[PastCheckin]:
    pools, names, outcomes = _pools(chance), people(), list(Outcome)
    for moment, person, kind in zip(moments, who, kinds, strict=True):
        scored = pools[kind][chance.integers(POOL)]
        likely = incidents.FAILING if incidents.lies_in(moment, planted.failures) else FAILING
        typical = SLOW_SECONDS if chance.random() < SLOW else SECONDS
        yield PastCheckin(
            user=names[person],
            moment=moment,
            risk=None if chance.random() < UNSCORED else _near(chance, scored.risk, RISK_NOISE, (0, 100), 1),
            score=_near(chance, scored.score, SENTIMENT_NOISE, (-1, 1), 3),
            trajectory=scored.trajectory,
            outcome=outcomes[int(chance.choice(len(outcomes), p=TRUTH[kind]))],
            seconds=round(float(typical * chance.lognormal(0, SPREAD)), 3),
            failed=bool(chance.random() < likely),
        )


def _near(chance: np.random.Generator, value: float, noise: float, limits: tuple[float, float], digits: int) -> float:
    return round(float(np.clip(value + chance.normal(0, noise), *limits)), digits)
