"""Failed attempts by state and error, from lines as AWS writes them: what was tried again, and what the log hides."""

import json
from datetime import timedelta

import pandas as pd
import pytest
from machines import says
from paged import END, MACHINE, START, Pages, live_with

from lib.display.charts import retry_chart, style
from lib.phases.review import retries
from lib.telemetry import workflow_log
from lib.telemetry.deliveries import task_attempts


def line(execution, number, previous, kind, seconds=0.0, **details):
    moment = round((START + timedelta(seconds=seconds + number / 10)).timestamp() * 1000)
    event = {"id": str(number), "previous_event_id": str(previous), "type": kind, "details": details,
             "execution_arn": f"{MACHINE}:{execution}", "event_timestamp": str(moment)}  # fmt: skip
    return {"timestamp": moment, "message": json.dumps(event)}


def tried(name, *errors, well=True, state="ProcessCheckin", seconds=0.0):
    """An execution whose task fails with these errors, one attempt after the other, and then does well or is caught."""
    lines = [line(name, 1, 0, "ExecutionStarted", seconds), line(name, 2, 1, "TaskStateEntered", seconds, name=state)]
    at = 2
    for error in [*errors, *([None] if well else [])]:
        lines += [line(name, at + 1, at, "TaskScheduled", seconds), line(name, at + 2, at + 1, "TaskStarted", seconds)]
        kind, details = ("TaskFailed", {"error": error, "cause": "words"}) if error else ("TaskSucceeded", {})
        lines.append(line(name, at + 3, at + 2, kind, seconds, **details))
        at += 3
    return [*lines, line(name, at + 1, at, "ExecutionSucceeded", seconds)]


def read(*lines):
    live = live_with("logs", Pages({"events": list(lines)}))
    return task_attempts.read(live, workflow_log.read(live, START, END))


def test_a_log_that_is_gone_when_it_is_read_once_more_is_no_log_without_failures():
    log = workflow_log.read(live_with("logs", Pages({"events": tried("c1", "KeyError")})), START, END)

    class Gone(Pages):
        def paginate(self, **_):
            raise says("ResourceNotFoundException")

    frame = task_attempts.read(live_with("logs", Gone()), log)
    assert frame.empty and "1 attempts that failed; the log was gone" in frame.attrs["cut"]
    assert "not all were counted" in retries.rows(frame)[0]["what"]


@pytest.mark.parametrize(
    "told",
    [
        {"event_timestamp": float("inf")},
        {"event_timestamp": 10**17},
        {"previous_event_id": float("inf")},
        {"id": 10**30},
        {"details": {"name": "\ud800"}},
        {"details": [[]] * 200},
    ],
)
def test_a_line_that_is_no_event_is_none_and_the_others_are_read(told):
    hostile = line("c1", 3, 2, "TaskFailed")
    message = json.loads(hostile["message"]) | told
    frame = read(hostile | {"message": json.dumps(message).replace("Infinity", "1e999")}, *tried("c2", "KeyError"))
    assert list(frame["error"]) == ["KeyError"]


def test_an_attempt_that_another_followed_was_tried_again_and_the_last_was_given_up():
    frame = read(
        *tried("c1", "Lambda.TooManyRequestsException"), *tried("c2", "States.Timeout", "KeyError", well=False)
    )
    assert [(row.execution[-2:], row.state, row.error, row.again) for row in frame.itertuples()] == [
        ("c1", "ProcessCheckin", "Lambda.TooManyRequestsException", True),
        ("c2", "ProcessCheckin", "States.Timeout", True),
        ("c2", "ProcessCheckin", "KeyError", False),
    ]
    assert "words" not in frame.to_csv()


def test_the_state_is_that_of_the_chain_also_where_branches_run_beside_each_other():
    lines = [
        line("c1", 1, 0, "ExecutionStarted"),
        line("c1", 2, 1, "TaskStateEntered", name="TellContacts"),
        line("c1", 3, 1, "TaskStateEntered", name="TellOperations"),
        line("c1", 4, 2, "TaskScheduled"), line("c1", 5, 3, "TaskScheduled"),
        line("c1", 6, 4, "TaskFailed", error="Events.Throttled"), line("c1", 7, 6, "TaskScheduled"),
    ]  # fmt: skip
    (row,) = read(*lines).itertuples()
    assert (row.state, row.again) == ("TellContacts", True)


def test_a_chain_that_the_log_does_not_hold_and_an_error_that_it_does_not_name_are_said():
    frame = read(line("c1", 9, 8, "TaskFailed"), line("c1", 10, 9, "TaskScheduled"))
    assert frame[["state", "error", "again"]].values.tolist() == [["not shown by the log", "no error named", False]]


def test_where_no_attempt_failed_nothing_is_read_again():
    client = Pages({"events": tried("c1")})
    live = live_with("logs", client)
    frame = task_attempts.read(live, workflow_log.read(live, START, END))
    assert (len(frame), len(client.asked), [*frame.columns]) == (0, 1, task_attempts.COLUMNS)


def test_parts_of_the_log_next_to_each_other_are_read_as_one_and_never_more_than_so_many():
    rows = [(f"e{n}", START + timedelta(minutes=5 * n + m)) for n in range(200) for m in (0, 0.5)]
    log = pd.DataFrame(rows, columns=["execution", "time"])
    parts = task_attempts.spans(log)
    assert len(parts) == task_attempts.MOST_READS
    assert all(any(first <= at <= last for first, last in parts) for at in log["time"])
    assert len(task_attempts.spans(log.head(4).assign(time=[START, END, START, END]))) == 1


def test_what_was_not_read_is_said(monkeypatch):
    monkeypatch.setattr(task_attempts, "MOST", 3)
    frame = read(*tried("c1", "A"), *tried("c2", "A"))
    assert "retries are counted up to" in frame.attrs["cut"]
    assert retries.rows(frame)[-1]["what"].startswith("not all were counted: retries are counted up to")
    assert "retries are counted up to" in style.describe(retry_chart.retries_by_state(frame))


def test_drills_and_people_are_counted_apart_in_the_table_and_in_the_chart():
    frame = read(*tried("c1", "A"), *tried("drill-x-1", "A", "A"), *tried("c2", "B", well=False))
    rows = {(row["what"], row["error"]): [row[name] for name in retries.COLUMNS] for row in retries.rows(frame)}
    assert rows == {("ProcessCheckin", "A"): [1, 0, 2, 0], ("ProcessCheckin", "B"): [0, 1, 0, 0]}
    figure = retry_chart.retries_by_state(frame)
    assert "check-ins: 1 tried again, 1 given up · drills: 2 tried again, 0 given up" in style.describe(figure)
    assert [bar.get_width() for bars in figure.axes[0].containers for bar in bars] == [1, 2]
    assert "given up: 1 check-in" in [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("states", [0, 1, 60])
def test_the_chart_is_readable_with_none_one_and_many(states):
    rows = [(pd.Timestamp(START), "e", False, f"State{n}", "A", True) for n in range(states)]
    figure = retry_chart.retries_by_state(pd.DataFrame(rows, columns=task_attempts.COLUMNS))
    assert style.png(figure, 40)
    said = style.describe(figure)
    assert ("no attempt at a task failed" in said) == (not states)
    assert ("the 20 states with most of 60 are shown" in said) == (states == 60)


@pytest.mark.parametrize(
    ("attrs", "says"),
    [
        ({"note": "The log group does not exist."}, "cannot tell: The log group does not exist."),
        ({"cut": "the log is kept for 1 days"}, "not all were counted: the log is kept for 1 days"),
    ],
)
def test_of_a_log_that_is_not_there_or_not_whole_nobody_says_that_none_failed(attrs, says):
    log = workflow_log.read(live_with("logs", Pages({"events": tried("c1")})), START, END)
    log.attrs.update(attrs)
    frame = task_attempts.read(live_with("logs", Pages()), log)
    assert [row["what"] for row in retries.rows(frame)] == [says]
    said = style.describe(retry_chart.retries_by_state(frame))
    assert "nobody can tell" in said and next(iter(attrs.values())) in said


@pytest.mark.parametrize(
    "said", ["=HYPERLINK(1)", "he wrote that he cannot go on", "@SUM", "x" * 200, 7, ["KeyError"], "\ud800"]
)
def test_an_error_whose_name_is_none_of_a_class_is_not_named(said):
    (row,) = read(*tried("c1", said)).itertuples()
    assert row.error == "unnamed"


def test_a_class_within_a_class_is_named():
    (row,) = read(*tried("c1", "org.example.Outer$TooLate")).itertuples()
    assert row.error == "org.example.Outer$TooLate"


def test_where_a_line_of_the_log_could_not_be_read_the_retries_are_not_all_that_there_were():
    strange = {"message": '{"type": "TaskFailed"}', "timestamp": 0}
    for lines in ([strange], [*tried("c1", "KeyError"), strange]):
        (*_, last) = retries.rows(read(*lines))
        assert last == {"what": "not all were counted: 1 line of the log could not be read"}
