"""What a search found, in words and numbers: unknown stays unknown, and a range stays a range."""

import pytest
import tuned
from tuned import SETTINGS, found, population

from lib.errors import NotAsWanted
from lib.phases.tuning import found_settings


def test_the_answer_says_how_many_settings_it_compared():
    said = found_settings.answer_in_words(found(population()), [])
    assert said.startswith("Proposed: of all settings that keep the floor and the budget it costs least.")
    assert "780,323,775 settings of the five thresholds were compared exactly. It proposes" in said


def test_what_speaks_against_a_proposal_is_said_before_it():
    said = found_settings.answer_in_words(found(population()), ["people are few", "costs are"])
    assert said.startswith("Do not follow it: people are few; costs are. Proposed: of all settings")
    nothing = found_settings.answer_in_words(found(tuned.checkins([tuned.risky(5)])), ["people are few"])
    assert nothing.startswith("Cannot tell: ")


def test_without_reviews_every_answer_is_that_it_cannot_tell_and_the_cost_a_range():
    one = found(tuned.checkins([tuned.risky(5), {**tuned.risky(5), "score": "?"}, tuned.risky(97)]))
    (row,) = found_settings.settings_table(one, SETTINGS)
    assert row["crises with the crisis alert"] == row["crises without any alert"] == "cannot tell"
    assert row["cost a day, by the reviewed"] == "cannot tell"
    low, high = row["cost a day of the 2 not reviewed"].split(" to ")
    assert float(low) == 0
    every = sum(max(row[level] for row in SETTINGS.outcome_costs.values()) for level in (0, 4))
    assert high == f"{every / one.spans:,.0f}"
    assert "1 check-ins are left out: nobody knows what they held." in found_settings.answer_in_words(one, [])
    assert "settings of the five" not in found_settings.answer_in_words(one, [])
    rows = {row["outcome"]: row for row in found_settings.confusion(one)}
    assert rows["crisis"]["check-ins on none"] == rows["none"]["check-ins on crisis"] == "cannot tell"
    assert (rows["not reviewed"]["check-ins on crisis"], rows["not reviewed"]["check-ins on none"]) == ("1", "1")
    assert found_settings.fewest_missed(one).empty
    assert not found_settings.cheapest_pairs(one).lt(float("inf")).any(axis=None)


def test_each_setting_has_a_row_with_its_numbers():
    one = found(population(), HighRiskAbove=60)
    rows = found_settings.settings_table(one, SETTINGS)
    assert [row["setting"] for row in rows] == ["now", "best single move", "best of all together"]
    assert rows[-1]["CrisisRiskAbove"] == "80"
    assert (rows[0]["check-ins to a higher alert than now"], rows[0]["check-ins to a lower one"]) == ("0", "0")
    assert int(rows[-1]["check-ins to a higher alert than now"]) > 0 and int(rows[-1]["check-ins to a lower one"]) > 0
    assert "at least 99." in rows[-1]["crises with the crisis alert"]


def test_side_by_side_each_setting_has_a_column_and_says_the_same():
    rows = found_settings.settings_table(found(population(), HighRiskAbove=60), SETTINGS)
    table = found_settings.side_by_side(rows)
    assert [list(row) for row in table] == [["what", *(row["setting"] for row in rows)]] * (len(rows[0]) - 1)
    for row in rows:
        assert {one["what"]: one[row["setting"]] for one in table} | {"setting": row["setting"]} == row


def test_the_busiest_day_stands_beside_the_average_that_the_budget_is_kept_on():
    frame = tuned.checkins([tuned.risky(97.0)] * 28 + [tuned.risky(5.0)] * 28, ["crisis"] * 28 + ["none"] * 28)
    (row,) = found_settings.settings_table(found(frame), SETTINGS)
    assert (row["alerts a day"], row["alerts on the busiest day"]) == ("1", "2")


def test_where_none_could_be_read_nothing_is_counted():
    frame = tuned.checkins([])
    frame.attrs["coverage"] = type(frame.attrs["coverage"])(5, 0, 0.0, True, 5, ())
    with pytest.raises(NotAsWanted, match=r"none of 5 recorded check-ins could be read"):
        found(frame)


def test_the_confusion_has_a_row_an_outcome_and_one_of_what_nobody_reviewed():
    rows = found_settings.confusion(found(population()))
    assert [row["outcome"] for row in rows[:5]] == ["none", "moderate", "high", "crisis", "not reviewed"]
    best = {row["outcome"]: row for row in rows if row["setting"] == "best of all together"}
    assert best["crisis"]["check-ins on none"] == best["none"]["check-ins on crisis"] == "0"


def test_charts_are_drawn_from_what_the_tables_say():
    one = found(population())
    frontier, spots = found_settings.fewest_missed(one), found_settings.missed_spots(one)
    assert frontier["alerts"].is_monotonic_increasing and frontier["missed"].is_monotonic_decreasing
    for spot in spots:
        assert (frontier.loc[frontier["alerts"] <= spot.x + 1e-9, "missed"].min()) <= spot.y + 1e-9
    pairs, (*_, best) = found_settings.cheapest_pairs(one), found_settings.pair_spots(one)
    assert pairs.loc[best.y, best.x] == pairs.min(axis=None)


def test_the_net_benefit_is_that_of_its_definition():
    """Of 100 people 20 are in danger; today's setting alerts 15 of them, and 10 others."""
    rows = [tuned.risky(90)] * 15 + [tuned.risky(5)] * 5 + [tuned.risky(90)] * 10 + [tuned.risky(5)] * 70
    one = found(tuned.checkins(rows, ["crisis"] * 20 + ["none"] * 80))
    frame = found_settings.net_benefit(one).set_index(["setting", "chance"])["benefit"]
    assert frame["now", 0.2] == pytest.approx(1000 * (15 / 100 - 10 / 100 * 0.25))
    assert frame["alert everybody", 0.2] == pytest.approx(0)  # as many in danger as the chance says
    assert frame["alert everybody", 0.0] == pytest.approx(200)
    assert frame["alert everybody", 0.5] == pytest.approx(1000 * (0.2 - 0.8))
    assert set(frame["alert nobody"]) == {0.0}


def test_without_anybody_in_danger_there_is_no_benefit_to_draw():
    assert found_settings.net_benefit(found(tuned.checkins([tuned.risky(5)], ["none"]))).empty
