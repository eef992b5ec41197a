"""An error as a cell shows it: one sentence and what to do, and the traceback folded behind it. Reads nothing.

The sentence is the output that says that the cell failed, so that whoever executes a notebook reads it as ever.
"""

import re
import textwrap
from collections.abc import Sequence

from lib.display import page
from lib.errors import RunbookError
from lib.values import contacts
from lib.values.escape import legible

WIDE = 100  # no word is broken, as a page would do
LONG = 4_000  # characters of a sentence
KEPT = 20_000  # characters of a traceback, its end
COLOUR = re.compile(r"\x1b\[[\d;]*m")
FAULT = (
    "None of the runbook's own sentences: this cell, or the code that it calls, has a fault. What the run wrote so far "
    "stands in its record."
)
STOPPED = (
    "this cell was stopped before its end. What it wrote until then stands in the run's record. To go on, run it "
    "again; to go back, undo the run"
)


def sentence(error: BaseException, made_under: str = "") -> str:
    """What is the matter and what to do. `made_under` is the heading of the cell that makes a name that is missing."""
    kind = type(error).__name__
    if isinstance(error, NameError) and made_under:
        said = (
            f"`{error.name}` has no value yet. It is made under '{made_under}': run the cells above this one first, "
            "from the top of the notebook, and all of them again after a restart of the kernel."
        )
    else:
        own = STOPPED if isinstance(error, KeyboardInterrupt) and not str(error) else str(error)
        said = " ".join([own, *getattr(error, "__notes__", ())])
        said = f"{said[:LONG]} [...]" if len(said) > LONG else said
        said = said if isinstance(error, RunbookError | KeyboardInterrupt) else f"{said}\n{FAULT}"
    lines = contacts.mask_text(legible(f"{kind}: {said}")).splitlines()
    return "\n".join(textwrap.fill(line, WIDE, break_long_words=False, break_on_hyphens=False) for line in lines)


def not_run(because: str) -> str:
    """Of a cell that did not run because of that error in a cell above: the error's first line, and where to look."""
    first, *more = because.splitlines() or ["an error"]
    return f"Not run. A cell above this one ended with:\n{first}{' [...]' if more else ''}\n"


def show_traceback(lines: Sequence[str]) -> None:
    """Where in the code it was, folded; of a long one its end."""
    whole = COLOUR.sub("", "\n".join(lines))
    cut = [f"[{len(whole) - KEPT} characters before this are left out]"] if len(whole) > KEPT else []
    text = "\n".join([*cut, legible(contacts.mask_text(whole[-KEPT:]))])
    page.fold_text("The traceback, for whoever mends it", text)
