"""Reviewed outcomes of check-ins: the sample that people are asked to review, and what they wrote. Files, no AWS.

Who reviews only what raised an alert never sees a missed crisis. So the sample is drawn from every route of today, also
from those without an alert, and each reviewed check-in stands for its share of them.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from random import SystemRandom
from string import ascii_uppercase

import pandas as pd

from lib.asl.router import Router
from lib.errors import BadParameters
from lib.phases.threshold_tuning import Current
from lib.record.records import Record
from lib.settings import Settings
from lib.telemetry import checkin_frames
from lib.telemetry.history.reviewed_items import Items
from lib.values import csv_text
from lib.values.numbers import first_of
from lib.values.reviewed import Outcome

KEY = ["userId", "time"]
COLUMNS = [*KEY, "stratum", "of", "outcome"]
A_STRATUM = 60
TEMPLATE = "evidence/outcomes_to_review.csv"
LETTERS = "evidence/outcomes_to_review.json"  # of each stratum's letter the route
MOST_NAMED = 5
LEFT_EMPTY = "left empty"  # in `attrs`: how many of the sample say no outcome, of how many
SEPARATORS = ",;\t"  # that spreadsheets put between cells, by the language they speak
EXACT = 1e-9  # what a sum of shares may be off by


def ask_for_review(history: pd.DataFrame, now: Current, record: Record) -> str:
    """Keep a sample to be reviewed in the record, and say in a sentence what to do with it.

    Columns: userId (this run's pseudonym), time, stratum (a letter for the route of now), of (check-ins of that route),
    outcome (empty). It says neither scores nor routes: who sees them reviews those. The record tells the letters.
    """
    alone = ~history.duplicated(KEY, keep=False)  # of two of one moment a review cannot say which it means
    if not alone.any():
        return "There is no check-in to review."
    routed = history[KEY].assign(stratum=_routes(history, now))
    drawn = [part.sample(min(len(part), A_STRATUM), random_state=0) for _, part in routed[alone].groupby("stratum")]
    sample = pd.concat(drawn).sort_values("time")
    sample["of"] = sample["stratum"].map(routed["stratum"].value_counts())
    routes = list(sample["stratum"].unique())
    SystemRandom().shuffle(routes)  # whoever reviews for the second time learns nothing from the first
    letters = dict(zip(routes, ascii_uppercase, strict=False))
    sample["stratum"] = sample["stratum"].map(letters)
    record.keep_json(LETTERS, {letter: route for route, letter in letters.items()})
    sample["time"] = sample["time"].map(lambda moment: moment.isoformat())
    sample["userId"] = sample["userId"].map(csv_text.name_cell)
    path = record.keep_text(TEMPLATE, csv_text.of_frame(sample.assign(outcome="")[COLUMNS]))
    return (
        f"{path.relative_to(record.folder)} asks for the outcomes of {len(sample):,} check-ins of every route: "
        f"fill in {', '.join(Outcome)}, and run this phase again in the same run with outcomes_file."
    )


def join(history: pd.DataFrame, now: Current, settings: Settings, items: Items | None = None) -> pd.DataFrame:
    """The check-ins with the columns outcome ("" where nobody reviewed it) and weight (what a reviewed one stands for).

    Outcomes are those of the file, and of a table's `items`, of which each stands for itself alone; the file's sample
    then stands for the others of its strata. Raises BadParameters, in a sentence, for a file that is none of outcomes,
    a word that is no outcome, a check-in twice, one that is not among these, one of which the two say different
    outcomes, and for a table beside a sample that was drawn by other routes than those of now.
    """
    said = [_of_file(settings.path(settings.outcomes_file))] if settings.outcomes_file else []
    said += [_of_items(items)] if items and items.table else []
    if not said:
        return history.assign(outcome="", weight=0.0)
    keys = pd.MultiIndex.from_frame(history[KEY])
    for one in said:
        unknown = one.rows[~one.rows.index.isin(keys)]
        _require_none(
            one.source, "names check-ins that are not among those read; expected those of this run and window", unknown
        )
        twice = one.rows[one.rows.index.isin(keys[keys.duplicated()])]
        _require_none(
            one.source, "names check-ins of which there are two of one user at one moment; leave them out", twice
        )
    if len(said) > 1 and "stratum" in said[0].rows:
        routes = pd.Series(_routes(history, now).to_numpy(), index=keys)
        said[0] = _beside(said[0], said[1].rows.index, routes[~keys.duplicated()])
    if (stands := said[0].rows["weight"].sum()) > len(history) * (1 + EXACT):
        raise BadParameters(
            f"{said[0].source} stands for {stands:,.0f} check-ins by its strata, and there are {len(history):,} in "
            "this time; expected the sample of this run and window, its columns as they were"
        )
    every = _as_one(said)
    placed = every.reindex(keys[~keys.duplicated()]).reindex(keys)
    joined = history.assign(
        outcome=placed["outcome"].fillna("").to_numpy(), weight=placed["weight"].fillna(0.0).to_numpy(dtype=float)
    )
    joined.attrs[LEFT_EMPTY] = (sum(key not in every.index for key in said[0].empty), said[0].asks)
    return joined


def _routes(history: pd.DataFrame, now: Current) -> pd.Series:
    routes = Router(now.definition).routes(checkin_frames.cells(history)).astype(str)
    return pd.Series(routes, index=history.index)


@dataclass(frozen=True)
class _Said:
    """What a source says: outcome and weight, by user and time; of a file, in which row, and of which stratum.

    A sample `asks` about so many check-ins, and has no outcome of those that are `empty`.
    """

    source: str
    rows: pd.DataFrame
    asks: int = 0
    empty: Sequence[tuple[str, pd.Timestamp]] = ()


def _as_one(said: Sequence[_Said]) -> pd.DataFrame:
    """The rows of the first source, and of the others what it does not say: who was drawn stands for others as well."""
    first, *others = said
    rows = first.rows
    for other in others:
        both = other.rows.join(rows.add_suffix(" before"), how="inner")
        apart = both[both["outcome"] != both["outcome before"]]
        _require_none(
            other.source, f"says other outcomes than {first.source}; have people agree on each, and say it once", apart
        )
        rows = pd.concat([rows, other.rows[~other.rows.index.isin(rows.index)]])
    return rows


def _beside(sample: _Said, known: pd.MultiIndex, routes: pd.Series) -> _Said:
    """The sample with the weights that it has beside a table, which says of `known` check-ins what each of them was.

    Of a stratum, those that the table does not say are as many less, and are stood for by what was drawn among them
    alone; where nothing was, by all that was drawn.
    """
    rows, weights = sample.rows, sample.rows["weight"].copy()
    letters = routes.reindex(rows.index).groupby(rows["stratum"]).unique()
    if letters.map(len).gt(1).any() or letters.map(tuple).duplicated().any():
        raise BadParameters(
            f"{sample.source} was drawn by other routes than those of now, so that nobody can tell which of its strata "
            "the table's check-ins belong to; draw a sample anew, or leave the table out"
        )
    elsewhere = routes.reindex(known.difference(rows.index)).value_counts()
    for letter, mine in rows.groupby("stratum"):
        both = mine.index.isin(known)
        left = mine["weight"].sum() - elsewhere.get(letters[letter][0], 0)
        alone = mine.index[~both]
        if len(alone):
            weights[mine.index[both]] = 1.0
            weights[alone] = max((left - both.sum()) / len(alone), 1.0)
        else:
            weights[mine.index] = max(left / len(mine), 1.0)
    return replace(sample, rows=rows.assign(weight=weights))


def _of_items(items: Items) -> _Said:
    source = f"table {items.table}"
    rows = items.rows.set_index(KEY)[["outcome"]]
    _require_none(source, "names check-ins twice; expected one outcome of each", rows[rows.index.duplicated()])
    return _Said(source, rows.assign(weight=1.0))


def _of_file(path: Path) -> _Said:
    """Of the rows that say an outcome."""
    source, rows = f"outcomes_file {path.name}", _rows(path)
    rows["time"] = pd.to_datetime(rows["time"], utc=True, errors="coerce", format="ISO8601")
    said, silent = rows[rows["outcome"] != ""], rows[rows["outcome"] == ""]
    wrong = said[~said["outcome"].isin(list(Outcome))]
    _require_none(source, f"has words that are no outcome; expected one of {', '.join(Outcome)}", wrong)
    _require_none(source, "has times that are none; expected them as the template has them", said[said["time"].isna()])
    placed = said.set_index(KEY)
    _require_none(source, "names check-ins twice; expected one outcome of each", placed[placed.index.duplicated()])
    columns = [column for column in ("outcome", "weight", "row", "stratum") if column in placed or column == "weight"]
    drawn = (len(rows), list(silent[KEY].itertuples(index=False, name=None))) if "stratum" in rows else ()
    return _Said(source, placed.assign(weight=_weights(source, placed))[columns], *drawn)


def _rows(path: Path) -> pd.DataFrame:
    """The rows that say anything, with their numbers as a spreadsheet counts them, its names however they are typed."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        between = max(SEPARATORS, key=text.partition("\n")[0].count)  # of equally many the comma, which stands first
        every = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise BadParameters(
            f"outcomes_file {path.name} cannot be read as CSV ({type(error).__name__}); expected the filled-in "
            f"{TEMPLATE}, in UTF-8"
        ) from error
    head = every[0] if every else []
    numbered = {number: cells for number, cells in enumerate(every[1:], 2) if any(cell.strip() for cell in cells)}
    _require_under_names(path, head, numbered)
    names = [name.strip().casefold() for name in head]
    if twice := [name for name in COLUMNS if names.count(name.casefold()) > 1]:
        raise BadParameters(f"outcomes_file {path.name} has a column {', '.join(twice)} twice; expected one of each")
    at = {column: names.index(column.casefold()) for column in COLUMNS if column.casefold() in names}
    if lacking := [column for column in (*KEY, "outcome") if column not in at]:
        raise BadParameters(
            f"outcomes_file {path.name} has no column {', '.join(lacking)}; expected {', '.join(COLUMNS)}"
        )
    whole = [[*cells, *[""] * len(head)] for cells in numbered.values()]
    rows = pd.DataFrame({column: [cells[n].strip() for cells in whole] for column, n in at.items()}, dtype=object)
    rows["userId"] = rows["userId"].map(csv_text.name_as_it_was)
    rows["outcome"] = rows["outcome"].str.lower()
    if "stratum" in rows:
        rows["stratum"] = rows["stratum"].str.upper()
    return rows.assign(row=[f"row {number}" for number in numbered])


def _require_under_names(path: Path, head: Sequence[str], lines: Mapping[int, Sequence[str]]) -> None:
    """Refuse a row that says something under no column's name: an outcome that slipped there would be none."""
    named = {at for at, name in enumerate(head) if name.strip()}
    said = {number: {at for at, cell in enumerate(cells) if cell.strip()} for number, cells in lines.items()}
    beside = [str(number) for number, places in said.items() if not places <= named]
    if beside:
        raise BadParameters(
            f"outcomes_file {path.name} has cells under no column's name; put each under its own. Found row "
            f"{first_of(beside, MOST_NAMED, ', row ')}"
        )


def _weights(source: str, said: pd.DataFrame) -> pd.Series:
    """How many check-ins of its stratum each reviewed one stands for; 1 where the file does not say the strata."""
    if not {"stratum", "of"} <= set(said):
        return pd.Series(1.0, index=said.index)
    sizes, strata = pd.to_numeric(said["of"], errors="coerce"), said.groupby("stratum")
    number = strata["outcome"].transform("size")
    one_size = sizes.groupby(said["stratum"]).transform("nunique") == 1
    _require_none(
        source,
        "has sizes of strata that cannot be, or two of one stratum; leave the columns as they were, of one sample",
        said[~((sizes >= number) & (sizes < inf) & one_size)],
    )
    return sizes / number


def _require_none(source: str, what: str, rows: pd.DataFrame) -> None:
    """Raise BadParameters where there are rows, naming the first of them: by no word of theirs, it may be anybody's."""
    if not rows.empty:
        places = rows["row"] if "row" in rows else rows.index.get_level_values("time")
        raise BadParameters(f"{source} {what}. Found {first_of([*map(str, places)], MOST_NAMED)}")
