"""What the score says of people: what hangs on a point, how it drifts, and how much danger it means."""

import pytest
import tuned

from lib.phases.tuning import scores

THRESHOLDS = tuned.LOCAL.thresholds


def test_what_lies_within_a_point_is_counted_on_both_sides():
    risks = [93.9, 94, 95, 95.5, 96, 96.1]
    rows = scores.near_thresholds(tuned.checkins([tuned.risky(risk, -0.58) for risk in risks]), THRESHOLDS)
    by_name = {row["threshold"]: row for row in rows}
    crisis, sentiment = by_name["CrisisRiskAbove"], by_name["SentimentBelow"]
    assert (crisis["check-ins just beyond it"], crisis["check-ins just not"], crisis["of check-ins"]) == (2, 2, 6)
    assert (sentiment["check-ins just beyond it"], sentiment["check-ins just not"]) == (0, 6)
    assert by_name["HighRiskAbove"]["check-ins just beyond it"] == 0


@pytest.mark.parametrize("now", [-0.6, -0.35, -0.15])
def test_as_far_away_on_either_side_is_as_near(now):
    """-0.65 lies 0.05 from -0.6, and as doubles a little more."""
    pair = [tuned.risky(5, round(now + away, 2)) for away in (-0.05, 0.05)]
    (row,) = [
        row
        for row in scores.near_thresholds(tuned.checkins(pair), THRESHOLDS | {"SentimentBelow": now})
        if row["threshold"] == "SentimentBelow"
    ]
    assert (row["check-ins just beyond it"], row["check-ins just not"]) == (1, 1)


def test_a_threshold_outside_the_scores_says_so():
    def places(*answers):
        rows = scores.near_thresholds(tuned.checkins(list(answers)), THRESHOLDS)
        return {row["threshold"]: row["where it lies"] for row in rows}

    low = places(tuned.risky(3), tuned.risky(30), {})
    assert low["ProactiveRiskAbove"] == "among the scores"
    assert low["CrisisRiskAbove"] == "OUTSIDE: the scores lie from 3 to 30"
    assert low["SentimentBelow"] == "OUTSIDE: the scores lie from 0.5 to 0.5"
    assert set(places({}).values()) == set(places().values()) == {"there are no scores"}


def test_each_week_says_how_risks_lie_and_who_was_reviewed():
    frame = tuned.checkins([tuned.risky(risk) for risk in range(56)] + [{}] * 56, [""] * 111 + ["crisis"])
    rows = scores.by_week(frame)
    assert [row["week from"] for row in rows] == [
        "2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26",
    ]  # fmt: skip
    assert sum(row["check-ins"] for row in rows) == 112
    assert rows[0]["risk of the middle"] == "7.5"
    assert (rows[-1]["risk of the middle"], rows[-1]["crises of them"]) == ("none", 1)
    assert rows[-1]["check-ins without a usable score"] == rows[-1]["check-ins"]


def test_the_share_in_danger_has_exact_limits():
    frame = tuned.checkins([tuned.risky(5)] * 59 + [tuned.risky(100)] * 4, ["none"] * 59 + ["crisis", "high"] * 2)
    low, high = scores.calibration(frame).to_dict("records")
    assert (low["risk"], low["share"], low["low"], low["reviews"]) == (5, 0, 0, 59)
    assert low["high"] == pytest.approx(1 - 0.025 ** (1 / 59))
    assert (high["risk"], high["share"], high["high"]) == (95, 1, 1)
    assert high["low"] == pytest.approx(0.025 ** (1 / 4))


def test_where_a_few_reviews_stand_for_most_the_interval_is_as_wide_as_theirs():
    frame = tuned.checkins([tuned.risky(5.0)] * 1010, ["none"] * 1010)
    frame.loc[:9, "weight"] = 100.0
    (band,) = scores.calibration(frame).to_dict("records")
    assert band["high"] > 1 - 0.025 ** (1 / 10) - 0.2
    assert band["high"] == pytest.approx(1 - 0.025 ** (1 / 20))  # 2,000 check-ins by units of 100


def test_many_reviews_of_one_person_are_as_one():
    frame = tuned.checkins([tuned.risky(95.0)] * 40, ["crisis"] * 40, users=1)
    (band,) = scores.calibration(frame).to_dict("records")
    assert (band["reviews"], band["low"]) == (40, pytest.approx(0.025))


def test_what_nobody_reviewed_is_no_calm_person():
    assert scores.calibration(tuned.checkins([tuned.risky(5)] * 3)).empty
