"""How the runbook waits: until something is so or the time is up, and which of the two; and how it tries again."""

import math

import pytest

from lib import wait
from lib.wait import FOR_EVER, Patience, Waited, attempts, idle, until


class Clock:
    """Time passes only while somebody sleeps, or looks for `looking` seconds."""

    def __init__(self, looking=0.0):
        self.now, self.slept, self.looking = 1000.0, [], looking

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def patience(self, seconds, pause=2.0):
        return Patience(seconds, pause, self.sleep, lambda: self.now)

    def looks(self, *seen):
        left = list(seen)

        def look():
            self.now += self.looking
            return left.pop(0) if len(left) > 1 else left[0]

        return look


def test_what_is_so_at_once_is_waited_for_by_nobody():
    clock = Clock()
    assert until(clock.looks("so"), lambda seen: seen == "so", clock.patience(0)) == Waited("so", so=True)
    assert clock.slept == []


def test_it_is_looked_at_again_after_each_pause_until_it_is_so():
    clock = Clock()
    assert until(clock.looks("no", "no", "so"), lambda seen: seen == "so", clock.patience(60)) == Waited("so", so=True)
    assert clock.slept == [2.0, 2.0]


def test_when_the_time_is_up_it_says_that_it_is_not_so_and_what_was_seen_last():
    clock = Clock()
    assert until(clock.looks("first", "last"), lambda _: False, clock.patience(5)) == Waited("last", so=False)
    assert clock.slept == [2.0, 2.0, 2.0]  # and one more look after the last pause


def test_the_limit_itself_belongs_to_no_further_look():
    clock = Clock()
    until(clock.looks("no"), lambda _: False, clock.patience(4))
    assert clock.slept == [2.0, 2.0]


def test_it_is_looked_at_once_where_there_is_no_time_at_all():
    for seconds in (0, -5):
        clock = Clock()
        assert until(clock.looks("seen"), lambda _: False, clock.patience(seconds)) == Waited("seen", so=False)
        assert clock.slept == []


def test_time_that_the_looks_take_counts_as_well():
    clock = Clock(looking=10)
    until(clock.looks("no"), lambda _: False, clock.patience(15))
    assert clock.slept == [2.0]


@pytest.mark.parametrize(("seen", "so"), [("", True), ("seen", False)])
def test_what_was_waited_for_is_true_and_nothing_else_whatever_was_seen(seen, so):
    assert bool(Waited(seen, so=so)) is so


def test_where_there_is_more_to_be_seen_nobody_pauses():
    clock = Clock()
    until(clock.looks(["a"], ["b"], []), lambda _: False, clock.patience(2), more=bool)
    assert clock.slept == [2.0]


def test_more_of_it_does_not_keep_anybody_beyond_the_limit():
    clock = Clock(looking=1)
    assert not until(clock.looks(["more"]), lambda _: False, clock.patience(3), more=bool)
    assert (clock.now, clock.slept) == (1003.0, [])


def test_what_is_waited_for_as_long_as_it_takes_has_no_limit():
    clock = Clock()
    assert until(clock.looks(*["no"] * 10_000, "so"), lambda seen: seen == "so", clock.patience(FOR_EVER))
    assert math.isinf(FOR_EVER)


def test_an_error_of_a_look_is_no_reason_to_look_again():
    clock = Clock()

    def look():
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        until(look, bool, clock.patience(60))
    assert clock.slept == []


def test_time_that_nobody_can_tell_passes_by_the_sleep_that_is_given():
    clock = Clock()
    idle(7, clock.sleep)
    assert clock.slept == [7]


@pytest.mark.parametrize(("chance", "slept"), [(0.5, [0.5, 2.0]), (1.0, [1.0, 4.0])])
def test_each_attempt_but_the_first_comes_after_its_pause_of_which_half_is_chance(chance, slept, monkeypatch):
    def uniform(low, high):
        assert (low, high) == (0.5, 1)
        return chance

    clock = Clock()
    monkeypatch.setattr(wait.random, "uniform", uniform)
    assert list(attempts((1.0, 4.0), clock.sleep)) == [False, False, True]
    assert clock.slept == slept


def test_after_an_attempt_that_succeeds_nobody_pauses():
    clock = Clock()
    assert next(attempts((1.0, 4.0), clock.sleep)) is False
    assert (clock.slept, list(attempts((), clock.sleep))) == ([], [True])
