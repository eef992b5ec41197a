"""Charts of all thresholds at once: settings are marked and named, and nothing is drawn where nobody can tell."""

from math import inf

import numpy as np
import pandas as pd
from drawn import axes_of, words

from lib.display.charts import joint_charts, style
from lib.phases.tuning.found_settings import Spot

FRAME = pd.DataFrame({"alerts": [0.0, 10.0, 40.0], "missed": [8.0, 3.0, 0.0]})
SPOTS = [Spot("now", 20.0, 5.0), Spot("best of all together", 10.0, 3.0)]


def test_the_frontier_says_each_setting_and_the_limit():
    text = words(joint_charts.alerts_against_misses(FRAME, SPOTS, 30, "a day"))
    assert "now: 20 alerts, 5 missed; best of all together: 10 alerts, 3 missed" in text
    assert "limit 30 a day" in text
    assert "alerts of all kinds a day" in text
    assert "check-ins of people in danger" in text  # one person may have many


def test_a_limit_that_is_far_away_is_not_drawn():
    assert "limit" not in words(joint_charts.alerts_against_misses(FRAME, SPOTS, 3000, "a day"))


def test_every_point_is_within_the_axes():
    axes = axes_of(joint_charts.alerts_against_misses(FRAME, [Spot("now", 90.0, 30.0)], 30, "a day"))
    assert axes.get_xlim()[1] > 90 and axes.get_ylim()[1] > 30


def test_nobody_in_danger_is_said():
    figure = joint_charts.alerts_against_misses(FRAME.head(0), SPOTS, 30, "a day")
    assert "no reviewed check-in is of a person in danger" in style.describe(figure)


def test_the_heat_map_names_both_axes_and_each_setting():
    costs = pd.DataFrame([[5.0, 3.0], [4.0, inf]], index=[40.0, 50.0], columns=[-0.6, -0.5])
    text = words(joint_charts.cost_by_pair(costs, [Spot("now", -0.6, 50)]))
    assert "now: risk above 50 or sentiment below -0.6" in text
    assert "sentiment_below (-1 to 1)" in text and "moderate_risk_above (0 to 100)" in text


def test_the_heat_map_says_small_costs_and_takes_no_rest_of_a_sum_for_one():
    costs = pd.DataFrame([[0.05, 0.03], [0.04, 1e-18]], index=[40.0, 50.0], columns=[-0.6, -0.5])
    figure = joint_charts.cost_by_pair(costs, [Spot("now", -0.6, 50)])
    figure.canvas.draw()
    axes, bar = figure.axes
    drawn = axes.collections[0]
    ticks = [label.get_text() for label in bar.get_yticklabels()]
    assert drawn.norm.vmin == 0  # by a scale of tens all but one pair would look alike
    assert len(set(ticks)) == len(ticks) > 2


def test_a_heat_map_of_nothing_is_said():
    costs = pd.DataFrame([[inf]], index=[40.0], columns=[-0.6])
    assert "no setting can be judged" in style.describe(joint_charts.cost_by_pair(costs, SPOTS))


def test_the_share_in_danger_says_where_it_falls_and_how_many_reviews_it_rests_on():
    rows = [(5.0, 0.0, 0.0, 0.1, 30), (15.0, 0.4, 0.2, 0.6, 20), (25.0, 0.3, 0.1, 0.5, 9)]
    frame = pd.DataFrame(rows, columns=["risk", "share", "low", "high", "reviews"])
    text = words(joint_charts.danger_by_risk(frame))
    assert "59 reviews; with a higher score it falls at 25, nowhere beyond chance" in text
    assert "of people in grave danger (% of check-ins)" in text
    rows[2] = (25.0, 0.1, 0.05, 0.19, 90)
    apart = words(joint_charts.danger_by_risk(pd.DataFrame(rows, columns=frame.columns)))
    assert "with a higher score it falls at 25, beyond chance at 25" in apart
    nobody = words(joint_charts.danger_by_risk(frame.assign(share=0.0, low=0.0)))
    assert "59 reviews, none of a person in grave danger: whether it rises cannot be told" in nobody
    assert "no check-in with a usable score is reviewed" in style.describe(joint_charts.danger_by_risk(frame.head(0)))


def tenths(*shares: float, first: int = 0) -> pd.DataFrame:
    rows = [(first + 10.0 * at + 5, share, 0.0, 1.0, 9) for at, share in enumerate(shares)]
    return pd.DataFrame(rows, columns=["risk", "share", "low", "high", "reviews"])


def test_that_it_never_falls_is_said_of_all_tenths_alone_and_the_line_crosses_none_without_a_review():
    assert "with a higher score it never falls" in words(
        joint_charts.danger_by_risk(tenths(*(n / 10 for n in range(10))))
    )
    for few in (tenths(0.4), tenths(0.1, 0.9).assign(risk=[5.0, 95.0])):
        figure = joint_charts.danger_by_risk(few)
        said = style.describe(figure)
        assert "never" not in said and "whether it ever falls with a higher score cannot be told" in said
        assert "; no review in the tenths around 15" in said
    (line,) = [one for one in axes_of(figure).lines if one.get_marker() == "o"]
    assert list(np.isnan(np.asarray(line.get_ydata(), dtype=float))) == [False, *[True] * 8, False]
    falls = style.describe(joint_charts.danger_by_risk(tenths(0.5, 0.2)))
    assert "it falls at 15, nowhere beyond chance; no review in the tenths around 25, 35" in falls


def test_the_frontier_goes_on_to_the_edge_and_one_setting_alone_is_drawn():
    for frame in (FRAME, FRAME.head(1)):
        axes = axes_of(joint_charts.alerts_against_misses(frame, SPOTS, 30, "a day"))
        (line,) = [one for one in axes.lines if one.get_label() == "fewest missed"]
        assert line.get_xdata()[-1] == axes.get_xlim()[1] > line.get_xdata()[0]
        assert line.get_ydata()[-1] == frame["missed"].iloc[-1]


def test_many_alerts_are_said_in_whole_numbers():
    said = style.describe(joint_charts.alerts_against_misses(FRAME, [Spot("now", 12345.0, 1234.0)], 30, "a day"))
    assert "now: 12,345 alerts, 1,234 missed" in said


def test_every_spot_and_every_setting_is_drawn_however_many():
    spots = [Spot(f"s{at}", 10.0 * at, 1.0) for at in range(6)]
    axes = axes_of(joint_charts.alerts_against_misses(FRAME, spots, 30, "a day"))
    assert {f"s{at}" for at in range(6)} <= {line.get_label() for line in axes.lines}
    rows = [(chance, f"s{at}", 1.0 + at) for at in range(7) for chance in (0.0, 0.1)]
    axes = axes_of(joint_charts.benefit_by_chance(pd.DataFrame(rows, columns=["chance", "setting", "benefit"])))
    assert {f"s{at}" for at in range(7)} <= {line.get_label() for line in axes.lines}


def test_a_setting_that_helps_most_twice_has_a_range_each_time():
    rows = [(at / 10, name, value) for name, values in (("best", (2, 9, 3, 9)), ("now", (3, 5, 8, 5)))
            for at, value in enumerate(values)]  # fmt: skip
    said = words(joint_charts.benefit_by_chance(pd.DataFrame(rows, columns=["chance", "setting", "benefit"])))
    assert "now from 0% to 0%; best from 10% to 10%; now from 20% to 20%; best from 30% to 30%" in said


def test_settings_that_help_as_much_are_both_named():
    values = (("now", 5.0), ("best single move", 9.0), ("best of all together", 9.0 - 1e-12))
    rows = [(chance, *one) for chance in (0.0, 0.1) for one in values]
    said = words(joint_charts.benefit_by_chance(pd.DataFrame(rows, columns=["chance", "setting", "benefit"])))
    assert "the most benefit: best single move and best of all together from 0% to 10%" in said


def test_the_benefit_says_which_setting_helps_most_at_which_chance():
    rows = [(0.0, "alert everybody", 9.0), (0.1, "alert everybody", 2.0), (0.0, "now", 5.0), (0.1, "now", 4.0)]
    figure = joint_charts.benefit_by_chance(pd.DataFrame(rows, columns=["chance", "setting", "benefit"]))
    text = words(figure)
    assert "the most benefit: alert everybody from 0% to 0%; now from 10% to 10%" in text
    assert "net benefit, of 1,000 check-ins" in text and "reviews" not in text
    few = pd.DataFrame(rows, columns=["chance", "setting", "benefit"])
    few.attrs["reviews"] = 6
    assert "now from 10% to 10%; by 6 reviews" in words(joint_charts.benefit_by_chance(few))
    empty = joint_charts.benefit_by_chance(pd.DataFrame(columns=["chance", "setting", "benefit"]))
    assert "no reviewed check-in is of a person in danger" in style.describe(empty)
