"""Reviewed outcomes of check-ins: the sample that people are asked to review, and what they wrote. Files, no AWS.

Who reviews only what raised an alert never sees a missed crisis. So the sample is drawn from every route of today, also
from those without an alert, and each reviewed check-in stands for its share of them.
"""

import csv
from pathlib import Path

import pandas as pd

from lib.asl.router import Router
from lib.errors import BadParameters
from lib.phases.threshold_tuning import Current
from lib.record.records import Record
from lib.settings import Settings
from lib.telemetry import checkin_frames
from lib.values.reviewed import Outcome

KEY = ["userId", "time"]
COLUMNS = [*KEY, "stratum", "of", "outcome"]
A_STRATUM = 60
TEMPLATE = "evidence/outcomes_to_review.csv"
MOST_NAMED = 5


def ask_for_review(history: pd.DataFrame, now: Current, record: Record) -> str:
    """Keep a sample to be reviewed in the record, and say in a sentence what to do with it.

    Columns: userId (this run's pseudonym), time, stratum (the route of now), of (check-ins of that route), outcome
    (empty). It does not say the scores: who sees them reviews those.
    """
    if history.empty:
        return "There is no check-in to review."
    routed = history[KEY].assign(stratum=Router(now.definition).routes(checkin_frames.cells(history)).astype(str))
    drawn = [part.sample(min(len(part), A_STRATUM), random_state=0) for _, part in routed.groupby("stratum")]
    sample = pd.concat(drawn).sort_values("time")
    sample["of"] = sample["stratum"].map(routed["stratum"].value_counts())
    sample["time"] = sample["time"].map(lambda moment: moment.isoformat())
    path = record.keep_text(TEMPLATE, sample.assign(outcome="")[COLUMNS].to_csv(index=False))
    return (
        f"{path.relative_to(record.folder)} asks for the outcomes of {len(sample):,} check-ins of every route: "
        f"fill in {', '.join(Outcome)}, and run this phase again in the same run with outcomes_file."
    )


def join(history: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The check-ins with the columns outcome ("" where nobody reviewed it) and weight (what a reviewed one stands for).

    Raises BadParameters, in a sentence, for a file that is none of outcomes, a word that is no outcome, a check-in
    twice, and one that is not among these.
    """
    if not settings.outcomes_file:
        return history.assign(outcome="", weight=0.0)
    path = settings.path(settings.outcomes_file)
    given = _read(path)
    keys = pd.MultiIndex.from_frame(history[KEY])
    unknown = given[~given.index.isin(keys)]
    _require_none(path, "names check-ins that are not among those read; expected those of this run and window", unknown)
    twice = given[given.index.isin(keys[keys.duplicated()])]
    _require_none(path, "names check-ins of which there are two of one user at one moment; leave them out", twice)
    placed = given.reindex(keys[~keys.duplicated()]).reindex(keys)
    return history.assign(
        outcome=placed["outcome"].fillna("").to_numpy(), weight=placed["weight"].fillna(0.0).to_numpy(dtype=float)
    )


def _read(path: Path) -> pd.DataFrame:
    """Outcome and weight, by user and time, of the rows that say an outcome."""
    rows = _rows(path)
    said = rows[rows["outcome"] != ""]
    wrong = said[~said["outcome"].isin(list(Outcome))]
    _require_none(
        path, f"has words that are no outcome; expected one of {', '.join(Outcome)}", wrong.set_index("outcome")
    )
    moments = pd.to_datetime(said["time"], utc=True, errors="coerce", format="ISO8601")
    _require_none(path, "has times that are none; expected them as the template has them", said[moments.isna()], "time")
    placed = said.assign(time=moments).set_index(KEY)
    _require_none(path, "names check-ins twice; expected one outcome of each", placed[placed.index.duplicated()])
    return placed.assign(weight=_weights(path, placed))[["outcome", "weight"]]


def _rows(path: Path) -> pd.DataFrame:
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError, csv.Error) as error:
        raise BadParameters(
            f"outcomes_file {path.name} cannot be read as CSV ({type(error).__name__}); expected the filled-in "
            f"{TEMPLATE}"
        ) from error
    lacking = [column for column in (*KEY, "outcome") if column not in rows]
    if lacking:
        raise BadParameters(
            f"outcomes_file {path.name} has no column {', '.join(lacking)}; expected {', '.join(COLUMNS)}"
        )
    rows["outcome"] = rows["outcome"].str.strip().str.lower()
    return rows


def _weights(path: Path, said: pd.DataFrame) -> pd.Series:
    """How many check-ins of its stratum each reviewed one stands for; 1 where the file does not say the strata."""
    if not {"stratum", "of"} <= set(said):
        return pd.Series(1.0, index=said.index)
    sizes = pd.to_numeric(said["of"], errors="coerce")
    number = said.groupby("stratum")["outcome"].transform("size")
    _require_none(path, "has sizes of strata that cannot be; leave the column as it was", said[~(sizes >= number)])
    return sizes / number


def _require_none(path: Path, what: str, rows: pd.DataFrame, column: str = "") -> None:
    """Raise BadParameters where there are rows, naming the first of them."""
    if not rows.empty:
        places = rows[column] if column else rows.index
        named = ["@".join(map(str, place)) if isinstance(place, tuple) else str(place) for place in places[:MOST_NAMED]]
        more = f" and {len(rows) - MOST_NAMED:,} more" if len(rows) > MOST_NAMED else ""
        raise BadParameters(f"outcomes_file {path.name} {what}. Found {', '.join(named)}{more}")
