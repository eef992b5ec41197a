"""Tables of the terminal: no word is broken, at any width; what does not fit side by side stands below."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.checks import Status
from lib.display import console, table_layout
from lib.display.marks import Judged

WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=12).map(" ".join)
ROWS = [
    ["state machine Your6-CheckinWorkflow", "03", "every check-in from now on"],
    ["log group /aws/vendedlogs/states/Your6-CheckinWorkflow", "03", "readers of the workflow's log"],
    ["arn:aws:states:us-east-1:000000000000:stateMachine:Your6-CheckinWorkflow", "03", "nobody"],
]


@pytest.fixture
def drawn(monkeypatch):
    """What a terminal of this width is shown, without or with its colours."""

    def draws(width, colours, show):
        file = io.StringIO()
        made = console.Output(file=file, width=width, force_terminal=colours, **console.PLAIN)
        monkeypatch.setattr(console, "console", made)
        show()
        return file.getvalue()

    return draws


@given(WORDS, st.integers(12, 60))
def test_no_word_is_broken(text, width):
    lines = table_layout.wrap(text, width).split("\n")
    assert [word for line in lines for word in line.split()] == text.split()
    assert max(map(len, lines)) <= width


def test_a_name_that_is_too_long_goes_on_after_one_of_its_own_signs():
    arn = ROWS[2][0]
    lines = table_layout.wrap(arn, 30).split("\n")
    assert "".join(lines) == arn
    assert all(line[-1] in "/:._,=-" for line in lines[:-1])
    assert table_layout.wrap("x" * 50, 20).split("\n") == ["x" * 20, "x" * 20, "x" * 10]  # which has none


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_a_table_breaks_no_word_and_is_no_wider_than_its_terminal(width, drawn):
    shown = drawn(width, False, lambda: console.table("Plan", ["what", "phase", "who notices"], ROWS))
    assert max(map(len, shown.splitlines())) <= width
    words = {word for row in ROWS for cell in row for word in cell.split() if len(word) <= table_layout.LONG}
    assert words <= set(re.split(r"[\s│]+", shown))
    assert ("┃" in shown) == (width >= 60)  # narrower, each row stands below the other, with its columns' names
    if width < 60:
        assert "who notices" in shown


def test_a_status_has_its_mark_and_colour_and_is_read_without_it(drawn):
    rows = [["a", Status.FAILED], ["b", Status.PASSED], ["c", Judged("failed: why")], ["d", "failed"]]
    plain = drawn(80, False, lambda: console.table("Checks", ["check", "status"], rows))
    assert [line.split("│")[2].strip() for line in plain.splitlines() if "│" in line] == [
        "✗ failed", "✓ passed", "✗ failed: why", "failed",
    ]  # fmt: skip
    assert "\x1b" not in plain
    coloured = drawn(80, True, lambda: console.table("Checks", ["check", "status"], rows))
    assert "\x1b[1;31m✗ failed" in coloured and "\x1b[32m✓ passed" in coloured


def test_no_colour_reaches_a_terminal_that_wants_none(drawn, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    shown = drawn(80, True, lambda: console.verdict_line(Status.FAILED, ": it"))
    assert "✗ failed: it" in re.sub(r"\x1b\[1m|\x1b\[0m", "", shown)
    assert not re.search(r"\x1b\[[\d;]*3\d", shown)
