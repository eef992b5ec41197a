"""Foreign text in its place: ordinary text is left alone, and none leaves its place."""

import re

from hostile import HOSTILE, harmless
from hypothesis import given
from hypothesis import strategies as st

from lib.values import escape


def test_ordinary_text_is_left_alone():
    words = "Zo\u00eb \u2192 \u4f60\u597d \u0645\u0631\u062d\u0628\u0627 a\u0301 \u2764\ufe0f (95 %), it's"
    assert escape.legible(words) == escape.one_line(words) == escape.lines(words) == words


@given(st.text())
def test_no_text_leaves_its_place(text):
    harmless(f"<p>{escape.html(text)}</p>")
    assert "\n" not in escape.one_line(text) + escape.markdown(text) + escape.code(text) + escape.label(text)
    assert not re.search('["<>`{}]|%%', escape.label(text))


def test_markdown_shows_what_was_written():
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like", {"linkify": False})
    for rendered in (parser.render(escape.markdown(HOSTILE)), parser.render(f"x {escape.code(HOSTILE)} y")):
        assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "code"}
    table = f"| a | b |\n|---|---|\n| {escape.markdown(HOSTILE)} | {escape.code(HOSTILE)} |\n"
    assert parser.render(table).count("<td>") == 2
