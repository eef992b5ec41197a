"""What became of executions: check-ins and drills apart, too long ones counted, lists that were cut never passed."""

from datetime import UTC, datetime, timedelta
from math import inf

import pandas as pd
import pytest

from lib.checks import Check
from lib.telemetry import outcomes
from lib.values.check_registry import Id

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CHANGE = NOW - timedelta(minutes=30)


def row(name, status, minutes, took=None):
    """An execution that began so many minutes before now, and took so many seconds."""
    started = NOW - timedelta(minutes=minutes)
    return {
        "arn": f"arn:{name}", "name": name, "status": status, "started": started,
        "stopped": None if took is None else started + timedelta(seconds=took),
    }  # fmt: skip


def told(*rows, change_at=CHANGE):
    return outcomes.outcome_rows(rows, NOW, 180, change_at)


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (row("a", "SUCCEEDED", 10, 2), "succeeded"),
        (row("a", "SUCCEEDED", 10, 181), "too long"),
        (row("a", "RUNNING", 10), "too long"),
        (row("a", "RUNNING", 2), "still runs"),
        (row("a", "FAILED", 10, 2), "failed"),
        (row("a", "TIMED_OUT", 10, 300), "failed"),
        (row("a", "ABORTED", 10, 2), "failed"),
        (row("a", "PENDING_REDRIVE", 10, 2), "failed"),
    ],
)
def test_what_becomes_of_an_execution(one, outcome):
    assert told(one)["outcome"].tolist() == [outcome]


def test_checkins_and_drills_are_counted_apart():
    found = told(*(row(f"drill-{n}", "SUCCEEDED", 10, 1) for n in range(111)), row("checkin-1", "FAILED", 10, 1))
    table = outcomes.table(found).set_index(["who", "when"])
    assert table.loc[("drills", "after"), "succeeded"] == 111
    assert table.loc[("check-ins", "after"), ["succeeded", "finished", "failed"]].tolist() == [0, 1, 1]
    assert outcomes.tally(outcomes.table(found), "after") == outcomes.Tally(0, 1)


def test_five_hundred_that_never_end_did_not_succeed():
    found = outcomes.table(told(*(row(f"checkin-{n}", "RUNNING", 20) for n in range(500))))
    assert outcomes.tally(found, "after") == outcomes.Tally(0, 500)
    assert found.set_index(["who", "when"]).loc[("check-ins", "after"), "too long"] == 500


def test_one_that_still_runs_is_in_neither_number():
    found = outcomes.table(told(row("checkin-1", "RUNNING", 1)))
    after = found.set_index(["who", "when"]).loc[("check-ins", "after")]
    assert (after["finished"], after["still running"]) == (0, 1)
    assert pd.isna(after["rate"])


def test_the_start_decides_which_side_of_the_change_it_is_on():
    found = told(row("new", "SUCCEEDED", 29, 1), row("across", "SUCCEEDED", 31, 170), row("old", "SUCCEEDED", 60, 1))
    assert dict(zip(found["name"], found["when"], strict=True)) == {"old": "before", "across": "before", "new": "after"}
    assert set(told(row("a", "SUCCEEDED", 1, 1), change_at=None)["when"]) == {"all"}


@pytest.mark.parametrize("change_at", [CHANGE, None])
def test_no_execution_is_an_empty_table_without_a_rate(change_at):
    found = outcomes.table(told(change_at=change_at))
    assert found["finished"].sum() == 0
    assert found["rate"].isna().all()


@pytest.mark.parametrize(("before", "after"), [("passed", "cannot tell"), ("failed", "failed"), ("waiting", "waiting")])
def test_nothing_passes_on_a_list_that_was_cut(before, after):
    frame = told()
    frame.attrs["cut"] = "only the newest 5 of 9"
    check = outcomes.of_all(Check(Id.AS_WANTED, "rate", before, "all well", ""), frame)
    assert (check.status, check.found) == (after, "all well; only the newest 5 of 9")
    assert outcomes.of_all(Check(Id.AS_WANTED, "rate", before, "all well", ""), told()).status == before


def test_one_that_still_runs_has_no_time_yet_and_one_that_runs_too_long_never_ends():
    rows = [row("a", "RUNNING", 0.05), row("b", "FAILED", 10, 3), row("c", "SUCCEEDED", 10, 4), row("d", "RUNNING", 90)]
    found = outcomes.durations(told(*rows))
    assert found["seconds"].tolist() == [inf, 4]
    assert found.attrs["failed"] == 1


def test_between_two_moments_an_executions_own_version_says_which_definition_it_ran():
    rows = [row(str(at), "SUCCEEDED", at, 1) for at in (40, 20, 19, 18, 5)]
    for one, version in zip(rows, ["", "v2", "v1", "", ""], strict=True):
        one["version"] = version
    frame = outcomes.outcome_rows(rows, NOW, 180, NOW - timedelta(minutes=30), NOW - timedelta(minutes=10), ("v2",))
    assert frame["when"].tolist() == ["before", "after", "before", "not known", "after"]


BEFORE = [row(f"before-{n}", "SUCCEEDED", 60, 1) for n in range(100)]
AFTER = [row(f"after-{n}", "SUCCEEDED", 20, 1) for n in range(100)]


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (row("a", "RUNNING", 2), "in doubt"),
        (row("a", "RUNNING", 6 / 60), "in doubt"),
        (row("a", "RUNNING", 4 / 60), "still runs"),  # began just now
        (row("a", "RUNNING", 10), "too long"),
        (row("a", "SUCCEEDED", 10, 31), "in doubt"),
        (row("a", "SUCCEEDED", 10, 29), "succeeded"),  # in time for any alert, however fast those before were
        (row("a", "SUCCEEDED", 60, 170), "succeeded"),  # before the change
        (row("drill-a", "SUCCEEDED", 10, 100), "succeeded"),
    ],
)
def test_what_is_slower_than_those_before_is_in_doubt_and_no_success(one, outcome):
    found = told(*BEFORE, *AFTER, one)
    assert found.loc[found["name"] == one["name"], "outcome"].tolist() == [outcome]


@pytest.mark.parametrize(("slow", "outcome"), [(1, "in doubt"), (2, "succeeded")])
def test_one_in_a_hundred_before_does_not_say_what_is_usual(slow, outcome):
    before = [*BEFORE[slow:], *(row(f"slow-{n}", "SUCCEEDED", 60, 170) for n in range(slow))]
    found = told(*before, row("a", "SUCCEEDED", 10, 100))
    assert found.loc[found["name"] == "a", "outcome"].tolist() == [outcome]
    assert found.attrs["usual"] == f"99% of 100 before took up to {1 if slow == 1 else 170}.0 s"


@pytest.mark.parametrize(("count", "outcome"), [(5, {"still runs"}), (6, {"in doubt"})])
def test_more_open_ones_than_a_few_are_in_doubt_however_short_they_run(count, outcome):
    found = told(*BEFORE, *AFTER, *(row(f"open-{n}", "RUNNING", 1 / 60) for n in range(count)))
    assert set(found.loc[found["name"].str.startswith("open"), "outcome"]) == outcome


@pytest.mark.parametrize(("count", "outcome"), [(11, {"still runs"}), (13, {"in doubt"})])
def test_where_many_come_at_a_time_as_many_may_be_open_as_their_number_and_time_explain(count, outcome):
    """Two a second that take two seconds are four at a time, and by chance twelve."""
    before = [row(f"before-{n}", "SUCCEEDED", 60 - n / 120, 2) for n in range(100)]
    after = [row(f"after-{n}", "SUCCEEDED", (100 - n) / 120, 2) for n in range(100 - count)]
    opened = [row(f"open-{n}", "RUNNING", 1 / 60) for n in range(count)]
    found = told(*before, *after, *opened, change_at=NOW - timedelta(minutes=1))
    assert set(found.loc[found["name"].str.startswith("open"), "outcome"]) == outcome


def test_in_doubt_are_those_of_a_column_and_of_a_sentence_and_of_no_tally():
    counted = outcomes.table(told(*BEFORE, *AFTER, *(row(f"open-{n}", "RUNNING", 1) for n in range(500))))
    assert outcomes.tally(counted, "after") == outcomes.Tally(100, 100)
    assert outcomes.count_doubted(counted) == 500
    assert outcomes.ended_well(counted) == [True] * 100 + [None] * 500
    assert "500 more in doubt" in outcomes.in_words(counted)
