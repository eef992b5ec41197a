"""One SQL text bins as the workflow compares: next to every threshold, beyond both ends, and what is no number."""

import math
from datetime import timedelta, timezone

import duckdb
import numpy as np
import pandas as pd
import pytest
import tuned
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from lib.errors import NotAsWanted
from lib.phases.tuning import counting, cube, cube_engine, cube_sql
from lib.phases.tuning.cube import AXES, Grid
from lib.telemetry.review_window import Window

NOW = tuned.now()
GRID = cube.grid_around({**NOW.thresholds, "CrisisRiskAbove": 94.7, "SentimentBelow": -0.615})
ODD = [None, "97", True, [], {}, math.nan, math.inf, -math.inf, 10**400, -(10**400), -0.0, 1e-320]


def around(edges):
    """Each edge and its two neighbours among the doubles."""
    return [one for edge in edges for one in (math.nextafter(edge, -500), edge, math.nextafter(edge, 500))]


def same(frame, grid):
    mine = cube.fill(frame[cube.which_known(frame)], grid).cells.sort_values(AXES, ignore_index=True)
    theirs = cube_engine.count(frame, grid, tuned.WINDOW).cells
    pd.testing.assert_frame_equal(mine.astype({"outcome": object}), theirs, check_dtype=False)


def test_every_threshold_of_the_usual_grid_is_exact_on_both_sides():
    risks, sentiments = around([*GRID.risks, 100.0]), around([*GRID.sentiments, 1.0, -1.0])
    number = max(len(risks), len(sentiments))
    answers = [
        tuned.risky(risks[n % len(risks)], sentiments[n % len(sentiments)], ("declining", "stable")[n % 2])
        for n in range(number)
    ]
    same(tuned.checkins(answers), GRID)


def test_guessing_by_floor_alone_would_mis_bin():
    wrong = [value for value in GRID.sentiments if math.floor(value * 100) / 100 != value]
    assert wrong and 0.29 in wrong


def test_what_is_no_number_has_the_bins_of_its_own():
    answers = [tuned.risky(one, other) for one in ODD for other in ODD]
    same(tuned.checkins([*answers, {}, {"score": 0.1}, {"risk_score": "?", "score": 0.1}]), GRID)


scores = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(-1.5, 101), st.integers(-3, 103), st.none(), st.text(),
    st.sampled_from(around(GRID.risks)), st.sampled_from(around(GRID.sentiments)),
)  # fmt: skip
answers = st.tuples(scores, scores, st.sampled_from(["declining", "stable", None])).map(lambda one: tuned.risky(*one))
edges = st.lists(st.floats(-1, 99.5), min_size=0, max_size=12, unique=True).map(lambda found: tuple(sorted(found)))
hundredths = st.lists(st.integers(-99, 9900), max_size=30, unique=True).map(
    lambda found: tuple(sorted(number / 100 for number in found))
)


@effort(max_examples=60)
@given(st.lists(st.tuples(answers, st.sampled_from(["", "none", "crisis"])), max_size=25), edges | hundredths, edges)
def test_it_is_the_cube_of_any_scores_on_any_grid(rows, risks, sentiments):
    frame = tuned.checkins([answer for answer, _ in rows], [said for _, said in rows], weight=1.5)
    same(frame, Grid(tuple(one for one in risks if one >= 0), tuple(one for one in sentiments if -1 < one < 1)))


def test_what_lies_outside_the_window_is_not_counted():
    frame = tuned.checkins([tuned.risky(50)] * 28)
    part = Window(tuned.WINDOW.start + timedelta(days=3), tuned.WINDOW.end - timedelta(days=5), None)
    assert cube_engine.count(frame, GRID, part).checkins == 20


@pytest.mark.parametrize("hours", [(0, 0), (5, 0), (0, -7), (5, -7)])
def test_a_part_of_the_first_and_of_the_last_day_is_counted_as_it_is_asked_for(hours):
    frame = tuned.checkins([tuned.risky(50)] * 28 * 24)
    ends = [tuned.WINDOW.start + timedelta(hours=hours[0]), tuned.WINDOW.end + timedelta(hours=hours[1])]
    abroad = [end.astimezone(timezone(timedelta(hours=9))) for end in ends]
    for start, end in (ends, abroad):
        assert cube_engine.count(frame, GRID, Window(start, end, None)).checkins == 28 * 24 - hours[0] + hours[1]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Check-ins as Parquet by day, of some days two files; and the same as they are read."""
    folder, drawn = tmp_path_factory.mktemp("history"), np.random.default_rng(5)
    answers = [
        tuned.risky(float(drawn.uniform(-2, 102)), float(drawn.uniform(-1.1, 1.1)), ("declining", "x")[n % 2])
        for n in range(400)
    ]
    said = [("", "", "crisis", "none")[n % 4] for n in range(400)]
    frame = tuned.checkins(answers, said, weight=1.25).assign(mark=np.arange(400) * 7 - 1000)
    rows = pd.DataFrame({
        "mark": frame["mark"], "moment": (frame["time"] - cube_engine.EPOCH) // pd.Timedelta(microseconds=1),
        "risk": [answer["risk_score"] for answer in answers], "sentiment": [answer["score"] for answer in answers],
        "declining": [answer["trajectory"] == "declining" for answer in answers], "known": True,
    })  # fmt: skip
    for day, part in rows.groupby(frame["time"].dt.date):
        place = folder / f"day={day}"
        place.mkdir()
        for name, some in (("a", part[::2]), ("b", part[1::2])):
            duckdb.from_df(some).write_parquet(str(place / f"{name}.parquet"))
    return sorted(folder.glob("day=*/*.parquet")), frame


@pytest.mark.parametrize("at_once", [1, 40, 1_000_000])
def test_files_are_counted_some_days_at_a_time_and_none_twice(files, monkeypatch, at_once):
    paths, frame = files
    monkeypatch.setattr(cube_engine, "AT_ONCE", at_once)
    part, seen = Window(tuned.WINDOW.start + timedelta(hours=9), tuned.WINDOW.end - timedelta(days=3), None), []
    inside = frame[(frame["time"] >= part.start) & (frame["time"] < part.end)]
    mine = cube.fill(inside, GRID).cells
    theirs = cube_engine.count_files(paths, frame, GRID, part, lambda done, every: seen.append((done, every))).cells
    pd.testing.assert_frame_equal(mine.astype({"outcome": object}), theirs, check_dtype=False)
    assert seen[-1] == (400, 400) and [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) == {1: 28, 40: 14, 1_000_000: 1}[at_once]


def test_files_of_other_days_alone_are_an_empty_cube(files):
    paths, frame = files
    later = Window(tuned.WINDOW.end, tuned.WINDOW.end + timedelta(days=3), None)
    empty = cube_engine.count_files(paths, frame, GRID, later)
    assert empty.cells.empty and empty.checkins == 0


def test_nothing_is_an_empty_cube():
    assert cube_engine.count(tuned.checkins([]), GRID, tuned.WINDOW).cells.empty


def test_the_text_says_nothing_that_one_engine_alone_knows():
    text = cube_sql.count_text(GRID, tuned.WINDOW.start, tuned.WINDOW.end, [(-7, "crisis", 1.5)])
    assert "VALUES (-7, 'crisis', 1.5E0)" in text
    words = {word.strip('(),"').upper() for word in text.split()}
    for theirs in ("ASOF", "LIST", "FILTER", "QUALIFY", "UNNEST", "::", "[", "EPOCH_US", "WIDTH_BUCKET"):
        assert theirs not in words
    numbers = [part for part in text.replace("(", " ").replace(")", " ").split() if "." in part and part[0].isdigit()]
    assert numbers and all("E" in one for one in numbers)  # without an exponent it would be a decimal


def test_a_count_that_differs_in_one_bin_is_not_the_same():
    frame = tuned.checkins([tuned.risky(float(risk)) for risk in range(100)])
    mine = counting.count([], frame, NOW, tuned.WINDOW).cube
    counting.require_same(mine, mine.cells.assign(declining="false").astype(str))
    wrong = mine.cells.copy()
    wrong.loc[3, "count"] += 1
    with pytest.raises(NotAsWanted, match="Athena counted 101 check-ins and DuckDB 100; they differ in 1 bins"):
        counting.require_same(mine, wrong)


def test_an_outcome_that_is_none_is_refused():
    rows = pd.DataFrame(
        {"risk": [0], "sentiment": [0], "declining": [False], "day": ["2026-01-01"], "outcome": ["bad"]}
    )
    with pytest.raises(ValueError, match="outcomes that are none"):
        cube_engine.of_rows(GRID, rows.assign(count=1, weight=np.nan))
