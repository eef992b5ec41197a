"""The whole plan stepped through in JupyterLab, in plan and in apply mode, and what it leaves beside a command's run.

One person, one run, one account; its twin is a run of `runbook apply` on another account, built alike. Minutes:
`make test-browser`.
"""

import json
import re
from collections.abc import Iterator

import pytest
from accounts import differences
from twins import MAY_DIFFER, answers, differing, live, plain, words
from whole_run import APPROVED, BATCH, HAND, Story, both_runs

from lib.record.run_phases import NOTEBOOKS

pytestmark = pytest.mark.browser

MODES = ("plan", "apply")
PICTURED = ("03", "05", "07", "08")  # the notebooks that show pictures
OBEYED = "window.obeyed"
AGAIN = r"this run applied it at \d\d:\d\d UTC; nothing was written now"
EVERY = [(mode, number) for mode in MODES for number in NOTEBOOKS]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Both runs, the person's and the command's, from the first screen to the undo."""
    return both_runs(tmp_path_factory.mktemp("twins"))


@pytest.mark.parametrize(("mode", "number"), EVERY)
def test_every_code_cell_was_run_to_its_end_and_none_complained(story, mode, number):
    cells = {phase["number"]: phase["cells_run"] for phase in story.kept[BATCH]["run.json"]["phases"]}
    prompts = story.prompts[mode, number]
    assert len(prompts) == cells[number] > 0
    assert [prompt for prompt in prompts if not re.fullmatch(r"\[\d+\]:", prompt)] == []
    assert story.errors[mode, number] == []


def test_plan_mode_wrote_nothing_and_apply_mode_all_that_was_planned(story):
    assert len(story.stood["hand before"]) > 50
    assert differences(story.stood["hand before"], story.stood["planned"]) == set()
    planned = {row["name"] for row in story.kept[HAND]["plan.json"]["changes"]}
    applied = {row["name"] for row in story.kept[HAND]["changes.jsonl"] if row["state"] == "applied"}
    assert planned
    assert planned <= applied


def test_a_wrong_approval_is_refused_in_one_sentence_and_nothing_is_written(story):
    said = " ".join(story.said["wrong approval"].split())
    assert said.startswith("Refused: local needs an approved plan, and run ")
    assert f" was not begun with {APPROVED}; nothing was written." in said
    assert said.endswith("then apply it with the fingerprint that it ends with")
    assert "Traceback" not in said
    assert APPROVED not in json.dumps(story.kept[HAND]["run.json"])
    assert differences(story.stood["planned"], story.stood["refused"]) == set()


def test_below_a_refusal_what_did_not_run_says_so_where_the_page_stands_then(story):
    said, *others = story.said["below it"].split("\n\n")
    assert said.startswith("Not run. A cell above this one ended with:\nRefused: local needs an approved plan")
    assert others


def test_out_of_order_it_says_under_which_heading_to_begin(story):
    said = " ".join(story.said["out of order"].split())
    told = "`engine` has no value yet. It is made under 'Where am I?': run the cells above this one first"
    assert said.startswith(f"NameError: {told}")
    assert "Traceback" not in said


def test_a_second_apply_says_when_it_was_applied_and_writes_nothing(story):
    rows = story.said["a second time"].splitlines()[1:]
    assert rows
    assert [row for row in rows if not re.search(AGAIN, row)] == []
    assert story.said["rows of the second time"] == "0"
    assert differences(story.stood["planned"], story.stood["applied once"])
    assert differences(story.stood["applied once"], story.stood["applied twice"]) == set()


def test_a_kernel_restarted_in_the_middle_is_an_interruption_and_from_the_top_it_succeeds(story):
    assert (story.said["running"], story.said["restarted"]) == ("running", "interrupted")
    phase = next(row for row in story.kept[HAND]["run.json"]["phases"] if row["number"] == "03")
    assert (phase["verdict"], phase["cells_failed"], phase["cells_not_run"]) == ("succeeded", 0, 0)


@pytest.mark.parametrize("mode", MODES)
def test_the_landing_page_says_what_is_done_and_what_comes_next(story, mode):
    for done, when in enumerate(["before", *NOTEBOOKS]):
        *phases, undo = story.landing[f"{mode} {when}"]
        states = [row.split(" | ")[0] for row in phases]
        assert states == ["✓ succeeded"] * done + [to_come(mode, done)] * (len(NOTEBOOKS) - done), when
        assert [number for number, row in enumerate(phases) if row.endswith("NEXT")] == [done][: len(phases) - done]
        assert undo.startswith("○ only to undo")


def to_come(mode: str, done: int) -> str:
    """The state of a phase that was not run in this mode; what is applied was looked at in plan mode before."""
    if mode == "plan":
        return "○ not run"
    return "○ only looked at, in plan mode" if done else "✓ succeeded in plan mode"


@pytest.mark.parametrize(("mode", "number"), [*EVERY, *((mode, "landing") for mode in MODES)])
def test_a_screen_reader_has_headings_headed_tables_and_named_pictures(story, mode, number):
    heard = story.heard[mode, number]
    first = r"^ *- '?heading \".+\" \[level="
    assert re.search(first + r"1\]", heard, re.MULTILINE) or number == "landing"
    assert re.search(first + r"2\]", heard, re.MULTILINE)
    assert list(tables(heard))
    assert [table for table in tables(heard) if "- columnheader" not in table] == []
    pictures = re.findall(r"^ *- '?img\b(.*)$", heard, re.MULTILINE)
    assert [one for one in pictures if not re.match(r' ".{20,}"', one)] == []
    assert bool(pictures) == (number in PICTURED)


def tables(heard: str) -> Iterator[str]:
    """The tables of what a screen reader reads, each with all that is in it."""
    lines = heard.splitlines()
    for start, line in enumerate(lines):
        if re.match(r" *- '?table\b", line):
            deep = len(line) - len(line.lstrip())
            inner = (at for at in range(start + 1, len(lines)) if len(lines[at]) - len(lines[at].lstrip()) <= deep)
            yield "\n".join(lines[start : next(inner, len(lines))])


def test_what_somebody_wrote_is_there_to_be_read_and_was_not_obeyed(story):
    """That nothing was run is looked at as each window is shut (`LabScreen.shut`)."""
    assert any(OBEYED in heard for heard in story.heard.values())


def test_both_runs_succeeded(story):
    for whose in (HAND, BATCH):
        assert story.kept[whose]["run.json"]["verdict"] == "succeeded"
        assert story.kept[whose]["unsealed"] == []


@pytest.mark.parametrize("file", ["run.json", "plan.json", "changes.jsonl"])
def test_the_record_of_the_persons_run_is_the_commands_field_by_field(story, file):
    one, other = (plain(story, whose, story.kept[whose][file]) for whose in (HAND, BATCH))
    assert one
    assert len(one) > 10
    found = set(differing(one, other))
    assert found - MAY_DIFFER[file].keys() == set()


@pytest.mark.parametrize("number", list(NOTEBOOKS))
def test_each_phase_was_asked_the_same_and_answered_the_same(story, number):
    one, other = (answers(story, whose, number) for whose in (HAND, BATCH))
    assert one or number == "08"  # which asks nothing
    assert one == other


@pytest.mark.parametrize("when", ["after", "undone"])
def test_what_is_live_is_the_same(story, when):
    one, other = (live(story, whose, when) for whose in (HAND, BATCH))
    assert len(one) > 30
    assert differences(one, other) == set()


@pytest.mark.parametrize("whose", [HAND, BATCH])
def test_the_rollback_leaves_what_was_there_before(story, whose):
    before, after, undone = (live(story, whose, when) for when in ("before", "after", "undone"))
    group, name = (getattr(story.settings[whose], key) for key in ("log_group_name", "state_machine_name"))
    kept = {f"log group {group}", f"tags of log group {group}", f"versions of {name}"}  # what ran, and its log
    assert differences(before, undone) == kept
    assert len(differences(before, after) - kept) > 20


def test_the_documents_are_the_same(story):
    one, other = (plain(story, whose, story.kept[whose]["documents"]) for whose in (HAND, BATCH))
    assert "Phase 3" in str(one)
    assert one == other


COMMANDS = ("status", "verify", "resume", "review", "look", "rollback", "status undone", "verify undone")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_treats_both_runs_alike(story, command):
    one, other = (story.told[whose, command] for whose in (HAND, BATCH))
    assert words(story, HAND, command)
    assert (one.code, words(story, HAND, command)) == (other.code, words(story, BATCH, command))
