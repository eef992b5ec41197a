"""An executed notebook as it is kept: legible, in its colours, and nothing that a terminal would obey."""

import re

import nbformat
from hostile import HOSTILE, UNSEEN, obeyed
from nbconvert import HTMLExporter

from lib.display import executed


def test_what_a_cell_printed_or_failed_with_is_kept_legible_and_in_its_colours():
    error = nbformat.v4.new_output("error", ename="X", evalue=HOSTILE, traceback=[f"\x1b[0;31mX\x1b[0m: {HOSTILE}"])
    stream = nbformat.v4.new_output("stream", name="stderr", text=HOSTILE)
    kept = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("go()", outputs=[error, stream])])
    executed.make_legible(kept)
    assert not UNSEEN.search(error.evalue + stream.text)
    assert error.traceback[0].startswith("\x1b[0;31mX\x1b[0m: ")
    assert not UNSEEN.search(re.sub(r"\x1b\[[\d;]*m", "", error.traceback[0]))
    assert obeyed(HTMLExporter().from_notebook_node(kept)[0]) == []
