"""What other thresholds would have done: by the live numbers, every value and step accounted for. No AWS."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from lib import settings
from lib.asl.router import Router
from lib.definitions import templates, thresholds
from lib.display.charts import style, tuning_charts
from lib.phases import threshold_tuning
from lib.routes import level
from lib.telemetry import checkin_frames
from lib.telemetry.checkin_frames import Answer
from lib.telemetry.checkins import Coverage
from lib.telemetry.history.sources import BEYOND
from lib.telemetry.review_window import Window
from rehearsal.account import baseline

LOCAL = settings.load("local")
END = datetime(2026, 1, 25, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=24), END, None)
FIELDS = ["risk_score", "score", "trajectory"]
HALF = "ModerateRiskAbove"


def now(**changed: float) -> threshold_tuning.Current:
    return threshold_tuning.current(thresholds.with_thresholds(templates.definition(LOCAL), changed), LOCAL)


def history(
    answers: list[dict[str, Any]], every: timedelta = timedelta(seconds=30), share: float = 1.0
) -> pd.DataFrame:
    """Check-ins at that distance from each other, the last of them just before the end."""
    rows = [
        Answer(
            f"user-{n % 7}", END - (len(answers) - n) * every, tuple(json.dumps(a[f]) if f in a else "" for f in FIELDS)
        )
        for n, a in enumerate(answers)
    ]
    frame = checkin_frames.frame(rows, FIELDS)
    frame.attrs["coverage"] = Coverage(round(len(rows) / share), len(rows), share, True, Counter())
    return frame


def spread(count: int) -> list[dict[str, Any]]:
    return [
        {"risk_score": n * 7.3 % 101, "score": (n % 21 - 10) / 10, "trajectory": ("stable", "declining")[n % 2]}
        for n in range(count)
    ]


def counted(swept: pd.DataFrame, value: float, route: str) -> float:
    (found,) = swept.loc[(swept["value"] == value) & (swept["route"] == route), "count"]
    return float(found)


def test_now_are_the_live_thresholds_and_what_differs_is_named() -> None:
    live = now(CrisisRiskAbove=99.9)
    assert live.thresholds["CrisisRiskAbove"] == 99.9
    assert "live is CrisisRiskAbove 99.9." in threshold_tuning.whose(live, LOCAL)
    rows = thresholds.compare_with_live(live.definition, LOCAL)
    assert [row for row in rows if row[""]] == [
        {
            "threshold": "CrisisRiskAbove",
            "in the file": "crisis_risk_above",
            "scale": "risk score, 0 to 100",
            "live": 99.9,
            "parameters": 95,
            "": "DIFFERS",
        }
    ]
    high = {row["route"]: row["check-ins"] for row in threshold_tuning.routes(history([{"risk_score": 97}]), live)}
    assert (high["high"], high["crisis"]) == (1, 0)
    assert "say otherwise" not in threshold_tuning.whose(now(), LOCAL)


@pytest.mark.parametrize("deployed", [baseline.definition(LOCAL), {}, {"States": {}}])
def test_where_the_live_workflow_is_not_ours_it_says_by_which_numbers(deployed: dict[str, Any]) -> None:
    found = threshold_tuning.current(deployed, LOCAL)
    assert found.thresholds == LOCAL.thresholds
    assert "does not decide by our definition" in threshold_tuning.whose(found, LOCAL)
    assert {row[""] for row in thresholds.compare_with_live(deployed, LOCAL)} == {"DIFFERS"}


@pytest.mark.parametrize(("name", "value"), [(HALF, 50.5), ("CrisisRiskAbove", 99.9), ("ProactiveRiskAbove", 0.25)])
def test_the_value_of_now_is_swept_exactly(name: str, value: float) -> None:
    found = threshold_tuning.sweep(
        history([{"risk_score": 50.3, "score": 0.5}] * 2880), now(**{name: value}), name, WINDOW
    )
    assert found.loc[found["now"], "value"].unique().tolist() == [value]
    assert set(found["value"]) <= {*range(100), value}
    figure = tuning_charts.alerts_by_threshold(found, name, value)
    assert f"a day at {value:g}:" in style.describe(figure)


def test_a_check_in_between_the_whole_value_and_that_of_now_has_no_alert() -> None:
    found = threshold_tuning.sweep(
        history([{"risk_score": 50.3, "score": 0.5}] * 2880), now(**{HALF: 50.5}), HALF, WINDOW
    )
    assert [counted(found, value, "standard") for value in (50, 50.5, 51)] == [2880, 0, 0]


def test_a_day_is_a_day_that_there_is_data_for() -> None:
    """The window has 24 days, and the bucket one: 2,880 a day are not 120."""
    for days in (1, 3):
        frame = history([{"risk_score": 99}] * (2880 * days))
        assert threshold_tuning.span(frame, WINDOW) == "a day"
        assert counted(threshold_tuning.sweep(frame, now(), HALF, WINDOW), 50, "crisis") == pytest.approx(2880)
    hours = {row["what"]: row["count"] for row in threshold_tuning.overview(frame, WINDOW)}
    assert (hours["time looked at"], hours["time from the first check-in to the last"]) == ("24 days", "3 days")


def test_less_than_a_day_is_not_blown_up() -> None:
    frame = history([{"risk_score": 99}] * 720)
    assert threshold_tuning.span(frame, WINDOW) == "in 5.99 h"
    assert counted(threshold_tuning.sweep(frame, now(), HALF, WINDOW), 50, "crisis") == 720


def test_one_check_in_is_one_in_the_window() -> None:
    frame = history([{"risk_score": 99}])
    assert counted(threshold_tuning.sweep(frame, now(), HALF, WINDOW), 50, "crisis") == pytest.approx(1 / 24)


def test_of_a_part_the_count_is_put_up_to_all() -> None:
    frame = history([{"risk_score": 99}] * 720, timedelta(minutes=2), share=0.25)
    assert counted(threshold_tuning.sweep(frame, now(), HALF, WINDOW), 50, "crisis") == pytest.approx(2880)


def test_every_step_is_a_row_and_one_that_is_not_allowed_says_why() -> None:
    moves = threshold_tuning.moves(history(spread(300)), now())
    assert len(moves) == 28
    left = moves[moves["not counted, since"] != ""]
    assert dict(
        zip(zip(left["threshold"], left["moved to"], strict=True), left["not counted, since"], strict=True)
    ) == {
        ("CrisisRiskAbove", 85): "CrisisRiskAbove 85 would not be above HighRiskAbove 85",
        ("CrisisRiskAbove", 100): "CrisisRiskAbove 100 would not lie from 0 to below 100",
        ("CrisisRiskAbove", 105): "CrisisRiskAbove 105 would not lie from 0 to below 100",
        ("HighRiskAbove", 95): "CrisisRiskAbove 95 would not be above HighRiskAbove 95",
    }
    assert left[["higher", "lower"]].isna().all(axis=None)
    assert moves.loc[moves["not counted, since"] == "", ["higher", "lower"]].notna().all(axis=None)


def test_live_thresholds_out_of_order_are_said_and_what_they_do_not_concern_is_counted() -> None:
    live = now(CrisisRiskAbove=80)
    assert "They are out of order: CrisisRiskAbove 80 is not above HighRiskAbove 85." in threshold_tuning.whose(
        live, LOCAL
    )
    assert "out of order" not in threshold_tuning.whose(now(), LOCAL)
    moves = threshold_tuning.moves(history(spread(30)), live)
    counted_ones = set(moves.loc[moves["not counted, since"] == "", "threshold"])
    assert counted_ones == {*LOCAL.thresholds}
    assert not threshold_tuning.sweep(history(spread(30)), live, HALF, WINDOW).empty


@pytest.mark.parametrize("value", [80, 100, 101])
def test_the_live_value_is_swept_also_where_it_is_out_of_order(value: float) -> None:
    found = threshold_tuning.sweep(history(spread(30)), now(CrisisRiskAbove=value), "CrisisRiskAbove", WINDOW)
    assert found.loc[found["now"], "value"].unique().tolist() == [value]


def test_a_sentiment_that_is_not_allowed_says_why() -> None:
    moves = threshold_tuning.moves(history(spread(30)), now(SentimentBelow=-0.85))
    (reason,) = set(moves["not counted, since"]) - {""} - {r for r in moves["not counted, since"] if "Risk" in r}
    assert reason == "SentimentBelow -1.05 would not lie between -1 and 1"
    assert len(moves) == 28


def test_the_moves_are_those_of_each_check_in_alone() -> None:
    answers = [*spread(150), {"risk_score": 150}, {"risk_score": -5}, {"risk_score": None}, {}, {"risk_score": "97"}]
    live = now(ModerateRiskAbove=50.5)
    for row in threshold_tuning.moves(history(answers), live).query("`not counted, since` == ''").to_dict("records"):
        moved = thresholds.with_thresholds(live.definition, {row["threshold"]: row["moved to"]})
        before, after = (
            [level(router.route({"text": "", **answer})) for answer in answers]
            for router in (Router(live.definition), Router(moved))
        )
        pairs = Counter((new > old) - (new < old) for old, new in zip(before, after, strict=True))
        assert (row["higher"], row["lower"]) == (pairs[1], pairs[-1]), row


def test_the_values_that_are_left_out_of_the_sweep_are_said() -> None:
    assert threshold_tuning.swept(now(), HALF) == (
        "The whole values from 31 to 84 are drawn, and that of now; "
        "below 31, ModerateRiskAbove 30 would not be above ProactiveRiskAbove 30; "
        "above 84, HighRiskAbove 85 would not be above ModerateRiskAbove 85."
    )
    drawn = threshold_tuning.sweep(history(spread(9)), now(), HALF, WINDOW)
    assert (drawn["value"].min(), drawn["value"].max()) == (31, 84)


def test_a_score_outside_its_range_is_counted_apart() -> None:
    frame = history([{"risk_score": 150}, {"risk_score": -5}, {"risk_score": 42}, {"risk_score": None}, {}])
    rows = {row["what"]: row["count"] for row in threshold_tuning.overview(frame, WINDOW)}
    assert rows["of these with a usable risk score"] == 1
    assert rows["with one outside 0 to 100, which no rule can use"] == 2
    assert rows["without one"] == 2
    assert {r["route"]: r["check-ins"] for r in threshold_tuning.routes(frame, now())}["unscored"] == 5


def test_nothing_recorded_is_an_empty_sweep_and_no_move() -> None:
    frame = history([])
    assert threshold_tuning.sweep(frame, now(), HALF, WINDOW).empty
    assert threshold_tuning.moves(frame, now())["higher"].dropna().sum() == 0
    assert "no recorded check-ins" in style.describe(
        tuning_charts.alerts_by_threshold(threshold_tuning.sweep(frame, now(), HALF, WINDOW))
    )


def test_between_two_check_ins_an_hour_apart_lies_one_hour() -> None:
    frame = history(spread(2), timedelta(hours=1))
    rows = {row["what"]: row["count"] for row in threshold_tuning.overview(frame, WINDOW)}
    assert rows["time from the first check-in to the last"] == "60 min"
    assert threshold_tuning.overview(history(spread(1)), WINDOW)[-1]["count"] == "0 s"
    assert threshold_tuning.span(frame, WINDOW) == "in 60 min"


def test_the_headline_of_the_risks_says_what_could_not_be_read_and_what_was_not() -> None:
    frame = history(spread(60))
    frame.attrs["coverage"] = Coverage(1000, 97, 0.1, True, Counter({"not JSON": 37}))
    said = style.describe(tuning_charts.risk_distribution(frame, LOCAL.thresholds))
    assert "37 could not be read" in said
    assert "97 of 1,000 recorded were read" in said
    frame.attrs["coverage"] = Coverage(97, 97, 1.0, True, Counter({"not JSON": 37}), BEYOND)
    said = style.describe(tuning_charts.risk_distribution(frame, LOCAL.thresholds))
    assert "37 could not be read, of all that was ever converted" in said
    rows = {row["what"]: row["count"] for row in threshold_tuning.overview(frame, WINDOW)}
    assert rows["that could not be read, of all that was ever converted (37 not JSON)"] == 37


def test_a_table_of_moves_says_what_it_counts_and_on_which_scale() -> None:
    rows = [("CrisisRiskAbove", 95, 90, 1, 2, 9, ""), ("SentimentBelow", -0.6, -0.5, 3, 4, 9, "")]
    columns = ["threshold", "now", "moved to", "higher", "lower", "of", "not counted, since"]
    found = threshold_tuning.moves_in_words(pd.DataFrame(rows, columns=columns))
    assert found["scale"].tolist() == ["risk score, 0 to 100", "sentiment, -1 to 1"]
    counted = ["check-ins to a higher alert", "check-ins to a lower alert", "of check-ins"]
    assert found[counted].iloc[0].tolist() == [1, 2, 9]
    assert {thresholds.scale(name) for name in thresholds.NAMES} == set(found["scale"])
