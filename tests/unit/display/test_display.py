"""Foreign text on whatever a notebook or the command shows: legible, and never obeyed."""

import ast
import io
import re
from dataclasses import replace

import nbformat
import pandas as pd
import pytest
from fakes import World
from hostile import HOSTILE, PLAIN_JSON, SCRIPT, UNSEEN, exported, harmless, obeyed
from rich.console import Console

from lib.aws import Identity, Live
from lib.changes import engine
from lib.changes.plans import Outcome, Plan, Result
from lib.checks import Check
from lib.display import console, page, plan_table, run_table, show, terminal
from lib.display.charts import style
from lib.errors import NotAsWanted
from lib.record import records
from lib.record.change_rows import WriteState
from lib.record.records import Run
from lib.record.run_phases import Phase
from lib.resources import connected_run
from lib.settings import ROOT
from lib.values.check_registry import Id


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
                **dict.fromkeys(("value", "limit", "interval"), HOSTILE),
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


NOTEBOOKS = sorted((ROOT / "runbooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_displays_nothing_but_by_show(path):
    # The value of a cell's last line is displayed by Jupyter itself, escaped by nobody.
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        last = ast.parse(cell.source).body[-1]
        called = ast.unparse(last.value.func) if isinstance(last, ast.Expr) else "nothing"
        assert called == "nothing" or called.startswith(("show.", "threshold_explorer.show"))
