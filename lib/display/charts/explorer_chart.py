"""How many check-ins take each route by each setting: what the sliders show, where nothing can be moved. No AWS."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from lib import routes
from lib.display.charts.review_charts import COLOURS
from lib.display.charts.style import BLACK, canvas, empty_figure, in_style
from lib.routes import Route
from lib.values.numbers import say_number

HATCHES = ("", "///", "...", "xxx", "ooo")  # which setting it is, also in greyscale


@in_style
def routes_by_setting(frame: pd.DataFrame, span: str) -> Figure:
    """A group of bars a route, a bar a setting. `frame`: setting, route, count (check-ins in a `span`)."""
    question = f"How many check-ins {span} would take each route?"
    if frame.empty or not frame["count"].any():
        return empty_figure(question, "no check-in can be counted by a setting whose thresholds are in order.", frame)
    alerts = frame[frame["route"] != Route.NONE].groupby("setting", sort=False)["count"].sum()
    figure, axes = canvas(
        question, f"alerts of all kinds: {'; '.join(f'{n} {say_number(c)}' for n, c in alerts.items())}"
    )
    names, order = list(alerts.index), [route for route in routes.BY_LEVEL if route in set(frame["route"])]
    height = 0.8 / len(names)
    for at, (name, hatch) in enumerate(zip(names, cycle(HATCHES), strict=False)):
        counts = frame[frame["setting"] == name].set_index("route")["count"].reindex(order)
        places = np.arange(len(order)) + (at - (len(names) - 1) / 2) * height
        axes.barh(
            places, counts, height * 0.92, color=[colour_of(route) for route in order], edgecolor=BLACK, linewidth=0.5,
            hatch=hatch,
        )  # fmt: skip
        for place, count in zip(places, counts, strict=True):
            axes.annotate(
                say_number(count), xy=(count, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8
            )
    axes.set_yticks(np.arange(len(order)), [str(route) for route in order])
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlim(0, float(frame["count"].max()) * 2)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"check-ins {span} (from 1 on, each line is ten times the last)")
    axes.set_ylabel("route")
    # The colours are the routes', the pattern is the setting's.
    patterns = [
        Patch(facecolor="white", edgecolor=BLACK, hatch=hatch) for _, hatch in zip(names, cycle(HATCHES), strict=False)
    ]
    axes.legend(patterns, names, loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0)
    return figure


def colour_of(route: Route) -> str:
    """The colour of a route, as in every chart."""
    return COLOURS[route.row.mark.colour]
