"""Charts of the drills that were run: what nobody can tell and what was broken off is counted on its own."""

import pandas as pd

from lib.display.charts import drill_charts, style


def test_the_chart_counts_what_nobody_can_tell_on_its_own_and_names_it():
    verdicts = ("passed", "cannot tell", "failed", "passed")
    times = pd.date_range("2026-01-01", periods=len(verdicts), freq="D", tz="UTC")
    frame = pd.DataFrame(
        {
            "time": times,
            "scenario": "crisis",
            "route": "crisis",
            "verdict": verdicts,
            "trusted": 1.0,
            "operations": 1.0,
            "lost": [[]] * 4,
        }
    )
    figure = drill_charts.drill_log(frame, 30)
    assert "2 of 4 drills passed, of 1 nobody can tell; 8 of 8 alerts in time" in style.describe(figure)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert [word for word in words if "crisis" in word] == ["✕ crisis", "? crisis"]


def test_a_drill_that_was_broken_off_is_said_beside_the_alerts_that_it_is_not_among():
    rows = [("a", "crisis", "passed", [], 1.0, 1.0), ("b", None, "failed", [], None, None)]
    rows.append(("c", None, "failed", ["trusted"], None, None))
    frame = pd.DataFrame(rows, columns=["scenario", "route", "verdict", "lost", "trusted", "operations"])
    frame["time"] = pd.Timestamp("2026-01-01", tz="UTC")
    said = style.describe(drill_charts.drill_log(frame.astype({"trusted": float, "operations": float}), 30))
    assert "1 of 3 drills passed" in said
    assert "of 1 drill NOBODY KNOWS who was reached" in said
