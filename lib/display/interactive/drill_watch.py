"""One small widget that shows how far drills are, in the cell that drills, while somebody steps through in JupyterLab.

When they are over, one line is left in its place, which any notebook shows: nothing that is kept needs a widget. Nobody
else is shown anything, and no result rests on it. Reads nothing.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from IPython.display import DisplayHandle

from lib.checks import Status
from lib.display import marks, page, signs
from lib.display.marks import Tone
from lib.display.page import Shown
from lib.display.signs import Sign
from lib.drills.drill_progress import EndedDrill, Observer, Progress, Stage, WatchedDrill
from lib.phases import hand_run
from lib.resources.connected_run import ConnectedRun
from lib.telemetry.execution_status import ExecutionStatus
from lib.values import contacts, escape
from lib.values.numbers import say_exactly
from lib.values.verdicts import Verdict

LATEST = 3  # so many drills that ended alike are named
BOX = "border: 1px solid #bbbbbb; padding: 6px 10px; max-width: 70em; line-height: 1.6; white-space: normal"
LINE = "margin: 2px 0"
STATES = f"{LINE}; min-height: 3.2em"  # so that what stands below does not jump at each execution
TRACK = "height: 6px; margin: 4px 0; background-color: #cccccc"
BETWEEN = " › "


def of(run: ConnectedRun) -> Observer | None:
    """Who shows in the cell that runs now how far its drills are; None where nobody has its notebook open."""
    return DrillWidget() if hand_run.is_watched(run) else None


class DrillWidget:
    """Observes drills: shows a widget with the first that it is told, and one line in its place at the end."""

    def __init__(self) -> None:
        self._widget: Any = None  # ipywidgets has no types
        self._place: DisplayHandle | None = None
        self._since = datetime.now(UTC)

    def __call__(self, progress: Progress) -> None:
        """Show how far they are."""
        if progress.stage is Stage.OVER:
            self._close(progress)
        elif self._widget is None:
            self._open(progress)
        else:
            self._widget.value = panel(progress)

    def _open(self, progress: Progress) -> None:
        from ipywidgets import HTML  # nobody else needs it

        self._widget = HTML(panel(progress))
        instead = page.paragraph(
            f"The drills began at {self._since:%H:%M:%S} UTC. How far they are is shown here while they run, where "
            "JupyterLab has ipywidgets; what came of them stands in the tables, and in the record."
        )
        self._place = page.live(self._widget._repr_mimebundle_(), instead)

    def _close(self, progress: Progress) -> None:
        """In this order, so that nobody is shown a widget that is gone."""
        try:
            if self._place:
                self._place.update(conclusion(progress))
        finally:
            for part in (self._widget, self._widget.layout, self._widget.style) if self._widget else ():
                part.close()


def panel(progress: Progress) -> str:
    """How far drills are, as HTML; every name in it is escaped."""
    ended = f"{progress.group}: {progress.ended_in_group} of {progress.in_group}" if progress.group else "Drills: none"
    every = f"{len(progress.ended)} of {progress.drills} in all, {say_exactly(progress.seconds)} so far"
    share = 100 * len(progress.ended) / max(progress.drills, 1)
    bar = f'<div style="width: {share:.1f}%; height: 100%; background-color: {signs.GREEN}"></div>'
    now = _watched(progress.watched) if progress.watched else _stage(progress)
    lines = [f"<strong>{_html(ended)} ended</strong>; {_html(every)}", *now, _ended(progress.ended)]
    first, *rest = [one if one.startswith("<div") else f'<div style="{LINE}">{one}</div>' for one in lines if one]
    return f'<div style="{BOX}">{first}<div style="{TRACK}">{bar}</div>{"".join(rest)}</div>'


def conclusion(progress: Progress) -> Shown:
    """What is left when they are over."""
    ended, seconds = len(progress.ended), say_exactly(progress.seconds)
    if ended < progress.drills:
        said = f"broken off after {seconds}, when {ended} of {progress.drills} executions had ended"
        judged = "Where no table follows, no alert is judged: run the cell again."
    else:
        said, judged = f"{ended} executions ended, in {seconds}", "Their alerts are judged in the tables."
    counted = ", ".join(f"{marks.mark_of(word).sign} {count} {word}" for word, count in _counted(progress.ended))
    how = f": {counted}" if counted else ""
    return page.paragraph(f"{said}{how}. {judged}", "Drills:")


def _word_for(ended: EndedDrill) -> str:
    """The word for how a drill's execution ended; its alerts are another matter."""
    if ended.status == ExecutionStatus.RUNNING:
        return Verdict.RUNNING
    if ended.status == (ended.expected or ExecutionStatus.SUCCEEDED):
        return Verdict.SUCCEEDED
    return Status.FAILED if ended.expected else marks.BY_ITS_ALERTS


def _stage(progress: Progress) -> list[str]:
    most = f", up to about {say_exactly(progress.lasts)}" if progress.lasts else ""
    return [f"Now: {_html(progress.stage)}{most}", f'<div style="{STATES}"></div>']


def _watched(one: WatchedDrill) -> list[str]:
    """An execution: which, for how long, and the states that it has entered, the current one marked."""
    beside = f", one of {one.beside + 1} at once" if one.beside else ""
    runs = one.status == ExecutionStatus.RUNNING
    how = f"runs, waited for {say_exactly(one.seconds)}" if runs else f"{one.status} after {say_exactly(one.seconds)}"
    named = f"{'Now' if runs else 'Last'}: <strong>{_html(one.scenario)}</strong> <code>{_html(one.execution)}</code>"
    if one.states is None:
        shown = "its states cannot be read; the drills go on"
    else:
        *before, last = [*one.states] or ["none yet"]
        marked = page.draw_sign(_current(last)) if runs and one.states else _html(last)
        shown = BETWEEN.join([*map(_html, before), marked])
    return [f"{named} {_html(how + beside)}", f'<div style="{STATES}">States: {shown}</div>']


def _current(state: str) -> Sign:
    return Sign(f"{marks.RUNNING.sign} {contacts.mask_text(state)}", signs.COLOURS[Tone.OPEN])


def _ended(ended: Sequence[EndedDrill]) -> str:
    """How many ended how, and the latest of each by name."""
    if not ended:
        return ""
    return f"Ended: {' '.join(_alike(word, count, ended) for word, count in _counted(ended))}"


def _alike(word: str, count: int, ended: Sequence[EndedDrill]) -> str:
    good = word == Verdict.SUCCEEDED
    named = [one.scenario if good else f"{one.scenario} ({one.status})" for one in ended if _word_for(one) == word]
    latest = "latest " if count > LATEST else ""
    return f"{page.draw_sign(signs.verdict_sign(word, f'{count} {word}'))} {_html(latest + ', '.join(named[-LATEST:]))}"


def _counted(ended: Sequence[EndedDrill]) -> list[tuple[str, int]]:
    """How many ended how, the worst first."""
    counted = Counter(map(_word_for, ended))
    return [(word, counted[word]) for word in marks.worst_first(counted, counted)]


def _html(text: object) -> str:
    return escape.html(contacts.mask_text(str(text)))
