"""The lock of an environment, over a parameter store in a dictionary: who holds it, how long, and who may not write."""

import json
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from fakes import World
from locks import NAME, OPERATOR, Store, says, somebodys

from lib.aws import Live
from lib.changes import engine
from lib.errors import NotAsWanted, Refused, Superseded, Throttled, Unreachable
from lib.record import records
from lib.record.records import Record
from lib.resources import run_lock
from lib.resources.account_guards import AccountGuards
from lib.resources.lock_value import Lock, digest
from lib.resources.run_lock import TOKEN, break_lock, locked, read_lock
from lib.settings import load
from lib.values import processes


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """No test leaves a token or a thread behind: the next one would write under another's lock."""
    threads = threading.active_count()
    assert TOKEN not in os.environ
    yield
    assert TOKEN not in os.environ
    assert threading.active_count() == threads


@contextmanager
def elsewhere() -> Iterator[None]:
    """As another process, which does not have the token."""
    token = os.environ.pop(TOKEN, None)
    yield
    if token:
        os.environ[TOKEN] = token


def lapsed(store: Store, **values: Any) -> Lock:
    """The lock of one that nobody renewed any more."""
    lock = somebodys(store, **values)
    store.passes(61)
    return lock


def lasting(live: Live, seconds: float) -> Live:
    return replace(live, settings=live.settings.model_copy(update={"lock_lease_seconds": seconds}))


def test_it_is_there_while_the_block_lasts_and_says_who_holds_it_and_until_when(store, live):
    with locked(live, "r1") as still_ours:
        still_ours()
        lock = read_lock(live)
        assert (lock.run_id, lock.owner, lock.host, lock.pid) == ("r1", OPERATOR, platform.node(), os.getpid())
        assert (lock.lease_seconds, lock.stale) == (live.settings.lock_lease_seconds, "")
        assert lock.said.startswith(f"run r1 of {OPERATOR}, process {os.getpid()} on {platform.node()}, since ")
        assert lock.said.endswith("(in force for 120 s each time that it is renewed, last 0 s ago)")
    assert store.held == {}


def test_it_is_taken_by_one_call(store, live):
    with locked(live, "r1"):
        assert store.calls == ["take"]


def test_runs_after_each_other_each_take_their_own(store, live):
    tokens = []
    for run_id in ("r1", "r2"):
        with locked(live, run_id):
            tokens.append(os.environ[TOKEN])
            assert store.lock["run_id"] == run_id
    assert len(set(tokens)) == 2


@pytest.mark.parametrize("run_id", ["r2", "r1"])
def test_another_process_is_refused_by_the_holders_name_also_with_the_same_run(store, live, run_id):
    with locked(live, "r1"):
        before = store.held[NAME]
        with elsewhere(), pytest.raises(Superseded) as refused, locked(live, run_id):
            pytest.fail("two may write")
        assert store.held[NAME] == before
        said = str(refused.value)
        for part in ("run r1", OPERATOR, platform.node(), f"process {os.getpid()}", "in force for 120 s"):
            assert part in said
        assert "nothing was written by this one. Wait until it ends, or stop it; `runbook lock local" in said
        assert refused.value.exit_code == 3


def test_a_stale_one_is_refused_as_well_and_says_how_to_take_it_away(store, live):
    lapsed(store)
    way_out = r"STALE: its lease of 60 s lapsed 1 s ago.*`runbook lock local --break r9[^`]*` takes it away"
    with pytest.raises(Superseded, match=way_out), locked(live, "r1"):
        pytest.fail("a stale lock is only broken by somebody who says so")
    assert read_lock(live).opened_by("theirs")


def test_what_belongs_to_the_run_joins_and_leaves_the_lock_to_its_holder(store, live):
    with locked(live, "r1"):
        token = os.environ[TOKEN]
        with locked(live, "r1") as still_ours:
            still_ours()
            assert store.calls.count("take") == 1
        assert read_lock(live).opened_by(token)
        assert token == os.environ[TOKEN]


def readable(store: Store) -> list[str]:
    """Everything that somebody who may read the parameter can read there."""
    return [text for key, value in store.lock.items() for text in (key, str(value))]


def test_whoever_may_read_it_finds_nothing_there_that_lets_them_write(store, live, monkeypatch):
    with locked(live, "r1"):
        shown, before = readable(store), store.held[NAME]
        assert os.environ[TOKEN] not in store.held[NAME][0]
        with elsewhere():
            for text in shown:
                monkeypatch.setenv(TOKEN, text)
                with pytest.raises(Superseded, match=r"of this very run may write .*: run r1"), locked(live, "r1"):
                    pytest.fail(f"{text} lets them write")
            monkeypatch.delenv(TOKEN)
        assert store.held[NAME] == before


def test_neither_does_one_that_was_renewed_or_said(store, live):
    with locked(live, "r1") as still_ours:
        store.passes(100)
        still_ours()
        lock = read_lock(live)
        assert lock.renewals == 1
        assert os.environ[TOKEN] not in store.held[NAME][0] + lock.said + repr(lock)


@pytest.mark.parametrize("named", [{}, {"format": 1}, {"format": 2}])
def test_one_of_an_earlier_version_whose_token_stands_readable_is_in_force_and_nobodys_to_write_under(
    named, store, live, monkeypatch
):
    lock = somebodys(store)
    row = {key: value for key, value in store.lock.items() if key not in ("format", "token_sha256")}
    store.held[NAME] = (json.dumps({**named, "token": "theirs", **row}), 1)
    before = store.held[NAME]
    assert replace(read_lock(live), token_sha256=lock.token_sha256) == lock
    for text in (*readable(store), read_lock(live).token_sha256):
        monkeypatch.setenv(TOKEN, text)
        with (
            pytest.raises(Superseded, match=r"of this very run .*: run r9 of .*user/bob"),
            locked(live, "r9"),
        ):
            pytest.fail(f"{text} lets them write")
    monkeypatch.delenv(TOKEN)
    with pytest.raises(Superseded, match=r"run r9 of .*user/bob"), locked(live, "r1"):
        pytest.fail("it is in force")
    with pytest.raises(Refused, match="stop that run, or wait for its lease"):
        break_lock(live, "r9")
    assert store.held[NAME] == before
    store.passes(61)
    assert break_lock(live, "r9").run_id == "r9"
    assert store.held == {}


def test_another_run_in_the_same_process_does_not_write_under_this_ones_lock(store, live):
    other = "holds the lock for run r1, not for run r2; nothing was written"
    with locked(live, "r1"), pytest.raises(Superseded, match=other), locked(live, "r2"):
        pytest.fail("r2 writes under the lock of r1")


def test_a_child_whose_runner_lost_the_lock_does_not_write(store, live, monkeypatch):
    monkeypatch.setenv(TOKEN, "lost")
    lost = r"the lock of run r1 was taken away; nothing more was written. See `runbook status local r1[^`]*`$"
    with pytest.raises(Superseded, match=lost), locked(live, "r1"):
        pytest.fail("no lock is there")
    monkeypatch.delenv(TOKEN)
    assert store.calls == ["get"]


def test_a_run_that_began_phases_is_told_how_to_go_on_when_it_lost_the_lock(store, live, monkeypatch, tmp_path):
    there = replace(live, settings=live.settings.model_copy(update={"outputs_dir": str(tmp_path)}))
    Record(there.settings.runs_folder / "r1", "r1").write_json("run.json", {"mode": "apply", "verdict": "running"})
    monkeypatch.setenv(TOKEN, "lost")
    lost = r"See `runbook status local r1[^`]*`, then `runbook apply local --resume r1[^`]*`$"
    with pytest.raises(Superseded, match=lost), locked(there, "r1"):
        pytest.fail("no lock is there")


def test_an_error_of_the_block_is_told_and_the_lock_given_back(store, live):
    with pytest.raises(NotAsWanted, match="the workflow"), locked(live, "r1"):
        raise NotAsWanted("the workflow is not as wanted")
    assert store.held == {}


def test_that_it_cannot_be_given_back_does_not_hide_why_the_run_ended(store, live):
    def denied(call):
        if call == "delete":
            raise says("AccessDeniedException")

    store.before = denied
    with pytest.raises(KeyError), locked(live, "r1"):
        raise KeyError
    assert store.lock["run_id"] == "r1"


def test_an_interruption_while_it_is_taken_leaves_no_lock_and_no_token(store, live):
    def interrupted(call):
        if call == "take":
            raise KeyboardInterrupt

    store.after = interrupted
    with pytest.raises(KeyboardInterrupt), locked(live, "r1"):
        pytest.fail("interrupted before")
    assert store.held == {}


def test_it_is_renewed_while_the_block_lasts_and_never_after(store, live):
    renewed, threads = threading.Semaphore(0), threading.active_count()
    store.after = lambda call: renewed.release() if call == "renew" else None
    with locked(lasting(live, 0.03), "r1"):
        first = store.lock
        for _ in range(3):
            renewed.acquire()
        assert store.lock["renewals"] > first["renewals"]
        assert {**store.lock, "renewals": 0} == {**first, "renewals": 0}
    assert (store.held, threading.active_count()) == ({}, threads)  # nobody is left who could


def test_a_renewal_that_fails_is_tried_again(store, live):
    failing = [says("ThrottlingException"), says("InternalServerError", 500), ReadTimeoutError(endpoint_url="x")]
    renewed = threading.Event()

    def fails(call):
        if call == "renew" and failing:
            raise failing.pop()

    store.before = fails
    store.after = lambda call: renewed.set() if call == "renew" else None
    with locked(lasting(live, 0.03), "r1") as still_ours:
        renewed.wait()
        assert store.calls.count("renew") >= 4
        still_ours()


def test_a_renewal_under_way_when_the_run_ends_puts_nothing_back(store, live, monkeypatch):
    reading, ends, keep_renewing = threading.Event(), [], run_lock._keep_renewing
    # What the run says when it ends, as the thread that renews hears it.
    monkeypatch.setattr(run_lock, "_keep_renewing", lambda *told: (ends.append(told[-1]), keep_renewing(*told)))

    def slow(call):
        if call == "get" and threading.current_thread() is not threading.main_thread():
            reading.set()
            ends[0].wait()

    store.after = slow
    with locked(lasting(live, 0.03), "r1"):
        reading.wait()
    assert store.held == {}
    assert "renew" not in store.calls


def test_a_renewal_that_hangs_keeps_the_lock_from_being_given_back_too_early(store, live, monkeypatch):
    monkeypatch.setattr(run_lock, "CONNECTING_SECONDS", 0.01)
    writing, ended, renewing = threading.Event(), threading.Event(), []

    def hangs(call):
        if call == "renew":
            renewing.append(threading.current_thread())
            writing.set()
            ended.wait()

    store.before = hangs
    with locked(lasting(live, 0.03), "r1"):
        writing.wait()
    assert "delete" not in store.calls  # given back now, it would come to life again
    ended.set()
    renewing[0].join()
    assert store.lock["run_id"] == "r1"


def test_a_lock_broken_while_it_is_renewed_does_not_come_back(store, live):
    with locked(lasting(live, 1.5), "r1") as still_ours:
        store.passes(3)
        store.held[NAME] = (store.held[NAME][0], 4)
        store.before = lambda call: store.held.pop(NAME, None) if call == "renew" else None
        with pytest.raises(Superseded, match="taken away; nothing more was written"):
            still_ours()
        store.before = lambda call: None
        assert store.held == {}
        with pytest.raises(Superseded, match="was taken away"):
            still_ours()


def test_a_lock_that_another_took_while_this_was_renewed_lets_neither_write(store, live):
    def takes(call):
        if call == "renew":
            store.held.pop(NAME)
            somebodys(store)

    with locked(lasting(live, 1.5), "r1") as still_ours:
        store.passes(3)
        store.held[NAME] = (store.held[NAME][0], 2)
        store.before = takes
        with pytest.raises(Superseded):
            still_ours()
        store.before = lambda call: None
    assert store.held == {}


def others(store, version=1, taken=True):
    """What happens between a read and a renewal: the lock is broken, and taken by another run, which renews it."""

    def happens(call):
        if call == "renew":
            store.before = lambda call: None
            store.held.pop(NAME)
            if taken:
                somebodys(store)
                for _ in range(version - 1):
                    store.put_parameter(Name=NAME, Value=store.held[NAME][0], Overwrite=True)

    store.before = happens


@pytest.mark.parametrize("version", [1, 2, 60, 120])
@pytest.mark.parametrize("renewed", [0, 1, 70])
def test_over_whatever_lock_of_a_successor_it_is_renewed_neither_writes(version, renewed, store, live):
    """Versions begin at 1 again where a parameter was removed, so that their numbers alone tell nothing."""
    with locked(live, "r1") as still_ours:
        for _ in range(renewed):
            store.passes(81)
            still_ours()
        store.passes(81)
        others(store, version)
        with pytest.raises(Superseded, match="of run r1 was taken away; nothing more was written"):
            still_ours()
        assert store.held == {}  # theirs went with it, so that they write no more either


@pytest.mark.parametrize("taken", [True, False])
def test_a_renewal_without_an_answer_that_met_a_successor_is_noticed_by_the_next_write(taken, store, live):
    def unheard(call):
        if call == "renew":
            store.after = lambda call: None
            raise ReadTimeoutError(endpoint_url="https://ssm")

    with locked(live, "r1") as still_ours:
        store.passes(81)
        others(store, taken=taken)
        store.after = unheard
        with pytest.raises(Unreachable, match="renewing the lock"):
            still_ours()
        assert store.lock["run_id"] == "r1"
        with pytest.raises(Superseded, match="of run r1 was taken away; nothing more was written"):
            still_ours()
    assert store.held == {}


def test_a_run_that_renews_it_more_often_than_aws_keeps_versions_goes_on(store, live):
    with locked(live, "r1") as still_ours:
        for _ in range(120):
            store.passes(81)
            still_ours()
            store.past = dict(list(store.past.items())[-99:])
        assert store.held[NAME][1] == 121
    assert store.held == {}


def test_who_may_read_the_lock_but_none_of_its_versions_goes_by_their_numbers(store, live):
    def denied(call):
        if call == "look back":
            raise says("AccessDeniedException")

    store.after = denied
    with locked(live, "r1") as still_ours:
        for _ in range(2):
            store.passes(81)
            still_ours()
        store.passes(81)
        others(store)
        with pytest.raises(Superseded):
            still_ours()


def test_a_lock_that_another_took_between_two_looks_at_it_has_no_such_version_and_is_lost(store, live):
    def taken(call):
        if call == "look back":
            raise says("ParameterVersionNotFound")

    with locked(live, "r1") as still_ours:
        for _ in range(60):
            store.passes(81)
            still_ours()
        store.after = taken
        with pytest.raises(Superseded, match="of run r1 was taken away; nothing more was written"):
            still_ours()


def test_of_a_version_that_nobody_can_tell_nothing_is_written(store, live):
    def unwell(call):
        if call == "look back":
            raise says("InternalServerError", 500)

    with locked(live, "r1") as still_ours:
        store.passes(81)
        store.after = unwell
        with pytest.raises(NotAsWanted, match="reading the lock"):
            still_ours()


def test_one_that_is_about_to_lapse_is_renewed_before_the_next_write(store, live):
    with locked(live, "r1") as still_ours:
        still_ours()
        assert "renew" not in store.calls
        store.passes(81)
        still_ours()
        assert (store.lock["renewals"], read_lock(live).age) == (1, 0)


def test_it_is_renewed_before_a_write_only_after_two_thirds_of_its_lease(store, live):
    with locked(live, "r1") as still_ours:
        assert store.lock["renewals"] == 0
        store.passes(80)
        still_ours()
        assert store.lock["renewals"] == 0
        store.passes(1)
        still_ours()
        assert store.lock["renewals"] == 1


def test_in_the_background_it_is_renewed_three_times_within_a_lease_until_the_run_ends(store, live):
    class Ended(threading.Event):
        """Passes the time at once, and ends the run with the third renewal."""

        waits: ClassVar[list[float]] = []

        def wait(self, seconds=None):
            self.waits.append(seconds)
            store.passes(seconds)
            return len(self.waits) > 3

    with locked(live, "r1"):
        run_lock._keep_renewing(live, "r1", os.environ[TOKEN], Ended())
        assert (Ended.waits, store.lock["renewals"], read_lock(live).age) == ([40, 40, 40, 40], 3, 40)


def test_what_renews_it_keeps_no_process_from_ending(store, live):
    before = set(threading.enumerate())
    with locked(live, "r1"):
        (renewing,) = set(threading.enumerate()) - before
        assert renewing.daemon


def test_at_the_end_a_renewal_under_way_is_waited_for_as_long_as_a_read_and_a_write_may_take(store, live, monkeypatch):
    waits, join = [], threading.Thread.join

    def waited(thread, seconds=None):
        waits.append(seconds)
        join(thread, seconds)

    monkeypatch.setattr(threading.Thread, "join", waited)
    with locked(live, "r1"):
        pass
    assert waits == [2 * (5 + 0.01)]


def test_nobody_guesses_the_token_of_another_run(store, live):
    tokens = set()
    for _ in range(3):
        with locked(live, "r1"):
            tokens.add(os.environ[TOKEN])
    assert [len(token) for token in tokens] == [32, 32, 32]


def test_one_that_the_thread_renews_at_the_same_moment_keeps_no_write_from_going_on(store, live):
    def at_once(call):
        if call == "renew":
            raise says("TooManyUpdates")

    with locked(live, "r1") as still_ours:
        store.passes(81)
        store.before = at_once
        still_ours()
        assert store.calls[-2:] == ["renew", "get"]  # and whose it is was read again
        store.before = lambda call: None


def test_one_that_cannot_be_renewed_any_more_stops_the_next_write(store, live):
    def denied(call):
        if call == "renew":
            raise says("AccessDeniedException")

    with locked(live, "r1") as still_ours:
        store.passes(81)
        store.before = denied
        with pytest.raises(NotAsWanted, match="renewing the lock"):
            still_ours()


@pytest.mark.parametrize(
    ("code", "error", "advice"),
    [
        ("AccessDeniedException", Refused, "needs ssm:GetParameter"),
        ("KMSInvalidStateException", Refused, "needs ssm:GetParameter"),
        ("ThrottlingException", Throttled, "nothing is wrong with what the caller may do. Try again"),
    ],
)
def test_where_it_cannot_be_taken_nothing_is_written(store, live, code, error, advice):
    def refused(call):
        if call == "take":
            raise says(code)

    store.before = refused
    with pytest.raises(error, match=rf"cannot be taken, so nothing was written .*{code}.*{advice}"), locked(live, "r1"):
        pytest.fail("no lock was taken")


def test_where_nothing_answers_nothing_is_written_and_what_was_taken_unseen_is_given_back(store, live):
    def unheard(call):
        if call == "take":
            raise ReadTimeoutError(endpoint_url="https://ssm")

    store.after = unheard
    with pytest.raises(Unreachable, match="no answer while taking the lock"), locked(live, "r1"):
        pytest.fail("nobody knows who holds the lock")
    assert store.held == {}


@pytest.mark.parametrize("error", [says("AccessDeniedException"), says("ThrottlingException"), None])
def test_who_cannot_ask_does_not_write(store, live, error):
    def refused(call):
        if call == "get":
            raise error or ConnectTimeoutError(endpoint_url="https://ssm")

    with locked(live, "r1") as still_ours:
        store.before = refused
        with pytest.raises((NotAsWanted, Unreachable), match="reading the lock"):
            still_ours()
        store.before = lambda call: None


def test_a_repeated_call_that_finds_what_its_first_attempt_took_counts_as_taken(store, live):
    def repeated(call):
        if call == "take":
            store.after = lambda call: None
            raise says("ParameterAlreadyExists")

    store.after = repeated
    with locked(live, "r1") as still_ours:
        still_ours()
    assert (store.held, store.calls.count("take")) == ({}, 1)


def test_one_that_is_given_back_at_that_moment_is_taken(store, live):
    somebodys(store)
    store.after = lambda call: None

    def ends(call):
        if call == "get":
            store.held.clear()
            store.before = lambda call: None

    store.before = ends
    with locked(live, "r1"):
        assert store.lock["run_id"] == "r1"


def assert_backed_off(waited):
    """Three pauses, each between a half and the whole of one that is twice as long as that before."""
    assert [0.5 * pause <= one <= pause for pause, one in zip((0.5, 1.0, 2.0), waited, strict=True)] == [True] * 3


def test_one_that_others_take_in_turn_is_refused_in_the_end(store, live):
    def in_turn(call):
        if call == "take":
            somebodys(store)
        if call == "get":
            store.held.clear()

    store.before, waited = in_turn, []
    live = replace(live, sleep=waited.append)
    with (
        pytest.raises(Superseded, match=r"other runs take the lock of local in turn; .* Try again"),
        locked(live, "r1"),
    ):
        pytest.fail("never taken")
    assert_backed_off(waited)


@pytest.mark.parametrize("value", ["", "hello", "[]", "null", "3", '{"run_id": "r1"}', '{"token": 1, "more": 2}'])
def test_something_else_in_its_place_is_named_and_left_alone(store, live, value):
    store.held[NAME] = (value, 3)
    for attempt in (
        lambda: read_lock(live),
        lambda: break_lock(live, "r1", force=True),
        lambda: locked(live, "r1").__enter__(),
    ):
        with pytest.raises(
            Refused, match=rf"parameter {NAME} holds .*no lock of this runbook.*aws ssm delete-parameter"
        ):
            attempt()
    assert store.held[NAME] == (value, 3)


@pytest.mark.parametrize("newer", [3, "2027-01", None, True])
def test_a_lock_of_a_newer_version_is_in_force_and_nobody_is_told_to_remove_it(newer, store, live):
    somebodys(store)
    store.edit(format=newer, more="keys")
    before = store.held[NAME]
    for attempt in (
        lambda: read_lock(live),
        lambda: break_lock(live, "r9"),
        lambda: break_lock(live, "r9", force=True),
        lambda: locked(live, "r1").__enter__(),
    ):
        with pytest.raises(
            Refused, match=f"the lock {NAME} is of format {newer!r}, and this version knows 1 and 2"
        ) as said:
            attempt()
        assert "delete" not in str(said.value) and "break" not in str(said.value)
        assert "It may be in force" in str(said.value)
    assert store.held[NAME] == before


@pytest.mark.parametrize("edit", [{"lease_seconds": None}, {"pid": "7"}, {"born": 3}])
def test_a_lock_that_does_not_tell_all_may_be_in_force_and_is_left_alone(edit, store, live):
    somebodys(store)
    store.edit(format=2, **edit)
    for attempt in (lambda: read_lock(live), lambda: break_lock(live, "r9", force=True)):
        with pytest.raises(Refused, match=f"does not tell its {next(iter(edit))}, and may be in force") as said:
            attempt()
        assert "delete" not in str(said.value)


def test_one_more_key_in_a_lock_or_none_for_its_format_makes_it_no_other(store, live):
    lock = somebodys(store)
    store.edit(more="of a later version")
    assert read_lock(live) == lock
    first = {key: value for key, value in store.lock.items() if key != "format"}  # as the first format was
    store.held[NAME] = (json.dumps(first), 1)
    assert read_lock(live) == lock
    store.held.clear()
    with locked(live, "r1"):
        assert store.lock["format"] == 2


def test_only_ones_own_is_given_back(store, live):
    with locked(live, "r1") as still_ours:
        somebodys(store)
        with pytest.raises(Superseded, match=r"run r9 of .*user/bob, process 7 on elsewhere"):
            still_ours()
    assert read_lock(live).opened_by("theirs")


def test_a_release_without_an_answer_takes_nobody_elses_away_when_it_is_tried_again(store, live):
    def unheard(call):
        if call == "delete":
            store.after = lambda call: None
            somebodys(store)
            raise ReadTimeoutError(endpoint_url="https://ssm")

    with locked(live, "r1"):
        store.after = unheard
    assert (read_lock(live).opened_by("theirs"), store.calls.count("delete")) == (True, 1)


def test_a_release_that_is_put_off_is_tried_again(store, live):
    refusals = [says("ThrottlingException"), says("InternalServerError", 500)]

    def put_off(call):
        if call == "delete" and refusals:
            raise refusals.pop()

    store.before = put_off
    with locked(live, "r1"):
        pass
    assert store.held == {}


def test_one_that_cannot_be_given_back_is_tried_four_times_and_told_to_who_breaks_it(store, live):
    def put_off(call):
        if call == "delete":
            raise says("ThrottlingException")

    waited = []
    lapsed(store)
    store.before = put_off
    with pytest.raises(Throttled):
        break_lock(replace(live, sleep=waited.append), "r9")
    assert_backed_off(waited)
    assert (store.calls.count("delete"), store.lock["run_id"]) == (4, "r9")


def test_one_lock_is_the_same_however_old_it_is(store, live):
    somebodys(store)
    first = read_lock(live)
    store.passes(30)
    assert (read_lock(live), read_lock(live).age) == (first, 30)


def test_one_that_was_written_in_the_future_by_awss_own_clock_was_written_now(store, live):
    somebodys(store)
    store.written[NAME] = store.now + timedelta(seconds=1)
    assert read_lock(live).age == 0


def test_an_answer_that_does_not_tell_when_it_was_written_leaves_it_in_force(store, live, monkeypatch):
    somebodys(store)
    whole = store.get_parameter

    def untold(**given):
        answer = whole(**given)
        del answer["Parameter"]["LastModifiedDate"]
        return answer

    monkeypatch.setattr(store, "get_parameter", untold)
    store.passes(10_000)
    assert (read_lock(live).age, read_lock(live).stale) == (None, "")


def test_a_lease_that_has_passed_is_stale(store, live):
    somebodys(store)
    store.passes(60)
    assert read_lock(live).stale == ""
    store.passes(1)
    assert read_lock(live).stale == "its lease of 60 s lapsed 1 s ago"


def test_where_no_machine_tells_its_boot_a_process_of_the_same_name_of_machine_may_be_another_machines(
    store, live, monkeypatch, tmp_path
):
    monkeypatch.setattr(processes, "PROC", tmp_path)
    lock = somebodys(store, host=platform.node(), pid=2**22 + 1, born=f" {processes.ALIVE}")
    assert lock.stale == ""
    with pytest.raises(Refused, match="stop that run, or wait for its lease"):
        break_lock(live, "r9")


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_no_machines_clock_makes_a_live_lock_stale_or_keeps_a_stale_one(store, live, hours):
    """The clock of AWS is hours away from this machine's, whichever of the two is right."""
    store.now += timedelta(hours=hours)
    somebodys(store)
    assert read_lock(live).stale == ""
    with pytest.raises(Refused, match="in force for 60 s"):
        break_lock(live, "r9")
    store.passes(61)
    assert break_lock(live, "r9").run_id == "r9"


def test_a_caller_with_a_shorter_lease_of_its_own_does_not_break_a_longer_one(store, live):
    somebodys(store, lease_seconds=600)
    store.passes(300)
    with pytest.raises(Refused, match="in force for 600 s each time that it is renewed, last 300 s ago"):
        break_lock(lasting(live, 3), "r9")


def test_where_aws_tells_no_time_a_lock_is_in_force_and_is_renewed_before_each_write(store, live):
    store.dated = False
    with locked(live, "r1") as still_ours:
        assert "last at a time that AWS does not tell" in read_lock(live).said
        still_ours()
        assert store.calls.count("renew") == 1
    somebodys(store)
    store.passes(10_000)
    with pytest.raises(Refused, match="in force"):
        break_lock(live, "r9")


def test_the_lock_of_an_earlier_version_which_tells_no_lease_lasts_as_long_as_any(store, live):
    lock = somebodys(store)
    earlier = {key: value for key, value in lock.to_row().items() if key not in ("format", "lease_seconds", "renewals")}
    store.held[NAME] = (json.dumps({**earlier, "until": "2026-01-01T00:00:00+00:00"}), 1)
    store.passes(3600)
    assert (read_lock(live).stale, read_lock(live).renewals) == ("", 0)
    store.passes(1)
    assert read_lock(live).stale == "its lease of 3600 s lapsed 1 s ago"


def test_a_lock_of_another_name_than_the_account_keeps_is_not_taken(store, live):
    with locked(live, "r7"):
        pass
    other = replace(live, settings=live.settings.model_copy(update={"lock_name": "/beside"}))
    why = rf"lock_name /beside: the account keeps that Your6-CheckinWorkflow \(since run r7 of .*jane .* takes {NAME}"
    with pytest.raises(Refused, match=why), locked(other, "r1"):
        pytest.fail("two may write, each under a lock of its own")
    with locked(live, "r1"):
        assert store.lock["run_id"] == "r1"
    assert (store.held, len(store.kept)) == ({}, 1)


def test_of_two_first_runs_at_once_under_two_locks_one_writes(store, live):
    """Each asked before the other had said which lock it takes."""
    other = replace(live, settings=live.settings.model_copy(update={"lock_name": "/beside"}))

    def meanwhile(call):
        if call == "take" and not store.kept:
            AccountGuards(other).keep_lock("r2")

    store.after = meanwhile
    with pytest.raises(Refused, match=rf"lock_name {NAME}: .* run r2 .* takes /beside"), locked(live, "r1"):
        pytest.fail("two may write, each under a lock of its own")
    assert store.held == {}  # given back


def test_a_break_names_the_run_and_is_refused_while_the_run_lives(store, live):
    with pytest.raises(Refused, match="nobody holds the lock of local, so there is none to break"):
        break_lock(live, "r9")
    lock = somebodys(store)
    for run_id in ("r1", ""):
        with pytest.raises(Refused, match=rf"held by run r9 .* not by run {run_id or r'.none.'}; nothing was broken"):
            break_lock(live, run_id, force=True)
    with pytest.raises(Refused, match=r"in force for .*`runbook lock local --break r9 --force[^`]*`"):
        break_lock(live, "r9")
    assert store.lock == lock.to_row()
    assert break_lock(live, "r9", force=True) == lock
    assert store.held == {}


def test_a_stale_one_is_broken_without_force(store, live):
    lapsed(store)
    assert break_lock(live, "r9").run_id == "r9"
    assert store.held == {}


def test_a_break_takes_nothing_away_from_who_took_it_in_between(store, live):
    lock = lapsed(store)
    gets = []

    def meanwhile(call):
        gets.append(call)
        if gets == ["get"]:
            somebodys(store, token_sha256=digest("new"), run_id="r10")

    store.after = meanwhile
    assert break_lock(live, "r9") == lock
    assert read_lock(live).opened_by("new")


@pytest.mark.parametrize("force", [True, False])
def test_a_run_whose_lock_was_broken_after_its_first_write_writes_nothing_more(store, live, tmp_path, force):
    chosen = load("local", {"mode": "apply", "outputs_dir": str(tmp_path)})
    record, world = records.open_run(chosen), World()

    def broken(label):
        if not force:
            store.passes(121)
        break_lock(live, record.run_id, force)

    world.at_write = broken
    plan = engine.plan("01", world.wanted(a=1, b=2, c=3))
    with (
        locked(live, record.run_id) as world.still_ours,
        pytest.raises(Superseded, match="away; nothing more was written"),
    ):
        engine.carry_out(plan, world.run(chosen, record))
    assert world.writes == [("a", 1)]
    assert [(row["identity"]["label"], row["state"]) for row in record.rows(records.LOG)] == [
        ("a", "intended"),
        ("a", "applied"),
    ]


def test_of_many_at_once_one_wins(store, live):
    won, refused, start, tried = [], [], threading.Barrier(16), threading.Barrier(16)

    def race(number):
        start.wait()
        try:
            run_lock._take(live, f"r{number}", f"token-{number}")
            won.append(number)
        except Superseded as error:
            refused.append(str(error))
        tried.wait()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 15)
    assert all(f"run r{won[0]} of" in said for said in refused)
