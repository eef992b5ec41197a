"""How sure a proposal is: other people, later weeks, other costs. Pure, no AWS.

Check-ins of one person are not independent, so people are drawn anew and not check-ins (a cluster bootstrap; Field and
Welsh, J. R. Statist. Soc. B 69, 2007). What was chosen on all reviews looks too good on them, and its interval misses
the truth more often than it says: so it is chosen again on the earlier weeks and judged on the later ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lib.phases.threshold_tuning import Current
from lib.phases.tuning import found_settings, judged_settings, search
from lib.phases.tuning.judged_settings import Judged, Lowered
from lib.phases.tuning.reviews import LEFT_EMPTY
from lib.phases.tuning.search import Answer, Search
from lib.settings import Settings, with_changes
from lib.telemetry.review_window import Window
from lib.values.numbers import say_number
from lib.values.reviewed import Outcome

DRAWS = 1000
FEW = 20  # people: of fewer, drawing them anew tells nothing
EARLIER = 2 / 3  # of the reviews
ENDS = [2.5, 97.5]
LOWER = "in grave danger, of those with a lower alert than now"
BEFOREHAND = "less than now, had it been chosen beforehand"
FACTORS = (0.25, 0.5, 2.0, 4.0)
MUCH_MORE = 0.1  # than the best by other costs
NEARLY_ALL = 0.99
FOUND = (Answer.PROPOSED, Answer.KEEP)


@dataclass(frozen=True)
class Assessment:
    """How sure the best setting is, as three tables; and why somebody should not follow it, a sentence each."""

    people: list[dict[str, Any]]
    later: list[dict[str, Any]]
    costs: list[dict[str, Any]]
    doubts: tuple[str, ...]


def assess(joint: Search, now: Current, settings: Settings, window: Window) -> Assessment:
    """Draw people anew, judge on later weeks what earlier ones chose, and try other tables of costs."""
    people, alike = _draw_people(joint)
    lower = [judged_settings.lower_alerts(joint.checkins, joint.settings[0], one) for one in joint.settings]
    people = [{**row, LOWER: one.said} for row, one in zip(people, lower, strict=True)]
    later, against = _judge_later(joint, now, settings, window)
    costs, dearer = _try_costs(joint, now, settings, window)
    doubts = [
        *_biases(joint, settings.crisis_recall_floor),
        _may_harm(joint, lower[-1], settings),
        alike,
        *against,
        dearer,
    ]
    return Assessment(people, later, costs, tuple(filter(None, doubts)))


def _biases(joint: Search, floor: float) -> list[str]:
    """Why the reviewed check-ins may not speak of all (verification bias)."""
    reviewed, quiet = (joint.checkins["outcome"] != "").to_numpy(), joint.settings[0].levels == 0
    doubts = []
    if quiet.any() and not reviewed[quiet].any():
        doubts.append(
            f"of {quiet.sum():,} check-ins without an alert none is reviewed, so that nobody can see a missed crisis"
        )
    if joint.unknown_crises:
        doubts.append(
            f"{joint.unknown_crises:,} reviewed crises are of check-ins of which nobody knows what they held, nor "
            "which alert they would raise"
        )
    empty, drawn = joint.checkins.attrs.get(LEFT_EMPTY, (0, 0))
    if empty > (1 - NEARLY_ALL) * drawn:
        doubts.append(
            f"of {drawn:,} check-ins that the sample asks about {empty:,} have no outcome, and the others stand for "
            "them: whether those are like them nobody can tell"
        )
    return [*doubts, *_unrepresented(joint, floor)]


def _unrepresented(joint: Search, floor: float) -> list[str]:
    """What the check-ins could be for which no review stands: any of them a crisis."""
    today, best = joint.settings[0], joint.settings[-1]
    left = (today.counts.sum() - today.weights.loc[list(Outcome)].sum()).clip(lower=0).round()
    nobodys, (caught, crises) = int(left.sum()), found_settings.crises_caught(best)
    if not nobodys or (caught >= floor * (crises + nobodys) and nobodys <= (1 - NEARLY_ALL) * len(joint.checkins)):
        return []
    where = ", ".join(f"{int(number):,} on {route}" for route, number in left.items() if number)
    lower = int(((joint.checkins["outcome"] == "").to_numpy() & (best.levels < today.levels)).sum())
    return [
        f"no review stands for {nobodys:,} of {len(joint.checkins):,} check-ins ({where}), and the cost is of the "
        f"others alone: were all of them crises without an alert, {caught / (crises + nobodys):.1%} of crises would be "
        f"reached; {lower:,} that nobody reviewed get a lower alert by it than now"
    ]


def _may_harm(joint: Search, lower: Lowered, settings: Settings) -> str:
    """Why it may cost more than now, by those in grave danger whom no review met; "" where even so it costs less."""
    today, best = joint.settings[0], joint.settings[-1]
    row = np.array(settings.outcome_costs[Outcome.HIGH], dtype=float)
    dearer = (row[best.levels] - row[today.levels])[lower.which].clip(min=0).sum() * lower.most
    if not lower.which.any() or dearer <= today.cost - best.cost:
        return ""
    return (
        f"of {lower.which.sum():,} check-ins to which it gives a lower alert than now {lower.reviewed:,} are reviewed, "
        f"so that up to {lower.most:.1%} of them may be of people in grave danger, 95 % sure: that would cost more "
        "than it gains"
    )


def _draw_people(joint: Search) -> tuple[list[dict[str, Any]], str]:
    """One row a setting: its cost, and how much less than today's, 95 % of the time that people are drawn anew."""
    if why := _too_few(joint.checkins):
        return [{"setting": one.name, "cost": f"{Answer.CANNOT_TELL}: {why}"} for one in joint.settings], why
    costs = _drawn_costs(joint.settings, joint.checkins) / joint.spans
    rows = [
        {
            "setting": one.name,
            f"cost {joint.span}": f"{say_number(one.cost / joint.spans)} ({_ends(costs[:, at])})",
            BEFOREHAND: _ends(costs[:, 0] - costs[:, at]) if at else "",
        }
        for at, one in enumerate(joint.settings)
    ]
    alike = joint.answer == Answer.PROPOSED and np.percentile(costs[:, 0] - costs[:, -1], ENDS[0]) <= 0
    return rows, "by other people it cannot be told apart from today's setting" if alike else ""


def _too_few(checkins: pd.DataFrame) -> str:
    """Why drawing people anew tells nothing of these, "" where it does."""
    people = checkins.loc[checkins["outcome"] != "", "userId"].nunique()
    if people >= FEW:
        return ""
    return f"something was reviewed of {people} people, and {FEW} are needed to say how sure that is"


def _drawn_costs(judged: Sequence[Judged], checkins: pd.DataFrame) -> np.ndarray:
    """The cost of each setting (columns) of each draw of people (rows)."""
    each = pd.DataFrame(np.column_stack([one.costs for one in judged]))
    by_person = each.groupby(checkins["userId"].to_numpy()).sum().to_numpy()
    drawn = np.random.default_rng(0)
    number = len(by_person)
    return np.array([by_person[drawn.integers(0, number, number)].sum(axis=0) for _ in range(DRAWS)])


def _ends(values: np.ndarray) -> str:
    low, high = np.percentile(values, ENDS)
    return f"{say_number(low)} to {say_number(high)}"


def _judge_later(
    joint: Search, now: Current, settings: Settings, window: Window
) -> tuple[list[dict[str, Any]], list[str]]:
    """The best of the earlier weeks beside today's setting, both judged on the later weeks; and what speaks against."""
    reviewed = joint.checkins.loc[joint.checkins["outcome"] != "", "time"]
    if joint.answer not in FOUND:
        return [], []
    border = reviewed.quantile(EARLIER, interpolation="lower")
    late = joint.checkins["time"] > border
    earlier, later = joint.checkins[~late], joint.checkins[late]
    chosen = search.run(earlier, now, settings, window)
    if chosen.answer not in FOUND:
        why = f"before {border:%Y-%m-%d %H:%M} UTC alone nothing can be chosen: {chosen.why}"
        return [{"chosen before": f"{border:%Y-%m-%d %H:%M} UTC", "setting": f"none: {chosen.why}"}], [why]
    rows = [
        judged_settings.judge(later, now, one.name, one.numbers, settings)
        for one in (joint.settings[0], chosen.settings[-1])
    ]
    few, less = _too_few(later), ""
    if not few:
        costs = _drawn_costs(rows, later)
        less = _ends(costs[:, 0] - costs[:, 1])
    judged = [
        {
            "chosen before": f"{border:%Y-%m-%d %H:%M} UTC" if at else "",
            "setting": one.name,
            **{name: f"{value:g}" for name, value in one.numbers.items()},
            "cost of the later reviews": say_number(one.cost),
            "less than now": (less or f"{Answer.CANNOT_TELL}: {few}") if at else "",
            "crises with the crisis alert, later": _caught(one),
        }
        for at, one in enumerate(rows)
    ]
    return judged, _against(rows[0], rows[1], settings.crisis_recall_floor) if joint.answer == Answer.PROPOSED else []


def _against(today: Judged, chosen: Judged, floor: float) -> list[str]:
    """What the later weeks say against what the earlier ones chose. Without a crisis they say nothing of the floor."""
    (caught, every), (before, _) = found_settings.crises_caught(chosen), found_settings.crises_caught(today)
    worse = "what the earlier weeks chose costs no less than today's setting in the later ones"
    doubts = [worse] if chosen.cost >= today.cost else []
    if not every:
        return [*doubts, "the later weeks hold no reviewed crisis, so they cannot tell whom it would miss"]
    if caught < before or caught < floor * every:
        doubts.append(
            f"in the later weeks what the earlier ones chose gives {_caught(chosen)} crises the crisis alert, and "
            f"today's setting {say_number(before)}; {floor} of them is the floor"
        )
    return doubts


def _caught(one: Judged) -> str:
    caught, every = found_settings.crises_caught(one)
    return f"{say_number(caught)} of {say_number(every)}"


def _try_costs(joint: Search, now: Current, settings: Settings, window: Window) -> tuple[list[dict[str, Any]], str]:
    """The best setting where people in danger count for more or less than the table of costs says, beside alerts for
    nothing; and how much more than that one the best by the table then costs.
    """
    if joint.answer not in FOUND:
        return [], ""
    most, rows, mine = 0.0, list[dict[str, Any]](), joint.settings[-1]
    for factor in FACTORS:
        danger, others = min(factor, 1), min(1 / factor, 1)  # beside each other: no cost leaves its bounds
        costs = {
            outcome: [cost * (danger if outcome in found_settings.DANGER else others) for cost in row]
            for outcome, row in settings.outcome_costs.items()
        }
        given = with_changes(settings, outcome_costs=costs)
        best = search.run(joint.checkins, now, given, window, joint.cube).settings[-1]
        then = judged_settings.judge(joint.checkins, now, mine.name, mine.numbers, given).cost
        more = max(then / best.cost - 1, 0.0) if best.cost else 0.0
        most = max(most, more)
        rows.append({
            "people in danger count": f"{factor:g} times as much",
            **{name: f"{value:g}" for name, value in best.numbers.items()},
            "the best of above costs more by": f"{more:.1%}",
        })  # fmt: skip
    return rows, f"by other costs it may cost {most:.0%} more than the best" if most > MUCH_MORE else ""
