"""How much of a long listing was read, in the cell that reads, while somebody steps through in JupyterLab.

One line, written over at each page; the last one stays, which any notebook shows. Nobody else is shown anything, since
the tables that follow say what was read.
"""

from IPython.display import DisplayHandle

from lib.display import page
from lib.phases import hand_run
from lib.phases.review.reading import Progress
from lib.resources.connected_run import ConnectedRun


def of(run: ConnectedRun) -> Progress:
    """Who is told how much was read: a line in the cell that runs now, or nobody where it is not watched."""
    return ReadingLine() if hand_run.is_watched(run) else lambda what, count: None


class ReadingLine:
    """One line a kind of thing that is read."""

    def __init__(self) -> None:
        self._places = dict[str, DisplayHandle]()

    def __call__(self, what: str, count: int) -> None:
        """So many of them were read."""
        said = page.paragraph(f"{what}: {count:,} read so far or in all")
        if what in self._places:
            self._places[what].update(said)
        else:
            self._places[what] = page.place(said)
