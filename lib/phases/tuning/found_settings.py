"""What a search found, as tables and as what charts are drawn from. Pure, no AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib import routes
from lib.phases.tuning import exact_optimum, recall_floor
from lib.phases.tuning.judged_settings import Judged, prices_of
from lib.phases.tuning.search import Answer, Search
from lib.routes import Route
from lib.settings import Settings
from lib.values.numbers import say_number
from lib.values.reviewed import Outcome

DANGER = [outcome for outcome in Outcome if outcome != Outcome.NONE]
NOBODY = "not reviewed"
ALL, NONE_AT_ALL = "alert everybody", "alert nobody"
CHANCES = np.arange(51) / 100
UNTOLD = Answer.CANNOT_TELL.value
WARNINGS = {Answer.PROPOSED: "Do not follow it", Answer.KEEP: "Do not rely on it"}


@dataclass(frozen=True)
class Spot:
    """A setting in a chart: its name, and where it stands."""

    name: str
    x: float
    y: float


def answer_in_words(search: Search, doubts: Sequence[str]) -> str:
    """What the search comes to, in a sentence or three; before it what speaks against it, also where nothing moves."""
    left_out = f" {search.unknown:,} check-ins are left out: nobody knows what they held." if search.unknown else ""
    tried = f" {search.grid.combinations:,} settings of the five thresholds were compared exactly."
    compared = tried if search.answer in (Answer.KEEP, Answer.PROPOSED) else ""
    proposes = " It proposes, and changes nothing." if search.answer == Answer.PROPOSED else ""
    return f"{say_doubts(search, doubts)}{search.answer.capitalize()}: {search.why}.{compared}{proposes}{left_out}"


def say_doubts(search: Search, doubts: Sequence[str]) -> str:
    """What is said before an answer that should not be taken, with a space behind it; "" before any other."""
    return f"{WARNINGS[search.answer]}: {'; '.join(doubts)}. " if doubts and search.answer in WARNINGS else ""


def settings_table(search: Search, settings: Settings) -> list[dict[str, Any]]:
    """One row a setting: its five numbers, and what it does."""
    return [_row(search, one, settings) for one in search.settings]


def side_by_side(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same with a column a setting: no laptop shows a row of all that a setting does."""
    columns = [what for what in rows[0] if what != "setting"]
    return [{"what": what, **{str(row["setting"]): row[what] for row in rows}} for what in columns]


def _row(search: Search, one: Judged, settings: Settings) -> dict[str, Any]:
    caught, every = crises_caught(one)
    limit = float(recall_floor.lower_limit(caught, every, search.reviews))
    reached = f"{say_number(caught)} of {say_number(every)}; at least {limit:.1%}"
    low, high = _of_unreviewed(one, settings)
    unreviewed = int(one.counts.loc[""].to_numpy().sum())
    today = search.settings[0].levels
    return {
        "setting": one.name,
        **{name: f"{value:g}" for name, value in one.numbers.items()},
        f"alerts {search.span}": say_number(one.alerts / search.spans),
        "alerts on the busiest day": say_number(_busiest(search, one)),
        "check-ins to a higher alert than now": f"{(one.levels > today).sum():,}",
        "check-ins to a lower one": f"{(one.levels < today).sum():,}",
        f"cost {search.span}, by the reviewed": say_number(one.cost / search.spans) if _reviewed(one) else UNTOLD,
        "crises with the crisis alert": reached if every else UNTOLD,
        "crises without any alert": say_number(float(one.weights.loc[Outcome.CRISIS, Route.NONE])) if every else UNTOLD,
        f"cost {search.span} of the {unreviewed:,} not reviewed": " to ".join(
            say_number(cost / search.spans) for cost in (low, high)
        ),
    }


def _busiest(search: Search, one: Judged) -> float:
    """The most alerts of one day (UTC), put up to all that is recorded: a budget is kept on the average alone."""
    by_day = pd.Series(one.levels > 0).groupby(search.checkins["time"].dt.floor("D").to_numpy()).sum()
    return float(by_day.max() / search.checkins.attrs["coverage"].part) if len(by_day) else 0.0


def crises_caught(one: Judged) -> tuple[float, float]:
    """How many crises raise the crisis alert, and how many there are, by weight."""
    crises = one.weights.loc[Outcome.CRISIS]
    return float(crises[Route.CRISIS]), float(crises.sum())


def _reviewed(one: Judged) -> float:
    return float(one.weights.loc[list(Outcome)].to_numpy().sum())


def _of_unreviewed(one: Judged, settings: Settings) -> tuple[float, float]:
    """What the unreviewed cost at least and at most, were each of the outcome that costs so: nobody knows which."""
    counts = one.counts.loc[""]
    prices = prices_of(settings)
    levels = [int(routes.level(route)) for route in counts.index]
    counted = counts.to_numpy(dtype=float)
    return float(counted @ prices[:, levels].min(axis=0)), float(counted @ prices[:, levels].max(axis=0))


def confusion(search: Search) -> list[dict[str, Any]]:
    """One row a setting and outcome: how many check-ins take each route."""
    rows = []
    for one in search.settings:
        for outcome in (*Outcome, ""):
            table = one.weights if outcome else one.counts
            counted = table.loc[outcome]
            known = not outcome or counted.any()
            row = {
                f"check-ins on {route}": say_number(number) if known else UNTOLD for route, number in counted.items()
            }
            rows.append({"setting": one.name, "outcome": str(outcome) or NOBODY, **row})
    return rows


def fewest_missed(search: Search) -> pd.DataFrame:
    """The settings that no other beats: alerts and missed, in a `span`. Empty where nobody was found in danger."""
    if not search.settings[0].weights.loc[DANGER].to_numpy().any():
        return pd.DataFrame(columns=["alerts", "missed"])
    ordered = exact_optimum.all_ordered(search.cube)
    rows = exact_optimum.frontier(search.alerts, search.missed, ordered) / search.spans
    return _by_reviews(search, pd.DataFrame(rows, columns=["alerts", "missed"]))


def _by_reviews(search: Search, frame: pd.DataFrame) -> pd.DataFrame:
    """The same, with how many reviews it rests on in `attrs["reviews"]`: of few every line is as sharp as of many."""
    frame.attrs["reviews"] = int((search.checkins["outcome"] != "").sum())
    return frame


def missed_spots(search: Search) -> list[Spot]:
    """Where each setting stands among alerts and people missed, in a `span`."""
    return [
        Spot(one.name, one.alerts / search.spans, float(one.weights.loc[DANGER, Route.NONE].sum()) / search.spans)
        for one in search.settings
    ]


def cheapest_pairs(search: Search) -> pd.DataFrame:
    """The smallest cost, in a `span`, for each moderate threshold (rows) and sentiment threshold (columns)."""
    costs = exact_optimum.cheapest(search.cost, search.allowed) / search.spans
    if search.answer in (Answer.CANNOT_TELL, Answer.REFUSED):
        costs = np.full_like(costs, np.inf)
    return pd.DataFrame(costs, index=search.grid.risks, columns=search.grid.sentiments)


def pair_spots(search: Search) -> list[Spot]:
    """Where each setting stands among the standard alert's two thresholds."""
    risk, sentiment = (threshold.placeholder for threshold in Route.STANDARD.row.thresholds)
    return [Spot(one.name, one.numbers[sentiment], one.numbers[risk]) for one in search.settings]


def net_benefit(search: Search) -> pd.DataFrame:
    """The net benefit of each setting, of an alert to all and of none (Vickers and Elkin, Med. Decis. Making 26, 2006).

    Columns: chance (of danger from which on an alert is worth it, 0 to 0.5), setting, benefit (people in danger who are
    alerted, less alerts for nothing by their odds, of 1,000 check-ins). Empty where nobody was found in danger.
    """
    every = search.settings[0].weights.loc[list(Outcome)]
    danger, number = float(every.loc[DANGER].to_numpy().sum()), float(every.to_numpy().sum())
    if not danger:
        return pd.DataFrame(columns=["chance", "setting", "benefit"])
    alerted = {one.name: one.weights.drop(columns=Route.NONE) for one in search.settings}
    hits = {ALL: danger, NONE_AT_ALL: 0.0}
    hits |= {name: float(table.loc[DANGER].to_numpy().sum()) for name, table in alerted.items()}
    idle = {ALL: number - danger, NONE_AT_ALL: 0.0}
    idle |= {name: float(table.loc[Outcome.NONE].sum()) for name, table in alerted.items()}
    rows = [
        (chance, name, 1000 * (hits[name] - idle[name] * chance / (1 - chance)) / number)
        for name in hits
        for chance in CHANCES
    ]
    return _by_reviews(search, pd.DataFrame(rows, columns=["chance", "setting", "benefit"]))
