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


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
@pytest.mark.parametrize(("encoding", "passed"), [("ascii", "\\u2713"), ("latin-1", "\\u2713"), ("utf-8", "✓")])
def test_a_sign_that_the_streams_encoding_has_not_ends_nothing_and_is_no_other(monkeypatch, encoding, passed, errors):
    taken = io.BytesIO()
    stream = io.TextIOWrapper(taken, encoding=encoding, errors=errors)
    monkeypatch.setattr(console, "console", console.Output(file=stream, width=80, **console.PLAIN))
    console.verdict_line("passed", ": in time")
    console.verdict_line("cannot tell", ": no datapoint")
    stream.flush()
    assert taken.getvalue().decode(encoding) == f"{passed} passed: in time\n? cannot tell: no datapoint\n"
