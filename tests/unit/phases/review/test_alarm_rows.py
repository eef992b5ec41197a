"""Alarms of the review: what went off for people is loud, and what a drill set off is said and counted apart."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from lib.display import marks
from lib.drills.alarm_drill import TEST
from lib.phases.review import alarm_rows
from lib.telemetry.deliveries.alarm_history import AlarmRecord, InAlarm

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FAILED, UNSCORED = frozenset({"ExecutionsFailed"}), frozenset({"StatesEntered-W", "RouteUnscored"})
DRILL, PERSON = "drill-unreadable-a1", "c1"


def span(reason="Threshold Crossed", minutes=1):
    return InAlarm(AT, AT + minutes * MINUTE, reason)


def record(*spans, state="OK", watches=FAILED, since=None):
    return AlarmRecord("a", state, spans, watches, since or (spans[-1].begun if spans else AT))


def read(one, failed=(), unscored=(), at=AT - MINUTE, cut="", gaps=""):
    """A review of this alarm; `failed` executions ended, and `unscored` ones took that route, at this moment."""
    seen = pd.DataFrame(
        [(name, "FAILED", pd.Timestamp(at) - MINUTE, 60.0) for name in failed],
        columns=["name", "status", "started", "seconds"],
    ).astype({"started": "datetime64[ns, UTC]", "seconds": float})
    seen.attrs["cut"] = cut
    taken = [(pd.Timestamp(at), "unscored", name.startswith("drill-")) for name in unscored]
    routes = pd.DataFrame(taken, columns=["time", "route", "drill"]).astype({"time": "datetime64[ns, UTC]"})
    return SimpleNamespace(seen=seen, routes=routes, deliveries=SimpleNamespace(alarms=[one], log_gaps=gaps))


def row(*args, **more):
    (only,) = alarm_rows.rows(read(*args, **more))
    return only


def test_an_alarm_that_a_drill_set_off_says_so_and_is_no_failure():
    for state in ("OK", "ALARM"):
        found = row(record(span(), state=state), failed=[DRILL])
        assert (found["status"], found["by a drill"]) == ("set off by a drill", 1)
        assert found["in ALARM since the change"] == "0 times, 0 s"
    assert row(record(span(), watches=UNSCORED), unscored=[DRILL])["status"] == "set off by a drill"
    assert marks.mark_of("set off by a drill") == marks.QUIET


@pytest.mark.parametrize(
    "more",
    [
        {"failed": [DRILL, PERSON]},
        {"failed": ["drill-crisis-a1"]},  # a drill that had to succeed
        {"failed": []},
        {"failed": [DRILL], "at": AT - 6 * MINUTE},
        {"failed": [DRILL], "cut": "only the newest were read"},
    ],
)
def test_it_counts_where_a_person_or_nobody_known_may_have_set_it_off(more):
    found = row(record(span(), state="ALARM"), **more)
    assert (found["status"], found["by a drill"]) == ("failed", 0)
    assert found["in ALARM since the change"] == "1 times, 60 s"
    assert row(record(span()), **more)["status"] == "waiting"


def test_an_alarm_of_today_is_no_matter_of_a_drill_in_a_time_that_ended_long_ago():
    today = AT + timedelta(days=9)
    found = row(record(span(), state="ALARM", since=today), failed=[DRILL])
    assert (found["status"], found["state now"]) == ("failed", "ALARM, not since then: cause not known")
    assert row(record(span(), since=today), failed=[DRILL])["status"] == "set off by a drill"
    unsaid = AlarmRecord("a", "ALARM", (span(),), FAILED)
    assert row(unsaid, failed=[DRILL])["status"] == "failed"


def test_a_drill_that_failed_after_it_went_off_did_not_set_it_off():
    late = {"at": AT + MINUTE / 2}
    assert row(record(span()), failed=[DRILL], **late)["status"] == "waiting"
    assert row(record(span(), watches=UNSCORED), unscored=[DRILL], **late)["status"] == "waiting"


def test_a_log_with_gaps_and_another_alarm_excuse_nothing():
    unscored = record(span(), watches=UNSCORED)
    assert row(unscored, unscored=[DRILL], gaps="not all was read")["status"] == "waiting"
    assert row(unscored, unscored=[DRILL, PERSON])["status"] == "waiting"
    assert row(record(span(), watches=frozenset({"Errors"})), failed=[DRILL])["status"] == "waiting"
    began_before = record(span(reason=""))
    assert row(began_before, failed=[DRILL])["status"] == "waiting"


def test_real_times_and_those_of_drills_are_counted_apart():
    later = InAlarm(AT + 60 * MINUTE, AT + 62 * MINUTE, "Threshold Crossed")
    found = row(record(span(), later, span(f"{TEST}, s1")), failed=[DRILL])
    assert (found["status"], found["by a drill"], found["as a test"]) == ("waiting", 1, 1)
    assert found["in ALARM since the change"] == "1 times, 120 s"
    assert row(record(span(f"{TEST}, s1")))["status"] == "fired as a test"


def test_what_is_not_there_and_what_is_forgotten_is_no_quiet_alarm():
    assert row(AlarmRecord("a", None, None))["status"] == "cannot tell"
    forgotten = row(AlarmRecord("a", "OK", None))
    assert (forgotten["status"], forgotten["in ALARM since the change"]) == (
        "cannot tell", "the history does not reach so far back",
    )  # fmt: skip
    in_part = row(AlarmRecord("a", "OK", (), kept_since=AT))
    assert (in_part["status"], in_part["in ALARM since the change"]) == (
        "cannot tell", "0 times, 0 s; before 2026-03-01 10:00 UTC the history does not reach so far back",
    )  # fmt: skip


def test_what_is_kept_of_an_alarm_that_is_gone_or_forgotten_in_part_is_told():
    for one in (AlarmRecord("a", None, (span(),)), AlarmRecord("a", "OK", (span(),), kept_since=AT)):
        found = row(one)
        assert found["status"] == "waiting" and found["in ALARM since the change"].startswith("1 times, 60 s")
    for one in (
        AlarmRecord("a", None, (span(f"{TEST}, s1"),)),
        AlarmRecord("a", "OK", (span(f"{TEST}, s1"),), kept_since=AT),
    ):
        assert row(one)["status"] == "cannot tell"


def test_an_alarm_that_was_quiet_is_left_out_and_one_that_is_in_alarm_fails():
    assert alarm_rows.rows(read(record())) == []
    assert row(record(state="ALARM"))["status"] == "failed"
