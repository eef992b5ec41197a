"""What somebody asks a review to look at: read as UTC or by its offset, refused in a sentence, and taken once."""

from datetime import UTC, datetime

import pytest

from lib.errors import BadParameters
from lib.phases.review import request
from lib.record.records import Record

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T18:30", datetime(2026, 3, 1, 18, 30, tzinfo=UTC)),
        # The night in which a clock in Berlin goes from 2 to 3: each moment says which of both it is.
        ("2026-03-29T01:59+01:00", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29T03:00+02:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_names_its_offset(said, read):
    assert request.parse(said, "", NOW).since == read


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        ("0001-01-01T00:00+01:00", "", r"--since '0001-01-01T00:00\+01:00' is no day and no moment from 1970"),
        (
            "2026-01-31+01:00",
            "",
            r"--since '2026-01-31\+01:00' is no day and no moment from 1970 to 2261; expected a day",
        ),
        ("0001-01-01", "", "--since '0001-01-01' is no day and no moment from 1970 to 2261; expected"),
        ("", "9999-12-31T23:59-01:00", "--until '9999-12-31T23:59-01:00' is no day"),
        (
            "yesterday",
            "",
            "--since 'yesterday' is no day and no moment from 1970 to 2261; expected a day or a moment as 2026-01-31",
        ),
        ("", "2026-02-30", "--until '2026-02-30' is no day"),
        ("2026-04-01", "", "--since '2026-04-01' is still to come: it is 2026-03-29 12:00 UTC"),
        ("2026-03-02", "2026-03-01", "--since 2026-03-02 00:00 is not before --until 2026-03-01 00:00 UTC"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_by_its_option(since, until, says):
    with pytest.raises(BadParameters, match=says):
        request.parse(since, until, NOW)


def test_a_request_counts_for_the_one_review_that_takes_it(tmp_path):
    record = Record(tmp_path, "20260329T120000Z-abcd")
    assert request.latest(record) == request.Asked()
    asked = request.parse("2026-03-01", "2026-03-02", NOW)
    request.keep(record, asked)
    assert request.latest(record) == asked
    record.keep_json(request.LOOKED_AT, {"asked": asked.at})
    assert request.latest(record) == request.Asked()
