"""Each word by which something is judged has a mark and a colour, and what is bad is read first."""

import re

import pytest

from lib.checks import WORST_FIRST, Status
from lib.display import console, marks, signs
from lib.display.marks import Judged, Tone
from lib.record.change_rows import WriteState
from lib.settings import ROOT
from lib.values.verdicts import Verdict


def test_no_word_is_without_its_mark():
    assert {*Status, *Verdict, *WriteState} <= {*marks.MARKS}
    assert {mark for mark, _ in marks.MARKS.values()} | {""} == set(marks.ORDER)


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("failed", "✗"), ("failed: AWS refused", "✗"), ("passed", "✓"), ("not applied", "○"), ("cannot tell", "?"),
        ("succeeded (03 alone)", "✓"), ("succeeded; rollback failed", "✗"), ("succeeded; rollback succeeded", "✓"),
        ("undone; versions stay", "✓"), ("kept: in use", "•"), ("passedby", ""), ("anything", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_text_has_the_mark_of_the_word_that_it_begins_with_and_the_worse_of_two(said, mark):
    assert marks.mark_of(said)[0] == mark


def test_every_status_has_its_place_in_the_one_order_in_which_answers_count_and_are_read():
    assert {*WORST_FIRST} == {*Status}
    assert marks.worst_first(WORST_FIRST, WORST_FIRST) == list(WORST_FIRST)


def test_a_mark_stands_in_one_module():
    drawn = "|".join(sign for sign in marks.ORDER if sign and sign not in "?…•=")
    found = [path for path in (ROOT / "lib").rglob("*.py") if re.search(drawn, path.read_text(encoding="utf-8"))]
    assert [path.stem for path in found] == ["marks"]


def test_each_tone_has_a_colour_in_a_terminal_and_on_a_page():
    assert {*console.STYLES} == {*signs.COLOURS} == {*Tone}


def test_only_what_is_a_verdict_is_marked_and_no_text_that_happens_to_begin_so():
    assert marks.is_judged(Status.PASSED) and marks.is_judged(Judged("anything"))
    assert not marks.is_judged("passed")


def test_what_failed_is_read_first_and_what_nobody_knows_before_what_passed():
    words = ["passed", "cannot tell", "odd", "failed", "passed", "not applied"]
    assert marks.worst_first(words, words) == ["failed", "odd", "cannot tell", "not applied", "passed", "passed"]
