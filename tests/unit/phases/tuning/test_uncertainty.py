"""People are drawn anew and not check-ins, later weeks judge what earlier ones chose, and other costs are tried."""

import pytest
import tuned
from tuned import SETTINGS, WINDOW, found, population

from lib.phases.tuning import uncertainty
from lib.phases.tuning.search import Answer

NOW = tuned.now()
MANY = {"users": 200}


def ends(words):
    return [float(one.replace(",", "")) for one in words.partition(":")[0].strip("()").split(" to ")]


def test_each_setting_has_an_interval_and_how_much_less_it_costs():
    joint = found(population(**MANY))
    rows = uncertainty.intervals(joint)
    assert [row["setting"] for row in rows] == ["now", "best of all together"]
    low, high = ends(rows[0]["cost a day"].partition(" ")[2])
    assert low < joint.settings[0].cost / joint.spans < high
    assert rows[0]["less than now"] == ""
    assert ends(rows[1]["less than now"])[0] > 0
    assert "told apart" not in rows[1]["less than now"]


def test_what_one_person_alone_gains_cannot_be_told_apart():
    """All misses are one person's: drawn without that one, nothing is gained."""
    outcomes = ["none"] * 3000
    frame = tuned.checkins([tuned.risky(5.0)] * 3000, outcomes, users=100)
    frame.loc[frame["userId"] == "user-3", ["outcome"]] = "moderate"
    frame.loc[frame["userId"] == "user-4", ["outcome"]] = "crisis"
    joint = found(frame, tuned.settings.with_changes(SETTINGS, crisis_recall_floor=0.0001))
    assert joint.answer == Answer.REFUSED or "cannot be told apart" in str(uncertainty.intervals(joint))
    drawn = uncertainty._drawn_costs(joint)[:, 0]
    assert drawn.min() < joint.settings[0].cost / 2  # some draws hold neither of the two


def test_of_a_few_people_it_cannot_tell():
    rows = uncertainty.intervals(found(population(users=19)))
    assert {row["cost"] for row in rows} == {"cannot tell: something was reviewed of 19 people, and 20 are needed"}


def test_the_same_reviews_give_the_same_interval():
    joint = found(population(**MANY))
    assert uncertainty.intervals(joint) == uncertainty.intervals(joint)


def test_the_best_of_the_earlier_weeks_is_judged_on_the_later_ones():
    joint = found(population(**MANY))
    now, chosen = uncertainty.judge_later(joint, NOW, SETTINGS, WINDOW)
    assert chosen["chosen before"].startswith("2026-01-19")
    assert chosen["CrisisRiskAbove"] in ("79", "80")
    assert float(chosen["cost of the later reviews"].replace(",", "")) < float(
        now["cost of the later reviews"].replace(",", "")
    )
    reached, every = map(float, chosen["crises with the crisis alert, later"].split(" of "))
    assert 0.9 < reached / every <= 1


def test_too_few_earlier_crises_are_said():
    crises = [tuned.risky(90.0)] * 70 + [tuned.risky(5.0)] * 100
    joint = found(tuned.checkins(crises[::-1], ["none"] * 100 + ["crisis"] * 70))
    (row,) = uncertainty.judge_later(joint, NOW, SETTINGS, WINDOW)
    assert row["setting"].startswith("none: no crisis threshold is proven to reach 0.95 of crises")


@pytest.mark.parametrize("asked", [uncertainty.judge_later, uncertainty.other_costs])
def test_without_reviews_there_is_nothing_to_judge(asked):
    assert asked(found(tuned.checkins([tuned.risky(5)])), NOW, SETTINGS, WINDOW) == []


def test_by_other_costs_another_setting_may_be_best_and_it_says_by_how_much():
    frame = population()
    frame.loc[frame["risk_score"].between(35, 40) & (frame.index % 7 == 0), "outcome"] = "moderate"
    rows = uncertainty.other_costs(found(frame), NOW, SETTINGS, WINDOW)
    assert [row["people in danger count"].partition(" ")[0] for row in rows] == ["0.25", "0.5", "2", "4"]
    assert all(row["the best of above costs more by"].endswith("%") for row in rows)
    assert len({row["ModerateRiskAbove"] for row in rows}) > 1
    assert rows[0]["the best of above costs more by"] != "0.0%"
