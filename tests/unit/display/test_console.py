"""A terminal or a pipe that is gone ends nothing."""

import io

import pytest

from lib.display import console


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(5, "Input/output error")])
def test_output_that_nobody_takes_any_more_is_let_go(error):
    class Gone(io.StringIO):
        tried = 0

        def write(self, text: str) -> int:
            self.tried += 1
            raise error

    gone = Gone()
    output = console.Output(file=gone)
    output.print("one")
    output.print("two")
    assert gone.tried == 1


def test_a_terminal_that_is_gone_ends_no_phase(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(console, "console", console.Output(file=Gone(), width=80, force_terminal=True, **console.PLAIN))
    console.overwrite("a cell")
    console.overwrite("the next one")
