"""How far one pass over many check-ins is, while somebody looks: in the cell, or on the line of the terminal.

Where nobody looks nothing is shown, and a record keeps none of it but the last line of a cell that somebody stepped
through. Reads nothing, and no result rests on it.
"""

import os
from collections.abc import Callable

from IPython.display import DisplayHandle

from lib.display import page, progress_bar
from lib.display.progress_bar import PROGRESS, PROGRESS_SEEN
from lib.phases import hand_run
from lib.record.records import Run

Watch = Callable[[int, int], None]  # how many are done, of how many


def of(run: Run, what: str) -> Watch:
    """What shows how far a pass over so many of `what` is, to whoever looks now."""
    if hand_run.is_watched(run):
        return _in_its_cell(what)
    if os.environ.get(PROGRESS_SEEN):
        return lambda done, every: page.signal(PROGRESS, {"done": done, "every": every, "what": what})
    return lambda *_: None


def _in_its_cell(what: str) -> Watch:
    """One line in the cell, which is written over."""
    places = list[DisplayHandle]()

    def show(done: int, every: int) -> None:
        shown = page.paragraph(code=progress_bar.bar(done, every, what))
        if places:
            places[0].update(shown)
        else:
            places.append(page.place(shown))

    return show
