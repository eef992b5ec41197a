"""Foreign text on a page, in Markdown, a diagram, a figure and a terminal: shown, and never obeyed."""

import ast
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from math import nan

import nbformat
import pandas as pd
import pytest
from fakes import World
from hostile import HOSTILE, PLAIN_JSON, SCRIPT, UNSEEN, exported, harmless, obeyed
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from nbconvert import HTMLExporter
from rich.console import Console

from lib.aws import Identity, Live
from lib.changes import engine
from lib.changes.plans import Outcome, Plan, Result
from lib.checks import Check
from lib.definitions import mermaid
from lib.display import console, executed, page, plan_table, run_table, show, terminal
from lib.display.charts import style, workflow_picture
from lib.errors import NotAsWanted, RunbookError
from lib.record import records, run_phases
from lib.record.change_rows import WriteState
from lib.record.records import Run
from lib.record.run_phases import Phase
from lib.resources import connected_run
from lib.settings import ROOT
from lib.values import escape
from lib.values.check_registry import Id


@pytest.fixture
def shown(monkeypatch):
    """What a cell displays, in order."""
    found = []
    monkeypatch.setattr(page, "display", found.append)
    return found


@pytest.fixture
def terminals(monkeypatch):
    """What reaches stdout and stderr, of a terminal that takes colours."""
    drawn = {name: Console(file=io.StringIO(), force_terminal=True, width=120) for name in ("console", "errors")}
    for name, one in drawn.items():
        made = Console(file=one.file, force_terminal=True, width=120, **console.PLAIN)
        monkeypatch.setattr(console, name, made)
    return lambda: "".join(one.file.getvalue() for one in drawn.values())


def hostile_difference(record):
    text = f"+{HOSTILE}\n-{HOSTILE}\n```\n{HOSTILE}"
    return record.write_bytes("some.diff", text.encode(errors="surrogatepass"))


def hostile_plan():
    """A plan whose every word is somebody else's; half a character is in no plan."""
    world = World({PLAIN_JSON: {"Description": PLAIN_JSON, PLAIN_JSON: PLAIN_JSON}})
    made = engine.plan("01", world.wanted(**{PLAIN_JSON: {"Description": PLAIN_JSON[::-1]}, "new": PLAIN_JSON}))
    return Plan(made.phase, tuple(replace(change, doubt=HOSTILE) for change in made.changes))


def hostile_outcome():
    states = (WriteState.KEPT, WriteState.PLANNED)
    results = [Result(change, state, HOSTILE) for change, state in zip(hostile_plan().changes, states, strict=True)]
    return Outcome("01", tuple(results), "r1", False, HOSTILE)


CHECKS = [
    Check(Id.AS_WANTED, HOSTILE, "waiting", HOSTILE, HOSTILE),
    Check(Id.AS_WANTED, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
]
SHOWN = {
    "a table": lambda *_: show.table([{HOSTILE: HOSTILE, "number": 1.5, "nothing": None}]),
    "a frame": lambda *_: show.table(pd.DataFrame({HOSTILE: [HOSTILE, 1.0, pd.NaT, [HOSTILE], {"a": HOSTILE}]})),
    "what an empty table says": lambda *_: show.table([], HOSTILE),
    "a sentence": lambda *_: show.say(HOSTILE, HOSTILE),
    "a list": lambda *_: show.bullet([HOSTILE, HOSTILE]),
    "a difference": lambda _, record: show.diff(hostile_difference(record)),
    "a plan": lambda *_: show.plan(hostile_plan()),
    "an outcome": lambda *_: show.outcome(hostile_outcome()),
    "checks": lambda *_: show.checks(CHECKS, HOSTILE),
    "permissions": lambda *_: show.permissions(CHECKS, CHECKS),
    "points": lambda *_: show.points(CHECKS),
    "evidence": lambda *_: show.evidence(
        [
            {
                "name": HOSTILE,
                "status": HOSTILE,
                "found": HOSTILE,
                "expected": HOSTILE,
                "evidence": [HOSTILE, f"javascript:{SCRIPT}"],
            }
        ]
    ),
    "who is calling": lambda settings, record: show.identity(
        connected_run.of(Live(settings, Identity(HOSTILE, HOSTILE, HOSTILE, HOSTILE), None), record)
    ),
    "a caption": lambda *_: show.figure(style.canvas(HOSTILE, HOSTILE)[0], HOSTILE),
}


@pytest.mark.parametrize("what", SHOWN)
def test_whatever_a_notebook_shows_of_foreign_text_is_shown_and_not_obeyed(what, shown, settings, record):
    SHOWN[what](settings, record)
    assert shown
    for one in shown:
        if isinstance(one, page.Shown):
            harmless(one.html)
            assert not UNSEEN.search(repr(one))
    seen = exported(shown)
    assert obeyed(seen) == []
    assert "onerror" in seen  # it is there to be read


@pytest.mark.parametrize("hostile", [HOSTILE, f"<script>{SCRIPT}</script>", f'<img src="x" onerror="{SCRIPT}">'])
def test_the_check_on_pages_sees_what_is_obeyed(hostile):
    class Raw:
        def _repr_html_(self):
            return hostile

    assert obeyed(exported([Raw()]))


def test_a_link_leads_to_a_file_of_the_record_whatever_its_name(shown):
    show.table([{"evidence": [page.File("javascript:alert(1)"), page.File("evidence/a b.json")]}])
    assert re.findall('href="([^"]*)"', shown[0].html) == ["./javascript%3Aalert%281%29", "./evidence/a%20b.json"]


SAID = {
    "a line": lambda *_: terminal.say(HOSTILE),
    "an error": lambda *_: terminal.complain(NotAsWanted(HOSTILE)),
    "another error": lambda *_: terminal.complain(ValueError(HOSTILE)),
    "an error of nobody's": lambda *_: console.say_unexpected(ValueError, ValueError(HOSTILE), None),
    "a table": lambda *_: terminal.table(HOSTILE, [HOSTILE, "b"], [[HOSTILE, HOSTILE]]),
    "a phase": lambda *_: terminal.progress(Phase("03", HOSTILE, HOSTILE, error=HOSTILE)),
    "a phase that begins": lambda *_: terminal.progress(Phase("03", HOSTILE, "running")),
    "a plan": lambda *_: plan_table.changes([hostile_plan()]),
    "checks": lambda *_: terminal.checks(HOSTILE, CHECKS),
    "an explanation": lambda *_: terminal.explain(HOSTILE),
    "a drill's end": lambda *_: terminal.drill_verdict(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: None, "b": 1.0}),
    "a cell that begins": lambda *_: console.overwrite(HOSTILE),
    "one thing": lambda *_: console.item("red", HOSTILE, [HOSTILE], [(HOSTILE, HOSTILE)]),
    "a narrow table": lambda *_: terminal.table(HOSTILE, [HOSTILE] * 9, [[HOSTILE] * 9]),
    "what was read back": lambda *_: terminal.read_back([{"what": HOSTILE, "found": HOSTILE}]),
    "a ledger": lambda _, record: (
        record.keep_json("evidence/rollback.json", [{"what": PLAIN_JSON, "outcome": "x\x1b]52;"}]),
        terminal.ledger(record),
    ),
    "criteria": lambda _, record: (
        record.keep_json(records.CRITERIA, [{"name": "x\x9b31m", "status": "\u202epassed", "found": "\x1b]52;"}]),
        terminal.criteria(record, [Phase("07", "07", "failed")], []),
    ),
    "a run": lambda settings, record: (
        record.write_json("run.json", {"run_id": "r", "verdict": "\x1b]52;", "phases": [vars(hostile_phase())]}),
        run_table.one_run(Run(settings, record)),
    ),
    "the runs": lambda settings, record: (
        record.write_json("run.json", {"run_id": "\x1b]52;", "verdict": "failed", "mode": "\x9b", "phases": []}),
        run_table.all_runs(settings),
    ),
}


def hostile_phase():
    return Phase("03", "\x1b]52;", "failed", error="\u202e\x1b[2J\nRun r1 succeeded")


@pytest.mark.parametrize("what", SAID)
def test_whatever_the_command_says_of_foreign_text_the_terminal_obeys_none_of_it(what, terminals, settings, record):
    SAID[what](settings, record)
    # Without colours and a line begun anew, which are ours: none of the text's own is left whole.
    said = re.sub(r"\x1b\[[\d;]*m|\r\x1b\[2K", "", terminals())
    assert said.strip()
    assert not UNSEEN.search(said), repr(said)
    assert not re.search("^(Run r1 succeeded|- approved)", said, re.MULTILINE)
    assert "\U0001f604" not in said  # rich makes pictures of `:smile:`
    assert "\x1b]8" not in terminals()


def test_every_error_of_ours_is_legible_wherever_it_is_shown():
    assert not UNSEEN.search(f"{RunbookError(HOSTILE)}")
    assert str(NotAsWanted("plain, and \u00e9")) == "plain, and \u00e9"


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


def machine(name):
    """A workflow whose names and words are somebody else's."""
    rule = {"Variable": f"$.{name}", "StringEquals": name, "Next": name}
    return {
        "Comment": name,
        "StartAt": "First",
        "States": {
            "First": {"Type": "Choice", "Choices": [rule], "Default": name},
            name: {"Type": "Task", "Resource": name, "Catch": [{"ErrorEquals": [name], "Next": "End"}], "End": True},
            "End": {"Type": "Fail", "Error": name, "Cause": name},
        },
    }


def test_a_diagram_holds_no_directive_and_no_markup_of_a_states_name():
    directive = "%%{init: {'securityLevel': 'loose'}}%%"
    hostile = machine(f'{directive} <img src=x onerror=alert(1)> "]; click A call x() \u202e')
    drawn = mermaid.mermaid(hostile)
    assert "%%" not in drawn
    assert "<img" not in drawn
    assert not UNSEEN.search(drawn)
    assert "#37;#37;#123;init" in drawn  # Mermaid shows these as the characters


def test_a_picture_of_somebodys_names_is_drawn_and_its_text_is_legible(recwarn):
    figure = workflow_picture.workflow(machine(PLAIN_JSON[:70] + "\x1b]52;\u202e"))
    data = figure._repr_mimebundle_()
    assert '" src="data:image/png;base64,' in data["text/html"]
    assert not UNSEEN.search(data["text/html"])
    assert not [one for one in figure.findobj(Text) if UNSEEN.search(one.get_text())]
    assert [str(warning.message) for warning in recwarn if "missing from font" in str(warning.message)] == []


def test_what_a_cell_printed_or_failed_with_is_kept_legible_and_in_its_colours():
    error = nbformat.v4.new_output("error", ename="X", evalue=HOSTILE, traceback=[f"\x1b[0;31mX\x1b[0m: {HOSTILE}"])
    stream = nbformat.v4.new_output("stream", name="stderr", text=HOSTILE)
    kept = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("go()", outputs=[error, stream])])
    executed.make_legible(kept)
    assert not UNSEEN.search(error.evalue + stream.text)
    assert error.traceback[0].startswith("\x1b[0;31mX\x1b[0m: ")
    assert not UNSEEN.search(re.sub(r"\x1b\[[\d;]*m", "", error.traceback[0]))
    assert obeyed(HTMLExporter().from_notebook_node(kept)[0]) == []


NOTEBOOKS = sorted((ROOT / "runbooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_displays_nothing_but_by_show(path):
    # The value of a cell's last line is displayed by Jupyter itself, escaped by nobody.
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        last = ast.parse(cell.source).body[-1]
        called = ast.unparse(last.value.func) if isinstance(last, ast.Expr) else "nothing"
        assert called == "nothing" or called.startswith("show.")


def test_what_is_shown_keeps_its_numbers_short_and_its_gaps_empty(shown):
    show.table(pd.DataFrame({"a": [1.0, 2.34567891, float("nan")], "b": [1, None, "x"]}))
    assert re.findall("<td[^>]*>([^<]*)</td>", shown[0].html) == ["1", "1", "2.34568", "", "", "x"]


WORDS = st.text("ab\\漢", max_size=6)  # pandas would take the blanks around a column's name away


@given(st.lists(st.tuples(WORDS, WORDS, st.text("a b", max_size=6)), min_size=1, max_size=5))
def test_a_table_is_laid_out_as_pandas_does_it(columns):
    frame = pd.DataFrame(zip(*(values for _, *values in columns), strict=True), dtype=object)
    frame.columns = pd.Index([name for name, *_ in columns], dtype=object)
    assert page.laid_out(columns) == frame.to_string(index=False, justify="left")


def test_rows_are_shown_as_a_frame_of_them_is(shown):
    at = datetime(2026, 11, 27, 17, 5, tzinfo=UTC)
    rows = [{"a": 1, "b": "x", "c": at, "d": True}, {"b": None, "a": 2.5, "e": [page.File("f/g.json")]}, {"d": nan}]
    show.table(rows)
    show.table(pd.DataFrame(rows))
    assert shown[0] == shown[1]


def test_a_run_is_told_by_its_own_verdict(settings, record):
    record.write_json("run.json", {"run_id": record.run_id, "verdict": "failed", "phases": []})
    assert run_phases.status(record)["verdict"] == "failed"
    assert json.loads((record.folder / "run.json").read_text())["verdict"] == "failed"


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


@pytest.mark.parametrize(
    ("lines", "told"), [(3, "3 lines; all of them:"), (show.LINES + 743, "743 of 1,143 lines are")]
)
def test_a_difference_always_links_the_file_that_holds_all_of_it_and_is_no_longer_than_a_screen(
    shown, record, lines, told
):
    record.keep_text("evidence/definition.diff", "an earlier attempt")
    show.diff(record.keep_text("evidence/definition.diff", "\n".join(f"+{at}" for at in range(lines))))
    box, link = (one._repr_html_() for one in shown)
    assert "max-height" in box and box.count("+") == min(lines, show.LINES)
    assert told in link and 'href="./evidence/definition.attempt-2.diff"' in link
    assert "evidence/definition.attempt-2.diff" in repr(shown[1])


@pytest.mark.parametrize(("reads_only", "said"), [(True, "apply (only reads here)"), (False, "CHANGES THE ACCOUNT")])
def test_the_first_screen_of_a_phase_that_only_reads_does_not_say_that_it_changes(
    shown, settings, record, reads_only, said
):
    applying = settings.model_copy(update={"mode": "apply"})
    who = Identity("000000000000", "us-east-1", "somebody", "")
    show.identity(connected_run.of(Live(applying, who, None), record), reads_only=reads_only)
    text = "".join(one._repr_html_() for one in shown)
    assert said in text
    assert ("CHANGES" in text) != reads_only


def test_a_table_that_is_too_wide_scrolls_and_is_not_cut_off(shown):
    show.table([{f"column {at}": "x" * 40 for at in range(20)}])
    assert shown[0]._repr_html_().startswith('<div style="overflow-x: auto"><table>')
