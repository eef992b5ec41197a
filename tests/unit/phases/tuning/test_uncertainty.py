"""People are drawn anew and not check-ins, later weeks judge what earlier ones chose, and other costs are tried."""

import tuned
from tuned import SETTINGS, WINDOW, found, population

from lib.phases.tuning import uncertainty
from lib.phases.tuning.search import Answer

NOW = tuned.now()
MANY = {"users": 200}


def ends(words):
    return [float(one.replace(",", "")) for one in words.partition(":")[0].strip("()").split(" to ")]


def assessed(joint, given=SETTINGS):
    return uncertainty.assess(joint, NOW, given, WINDOW)


def test_each_setting_has_an_interval_and_how_much_less_it_costs():
    joint = found(population(**MANY))
    sure = assessed(joint)
    assert [row["setting"] for row in sure.people] == ["now", "best of all together"]
    low, high = ends(sure.people[0]["cost a day"].partition(" ")[2])
    assert low < joint.settings[0].cost / joint.spans < high
    assert sure.people[0]["less than now"] == ""
    assert ends(sure.people[1]["less than now"])[0] > 0
    assert sure.doubts == ()


def test_what_two_persons_alone_gain_cannot_be_told_apart():
    """Sixty reviewed crises are two persons': drawn without those, today's setting is no dearer."""
    frame = tuned.checkins([tuned.risky(5.0)] * 3000, ["none"] * 3000, users=100)
    theirs = frame["userId"].isin(["user-3", "user-4"])
    crises = tuned.checkins([tuned.risky(90.0 if one else 5.0) for one in theirs], users=100)
    crises["outcome"], crises["weight"] = ["crisis" if one else "none" for one in theirs], 1.0
    joint = found(crises)
    assert joint.answer == Answer.PROPOSED
    assert "by other people it cannot be told apart from today's setting" in assessed(joint).doubts


def test_reviews_of_alerted_check_ins_alone_are_named_as_a_bias():
    frame = population(**MANY)
    frame.loc[frame["risk_score"] <= 50, ["outcome", "weight"]] = ["", 0.0]
    quiet = (frame["risk_score"] <= 50).sum()
    rest = f"{1 - quiet / len(frame):.0%}"
    doubts = assessed(found(frame)).doubts
    assert f"of {quiet:,} check-ins without an alert none is reviewed, so that nobody can see a missed crisis" in doubts
    assert f"the reviewed stand for {rest} of the check-ins alone, and the cost is of those" in doubts


def test_a_sample_that_stands_for_all_is_no_bias():
    frame = population(**MANY)
    frame["weight"] *= 2.0
    frame.loc[frame.index % 2 == 0, ["outcome", "weight"]] = ["", 0.0]
    assert uncertainty._biases(found(frame)) == []


def test_of_a_few_people_it_cannot_tell():
    sure = assessed(found(population(users=19)))
    said = "something was reviewed of 19 people, and 20 are needed to say how sure that is"
    assert {row["cost"] for row in sure.people} == {f"cannot tell: {said}"}
    assert said in sure.doubts


def test_the_same_reviews_give_the_same_interval():
    joint = found(population(**MANY))
    assert assessed(joint) == assessed(joint)


def test_the_best_of_the_earlier_weeks_is_judged_on_the_later_ones():
    now, chosen = assessed(found(population(**MANY))).later
    assert chosen["chosen before"].startswith("2026-01-19")
    assert chosen["CrisisRiskAbove"] in ("79", "80")
    costs = [float(row["cost of the later reviews"].replace(",", "")) for row in (now, chosen)]
    assert costs[1] < costs[0]
    reached, every = map(float, chosen["crises with the crisis alert, later"].split(" of "))
    assert 0.9 < reached / every <= 1


def test_weeks_in_which_the_score_means_the_contrary_are_a_doubt():
    frame = population(**MANY)
    late = frame["time"] > frame["time"].quantile(0.66)
    frame.loc[late & (frame["risk_score"] < 96), "outcome"] = "none"
    sure = assessed(found(frame))
    assert "what the earlier weeks chose costs no less than today's setting in the later ones" in sure.doubts


def test_too_few_earlier_crises_are_said():
    joint = found(tuned.checkins([tuned.risky(5.0)] * 100 + [tuned.risky(90.0)] * 70, ["none"] * 100 + ["crisis"] * 70))
    (row,) = assessed(joint).later
    assert row["setting"].startswith("none: no crisis threshold is proven to reach 0.95 of crises")
    assert [one for one in assessed(joint).doubts if one.startswith("before 2026-01-")]


def test_without_reviews_there_is_nothing_to_judge():
    sure = assessed(found(tuned.checkins([tuned.risky(5)])))
    assert (sure.later, sure.costs) == ([], [])


def test_by_other_costs_another_setting_may_be_best_and_it_says_by_how_much():
    frame = population()
    frame.loc[frame["risk_score"].between(35, 40) & (frame.index % 7 == 0), "outcome"] = "moderate"
    sure = assessed(found(frame))
    assert [row["people in danger count"].partition(" ")[0] for row in sure.costs] == ["0.25", "0.5", "2", "4"]
    assert len({row["ModerateRiskAbove"] for row in sure.costs}) > 1
    dearest = max(float(row["the best of above costs more by"].rstrip("%")) for row in sure.costs)
    assert dearest > 0
    assert (f"by other costs it may cost {dearest:.0f}% more than the best" in sure.doubts) == (dearest > 10)
