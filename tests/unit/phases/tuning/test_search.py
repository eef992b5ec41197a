"""The search proposes the best of all settings by the reviews, keeps floors, and says so where it cannot tell."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import tuned
from tuned import SETTINGS, WINDOW, found, population

from lib.errors import NotAsWanted
from lib.phases.tuning import search
from lib.phases.tuning.search import Answer
from lib.settings import with_changes


def test_the_best_of_all_together_is_found_and_costs_no_more_than_any_single_move():
    one = found(population(), HighRiskAbove=60)
    assert one.answer == Answer.PROPOSED
    now, single, best = one.settings
    assert (now.name, single.name, best.name) == ("now", "best single move", "best of all together")
    assert best.cost <= single.cost <= now.cost
    assert best.cost == 0
    assert (best.numbers["CrisisRiskAbove"], best.numbers["HighRiskAbove"], best.numbers["ModerateRiskAbove"]) == (
        80, 70, 40,
    )  # fmt: skip


def test_where_no_single_move_keeps_the_floor_there_is_none():
    assert [judged.name for judged in found(population()).settings] == ["now", "best of all together"]


def test_what_costs_nothing_to_leave_is_left_as_it_is():
    best = found(population()).settings[-1].numbers
    assert (best["SentimentBelow"], best["ProactiveRiskAbove"]) == (-0.6, 30)


def test_where_nothing_is_better_it_keeps_what_is():
    frame = population()
    fitted = {"CrisisRiskAbove": 80, "HighRiskAbove": 70, "ModerateRiskAbove": 40}
    one = found(frame, **fitted)
    assert one.answer == Answer.KEEP
    assert one.settings[-1].numbers == one.settings[0].numbers == {**tuned.LOCAL.thresholds, **fitted}


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [([""] * 4, "none is reviewed"), (["none", "none", "", ""], "all 2 reviewed are none")],
)
def test_without_two_outcomes_it_cannot_tell(outcomes, said):
    one = found(tuned.checkins([tuned.risky(5)] * 4, outcomes))
    assert one.answer == Answer.CANNOT_TELL
    assert f"of 4 check-ins {said}" in one.why
    assert [judged.name for judged in one.settings] == ["now"]


def test_nor_of_no_check_in():
    assert found(tuned.checkins([])).answer == Answer.CANNOT_TELL


@pytest.mark.parametrize(("crises", "answer"), [(58, Answer.REFUSED), (59, Answer.PROPOSED)])
def test_too_few_reviewed_crises_are_refused(crises, answer):
    rows = [tuned.risky(90)] * crises + [tuned.risky(5)] * 100
    one = found(tuned.checkins(rows, ["crisis"] * crises + ["none"] * 100))
    assert one.answer == answer
    if answer == Answer.REFUSED:
        assert "the reviewed crises count as 58, and 59 are needed where none is missed" in one.why


def test_the_floor_is_kept_although_breaking_it_would_cost_less():
    prices = {**SETTINGS.outcome_costs, "none": [0, 1000, 1000, 1000, 100000], "crisis": [0, 0, 0, 0, 0]}
    frame = population()
    frame.loc[frame["risk_score"] > 99, "outcome"] = "none"
    one = found(frame, with_changes(SETTINGS, outcome_costs=prices))
    assert one.answer == Answer.PROPOSED
    assert one.settings[-1].numbers["CrisisRiskAbove"] <= 81
    crises = one.settings[-1].weights.loc["crisis"]
    assert crises["crisis"] / crises.sum() >= 0.95


def test_the_budget_of_alerts_is_kept():
    frame = population()
    budget = 50
    one = found(frame, with_changes(SETTINGS, alerts_a_day=budget))
    assert one.answer == Answer.PROPOSED
    assert one.settings[0].alerts / one.spans > budget >= one.settings[-1].alerts / one.spans


@pytest.mark.parametrize(("gap", "days"), [(timedelta(0), 0.25), (timedelta(days=26), 2.0)])
def test_a_budget_a_day_is_one_of_the_days_that_there_are_check_ins_of(gap, days):
    """Within six hours a quarter of it, and on two days far apart two of it: not one of each day between."""
    frame = population(number=1000)
    half = pd.Timedelta(hours=3) if not gap else pd.Timedelta(hours=12)
    frame["time"] = pd.Timestamp(WINDOW.start) + pd.TimedeltaIndex(np.arange(1000) % 500 * half / 500)
    frame.loc[500:, "time"] += gap if gap else half
    one = found(frame, with_changes(SETTINGS, alerts_a_day=300 / days))
    assert one.settings[0].alerts > 300 >= one.settings[-1].alerts > 200


def test_the_units_of_the_costs_change_nothing():
    frame = population(users=100)
    moved = {"CrisisRiskAbove": 80.0, "HighRiskAbove": 70.0}
    usual = found(frame, **moved)
    for unit in (1e-12, 1e3):
        costs = {one: [unit * cost for cost in row] for one, row in SETTINGS.outcome_costs.items()}
        other = found(frame, with_changes(SETTINGS, outcome_costs=costs), **moved)
        assert (other.answer, other.settings[-1].numbers) == (usual.answer, usual.settings[-1].numbers)


def test_where_floor_and_budget_leave_nothing_people_have_to_say():
    one = found(population(), with_changes(SETTINGS, alerts_a_day=1))
    assert one.answer == Answer.REFUSED
    assert "one of them has to give way" in one.why


def test_live_thresholds_out_of_order_are_judged_and_no_single_move_is_shown():
    one = found(population(), CrisisRiskAbove=60)
    assert [judged.name for judged in one.settings] == ["now", "best of all together"]


def test_a_check_in_of_which_nobody_knows_is_left_out_and_counted():
    frame = tuned.checkins([tuned.risky(5), {**tuned.risky(5), "risk_score": "?"}, tuned.risky(97)])
    one = found(frame)
    assert one.unknown == 1
    assert one.settings[0].counts.to_numpy().sum() == 2


def test_weights_count_and_what_nobody_reviewed_does_not():
    frame = tuned.checkins([tuned.risky(5), tuned.risky(5), tuned.risky(97)], ["crisis", "", "none"], 10.0)
    now = found(frame).settings[0]
    assert now.cost == 10 * SETTINGS.outcome_costs["crisis"][0] + 10 * SETTINGS.outcome_costs["none"][4]
    assert now.alerts == 1
    assert now.counts.loc["", "none"] == 1


def test_a_sweep_that_says_another_sum_than_the_router_is_not_shown():
    one = found(population(number=50))
    wrong = replace(one.settings[0], costs=one.settings[0].costs + 1)
    with pytest.raises(NotAsWanted, match="they must agree, so nothing is shown"):
        search._require_agreement(wrong, one.grid, one.cost, one.alerts, 1e-6)
