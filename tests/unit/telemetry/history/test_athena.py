"""Athena is asked once, page by page, and says what it cost; what does not end is stopped, what fails tells."""

import re

import checkin_buckets
import pytest
from botocore.exceptions import ClientError

from lib.errors import BadParameters, NotAsWanted
from lib.telemetry.history import athena

ROWS = [["risk", "count"], ["1", "20"], ["2", None]]


class Fake:
    """An Athena that says these states, one a look."""

    def __init__(self, *states, why="", scanned=0, error=None):
        self.states, self.why, self.scanned, self.error = list(states), why, scanned, error
        self.stopped, self.asked = [], []

    def start_query_execution(self, **asked):
        if self.error:
            raise self.error
        self.asked.append(asked)
        return {"QueryExecutionId": "q-1"}

    def get_query_execution(self, QueryExecutionId):  # noqa: N803 - boto3's name
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        status = {"State": state, **({"StateChangeReason": self.why} if self.why else {})}
        return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": self.scanned}}}

    def stop_query_execution(self, QueryExecutionId):  # noqa: N803
        self.stopped.append(QueryExecutionId)

    def get_paginator(self, operation):
        assert operation == "get_query_results"
        return self

    def paginate(self, QueryExecutionId):  # noqa: N803
        for part in (ROWS[:2], ROWS[2:]):
            rows = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in part]
            yield {"ResultSet": {"Rows": rows}}


def ask(fake, text="SELECT 1"):
    """What is answered, by a clock that goes on by a second a pause."""
    now = [0.0]
    live = checkin_buckets.of(None)
    live.clients["athena"] = fake
    told = type(live)(
        live.settings, live.identity, live.session, live.clients,
        sleep=lambda seconds: now.__setitem__(0, now[0] + seconds), clock=lambda: now[0],
    )  # fmt: skip
    return athena.ask(told, "tuning", "s3://bucket/results/", text)


def test_every_page_is_read_and_the_cost_is_said():
    fake = Fake("QUEUED", "RUNNING", "SUCCEEDED", scanned=3 * 2**30)
    answered = ask(fake)
    assert answered.rows.to_dict("records") == [{"risk": "1", "count": "20"}, {"risk": "2", "count": None}]
    assert answered.cost == pytest.approx(3 / 1024 * 5)
    assert fake.asked[0]["ResultConfiguration"] == {"OutputLocation": "s3://bucket/results/"}
    assert fake.stopped == []


@pytest.mark.parametrize(("scanned", "megabytes"), [(0, 10), (10 * 2**20, 10), (10 * 2**20 + 1, 11)])
def test_it_is_charged_by_the_megabyte_and_ten_at_least(scanned, megabytes):
    assert athena.cost_of(scanned) == pytest.approx(megabytes / 2**20 * 5)


def test_a_query_that_does_not_end_is_stopped_and_no_answer():
    fake = Fake("RUNNING")
    with pytest.raises(NotAsWanted, match="did not end within 1800 s, and was stopped"):
        ask(fake)
    assert fake.stopped == ["q-1"]


def test_a_query_that_fails_says_why_and_what_it_needs():
    with pytest.raises(NotAsWanted, match=r"q-1 ended FAILED: no such table\. It needs athena:StartQueryExecution"):
        ask(Fake("FAILED", why="no such table"))
    with pytest.raises(NotAsWanted, match="ended CANCELLED: it does not say why"):
        ask(Fake("CANCELLED"))


def test_where_the_right_is_missing_it_says_which_are_needed():
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "StartQueryExecution")
    with pytest.raises(NotAsWanted, match=r"AWS refused while asking Athena of tuning\.checkins \(it needs athena:"):
        ask(Fake("SUCCEEDED", error=denied))


def test_a_text_that_is_too_long_is_not_asked():
    with pytest.raises(BadParameters, match=r"has 262,145 bytes, and Athena takes 262,144: .*use --engine duckdb"):
        ask(Fake("SUCCEEDED"), "x" * 262_145)


def test_the_table_has_every_column_of_the_files_and_takes_its_days_from_their_folders():
    text = athena.table_text("s3://bucket/checkins/")
    assert "LOCATION 's3://bucket/checkins/'" in text
    assert "'storage.location.template'='s3://bucket/checkins/day=${day}/'" in text
    columns = re.search(r"checkins \((.*?)\) PARTITIONED BY \(day date\)", text)[1].split(", ")
    assert [one.split()[0] for one in columns] == list(athena.COLUMNS)
    assert {one.split()[1] for one in columns} == set(athena.TYPES.values())
