"""A whole watch by simulated time: its gaps, its restarts, what it asks about after them, and what operations hear."""

import os
from datetime import timedelta
from itertools import pairwise

import pytest
from fakes import full
from simulated import QUARTER, START, Account, Time, answer, kinds, rows_of, watch

from lib.checks import Status
from lib.errors import BadParameters, NotAsWanted, Superseded, Unreachable, Unrecorded
from lib.phases.watch import checkpoint_journal, summary
from lib.phases.watch.breaks import Kind
from lib.phases.watch.checkpoint import Asked, Reading
from lib.phases.watch.checkpoint_journal import LOG, End
from lib.record import records, sealing

MINUTE = timedelta(minutes=1)


@pytest.fixture
def time():
    return Time()


def of_kind(rows, kind):
    return [row for row in rows if row["row"] == kind]


def failing(*moments, asked=Asked.FAILURES, status=Status.FAILED):
    """Answers of an account in which this question fails at the checkpoints that begin in these minutes."""
    return lambda one, span: Reading(
        [answer(one, status if one is asked and minutes(span) in moments else Status.PASSED, f"at {minutes(span)}")]
    )


def minutes(span):
    return round((span.until - START) / MINUTE)


def stopping(time):
    raise KeyboardInterrupt


def test_a_quiet_watch_is_a_row_each_interval_and_ends_with_its_time(record, time):
    rows = watch(record, time, Account())
    assert kinds(rows) == [Kind.BEGUN, *[Kind.CHECKPOINT] * 5, Kind.ENDED]
    assert [row["time"][11:16] for row in rows[1:6]] == ["12:00", "12:15", "12:30", "12:45", "13:00"]
    assert rows[-1]["why"] == End.WHOLE
    watched = summary.of_run(record)
    assert (watched.checkpoints, watched.pace.planned, watched.gaps, watched.breaks) == (5, 5, (), ())
    assert watched.said.endswith("the time is over; no gap; nothing broke")
    summary.require_quiet(rows)


def test_a_watch_in_which_nobody_could_tell_a_thing_has_not_been_a_quiet_one(record, time):
    def dark(one, span):
        told = one is not Asked.FAILURES or minutes(span) == 30
        return Reading([answer(one, Status.PASSED if told and one is not Asked.ALARMS else Status.CANNOT_TELL)])

    watch(record, time, Account(dark))
    watched = summary.of_run(record)
    assert watched.untold == ("watch: alarms",)  # of failures somebody could tell once
    assert watched.said.endswith("no gap; nothing broke; at no time could anybody tell: watch: alarms")
    (row,) = summary.table(record)
    assert (row["what"], row["status"]) == ("the watch", Status.CANNOT_TELL)


def test_each_question_is_asked_of_the_time_since_it_was_last_answered(record, time):
    account = Account()
    watch(record, time, account)
    spans = [span for asked, span in account.spans if asked is Asked.FAILURES]
    assert spans[0].since == START - QUARTER
    assert all(later.since == earlier.until for earlier, later in pairwise(spans))
    assert spans[-1].until == START + timedelta(hours=1)


def test_a_question_that_could_not_be_read_is_asked_of_the_whole_time_since(record, time):
    def answers(asked, span):
        if asked is Asked.ALARMS and minutes(span) in (15, 30):
            raise Unreachable("no answer while looking")
        return Reading([answer(asked)])

    account = Account(answers)
    rows = watch(record, time, account)
    unread = [one for row in rows if row["row"] == Kind.CHECKPOINT for one in row["answers"] if one["error"]]
    assert [one["asked"] for one in unread] == [Asked.ALARMS] * 2
    assert {one["checks"][0]["status"] for one in unread} == {"cannot tell"}
    assert "Unreachable: no answer while looking" in unread[0]["checks"][0]["found"]
    alarms = {minutes(span): span for asked, span in account.spans if asked is Asked.ALARMS}
    assert alarms[45].since == START and alarms[60].since == START + 3 * QUARTER
    failures = {minutes(span): span for asked, span in account.spans if asked is Asked.FAILURES}
    assert failures[45].since == START + 2 * QUARTER


def test_a_network_that_never_comes_back_ends_no_watch_and_is_no_quiet_one(record, time):
    def unreachable(asked, span):
        raise Unreachable("no answer")

    account = Account(unreachable)
    rows = watch(record, time, account)
    assert kinds(rows) == [Kind.BEGUN, *[Kind.CHECKPOINT] * 5, Kind.ENDED]
    assert account.connected == 4  # before each checkpoint that follows one which AWS did not answer
    with pytest.raises(NotAsWanted, match="could not read at its end: failures, alarms; nobody looked at the last"):
        summary.require_quiet(rows)


def test_a_laptop_that_slept_tells_a_gap_and_the_next_checkpoint_asks_about_all_of_it(record, time):
    time.at[START + 20 * MINUTE] = lambda one: one.suspend(timedelta(hours=3))
    account = Account()
    rows = watch(record, time, account, length=timedelta(hours=6))
    (gap,) = of_kind(rows, Kind.GAP)
    assert (gap["from"][11:16], gap["to"][11:16], gap["missed"]) == ("12:30", "15:20", 12)
    assert gap["why"].startswith("this machine slept, or its clock was set forward: 3h ")
    spans = [span for asked, span in account.spans if asked is Asked.FAILURES]
    assert spans[2].since == START + QUARTER and spans[2].until >= START + timedelta(hours=3, minutes=20)
    # And from there on it is on its grid again.
    assert minutes(spans[3]) == 3 * 60 + 30
    assert len(of_kind(rows, Kind.CHECKPOINT)) + 12 == 25 + 1


def test_one_that_slept_past_the_end_still_asks_once_about_everything(record, time):
    time.at[START + 20 * MINUTE] = lambda one: one.suspend(timedelta(days=3))
    account = Account()
    rows = watch(record, time, account)
    (gap,) = of_kind(rows, Kind.GAP)
    assert (gap["missed"], kinds(rows)[-1]) == (3, Kind.ENDED)
    assert account.spans[-1][1].since == START + QUARTER


def test_a_sleep_while_it_reads_is_told_as_one_too(record, time):
    slept = []

    def answers(asked, span):
        if minutes(span) == 15 and not slept:
            slept.append(time.suspend(timedelta(hours=1)))
        return Reading([answer(asked)])

    (gap,) = of_kind(watch(record, time, Account(answers), length=timedelta(hours=2)), Kind.GAP)
    assert (gap["missed"], gap["why"][:17]) == (3, "this machine slep")


def test_a_clock_that_is_set_back_stops_no_watch_and_is_said(record, time):
    time.at[START + 20 * MINUTE] = lambda one: one.suspend(-timedelta(hours=2))
    account = Account()
    rows = watch(record, time, account, length=timedelta(hours=1))
    assert of_kind(rows, Kind.CLOCK)[0]["back_seconds"] == 7200
    assert all(span.since <= span.until for _, span in account.spans)
    assert (
        len(of_kind(rows, Kind.CHECKPOINT)) == 13
    )  # two hours more by this machine's own clock, none of them without a checkpoint


def test_a_reading_that_takes_too_long_later_on_is_a_gap(record, time):
    account = Account()

    def slow(one):
        account.takes_seconds = 40 * 60

    time.at[START + 10 * MINUTE] = slow
    rows = watch(record, time, account)
    assert "took longer than the interval" in of_kind(rows, Kind.GAP)[0]["why"]


def test_an_interval_shorter_than_a_reading_is_refused_at_the_first(record, time):
    with pytest.raises(BadParameters, match=r"takes 95 s, and --every 90s asks for one more often"):
        watch(record, time, Account(takes_seconds=95), every=timedelta(seconds=90))
    assert kinds(rows_of(record)) == [Kind.BEGUN, Kind.CHECKPOINT, Kind.ENDED]
    assert rows_of(record)[-1]["why"] == End.TOO_SLOW


def test_one_that_goes_on_may_take_long_over_what_nobody_watched(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    time.suspend(timedelta(minutes=25))
    rows = watch(record, time, Account(takes_seconds=1_000))
    assert rows[-1]["why"] == End.WHOLE


def test_who_stops_it_finds_that_in_the_record_and_goes_on_by_the_same_command(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    assert rows_of(record)[-1]["why"] == End.STOPPED
    time.suspend(timedelta(minutes=26))
    account = Account()
    rows = watch(record, time, account)
    assert kinds(rows)[4:] == [Kind.RESUMED, Kind.GAP, Kind.CHECKPOINT, Kind.CHECKPOINT, Kind.ENDED]
    (gap,) = of_kind(rows, Kind.GAP)
    assert (gap["from"][11:16], gap["missed"], gap["why"]) == ("12:30", 2, End.STOPPED)
    assert account.spans[0][1].since == START + QUARTER
    assert rows[-1]["time"][11:16] == "13:00"  # the end stays where it was
    assert summary.of_run(record).checkpoints == 4


def test_one_that_was_stopped_for_a_moment_missed_nothing(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    assert of_kind(watch(record, time, Account()), Kind.GAP) == []
    assert summary.of_run(record).checkpoints == 5


def test_a_killed_one_left_no_word_and_is_gone_on_with_too(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    path = record.folder / LOG
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]) + lines[-2][:40], encoding="utf-8")  # and half a row
    assert "it goes on, or was killed" in summary.of_run(record).said
    time.suspend(timedelta(days=2))
    rows = watch(record, time, Account())
    (gap,) = of_kind(rows, Kind.GAP)
    assert (gap["missed"], gap["why"]) == (3, "nothing ran: the watch was killed, or its machine went down")
    assert kinds(rows)[-2:] == [Kind.CHECKPOINT, Kind.ENDED]


@pytest.mark.parametrize("looks", [2, 0])
def test_one_whose_clock_was_put_back_while_nothing_ran_looks_at_once_and_says_so(record, time, looks):
    time.suspend(timedelta(hours=5))
    if looks:
        time.at[time.wall + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account() if looks else Account(lambda asked, span: stopping(time)))
    assert len(of_kind(rows_of(record), Kind.CHECKPOINT)) == looks
    ended = time.wall
    time.suspend(-timedelta(hours=4, minutes=55))
    resumed, account = time.wall, Account()
    rows = watch(record, time, account)
    (clock,) = of_kind(rows, Kind.CLOCK)
    assert clock["back_seconds"] == 4 * 3600 + 55 * 60 and "lie ahead" in clock["why"]
    assert account.spans[0][1].until == resumed and account.spans[2][1].until <= resumed + QUARTER
    # What was asked of a time that was still to come is asked again.
    assert resumed - account.spans[0][1].since == ended - START - timedelta(hours=5) + QUARTER
    assert of_kind(rows, Kind.GAP) == []
    said = summary.of_run(record).said
    assert "THE CLOCK WAS PUT BACK by 4h 55m" in said and "CANNOT BE TOLD" in said and "no gap" not in said
    assert [(row["what"], row["status"]) for row in summary.table(record)] == [
        ("clock", Status.WAITING), ("the watch", Status.WAITING),
    ]  # fmt: skip
    assert summary.of_run(record).to_row()["put_back"][0]["back_seconds"] == clock["back_seconds"]


def test_one_that_was_put_back_and_killed_again_looks_at_once_again_and_no_more_after_that(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    time.suspend(-timedelta(hours=5))
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account(lambda asked, span: stopping(time)))
    account = Account()
    time.at[time.wall + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, account)
    assert account.spans != []
    rows = watch(record, time, Account(), length=timedelta(hours=1))
    assert kinds(rows).count(Kind.CLOCK) == 2


def test_a_machine_whose_clock_is_a_little_behind_is_not_said_to_be_put_back(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    time.suspend(-timedelta(seconds=4))
    assert of_kind(watch(record, time, Account()), Kind.CLOCK) == []


def test_once_its_time_is_over_the_same_command_begins_another(record, time):
    watch(record, time, Account())
    rows = watch(record, time, Account())
    assert kinds(rows).count(Kind.BEGUN) == 2
    assert len(checkpoint_journal.latest_watch(rows)) == 7


def test_another_pace_changes_a_watch_that_goes_on_and_not_when_it_began(record, time):
    time.at[START + 20 * MINUTE] = stopping
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, Account())
    rows = watch(record, time, Account(), length=timedelta(hours=2), every=2 * QUARTER)
    assert rows[-1]["time"][11:16] == "14:00"
    assert [row["time"][11:16] for row in of_kind(rows, Kind.CHECKPOINT)] == [
        "12:00", "12:15", "12:30", "13:00", "13:30", "14:00",
    ]  # fmt: skip


# What operations are told.


def test_a_break_that_lasts_is_told_once_and_once_more_when_it_is_over(record, time):
    account = Account(failing(15, 30))
    rows = watch(record, time, account)
    assert account.told == [("watch: failures", "broken"), ("watch: failures", "over")]
    told = of_kind(rows, Kind.ALERT)
    assert [(row["published"], row["message"], row["time"][11:16]) for row in told] == [
        (True, "message-1", "12:15"), (True, "message-2", "12:45"),
    ]  # fmt: skip
    (one,) = summary.of_run(record).breaks
    assert (one.value, one.limit, one.since[11:16], one.over[11:16]) == ("at 15", "a limit", "12:15", "12:45")
    with pytest.raises(NotAsWanted, match="while this run was watched it broke: watch: failures, since"):
        summary.require_quiet(rows)


def test_what_cannot_be_told_ends_no_break(record, time):
    def answers(asked, span):
        if asked is Asked.FAILURES and minutes(span) == 30:
            raise Unreachable("no answer")
        status = {15: Status.FAILED, 45: Status.CANNOT_TELL, 60: Status.WAITING}.get(minutes(span), Status.PASSED)
        return Reading([answer(asked, status if asked is Asked.FAILURES else Status.PASSED)])

    account = Account(answers)
    watch(record, time, account)
    assert account.told == [("watch: failures", "broken")]
    assert "BROKEN since" in summary.of_run(record).said


@pytest.mark.parametrize("error", [RecursionError("Jane wrote"), OverflowError("Jane wrote"), KeyError("Jane wrote")])
def test_what_nobody_expected_ends_neither_the_watch_nor_its_other_questions_and_is_told(record, time, error):
    def answers(asked, span):
        if asked is Asked.FAILURES and minutes(span) in (15, 30):
            raise error
        return Reading([answer(asked)])

    account = Account(answers)
    rows = watch(record, time, account)
    assert kinds(rows)[-1] == Kind.ENDED and rows[-1]["why"] == End.WHOLE
    of_failures, of_alerts = of_kind(rows, Kind.CHECKPOINT)[1]["answers"]
    assert of_failures["error"] == type(error).__name__ and of_failures["checks"][0]["status"] == Status.CANNOT_TELL
    assert of_failures["checks"][0]["found"].startswith(f"{type(error).__name__}: nobody expected it")
    assert of_alerts["checks"][0]["status"] == Status.PASSED
    assert account.told == [("watch: failures", "broken"), ("watch: failures", "over")]
    assert "Jane" not in (record.folder / LOG).read_text(encoding="utf-8")
    # And what nobody looked at is asked about once it can be.
    spans = {minutes(span): span for asked, span in account.spans if asked is Asked.FAILURES}
    assert spans[45].since == START
    with pytest.raises(NotAsWanted, match=rf"it broke: watch: failures, since .*{type(error).__name__}"):
        summary.require_quiet(rows)


def test_news_that_meets_what_nobody_expected_is_tried_again(record, time):
    tries = []

    def takes_news():
        tries.append(1)
        if len(tries) == 1:
            raise RecursionError("Jane wrote")

    account = Account(failing(15, 30, 45, 60), takes_news)
    rows = watch(record, time, account)
    assert [row["published"] for row in of_kind(rows, Kind.ALERT)] == [False, True]
    assert of_kind(rows, Kind.ALERT)[0]["error"].startswith("RecursionError: nobody expected it")


def test_what_a_question_lists_no_more_is_over(record, time):
    def answers(asked, span):
        here = asked is Asked.ALARMS and minutes(span) == 15
        return Reading([answer(asked, Status.FAILED)] if here else [])

    account = Account(answers)
    watch(record, time, account)
    assert account.told == [("watch: alarms", "broken"), ("watch: alarms", "over")]


def test_news_that_did_not_get_through_is_loud_and_tried_again(record, time):
    tries = []

    def takes_news():
        tries.append(time.wall)
        if len(tries) < 3:
            raise Unreachable("no answer while telling the operations topic")

    account = Account(failing(15, 30, 45, 60), takes_news)
    rows = watch(record, time, account)
    assert [row["published"] for row in of_kind(rows, Kind.ALERT)] == [False, False, True]
    assert of_kind(rows, Kind.ALERT)[0]["error"].startswith("Unreachable: no answer")
    assert account.told == [("watch: failures", "broken")]


def test_news_that_never_got_through_is_said_at_the_end(record, time):
    def takes_news():
        raise Unreachable("no answer")

    watch(record, time, Account(failing(60), takes_news))
    assert "not told to the operations topic: 1" in summary.of_run(record).said


def test_a_break_that_was_over_before_anybody_heard_of_it_is_told_in_one(record, time):
    tries = []

    def takes_news():
        tries.append(1)
        if len(tries) == 1:
            raise Unreachable("no answer")

    account = Account(failing(15), takes_news)
    watch(record, time, account)
    assert account.told == [("watch: failures", "over")]


def test_a_restart_tells_nothing_twice(record, time):
    time.at[START + 20 * MINUTE] = stopping
    account = Account(failing(15, 30, 45))
    with pytest.raises(KeyboardInterrupt):
        watch(record, time, account)
    watch(record, time, account)
    assert account.told == [("watch: failures", "broken"), ("watch: failures", "over")]


# The record.


def test_every_checkpoint_is_sealed_as_it_goes(record, time, settings):
    rows = watch(record, time, Account())
    assert records.alterations(records.Run(settings, record), whole=True) == []
    assert len(rows) == 7
    seals = records.manifest.read(record.folder).claims[LOG]
    assert len(seals) == 5


def test_a_row_that_was_changed_afterwards_is_found(record, time, settings):
    watch(record, time, Account())
    sealing.seal(record)
    path = record.folder / LOG
    path.write_text(path.read_text(encoding="utf-8").replace('"passed"', '"failed"', 1), encoding="utf-8")
    assert f"{LOG}: edited" in records.alterations(records.Run(settings, record), whole=True)


def test_a_full_disk_ends_no_watch_and_what_was_not_written_comes_with_the_next_row(record, time, monkeypatch):
    time.at[START + 10 * MINUTE] = lambda one: full(monkeypatch)
    time.at[START + 40 * MINUTE] = lambda one: monkeypatch.undo()
    rows = watch(record, time, Account())
    assert kinds(rows) == [Kind.BEGUN, *[Kind.CHECKPOINT] * 5, Kind.ENDED]


@pytest.mark.parametrize("cut", [0, 20, -1], ids=["whole rows", "half a row", "all but the break of the last"])
def test_what_a_disk_took_in_part_is_written_once_and_the_rest_with_the_next_row(record, monkeypatch, cut):
    kept, write = checkpoint_journal.Journal.of(record, lambda error: None), os.write
    kept.add(Kind.GAP, START, number=1)
    with monkeypatch.context() as patched:
        full(patched)
        kept.add(Kind.GAP, START, number=2)

    def some_room(descriptor, data):
        if not data.endswith(b"\n"):
            raise OSError(28, "No space left on device")
        at = len(data) + cut if cut < 0 else data.index(b"\n") + 1 + cut
        return write(descriptor, data[:at])

    with monkeypatch.context() as patched:
        room = [some_room, lambda *_: full(patched) or os.write(*_)]
        patched.setattr("lib.record.files.os.write", lambda *given: room.pop(0)(*given))
        kept.add(Kind.GAP, START, number=3)
    kept.add(Kind.GAP, START, number=4)
    assert [row["number"] for row in record.rows(LOG)] == [1, 2, 3, 4] and kept.waiting == []


def test_a_store_that_does_not_answer_ends_no_watch_either(record, time):
    class Store:
        def put(self, name, path):
            raise Unrecorded("the store does not answer")

        def put_all(self, chosen):
            raise Unrecorded("the store does not answer")

    rows = watch(records.Record(record.folder, record.run_id, Store()), time, Account())
    assert kinds(rows) == [Kind.BEGUN, *[Kind.CHECKPOINT] * 5, Kind.ENDED]


def test_another_machine_that_went_on_with_the_record_ends_it(record, time):
    class Store:
        def put(self, name, path):
            raise Superseded("another machine went on")

    with pytest.raises(Superseded):
        watch(records.Record(record.folder, record.run_id, Store()), time, Account())


def test_no_contact_stands_in_a_row(record, time):
    def answers(asked, span):
        return Reading([answer(asked, Status.FAILED, "nobody@example.org failed")])

    watch(record, time, Account(answers))
    assert "example.org" not in (record.folder / LOG).read_text(encoding="utf-8")


def test_the_table_says_what_is_bad_first_and_that_nobody_watched(record, time):
    assert summary.table(record) == []
    time.at[START + 20 * MINUTE] = lambda one: one.suspend(timedelta(minutes=30))
    watch(record, time, Account(failing(15)))
    assert [(row["what"], row["status"]) for row in summary.table(record)] == [
        ("watch: failures", "waiting"), ("gap", "waiting"), ("the watch", "waiting"),
    ]  # fmt: skip
