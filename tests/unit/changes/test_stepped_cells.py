"""What the cells that somebody ran by hand make of a phase. No AWS."""

import pytest

from lib.changes.notebook_sources import CodeCell
from lib.changes.stepped_cells import PUT_IN, judge, lacking_at_end
from lib.record.run_phases import Phase

CELLS = [CodeCell(name, "0" * 64, name == "set") for name in ("set", "plan", "apply", "verify", "end")]
WHOLE = ("set", "plan", "apply", "verify", "end")


def ran(*cells, **more):
    """The rows of these cells, run in this order: `name`, or `name` with what a row says otherwise."""
    found = []
    for order, cell in enumerate(cells, 1):
        name, other = cell if isinstance(cell, tuple) else (cell, {})
        usual = {"cell": name, "order": order, "ended": "well", "edited": "no" if name else "cannot tell"}
        found.append({**usual, "wrote": 3 if name == "apply" else 0, **other})
    return found


def judged(*cells):
    return judge(Phase("03", "03_state_machine"), ran(*cells), CELLS, {})


@pytest.mark.parametrize(
    ("cells", "verdict", "counts", "said"),
    [
        (WHOLE, "succeeded", (5, 0, 0), ""),
        ((PUT_IN, *WHOLE), "succeeded", (5, 0, 0), ""),
        ((("set", {"ended": "", "edited": "yes"}), *WHOLE[1:]), "succeeded", (5, 0, 0), ""),  # it is there to be edited
        (("plan", "plan", "set", "apply", "apply", "verify", "end"), "succeeded", (5, 0, 0), ""),
        ((*WHOLE, ""), "succeeded", (5, 0, 0), ""),
        ((*WHOLE, ("apply", {"wrote": 0})), "succeeded", (5, 0, 0), ""),
        (WHOLE[:4], "running", (4, 0, 1), ""),
        ((), "running", (0, 0, 5), ""),
        (("set", "plan", "apply", "end"), "failed", (4, 0, 1), "verify (never ran)"),
        ((*WHOLE[:3], ("verify", {"edited": "yes"}), "end"), "failed", (4, 0, 1), "verify (edited)"),
        ((*WHOLE[:3], ("verify", {"edited": "yes"}), "verify", "end"), "succeeded", (5, 0, 0), ""),
        ((*WHOLE[:4], ("end", {"edited": "yes"})), "failed", (4, 0, 1), "end (edited)"),
        ((("plan", {"ended": ""}), "set", *WHOLE[2:]), "failed", (4, 0, 1), "plan (ran before the run was begun)"),
        ((*WHOLE, "apply"), "failed", (3, 0, 2), "verify (ran before a change that it looks at)"),
        ((*WHOLE, "apply", "end"), "failed", (4, 0, 1), "verify (ran before a change that it looks at)"),
        ((*WHOLE, "apply", "verify", "end"), "succeeded", (5, 0, 0), ""),
        ((*WHOLE, ("", {"wrote": 1})), "failed", (1, 0, 4), "plan (ran before a change that it looks at)"),
        ((*WHOLE[:2], ("apply", {"ended": "Refused"})), "failed", (2, 1, 2), "Refused"),
        ((*WHOLE[:2], ("apply", {"ended": "Refused"}), "apply", "verify", "end"), "succeeded", (5, 0, 0), ""),
        ((*WHOLE[:2], ("", {"ended": "NameError"}), *WHOLE[2:]), "succeeded", (5, 0, 0), ""),  # somebody's own look
        ((*WHOLE[:2], ("apply", {"ended": "KeyboardInterrupt"})), "interrupted", (2, 1, 2), "KeyboardInterrupt"),
        ((*WHOLE[:4], ("end", {"ended": "NotAsWanted"})), "failed", (4, 1, 0), "NotAsWanted"),
    ],
)  # fmt: skip
def test_a_phase_has_succeeded_where_every_cell_ran_as_the_runbook_has_it(cells, verdict, counts, said):
    found = judged(*cells)
    assert (found.verdict, (found.cells_run, found.cells_failed, found.cells_not_run)) == (verdict, counts)
    assert said in found.error and bool(said) == bool(found.error)


def test_it_is_said_what_ran_again_was_edited_and_is_none_of_the_runbooks():
    found = judged(*WHOLE[:3], ("verify", {"edited": "yes"}), "", "verify", "verify", "end")
    assert found.by_hand == (
        "by hand: 8 cells; run again: verify 3 times; edited: verify; none of the runbook's, or edited: 1"
    )
    assert judged(("set", {"edited": "yes"}), "set").by_hand == "by hand: 2 cells"


@pytest.mark.parametrize(
    ("cells", "lacking"),
    [
        ((), {}),  # no row tells of it: a command runs it
        (WHOLE[:4], {}),
        (WHOLE, {}),
        (("set", "plan", "apply"), {"verify": "never ran"}),
        ((*WHOLE[:3], ("verify", {"edited": "yes"})), {"verify": "edited"}),
        ((*WHOLE, "apply"), {"verify": "ran before a change that it looks at"}),
        ((*WHOLE[:3], ("verify", {"ended": "NotAsWanted"})), {"verify": "ended with NotAsWanted"}),
    ],
)
def test_the_last_cell_can_tell_what_keeps_the_phase_from_having_succeeded(cells, lacking):
    assert {cell.id: why for cell, why in lacking_at_end(ran(*cells), CELLS)} == lacking
    end = ran(*cells, "end")
    assert (judge(Phase("03", "x"), end, CELLS, {}).verdict == "succeeded") == (not lacking) or not cells
