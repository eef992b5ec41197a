"""What a notebook shows, and how: what was judged with mark and colour, the worst first, many good ones folded."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from math import nan

import pandas as pd
import pytest
from fakes import World
from hostile import HOSTILE, harmless

from lib.aws import Identity, Live
from lib.changes import engine, notebook_sources
from lib.changes.plans import Outcome, Result
from lib.changes.stepped_cells import CELLS
from lib.checks import Check, Status
from lib.display import page, plan_table, show, signs
from lib.errors import NotAsWanted
from lib.record.change_rows import WriteState
from lib.resources import connected_run
from lib.settings import ROOT
from lib.telemetry.configuration.facts import Meaning
from lib.values.check_registry import Id, due

LONG = "every check-in is scored, and routed to one of six routes, of which two are crises. " * 9


def checks(*statuses):
    return [Check(Id.AS_WANTED, f"c{at}.", status, "f", "e") for at, status in enumerate(statuses)]


def outcome(*states):
    plan = engine.plan("01", World().wanted(**{f"t{at}": at for at in range(len(states))}))
    every = [Result(change, state, "why") for change, state in zip(plan.changes, states, strict=True)]
    return Outcome("01", tuple(every), "r1", False, "")


JUDGED = {
    "checks": lambda: show.checks(checks(Status.CANNOT_TELL)),
    "points": lambda: show.points(checks(Status.CANNOT_TELL)),
    "evidence": lambda: show.evidence([{**checks(Status.CANNOT_TELL)[0].to_row(), "evidence": []}]),
    "permissions": lambda: show.permissions(checks(Status.CANNOT_TELL), checks(Status.FAILED)),
    "any table": lambda: show.table([{"a": Status.CANNOT_TELL}]),
    "a difference": lambda: show.table([{"so": Meaning.CANNOT_TELL}]),
}


@pytest.mark.parametrize("what", JUDGED)
def test_each_judged_word_has_its_mark_and_its_colour_and_is_read_without(what, shown):
    JUDGED[what]()
    table = shown[-1]
    assert f'<span style="{signs.Sign("", signs.BROWN).style}">? cannot tell</span>' in table.html
    assert "? cannot tell" in table.text


def test_the_verdict_counts_each_word_the_worst_first(shown):
    with pytest.raises(NotAsWanted):
        show.checks(checks(Status.PASSED, Status.PASSED, Status.WAITING, Status.FAILED), "Keys")
    assert shown[0].text == "Keys: ✗ 1 failed, … 1 waiting, ✓ 2 passed"
    assert re.findall(r"background-color: (#\w+)", shown[0].html) == [signs.RED, signs.BROWN, signs.GREEN]


def test_what_failed_is_the_first_row_and_many_that_passed_are_folded_and_all_there(shown):
    with pytest.raises(NotAsWanted):
        show.checks(checks(*[Status.PASSED] * 141, Status.NOT_EXERCISED, Status.FAILED, Status.PASSED))
    _, rows, folded = shown
    assert re.findall(r"c\d+\.", rows.text) == ["c142.", "c141."]
    assert folded.html.startswith("<details><summary>") and "✓ 142 passed</span>, shown when opened" in folded.html
    assert folded.text.startswith("✓ 142 passed:\n")
    for seen in (folded.text, folded.html):
        assert {*re.findall(r"c\d+\.", seen)} == {f"c{at}." for at in range(144)} - {"c141.", "c142."}


@pytest.mark.parametrize(("passed", "outputs"), [(10, 2), (11, 2), (0, 2)])
def test_few_that_passed_are_rows_and_where_all_are_folded_no_empty_table_stands_above(passed, outputs, shown):
    show.checks(checks(*[Status.PASSED] * (passed or 1)))
    assert len(shown) == outputs
    assert ("<details>" in shown[-1].html) is (passed > 10)


def test_rows_whose_order_says_something_keep_it_and_are_all_shown(shown):
    states = [WriteState.APPLIED] * 12 + [WriteState.FAILED]
    show.table([{"state": state, "what": f"t{at}."} for at, state in enumerate(states)], keep_order=True)
    (only,) = shown
    assert re.findall(r"t\d+\.", only.text) == [f"t{at}." for at in range(13)] and "✗ failed" in only.text


def test_rows_that_nothing_judges_stay_as_they_are(shown):
    show.table([{"a": "failed"}, {"a": "passed"}, {"a": 3}])
    assert "✗" not in shown[0].text and "✗" not in shown[0].html
    assert [line.strip() for line in shown[0].text.splitlines()] == ["a", "failed", "passed", "3"]


def test_of_an_outcome_what_failed_is_first_and_its_reason_stands_beside_the_word(shown):
    show.outcome(outcome(WriteState.APPLIED, WriteState.FAILED))
    assert shown[0].text.index("✗ failed: why") < shown[0].text.index("✓ applied: why")
    assert "✗ failed</span></span>: why" in shown[0].html


def test_what_was_written_is_read_before_what_was_as_wanted_and_many_of_these_are_folded(shown):
    show.outcome(outcome(*[WriteState.NOTHING_TO_DO] * 11, WriteState.APPLIED))
    rows, folded = shown
    assert "✓ applied" in rows.text and "nothing to do" not in rows.text
    assert folded.text.startswith("= 11 nothing to do:")


def test_of_a_plan_what_is_most_dangerous_is_first_and_coloured_and_what_stays_is_last(shown):
    world = World({"same": 1, "gone": 1, "policy": 1})
    show.plan(engine.plan("01", world.wanted(same=1, new=1, policy=2, gone=None)))
    assert re.findall(r"thing (\w+)", shown[0].text) == ["gone", "policy", "new", "same"]
    show.plan(engine.plan("90", world.wanted(same=1, new=1, policy=2, gone=None)), keep_order=True)
    assert re.findall(r"thing (\w+)", shown[2].text) == ["same", "new", "policy", "gone"]
    assert re.findall(r"background-color: (#\w+)", shown[0].html) == [signs.RED, signs.BROWN]
    assert "- remove" in shown[0].text and "~ change" in shown[0].text


def test_of_a_rollback_what_failed_is_first_and_what_was_undone_is_folded(shown):
    rows = [{"what": f"t{at}.", "outcome": "undone"} for at in range(12)]
    show.ledger([*rows, {"what": "kept", "outcome": "kept: in use"}, {"what": "bad", "outcome": "failed: why"}])
    assert shown[0].text.index("✗ failed: why") < shown[0].text.index("• kept: in use")
    assert shown[1].text.startswith("✓ 12 undone:")


def test_the_end_of_a_phase_has_its_mark(shown, settings, record):
    with pytest.raises(NotAsWanted):
        show.ended_well(settings_run(settings, record), "01")
    assert re.fullmatch(r"Phase 01: ✗ \d+ failed", shown[-1].text)


def test_the_end_of_a_phase_counts_what_is_open_and_calls_it_no_pass(shown, settings, record):
    first, second, *rest = [Check(one, one, Status.PASSED, "", "") for one in due("01", applies=False)]
    record.checked("01", [replace(first, status=Status.NOT_EXERCISED), replace(second, status=Status.WAITING), *rest])
    show.ended_well(settings_run(settings, record), "01")
    assert shown[-2].text == f"Phase 01: … 1 waiting, ○ 1 not exercised here, ✓ {len(rest)} passed"
    assert shown[-1].text == "The run may go on. Open, and listed by phase 07 with what each waits for: 2."


def test_the_end_of_a_phase_by_hand_names_the_cells_that_do_not_count(shown, settings, record):
    record = replace(record, attempt="a1")
    cells = [one.id for one in notebook_sources.code_cells(ROOT / "runbooks/08_threshold_tuning.ipynb")]
    row = {"attempt": "a1", "phase": "08", "ended": "well", "edited": "no", "wrote": 0}
    for order, cell in enumerate(cells[:-1]):
        edited = {"edited": "yes"} if cell == "08-10" else {}
        if cell != "08-12":
            record.append(CELLS, {**row, **edited, "cell": cell, "order": order})
    record.append(CELLS, {**row, "attempt": "a0", "cell": "08-12", "order": 0})
    with pytest.raises(NotAsWanted, match=r"as the runbook has them: 08-10 \(edited\), 08-12 \(never ran\); expected"):
        show.ended_well(settings_run(settings, record), "08")
    assert shown[-1].text == "Phase 08: ✗ cells that do not count: 2, ○ nothing checked"
    assert "Which routes do the thresholds give?" in shown[-2].text and "edited" in shown[-2].text
    for order, cell in enumerate(("08-10", "08-12"), 90):
        record.append(CELLS, {**row, "cell": cell, "order": order})
    show.ended_well(settings_run(settings, record), "08")
    assert shown[-1].text == "Phase 08: ○ nothing checked"


def test_a_phase_that_decides_by_no_check_is_no_pass(shown, settings, record):
    show.ended_well(settings_run(settings, record), "08")
    assert [one.text for one in shown] == ["This phase decides by no check.", "Phase 08: ○ nothing checked"]


def settings_run(settings, record):
    from lib.record.records import Run

    return Run(settings, record)


def test_what_a_plan_changes_in_a_long_value_is_shown_and_not_its_first_words(shown):
    world = World({"workflow": {"text": f"{LONG}above 95 {LONG}"}, "same": 1, "gone": {"a": 1, "b": 2}})
    wanted = world.wanted(workflow={"text": f"{LONG}above 90 {LONG}"}, same=1, gone=None, new={"c": 3}, bare=4)
    found = {
        row["what"]: row["what differs"] for row in map(plan_table.notebook_row, engine.plan("01", wanted).changes)
    }
    was, would = found["thing workflow"].split(" -> ")
    assert "above 95" in was and "above 90" in would
    assert found["thing same"] == ""
    assert (found["thing gone"], found["thing new"]) == ("a: - 1\nb: - 2", "c: + 3")
    assert found["thing bare"] == "all of it: + 4"


def test_hostile_text_beside_a_word_and_behind_a_fold_is_shown_and_not_obeyed(shown):
    rows = [{"what": HOSTILE, "outcome": f"undone{HOSTILE}"} for _ in range(12)]
    show.ledger([*rows, {"what": HOSTILE, "outcome": f"failed{HOSTILE}"}])
    for one in shown:
        harmless(one.html)
    assert "<details>" in shown[1].html


def test_a_link_leads_to_a_file_of_the_record_whatever_its_name(shown):
    show.table([{"evidence": [page.File("javascript:alert(1)"), page.File("evidence/a b.json")]}])
    assert re.findall('href="([^"]*)"', shown[0].html) == ["./javascript%3Aalert%281%29", "./evidence/a%20b.json"]


def test_what_is_shown_keeps_its_numbers_short_and_its_gaps_empty(shown):
    show.table(pd.DataFrame({"a": [1.0, 2.34567891, float("nan")], "b": [1, None, "x"]}))
    assert re.findall("<td[^>]*>([^<]*)</td>", shown[0].html) == ["1", "1", "2.34568", "", "", "x"]


def test_rows_are_shown_as_a_frame_of_them_is(shown):
    at = datetime(2026, 11, 27, 17, 5, tzinfo=UTC)
    rows = [{"a": 1, "b": "x", "c": at, "d": True}, {"b": None, "a": 2.5, "e": [page.File("f/g.json")]}, {"d": nan}]
    show.table(rows)
    show.table(pd.DataFrame(rows))
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("lines", "told"), [(3, "3 lines; all of them:"), (show.LINES + 743, "743 of 2,243 lines are")]
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


def test_a_table_may_leave_out_what_passed_but_never_what_failed():
    good, bad = Check(Id.AS_WANTED, "a", "passed", "1", "1"), Check(Id.AS_WANTED, "b", "failed", "2", "1")
    show.checks([good], passed_too=False)
    with pytest.raises(NotAsWanted, match="b: found 2"):
        show.checks([good, bad], passed_too=False)
    with pytest.raises(NotAsWanted, match="no check ran"):
        show.checks([], passed_too=False)
