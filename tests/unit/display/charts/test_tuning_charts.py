"""Charts for tuning the thresholds: every usable score is drawn, the rest is named, no label covers another."""

from math import nan

import pandas as pd
import pytest
from drawn import THRESHOLDS, axes_of, words

from lib.display.charts import style, tuning_charts


def test_risk_bars_hold_every_usable_score_and_the_rest_is_named() -> None:
    frame = pd.DataFrame({"risk_score": [0, 10, 95, 95.5, 100, nan, 120, -5]})
    figure = tuning_charts.risk_distribution(frame, THRESHOLDS)
    assert sum(bar.get_height() for bar in axes_of(figure).containers[0]) == 5
    text = words(figure)
    assert "5 check-ins" in text
    assert "3 without a usable score are not drawn" in text
    assert "risk above 95: 2 (crisis)" in text
    assert "risk above 30: 3 (proactive)" in text


def test_a_score_on_a_threshold_stands_left_of_its_line_as_it_is_not_above_it() -> None:
    figure = tuning_charts.risk_distribution(
        pd.DataFrame({"risk_score": [0.0, 50.0, 50.1, 52.5, 95.0, 100.0]}), THRESHOLDS
    )
    heights = {bar.get_x(): bar.get_height() for bar in axes_of(figure).containers[0]}
    assert {left: height for left, height in heights.items() if height} == {0: 1, 47.5: 1, 50: 2, 92.5: 1, 97.5: 1}
    for name in ("ModerateRiskAbove", "CrisisRiskAbove"):
        right = sum(height for left, height in heights.items() if left >= THRESHOLDS[name])
        assert f"risk above {THRESHOLDS[name]}: {right:g} (" in words(figure)


@pytest.mark.parametrize(
    "near", [THRESHOLDS, {**THRESHOLDS, "HighRiskAbove": 94, "ModerateRiskAbove": 93, "ProactiveRiskAbove": 1}]
)
def test_threshold_labels_never_overlap(near: dict[str, float]) -> None:
    figure = tuning_charts.risk_distribution(pd.DataFrame({"risk_score": [float(n % 101) for n in range(9999)]}), near)
    style.png(figure, 80)
    boxes = [text.get_window_extent() for text in axes_of(figure).texts]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])
    area = axes_of(figure).get_window_extent()
    assert all(box.x0 >= area.x0 - 30 and box.x1 <= area.x1 for box in boxes)


def test_alerts_by_threshold_leaves_out_the_many_without_an_alert() -> None:
    rows = [(v, r, n) for v in (90, 95) for r, n in (("crisis", 0.5), ("standard", 30), ("none", 900))]
    figure = tuning_charts.alerts_by_threshold(
        pd.DataFrame(rows, columns=["value", "route", "count"]), "crisis_risk_above", 95
    )
    assert {line.get_label() for line in axes_of(figure).lines if not str(line.get_label()).startswith("_")} == {
        "crisis",
        "standard",
    }
    assert "a day at 95: crisis 0.5, standard 30" in words(figure)
    assert "now 95" in words(figure)
    assert axes_of(figure).get_ylim()[1] < 900


def test_alerts_by_threshold_without_a_current_value() -> None:
    figure = tuning_charts.alerts_by_threshold(pd.DataFrame([(1, "crisis", 2)], columns=["value", "route", "count"]))
    assert "now" not in words(figure).split()


def test_a_route_that_the_plan_does_not_name_is_drawn_as_well() -> None:
    rows = [(value, route, 5.0) for value in (40.0, 50.0) for route in ("failed", "standard")]
    figure = tuning_charts.alerts_by_threshold(pd.DataFrame(rows, columns=["value", "route", "count"]))
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["standard", "failed"]
