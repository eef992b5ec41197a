"""What charts are drawn from, and what is written on one."""

from datetime import UTC, datetime, timedelta
from math import nan

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib.display.charts import style

START = datetime(2026, 1, 1, 23, 50, tzinfo=UTC)
CHANGE = START + timedelta(minutes=5)
THRESHOLDS = {
    "CrisisRiskAbove": 95,
    "HighRiskAbove": 85,
    "ModerateRiskAbove": 50,
    "SentimentBelow": -0.6,
    "ProactiveRiskAbove": 30,
}


def at(minutes: float) -> pd.Timestamp:
    return pd.Timestamp(START + timedelta(minutes=minutes))


def counts(*rows: tuple[float, str, float], period: int = 60) -> pd.DataFrame:
    frame = pd.DataFrame([(at(minute), f"Executions{name}", value) for minute, name, value in rows])
    frame = (
        frame.set_axis(["time", "metric", "value"], axis=1)
        if rows
        else pd.DataFrame(columns=["time", "metric", "value"])
    )
    frame.attrs["period_seconds"] = period
    return frame


def times(*rows: tuple[float, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(at(m), name, v) for m, name, v in rows], columns=["time", "metric", "value"])


def axes_of(figure: Figure) -> Axes:
    (axes,) = figure.axes
    return axes


def words(figure: Figure) -> str:
    """Everything that is written on the figure."""
    style.png(figure, 50)
    texts = [text.get_text() for text in figure.findobj(mpl.text.Text)]
    return "\n".join(text for text in texts if text)


EMPTY = pd.DataFrame(columns=["time", "metric", "value"])


def routes() -> pd.DataFrame:
    rows = [("crisis", True), ("crisis", False), ("none", False), ("none", False), ("no route", False)]
    return pd.DataFrame([(at(i), route, f"arn:{i}", drill) for i, (route, drill) in enumerate(rows)]).set_axis(
        ["time", "route", "execution", "drill"], axis=1
    )


def drills(*rows: tuple[float, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(at(m), *rest) for m, *rest in rows], columns=["time", "route", "topic", "seconds"])


def latencies(*rows: tuple[str, str, float], **more: list[bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["scenario", "topic", "seconds"]).assign(**more)


def phases() -> pd.DataFrame:
    rows = [
        ("00 preflight", nan, 0.02, ""),
        ("01 infrastructure", 10, 0.001, ""),
        ("05 validation", 30, 40, ""),
        ("07 review", nan, nan, "running: this phase"),
        ("08 tuning", nan, nan, "not run yet"),
    ]
    return pd.DataFrame(rows, columns=["phase", "planned", "taken", "instead"])


def took(before: list[float], after: list[float], who: str = "check-ins") -> pd.DataFrame:
    rows = [(who, when, seconds) for when, side in (("before", before), ("after", after)) for seconds in side]
    return pd.DataFrame(rows, columns=["who", "when", "seconds"])
