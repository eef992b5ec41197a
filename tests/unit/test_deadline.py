"""An answer within a time, or none: what drips, or never comes, keeps nobody waiting."""

import threading

import pytest

from lib.errors import NotAsWanted, Unanswered
from lib.settings import ROOT
from lib.wait import SOON_SECONDS, answer_within

ENOUGH = 60


def test_what_answers_in_time_is_handed_on():
    assert answer_within(ENOUGH, lambda: "answer", "asking") == "answer"
    assert answer_within(ENOUGH, lambda: None, "asking") is None


def test_the_thread_that_is_left_ends_with_the_process():
    assert answer_within(ENOUGH, lambda: threading.current_thread().daemon, "asking") is True


def test_what_an_emergency_waits_for_is_as_the_docs_say():
    said = " ".join((ROOT / "docs" / "operate.md").read_text(encoding="utf-8").split())
    assert f"It waits {SOON_SECONDS} s at the most" in said


@pytest.mark.parametrize("error", [NotAsWanted("no"), ValueError("no"), KeyboardInterrupt()])
def test_so_is_its_error(error):
    def ask():
        raise error

    with pytest.raises(type(error)):
        answer_within(ENOUGH, ask, "asking")


def test_what_does_not_answer_is_left_to_itself():
    never = threading.Event()
    with pytest.raises(Unanswered, match="no whole answer within 0 s while asking"):
        answer_within(0, never.wait, "asking")
    never.set()
