"""Five sliders over the thresholds, while somebody steps through in JupyterLab: what each setting does, at once.

What a notebook keeps needs no widget: where nobody can move one, the chart beside it shows the settings of the search.
It proposes nothing and changes nothing. Reads nothing.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from lib import routes
from lib.definitions.thresholds import scale
from lib.display import page
from lib.display.charts import explorer_chart
from lib.phases import hand_run
from lib.phases.tuning.explorer import Effect, Explorer, by_route
from lib.phases.tuning.found_settings import UNTOLD
from lib.resources.connected_run import ConnectedRun
from lib.routes import Route
from lib.values import escape
from lib.values.alerts import Score
from lib.values.numbers import say_number

TRACK = "display: inline-block; height: 0.8em; vertical-align: middle; border: 1px solid; box-sizing: border-box"
BOX = "border: 1px solid #bbbbbb; padding: 6px 10px; max-width: 70em; min-height: 20em; line-height: 1.6"
TABLE = "width: 100%; table-layout: fixed"  # no wider than its box: a bar that is cut off would say something else
CELL = "text-align: left; vertical-align: top; padding: 1px 10px 1px 0; white-space: normal"
WIDTHS = ("32%", "20%", "20%", "28%")
NOW = "now"


def show(explorer: Explorer, run: ConnectedRun) -> None:
    """The sliders where somebody has the notebook open, and for everybody the chart of the search's settings."""
    page.figure(explorer_chart.routes_by_setting(by_route(explorer), explorer.span))
    if hand_run.is_watched(run):
        widget = Sliders(explorer)
        instead = page.paragraph(
            "Five sliders stand here while their kernel runs in JupyterLab. Run it again to move them."
        )
        page.live(widget.box._repr_mimebundle_(), instead)


class Sliders:
    """Five sliders, each over its thresholds of the grid, a button for each setting of the search, and below them what
    the setting does."""

    def __init__(self, explorer: Explorer) -> None:
        from ipywidgets import HTML, Button, HBox, Layout, SelectionSlider, VBox  # nobody else needs it

        self.explorer = explorer
        self.sliders: dict[str, Any] = {}  # ipywidgets has no types
        now = explorer.settings[NOW]
        for one in routes.THRESHOLDS:
            axis = explorer.grid.risks if one.score is Score.RISK else explorer.grid.sentiments
            start = float(now[one.placeholder])
            self.sliders[one.placeholder] = SelectionSlider(
                options=[(f"{value:g}", value) for value in axis],
                value=start if start in axis else axis[len(axis) // 2],
                description=f"{one.parameter} ({scale(one.placeholder)})",
                layout=Layout(width="44em"), style={"description_width": "22em"},
            )  # fmt: skip
            self.sliders[one.placeholder].observe(self._follow, names="value")
        self.buttons = {
            name: Button(description=name, tooltip=f"the five thresholds of: {name}", layout=Layout(width="auto"))
            for name in explorer.settings
        }
        for name, button in self.buttons.items():
            button.on_click(partial(self._set, name))
        self.shown = HTML()
        self._follow()
        self.box = VBox([HBox([*self.buttons.values()]), *self.sliders.values(), self.shown])

    def _set(self, name: str, _: object = None) -> None:
        """Move the sliders to a setting of the search, as `now`, without a word of those on the way there."""
        for placeholder, slider in self.sliders.items():
            slider.unobserve(self._follow, names="value")
            slider.value = float(self.explorer.settings[name][placeholder])
            slider.observe(self._follow, names="value")
        self._follow()

    def _follow(self, _: object = None) -> None:
        numbers = {name: slider.value for name, slider in self.sliders.items()}
        self.shown.value = panel(self.explorer, self.explorer.effect(numbers))


def panel(explorer: Explorer, effect: Effect | None) -> str:
    """What a setting does beside what those of now do, as HTML."""
    if effect is None:
        words = "Out of order: each risk threshold has to stand above the next, so no definition may have this setting."
        return f'<div style="{BOX}"><strong>{escape.html(words)}</strong></div>'
    now = explorer.effect(explorer.settings[NOW])
    most = max([*effect.counts.values(), *(now.counts.values() if now else ())], default=0.0)
    heads = [f"check-ins {explorer.span}", "this setting", "now", ""]
    rows = [_route_row(route, effect, now, most) for route in routes.BY_LEVEL]
    said = [_plain_row(*row) for row in _figures(explorer, effect, now)]
    head = "".join(
        f'<th scope="col" style="{CELL}; width: {width}">{escape.html(one)}</th>'
        for one, width in zip(heads, WIDTHS, strict=True)
    )
    return f'<div style="{BOX}"><table style="{TABLE}"><tr>{head}</tr>{"".join([*rows, *said])}</table></div>'


def _route_row(route: Route, effect: Effect, now: Effect | None, most: float) -> str:
    count = effect.counts[route]
    width = 100 * count / most if most else 0.0
    colour = explorer_chart.colour_of(route)
    bar = f'<span style="{TRACK}; width: {width:.2f}%; background-color: {colour}"></span>'
    before = say_number(now.counts[route]) if now else UNTOLD
    cells = [escape.html(str(route)), escape.html(say_number(count)), escape.html(before), bar]
    return _row(cells)


def _figures(explorer: Explorer, effect: Effect, now: Effect | None) -> list[tuple[str, str, str, str]]:
    """Name, this setting, now, and what is against this one."""

    def both(value: Any) -> tuple[str, str]:  # noqa: ANN401 - a function of an effect
        return value(effect), value(now) if now else UNTOLD

    allows = f"more than alerts_a_day allows {explorer.span}, {say_number(explorer.budget)}"
    over = allows if effect.alerts > explorer.budget else ""
    short = effect.at_least is None or effect.at_least < explorer.floor
    below = f"not proven to reach crisis_recall_floor, {explorer.floor}" if short else ""
    return [
        ("alerts of all kinds", *both(lambda one: say_number(one.alerts)), over),
        ("cost, by the reviewed", *both(lambda one: _told(one.cost)), ""),
        ("check-ins of people in danger without an alert, by the reviewed", *both(lambda one: _told(one.missed)), ""),
        ("crises with the crisis alert", *both(_recall), below),
    ]


def _told(value: float | None) -> str:
    return UNTOLD if value is None else say_number(value)


def _recall(one: Effect) -> str:
    if one.at_least is None:
        return UNTOLD
    return f"{say_number(one.caught)} of {say_number(one.crises)}; at least {one.at_least:.1%}"


def _plain_row(*cells: str) -> str:
    return _row([escape.html(one) for one in cells])


def _row(cells: Sequence[str]) -> str:
    return "".join(["<tr>", *(f'<td style="{CELL}">{one}</td>' for one in cells), "</tr>"])
