"""What people wrote is taken as they wrote it, and what does not fit is one sentence and no guess."""

import io
import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import tuned

from lib.errors import BadParameters
from lib.phases.tuning import reviews
from lib.record.records import Record
from lib.settings import with_changes
from lib.telemetry.history import reviewed_items
from lib.telemetry.history.reviewed_items import Items

ROWS = [tuned.risky(risk, 0.5) for risk in (5, 20, 60, 90, 97)] * 40


@pytest.fixture
def history():
    return tuned.checkins(ROWS).drop(columns=["outcome", "weight"])


@pytest.fixture
def asked(history, tmp_path):
    """The sample that the record asks for."""
    reviews.ask_for_review(history, tuned.now(), Record(tmp_path / "run", "run"))
    return pd.read_csv(tmp_path / "run" / reviews.TEMPLATE, keep_default_na=False, dtype=str)


@pytest.fixture
def letters(asked, tmp_path):
    return json.loads((tmp_path / "run" / reviews.LETTERS).read_text(encoding="utf-8"))


def joined(history, tmp_path, rows):
    path = tmp_path / "reviewed.csv"
    path.write_text(rows if isinstance(rows, str) else rows.to_csv(index=False), encoding="utf-8")
    return reviews.join(history, tuned.now(), with_changes(tuned.LOCAL, outcomes_file=str(path)))


def refused(history, tmp_path, rows):
    with pytest.raises(BadParameters, match=r"^outcomes_file reviewed\.csv ") as wrong:
        joined(history, tmp_path, rows)
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


def test_the_sample_is_drawn_from_every_route_also_from_those_without_an_alert(asked, letters):
    routes = asked["stratum"].map(letters)
    assert routes.value_counts().to_dict() == {"none": 60, "standard": 40, "high": 40, "crisis": 40}
    assert dict(zip(routes, asked["of"], strict=True)) == {
        "none": "80", "standard": "40", "high": "40", "crisis": "40",
    }  # fmt: skip
    assert set(asked["outcome"]) == {""}


def test_it_says_neither_a_score_nor_a_word_of_a_check_in(asked):
    assert list(asked) == ["userId", "time", "stratum", "of", "outcome"]
    assert set(asked["stratum"]) == {"A", "B", "C", "D"}  # a route is what the thresholds of now make of the scores


def test_whoever_reviews_again_learns_nothing_of_a_letter_from_before(history, tmp_path):
    records = [Record(tmp_path / f"run-{at}", f"run-{at}") for at in range(12)]
    for record in records:
        reviews.ask_for_review(history, tuned.now(), record)
    assert len({(record.folder / reviews.LETTERS).read_text(encoding="utf-8") for record in records}) > 1


def test_of_nothing_nothing_is_asked(tmp_path):
    record = Record(tmp_path / "run", "run")
    said = reviews.ask_for_review(tuned.checkins([]), tuned.now(), record)
    assert said == "There is no check-in to review."
    assert record.kept_as(reviews.TEMPLATE) == []


def test_without_a_file_nobody_is_reviewed(history):
    frame = reviews.join(history, tuned.now(), tuned.LOCAL)
    assert set(frame["outcome"]) == {""} and frame["weight"].sum() == 0
    assert frame.attrs["coverage"] == history.attrs["coverage"]


def test_a_filled_in_sample_stands_for_all_that_it_was_drawn_from(history, asked, tmp_path):
    frame = joined(history, tmp_path, asked.assign(outcome=" Crisis "))
    assert len(frame) == len(history)
    assert frame["weight"].sum() == pytest.approx(len(history))
    assert set(frame["outcome"]) == {"crisis", ""}
    assert frame.groupby("outcome")["weight"].sum()[""] == 0


def test_what_was_left_empty_is_not_reviewed_and_the_others_stand_for_it(history, asked, tmp_path):
    asked.loc[asked.groupby("stratum").head(10).index, "outcome"] = "none"
    frame = joined(history, tmp_path, asked)
    assert (frame["outcome"] == "none").sum() == 40
    assert frame["weight"].sum() == pytest.approx(len(history))
    assert frame.attrs[reviews.LEFT_EMPTY] == (len(asked) - 40, len(asked))
    alone = joined(history, tmp_path, asked[["userId", "time", "outcome"]])
    assert alone.attrs[reviews.LEFT_EMPTY] == (0, 0)  # that was not drawn: it stands for nobody else


def test_of_a_file_without_strata_each_stands_for_itself(history, asked, tmp_path):
    frame = joined(history, tmp_path, asked.assign(outcome="high")[["userId", "time", "outcome"]])
    assert frame["weight"].sum() == len(asked)


def test_each_outcome_is_at_its_check_in(history, asked, letters, tmp_path):
    words = {"none": "none", "standard": "moderate", "high": "high", "crisis": "crisis"}
    frame = joined(history, tmp_path, asked.assign(outcome=asked["stratum"].map(letters).map(words)))
    taken = frame[frame["outcome"] != ""].groupby("risk_score")["outcome"].unique()
    assert {risk: list(found) for risk, found in taken.items()} == {
        5: ["none"], 20: ["none"], 60: ["moderate"], 90: ["high"], 97: ["crisis"],
    }  # fmt: skip


def test_what_does_not_fit_is_a_sentence(history, asked, tmp_path):
    filled = asked.assign(outcome="none")
    said = refused(history, tmp_path, filled.assign(outcome="perhaps"))
    assert "words that are no outcome; expected one of none, moderate, high, crisis. Found row 2, row 3" in said
    assert "perhaps" not in said  # it may be anybody's words
    assert "and 175 more" in said
    assert "not among those read" in refused(history, tmp_path, filled.assign(userId="stranger"))
    strange = refused(history, tmp_path, filled.assign(userId="A. Name").tail(1))
    assert "Found row 2" in strange and "A. Name" not in strange  # whoever filled it in may have put one there
    assert "names check-ins twice" in refused(history, tmp_path, pd.concat([filled, filled.head(1)]))
    wrong = refused(history, tmp_path, filled.assign(time="yesterday"))
    assert "times that are none; expected them as the template has them. Found row 2" in wrong
    assert "yesterday" not in wrong
    assert "sizes of strata that cannot be" in refused(history, tmp_path, filled.assign(of="3"))
    assert "sizes of strata that cannot be" in refused(history, tmp_path, filled.assign(of="many"))
    assert "has no column outcome; expected userId" in refused(history, tmp_path, filled.drop(columns="outcome"))
    assert "sizes of strata that cannot be" in refused(history, tmp_path, filled.assign(of="inf"))
    assert "has no column userId, time, outcome; expected userId" in refused(history, tmp_path, "")
    twice = filled.to_csv(index=False).replace("outcome", "outcome,outcome", 1).replace(",none\n", ",none,\n")
    assert "has a column outcome twice" in refused(history, tmp_path, twice)


def test_a_comma_too_many_at_the_end_of_each_line_moves_nothing(history, asked, tmp_path):
    """As spreadsheets write a file in whose next column somebody once wrote something."""
    head, *rows = asked.assign(outcome="high").to_csv(index=False).splitlines()
    found = joined(history, tmp_path, "\n".join([head, *(f"{row}," for row in rows)]))
    assert set(found.loc[found["outcome"] != "", "outcome"]) == {"high"}
    assert (found["outcome"] != "").sum() == len(rows)


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("userId,time,stratum,of,outcome", "{},A,60,,crisis", "has cells under no column's name"),
        ("userId,time,stratum,of,outcome,", "{},A,60,,crisis", "has cells under no column's name"),
        ("userId,time,outcome,Outcome", "{},none,crisis", "has a column outcome twice"),
        ("userId,time,outcome ,outcome", "{},none,crisis", "has a column outcome twice"),
    ],
)
def test_an_outcome_that_slipped_into_another_cell_is_never_dropped(history, tmp_path, head, row, said):
    first = f"{history['userId'][0]},{history['time'][0].isoformat()}"
    found = refused(history, tmp_path, f"{head}\n{row.format(first)}\n")
    assert said in found and "crisis" not in found


def test_empty_cells_beyond_the_columns_are_nothing(history, asked, tmp_path):
    lines = asked.assign(outcome="none").to_csv(index=False).splitlines()
    frame = joined(history, tmp_path, "\n".join([lines[0] + ",", *(f"{line},," for line in lines[1:])]))
    assert (frame["outcome"] == "none").sum() == len(asked)


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (lambda rows: rows["of"].where(rows.index % 2 == 0, "3000"), "two of one stratum"),
        (
            lambda rows: rows["of"].replace("80", "1000000"),
            "stands for 1,000,120 check-ins by its strata, and there are",
        ),
    ],
)
def test_strata_that_no_sample_has_are_refused(history, asked, tmp_path, edited, said):
    assert said in refused(history, tmp_path, asked.assign(outcome="none", of=edited(asked)))


def test_a_stratum_s_letter_is_one_however_it_is_typed(history, asked, tmp_path):
    typed = asked["stratum"].where(asked.index % 2 == 0, asked["stratum"].str.lower() + " ")
    frame = joined(history, tmp_path, asked.assign(outcome="none", stratum=typed))
    assert frame["weight"].sum() == pytest.approx(len(history))


def test_a_file_that_is_not_there_is_a_sentence(history, tmp_path):
    settings = with_changes(tuned.LOCAL, outcomes_file=str(tmp_path / "none.csv"))
    with pytest.raises(BadParameters, match=r"outcomes_file none\.csv cannot be read as CSV \(FileNotFoundError\)"):
        reviews.join(history, tuned.now(), settings)


def test_two_check_ins_of_one_user_at_one_moment_are_not_told_apart(history, asked, tmp_path):
    twice = pd.concat([history, history.tail(1)])
    filled = asked.assign(outcome="none")
    last = filled[pd.to_datetime(filled["time"]) == history["time"].max()]
    others = filled.drop(last.index)
    assert len(joined(twice, tmp_path, others)) == len(twice)
    if not last.empty:
        assert "there are two of one user at one moment" in refused(twice, tmp_path, filled)


def test_what_a_review_could_not_tell_apart_is_not_asked_about(history, tmp_path):
    twice, record = pd.concat([history, history], ignore_index=True), Record(tmp_path / "run", "run")
    assert reviews.ask_for_review(twice, tuned.now(), record) == "There is no check-in to review."
    some = pd.concat([history, history.iloc[::2]], ignore_index=True)
    reviews.ask_for_review(some, tuned.now(), record)
    asked = pd.read_csv(tmp_path / "run" / reviews.TEMPLATE, keep_default_na=False, dtype=str)
    frame = joined(some, tmp_path, asked.assign(outcome="none"))
    assert frame["weight"].sum() == pytest.approx(len(some))


def items(history, outcome, *places):
    """What a table says of the check-ins at these places."""
    rows = history.iloc[list(places)][["userId", "time"]].assign(outcome=outcome)
    return Items("reviews", rows, Counter())


def test_a_table_s_outcome_stands_for_itself_and_a_drawn_one_for_its_stratum(history, asked, tmp_path):
    path = tmp_path / "reviewed.csv"
    asked.assign(outcome="none").to_csv(path, index=False)
    settings = with_changes(tuned.LOCAL, outcomes_file=str(path))
    drawn = reviews.join(history, tuned.now(), settings)
    others, sample = (np.flatnonzero(chosen) for chosen in (drawn["outcome"] == "", drawn["weight"] > 1))
    assert (len(others), len(sample)) == (20, 60)  # of the 80 without an alert
    place, both = int(others[0]), int(sample[0])
    frame = reviews.join(history, tuned.now(), settings, items(history, "crisis", place))
    assert frame.loc[place, ["outcome", "weight"]].tolist() == ["crisis", 1.0]
    assert frame.loc[sample, "weight"].to_numpy() == pytest.approx(79 / 60)
    frame = reviews.join(history, tuned.now(), settings, items(history, "none", both, *others[:3]))
    assert frame.loc[[both, *others[:3]], "weight"].tolist() == [1.0] * 4
    assert frame.loc[sample[1:], "weight"].to_numpy() == pytest.approx(76 / 59)
    for many in (others, sample, [*others, *sample]):  # whatever the table says besides, all stand for all, once
        frame = reviews.join(history, tuned.now(), settings, items(history, "none", *many))
        assert frame["weight"].sum() == pytest.approx(len(history))


def test_a_table_beside_a_sample_of_other_routes_is_refused(history, asked, tmp_path):
    path = tmp_path / "reviewed.csv"
    asked.assign(outcome="none").to_csv(path, index=False)
    settings = with_changes(tuned.LOCAL, outcomes_file=str(path))
    moved = tuned.now(ModerateRiskAbove=10.0)
    assert reviews.join(history, moved, settings)["weight"].sum() == pytest.approx(len(history))
    with pytest.raises(
        BadParameters, match=r"^outcomes_file reviewed\.csv was drawn by other routes than those of now"
    ):
        reviews.join(history, moved, settings, items(history, "none", 0))


def test_a_file_and_a_table_that_disagree_are_refused(history, asked, tmp_path):
    path = tmp_path / "reviewed.csv"
    asked.assign(outcome="none").to_csv(path, index=False)
    settings = with_changes(tuned.LOCAL, outcomes_file=str(path))
    place = int(np.flatnonzero(reviews.join(history, tuned.now(), settings)["outcome"] == "none")[0])
    with pytest.raises(
        BadParameters, match=r"^table reviews says other outcomes than outcomes_file reviewed\.csv; have"
    ):
        reviews.join(history, tuned.now(), settings, items(history, "crisis", place))


def test_a_table_that_names_a_check_in_twice_or_none_that_is_known_is_refused(history):
    with pytest.raises(BadParameters, match=r"^table reviews names check-ins twice"):
        reviews.join(history, tuned.now(), tuned.LOCAL, items(history, "none", 3, 3))
    strange = Items("reviews", items(history, "none", 3).rows.assign(userId="stranger"), Counter())
    with pytest.raises(BadParameters, match=r"^table reviews names check-ins that are not among those read"):
        reviews.join(history, tuned.now(), tuned.LOCAL, strange)


def test_without_a_table_nothing_is_counted_and_with_one_each_reason_is(history):
    assert reviewed_items.none().counted() == []
    said = Items("reviews", items(history, "none", 1, 2).rows, Counter({"an empty outcome": 1200})).counted()
    assert said == [
        {"what": "outcomes taken from table reviews", "items": "2"},
        {"what": "left out: an empty outcome", "items": "1,200"},
    ]
    assert set(reviews.join(history, tuned.now(), tuned.LOCAL, reviewed_items.none())["outcome"]) == {""}


def test_nobody_reviewed_reads_as_an_empty_table(history, tmp_path):
    frame = joined(history, tmp_path, io.StringIO("userId,time,outcome\n").getvalue())
    assert set(frame["outcome"]) == {""}


def test_a_user_whose_name_is_a_formula_runs_in_no_spreadsheet_and_is_known_again(history, tmp_path):
    named = history.assign(userId="=" + history["userId"])
    reviews.ask_for_review(named, tuned.now(), Record(tmp_path / "run", "run"))
    asked = pd.read_csv(tmp_path / "run" / reviews.TEMPLATE, keep_default_na=False, dtype=str)
    assert set(asked["userId"].str[:2]) == {"'="}
    assert (joined(named, tmp_path, asked.assign(outcome="none"))["outcome"] == "none").sum() == len(asked)


def test_a_pseudonym_of_digits_comes_back_from_a_spreadsheet_as_it_was(history, tmp_path):
    """A spreadsheet makes 8.40799E+11 of it, which is nobody."""
    named = history.assign(userId=[f"{n:012d}" if n % 2 else f"{n + 10}e45678" for n in range(len(history))])
    reviews.ask_for_review(named, tuned.now(), Record(tmp_path / "run", "run"))
    asked = pd.read_csv(tmp_path / "run" / reviews.TEMPLATE, keep_default_na=False, dtype=str)
    assert asked["userId"].str.startswith("'").all()
    assert (joined(named, tmp_path, asked.assign(outcome="none"))["outcome"] == "none").sum() == len(asked)
    plain = asked.assign(outcome="none", userId=asked["userId"].str[1:])  # as a sample of before has them
    assert (joined(named, tmp_path, plain)["outcome"] == "none").sum() == len(asked)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_spreadsheet_of_another_language_puts_something_else_between_cells(history, asked, tmp_path, separator):
    filled = asked.assign(outcome="none").to_csv(index=False, sep=separator)
    assert (joined(history, tmp_path, filled)["outcome"] == "none").sum() == len(asked)


def test_rows_in_which_nothing_stands_are_none_and_the_others_keep_their_numbers(history, asked, tmp_path):
    filled = asked.assign(outcome="none").to_csv(index=False)
    frame = joined(history, tmp_path, filled + ",,,,\n" * 10)
    assert frame.attrs[reviews.LEFT_EMPTY] == (0, len(asked))
    first, second, *others = asked.assign(outcome="fine").to_csv(index=False).splitlines()[:4]
    assert "Found row 4, row 7, row 8" in refused(
        history, tmp_path, "\n".join([first, "", ",,", second, "", "", *others])
    )


def test_a_quote_that_never_ends_swallows_no_rows(history, asked, tmp_path):
    filled = asked.assign(outcome="none", note="").to_csv(index=False)
    assert "cannot be read as CSV" in refused(history, tmp_path, filled.replace("none,", 'none,"', 1))
