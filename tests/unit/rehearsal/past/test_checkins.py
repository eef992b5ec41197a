"""The weeks before a rehearsal, by their seed: the rhythm, what is planted, the truth beside the scores. No AWS."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lib.values.reviewed import Outcome
from rehearsal.account import traffic, users
from rehearsal.account.functions import checkin_processor as processor
from rehearsal.past import checkins, incidents, rhythm

UNTIL = datetime(2026, 3, 18, 14, 7, 30, 123456, tzinfo=UTC)
PLANTED = incidents.plant(UNTIL)


@pytest.fixture(scope="module")
def past():
    return checkins.of_weeks(30, UNTIL)


@pytest.fixture(scope="module")
def several(past):
    """The past of some seeds: what is rare needs more than one."""
    return [past, *(checkins.of_weeks(seed, UNTIL) for seed in range(3))]


def within(past, span, days=0):
    return [one for one in past if incidents.lies_in(one.moment - timedelta(days=days), span)]


def test_the_same_seed_and_end_give_the_same_and_another_seed_does_not(past):
    assert checkins.of_weeks(30, UNTIL) == past
    assert checkins.of_weeks(31, UNTIL) != past


def test_each_is_one_of_three_weeks_in_order_of_a_person_who_does_not_check_in_by_itself(past):
    moments = [one.moment for one in past]
    assert moments == sorted(set(moments))
    assert UNTIL - timedelta(days=rhythm.DAYS, milliseconds=1) <= moments[0] and moments[-1] < UNTIL
    assert all(moment.microsecond % 1000 == 0 for moment in moments), "a key of the bucket holds milliseconds"
    assert {one.user for one in past} <= set(checkins.people())
    assert not set(checkins.people()) & set(users.ids())
    assert all(-1 <= one.score <= 1 and (one.risk is None or 0 <= one.risk <= 100) for one in past)


def test_days_and_weeks_have_their_rhythm(past):
    hours = Counter(one.moment.hour for one in past if not within([one], PLANTED.silence))
    assert sum(hours[hour] for hour in range(6, 10)) * 4 < sum(hours[hour] for hour in (21, 22, 23, 0))
    chance = np.random.default_rng(1)
    by_weekday = Counter(moment.weekday() for moment in rhythm.moments(chance, UNTIL) if moment.hour != UNTIL.hour)
    assert by_weekday[5] < by_weekday[0]


def test_the_minutes_that_a_review_compares_with_are_not_empty(past):
    """A rehearsal's review looks at a minute or two, some minutes after its past has ended."""
    for minutes in (1, 2, 3, 4):
        first = UNTIL - timedelta(days=7) + timedelta(minutes=minutes)
        assert len(within(past, (first, first + timedelta(seconds=70)))) >= 20


def test_the_planted_silence_is_one(past):
    assert not within(past, PLANTED.silence)
    assert len(within(past, PLANTED.silence, days=1)) > 5 and len(within(past, PLANTED.silence, days=-1)) > 5


def test_check_ins_fail_in_the_planted_burst_and_hardly_ever_else(several):
    burst = [one.failed for past in several for one in within(past, PLANTED.failures)]
    assert np.mean(burst) == pytest.approx(incidents.FAILING, abs=0.2)
    others = [one.failed for past in several for one in past if not within([one], PLANTED.failures)]
    assert 0 < np.mean(others) < 0.01


def test_people_are_worse_in_the_planted_night(past):
    def low(span, days=0):
        mine = within(past, span, days)
        return np.mean([one.score < processor.ALERT_SENTIMENT_BELOW for one in mine])

    assert low(PLANTED.low_night) > 1.5 * max(low(PLANTED.low_night, days) for days in (-2, -1, 1, 2))


def test_nothing_is_planted_in_the_days_that_a_review_compares_with():
    for span in (PLANTED.silence, PLANTED.failures, PLANTED.low_night):
        for weeks in (1, 2, 3):
            day = UNTIL - timedelta(days=7 * weeks)
            assert not span[0] - timedelta(minutes=10) <= day <= span[1]


def test_the_shares_are_those_that_are_played(past):
    """So that what a backtest forecasts is what comes: within the noise of so many."""
    scores = [processor.score(one["text"]) for one in traffic.checkins(7, 2000)]
    for played, entered in (
        (np.mean([one["score"] < -0.6 for one in scores]), np.mean([one.score < -0.6 for one in past])),
        (np.mean([one["risk_score"] > 95 for one in scores]), np.mean([(one.risk or 0) > 95 for one in past])),
        (np.mean([one["risk_score"] > 50 for one in scores]), np.mean([(one.risk or 0) > 50 for one in past])),
    ):
        assert entered == pytest.approx(played, abs=0.03)


def test_scores_tell_of_most_in_danger_and_not_of_all(several):
    every = [one for past in several for one in past if one.risk is not None]
    crises = [one for one in every if one.outcome is Outcome.CRISIS]
    seen = np.mean([(one.risk or 0) > 95 for one in crises])
    assert 0.7 < seen < 1
    assert {one.outcome for one in every} == set(Outcome)


def test_a_score_that_is_missing_is_none_and_not_zero(several):
    every = [one for past in several for one in past]
    assert 0 < sum(one.risk is None for one in every) < len(every) / 500
