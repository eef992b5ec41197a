"""What the sliders show of a setting is what the definition's own router says; what nobody reviewed is not told."""

import pandas as pd
import pytest
import tuned

from lib.phases.tuning import counting, explorer, judged_settings
from lib.routes import Route
from lib.settings import with_changes

NOW = tuned.now()


def explored(frame, counted=None):
    counted = counted or counting.count([], frame, NOW, tuned.WINDOW)
    joint = tuned.found(frame)
    return explorer.of(joint, counted, tuned.SETTINGS), joint


OTHER = {"CrisisRiskAbove": 77, "HighRiskAbove": 60, "ModerateRiskAbove": 33, "ProactiveRiskAbove": 12}


@pytest.mark.parametrize("numbers", [dict(NOW.thresholds), {**OTHER, "SentimentBelow": 0.3}])
def test_a_setting_does_what_the_router_says(numbers):
    frame = tuned.population(number=600)
    every, joint = explored(frame)
    effect = every.effect(numbers)
    judged = judged_settings.judge(frame, NOW, "it", numbers, tuned.SETTINGS)
    for route in Route:
        mine = judged.counts[route].sum() if route in judged.counts else 0
        assert effect.counts[route] * joint.spans == pytest.approx(mine)
    assert effect.alerts * joint.spans == pytest.approx(judged.alerts)
    assert effect.cost * joint.spans == pytest.approx(judged.cost)
    assert effect.caught == pytest.approx(judged.weights.loc["crisis", Route.CRISIS])


def test_out_of_order_is_no_setting():
    every, _ = explored(tuned.population(number=60))
    assert every.effect({**NOW.thresholds, "HighRiskAbove": 96}) is None


def test_of_what_nobody_reviewed_nothing_is_told():
    every, _ = explored(tuned.checkins([tuned.risky(float(risk)) for risk in range(100)]))
    effect = every.effect(NOW.thresholds)
    assert (effect.cost, effect.missed, effect.at_least) == (None, None, None)
    assert effect.alerts > 0


def test_reviews_without_a_crisis_tell_a_cost_and_no_recall():
    frame = tuned.checkins([tuned.risky(float(risk)) for risk in range(100)], ["none"] * 100)
    effect = explored(frame)[0].effect(NOW.thresholds)
    assert effect.cost > 0 and (effect.missed, effect.at_least) == (None, None)


def test_where_more_was_counted_than_read_a_day_has_as_many_alerts():
    frame = tuned.population(number=600)
    whole = counting.count([], frame, NOW, tuned.WINDOW)
    part = frame.iloc[::2].reset_index(drop=True)
    part.attrs["coverage"] = type(frame.attrs["coverage"])(600, 300, 0.5, True, 0, ())
    mine, theirs = explored(frame)[0].effect(NOW.thresholds), explored(part, whole)[0].effect(NOW.thresholds)
    assert theirs.alerts == pytest.approx(mine.alerts, rel=0.02)


def test_of_six_hours_a_quarter_of_a_days_alerts_is_the_most():
    """As the search has it: what it refuses as too many, no slider and no chart may let pass."""
    frame = tuned.population(number=600)
    frame["time"] = pd.date_range(tuned.WINDOW.start, periods=600, freq="36s")
    given = with_changes(tuned.SETTINGS, alerts_a_day=800)
    joint = tuned.found(frame, given)
    every = explorer.of(joint, counting.count([], frame, NOW, tuned.WINDOW), given)
    assert joint.span == "in 5.99 h" and every.budget == joint.budget == pytest.approx(200, rel=1e-3)
    assert every.effect(joint.settings[-1].numbers).alerts <= every.budget < every.effect(NOW.thresholds).alerts < 800


def test_the_table_has_the_settings_that_were_found():
    rows = explorer.by_route(explored(tuned.population(number=600))[0])
    assert list(rows.columns) == ["setting", "route", "count"]
    assert set(rows["setting"]) >= {"now", "best of all together"}


def test_of_no_check_in_at_all_every_count_is_none():
    frame = tuned.checkins([])
    counted = counting.count([], frame, NOW, tuned.WINDOW)
    empty = explorer.of(tuned.found(frame), counted, tuned.SETTINGS)
    effect = empty.effect(empty.settings["now"])
    assert effect is not None and (effect.alerts, effect.cost, effect.at_least) == (0, None, None)
    assert explorer.by_route(empty)["count"].eq(0).all()
