"""How much of a listing was read is shown in a watched cell, a line a kind, and nobody else is shown anything."""

from types import SimpleNamespace

import pytest

from lib.display import page
from lib.display.interactive import reading_progress
from lib.phases import hand_run


@pytest.fixture
def shown(monkeypatch):
    lines = list[str]()

    def place(said):
        lines.append(said.text)
        at = len(lines) - 1
        return SimpleNamespace(update=lambda said: lines.__setitem__(at, said.text))

    monkeypatch.setattr(page, "place", place)
    return lines


def test_a_line_a_kind_is_written_over_at_each_page(monkeypatch, shown):
    monkeypatch.setattr(hand_run, "is_watched", lambda run: True)
    tell = reading_progress.of(None)
    for what, count in (("executions", 0), ("executions", 1000), ("lines", 10_000), ("executions", 2000)):
        tell(what, count)
    assert shown == ["executions: 2,000 read so far or in all", "lines: 10,000 read so far or in all"]


def test_where_nobody_looks_nothing_is_shown(monkeypatch, shown):
    monkeypatch.setattr(hand_run, "is_watched", lambda run: False)
    reading_progress.of(None)("executions", 1000)
    assert shown == []
