"""People are drawn anew and not check-ins, later weeks judge what earlier ones chose, and other costs are tried."""

import numpy as np
import pytest
import tuned
from tuned import SETTINGS, WINDOW, found, population

from lib.phases.tuning import found_settings, judged_settings, search, uncertainty
from lib.phases.tuning.reviews import LEFT_EMPTY
from lib.phases.tuning.search import Answer
from lib.settings import with_changes
from lib.telemetry.checkin_frames import CELL

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
    assert sure.people[0][uncertainty.BEFOREHAND] == ""
    assert ends(sure.people[1][uncertainty.BEFOREHAND])[0] > 0
    assert sure.doubts == ()


def test_what_was_chosen_earlier_has_an_interval_of_reviews_that_did_not_choose_it():
    today, chosen = assessed(found(population(**MANY))).later
    assert today["less than now"] == "" and ends(chosen["less than now"])[0] > 0
    few = with_changes(SETTINGS, crisis_recall_floor=0.2)  # more no ten people prove
    _, chosen = assessed(found(population(users=10), few), few).later
    assert "cannot tell: something was reviewed of 10 people" in chosen["less than now"]


def test_what_speaks_against_keeping_what_is_is_said_as_well():
    """Reviews of alerted check-ins alone: that no other setting costs less says nothing of missed crises."""
    frame = population(**MANY)
    best = found(frame).settings[-1]
    frame.loc[best.levels == 0, ["outcome", "weight"]] = ["", 0.0]
    now = tuned.now(**best.numbers)
    joint = search.run(frame, now, SETTINGS, WINDOW)
    assert joint.answer == Answer.KEEP
    sure = uncertainty.assess(joint, now, SETTINGS, WINDOW)
    said = found_settings.answer_in_words(joint, sure.doubts)
    assert said.startswith("Do not rely on it: of 1,2") and "so that nobody can see a missed crisis" in said
    assert "Keep what is: no other setting costs less" in said and "cannot be told apart" not in said


@pytest.mark.parametrize(("reviewed", "stands"), [(20, 50.0), (1000, 1.0)])
def test_that_none_of_a_few_was_in_danger_is_not_that_none_is(reviewed, stands):
    """1,000 check-ins lose their alert. Twenty reviews, none in danger, leave 139 of them; a thousand leave three."""
    frame = tuned.checkins(
        [tuned.risky(60.0, 0.9)] * 1000 + [tuned.risky(97.0, 0.9)] * 60,
        ["none"] * reviewed + [""] * (1000 - reviewed) + ["crisis"] * 60,
    )
    frame["weight"] *= np.where(frame["outcome"] == "none", stands, 1.0)
    few = with_changes(SETTINGS, crisis_recall_floor=0.01)
    joint = found(frame, few)
    assert (joint.settings[-1].levels < joint.settings[0].levels).sum() == 1000
    lower = judged_settings.lower_alerts(joint.checkins, joint.settings[0], joint.settings[-1])
    most = 1 - 0.05 ** (1 / reviewed)  # the exact one-sided limit where none was found
    assert lower.most == pytest.approx(most)
    assert lower.said == f"0 of {reviewed:,} reviewed; at most {most:.1%} of 1,000"
    doubt = uncertainty._may_harm(joint, lower, few)
    assert doubt == "" if reviewed == 1000 else "up to 13.9% of them may be of people in grave danger" in doubt


def test_a_sample_of_which_most_is_left_empty_is_a_doubt():
    frame = population(**MANY)
    assert uncertainty._biases(found(frame), 0.95) == []
    frame.attrs[LEFT_EMPTY] = (220, 240)
    (doubt,) = uncertainty._biases(found(frame), 0.95)
    assert "of 240 check-ins that the sample asks about 220 have no outcome" in doubt
    frame.attrs[LEFT_EMPTY] = (2, 240)
    assert uncertainty._biases(found(frame), 0.95) == []


def test_what_two_persons_alone_gain_cannot_be_told_apart():
    """Sixty reviewed crises are two persons': drawn without those, today's setting is no dearer."""
    frame = tuned.checkins([tuned.risky(5.0)] * 3000, ["none"] * 3000, users=100)
    theirs = frame["userId"].isin(["user-3", "user-4"])
    crises = tuned.checkins([tuned.risky(90.0 if one else 5.0) for one in theirs], users=100)
    crises["outcome"], crises["weight"] = ["crisis" if one else "none" for one in theirs], 1.0
    two = with_changes(SETTINGS, crisis_recall_floor=0.2)  # more no two people prove
    joint = found(crises, two)
    assert joint.answer == Answer.PROPOSED
    assert "by other people it cannot be told apart from today's setting" in assessed(joint, two).doubts


def test_reviews_of_alerted_check_ins_alone_are_named_as_a_bias():
    frame = population(**MANY)
    frame.loc[frame["risk_score"] <= 50, ["outcome", "weight"]] = ["", 0.0]
    quiet = (frame["risk_score"] <= 50).sum()
    doubts = assessed(found(frame)).doubts
    assert f"of {quiet:,} check-ins without an alert none is reviewed, so that nobody can see a missed crisis" in doubts
    assert any(
        one.startswith(f"no review stands for {quiet:,} of 3,000 check-ins ({quiet:,} on none)") for one in doubts
    )


def test_a_sample_that_stands_for_all_is_no_bias():
    frame = population(**MANY)
    frame["weight"] *= 2.0
    frame.loc[frame.index % 2 == 0, ["outcome", "weight"]] = ["", 0.0]
    assert uncertainty._biases(found(frame), 0.95) == []


def test_a_few_that_nobody_reviewed_are_a_doubt_where_as_crises_they_would_break_the_floor():
    """300 crises reached, and 150 of 20,000 that would go to a lower alert: 300 of 450 may be the truth."""
    risks = [20.0] * 16_000 + [60.0] * 3_500 + [97.0] * 300 + [90.0] * 150 + [89.0] * 50
    said = ["none"] * 16_000 + ["moderate"] * 3_500 + ["crisis"] * 300 + [""] * 150 + ["none"] * 50
    order = np.random.default_rng(0).permutation(len(risks))
    frame = tuned.checkins([tuned.risky(risks[at], 0.9) for at in order], [said[at] for at in order])
    many = with_changes(SETTINGS, alerts_a_day=100_000)
    now = tuned.now(CrisisRiskAbove=86)
    joint = search.run(frame, now, many, WINDOW)
    assert joint.answer == Answer.PROPOSED and joint.settings[-1].numbers["CrisisRiskAbove"] >= 90
    (doubt,) = uncertainty.assess(joint, now, many, WINDOW).doubts
    assert doubt == (
        "no review stands for 150 of 20,000 check-ins (150 on crisis), and the cost is of the others alone: were all "
        "of them crises without an alert, 66.7% of crises would be reached; 150 that nobody reviewed get a lower "
        "alert by it than now"
    )
    whole = frame.assign(outcome=frame["outcome"].replace("", "none"), weight=1.0)
    assert not any("no review" in one for one in assessed(search.run(whole, now, many, WINDOW), many).doubts)


def judged_later(late_crises, at):
    """Earlier weeks in which nobody above 88 is in a crisis but for those at 97, and later ones with these."""
    early = [(97.0, "crisis")] * 800 + [(90.0, "none")] * 1000 + [(91.0, "none")] * 500 + [(20.0, "none")] * 500
    late = [(at, "crisis")] * late_crises + [(90.0, "none")] * (100 - late_crises) + [(20.0, "none")] * 900
    late += [(91.0, "none")] * 400
    rows = [one for part in (early, late) for one in np.random.default_rng(0).permutation(np.array(part, dtype=object))]
    frame = tuned.checkins([tuned.risky(float(risk), 0.9) for risk, _ in rows], [word for _, word in rows])
    dear = {**SETTINGS.outcome_costs, "crisis": [300, 100, 100, 100, 0]}
    given = with_changes(SETTINGS, alerts_a_day=100_000, outcome_costs=dear)
    now = tuned.now(CrisisRiskAbove=88)
    return uncertainty.assess(search.run(frame, now, given, WINDOW), now, given, WINDOW)


def test_crises_that_are_missed_in_later_weeks_are_a_doubt_also_where_that_costs_less():
    sure = judged_later(6, 92.0)
    assert [row["crises with the crisis alert, later"] for row in sure.later] == ["6 of 6", "0 of 6"]
    missed = (
        "in the later weeks what the earlier ones chose gives 0 of 6 crises the crisis alert, and today's setting 6"
    )
    assert any(one.startswith(missed) for one in sure.doubts)


def test_later_weeks_without_a_crisis_confirm_nothing():
    sure = judged_later(0, 92.0)
    assert "the later weeks hold no reviewed crisis, so they cannot tell whom it would miss" in sure.doubts


def test_later_weeks_whose_crises_are_reached_are_no_doubt():
    sure = judged_later(40, 97.0)
    assert not any("later weeks" in one for one in sure.doubts)


def test_reviewed_crises_of_unknown_check_ins_are_named():
    frame = population(**MANY)
    frame.loc[:2, frame.columns.str.startswith(CELL)] = "?"
    frame.loc[:2, "outcome"] = "crisis"
    assert any(
        one.startswith("3 reviewed crises are of check-ins of which nobody") for one in assessed(found(frame)).doubts
    )


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


def test_costs_as_high_as_they_may_be_are_tried_like_any():
    """Four times what a parameter may be is no parameter, and ended the notebook."""
    usual = assessed(found(population()))
    dear = {outcome: [cost * 1e9 / 3000 for cost in row] for outcome, row in SETTINGS.outcome_costs.items()}
    given = with_changes(SETTINGS, outcome_costs=dear)
    assert max(map(max, dear.values())) == 1e9
    assert uncertainty.assess(found(population(), given), tuned.now(), given, tuned.WINDOW).costs == usual.costs
