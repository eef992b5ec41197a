"""Of which listed executions the log tells nothing: by name, and of very many by their number."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from lib.telemetry.streams.log_coverage import is_promised, of_executions

FIRST = datetime(2026, 11, 28, 12, tzinfo=UTC)
LAST = FIRST + timedelta(hours=1)


def frames(listed, logged, unnamed=False):
    """Executions that began minute after minute, and what the log holds of those of these minutes."""

    def at(minute):
        return FIRST + timedelta(minutes=minute)

    def arn(minute):
        return "" if unnamed else f"arn:{minute}"

    began = pd.DataFrame({"arn": [arn(one) for one in listed], "started": [at(one) for one in listed]})
    log = pd.DataFrame({"execution": [arn(one) for one in logged], "time": [at(one) for one in logged]})
    began["started"], log["time"] = (pd.to_datetime(one, utc=True) for one in (began["started"], log["time"]))
    return log, began


def test_what_has_a_line_is_told_of_and_what_lies_outside_of_the_time_is_not_looked_for():
    assert of_executions(*frames(range(-9, 90), range(60)), FIRST, LAST - timedelta(minutes=1)).said == ""


def test_those_without_a_line_are_counted_with_the_times_between_which_they_began():
    said = of_executions(*frames(range(60), range(20)), FIRST, LAST).said
    time = "from 2026-11-28 12:20 to 2026-11-28 12:59 UTC"
    assert said == f"the log tells nothing of 40 of 60 executions that began {time}"


def test_those_of_which_aws_promises_no_log_are_told_apart():
    log, began = frames(range(60), range(20))
    began.loc[50:, "arn"] = [f"arn:checkin-somebody.{at}" for at in range(10)]
    said = of_executions(log, began, FIRST, LAST).said
    assert said.endswith("12:59 UTC; 10 of them have a name of which AWS promises no log")


@pytest.mark.parametrize(
    ("name", "promised"), [("checkin-2026_a-B", True), ("a.b", False), ("somebody@home", False), ("é", False)]
)
def test_aws_promises_a_log_of_plain_names_alone(name, promised):
    assert is_promised(name) is promised


def test_of_so_many_that_none_is_named_their_number_tells_and_more_may_be_missing():
    covered = of_executions(*frames(range(60), range(20), unnamed=True), FIRST, LAST)
    assert (covered.missing, covered.said[:49]) == (40, "the log tells nothing of at least 40 of 60 execut")
    assert of_executions(*frames(range(60), range(66), unnamed=True), FIRST, LAST).said == ""


def test_of_a_log_that_was_cut_that_is_said_already():
    log, began = frames(range(60), range(20))
    log.attrs["cut"] = "the log is kept for 1 days"
    assert of_executions(log, began, FIRST, LAST).said == ""
