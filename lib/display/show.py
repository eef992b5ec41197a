"""What a notebook shows: tables, one-line verdicts, diffs, charts. Reads nothing from AWS.

`checks` and `ended_well` also stop the notebook, after showing it, when a check failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.changes.plans import Outcome, Plan
from lib.changes.second_person import two_persons
from lib.checks import Check, Status, require, require_any, still_open
from lib.display import judged_rows, marks, page, phase_table, plan_table, run_commands, signs, stepped
from lib.display.marks import Judged
from lib.display.signs import MAY, Sign
from lib.record import run_phases
from lib.record.change_rows import WriteState
from lib.record.records import Run
from lib.record.stored import run_copies
from lib.resources.connected_run import ConnectedRun
from lib.values import contacts
from lib.values.modes import Mode
from lib.values.verdicts import Verdict

if TYPE_CHECKING:  # loaded by what makes frames and figures: most phases show none
    import pandas as pd
    from matplotlib.figure import Figure

FIGURES = ("value", "limit", "interval")
LINES = 1_500  # a longer diff is shown up to here, and linked whole; a new definition differs in over a thousand


def identity(run: ConnectedRun, reads_only: bool = False) -> None:
    """Who is calling, where, in which mode, and where the record goes. `reads_only`: the phase writes in no mode."""
    s, live, caller = run.settings, run.live, run.live.identity.caller
    place, may = signs.of(s, live.identity.account, reads_only)
    writes = "only reads here" if reads_only and s.mode == Mode.APPLY else MAY[s.mode]
    page.signs([place, may])
    rows = {
        "environment": s.environment,
        "account": Sign(live.identity.account, place.colour),
        "region": live.identity.region,
        "endpoint": live.identity.endpoint,
        "caller": caller,
        "mode": Sign(f"{s.mode} ({writes})", may.colour),
        "approval": "; ".join([s.approval, *(f"{check.status}: {check.found}" for check in two_persons(s, caller))]),
        "run": run.record.run_id,
    }
    if missing := run_copies.what_is_missing(s):
        rows["not known here"] = missing
    page.table(["what", "value"], list(rows.items()))


def table(
    rows: Sequence[Mapping[str, Any]] | pd.DataFrame, empty: str = "Nothing to show.", *, keep_order: bool = False
) -> None:
    """A table without its index or anybody's contact, nothing cut off; `empty` is said where there are no rows.

    Rows in which a word judges come the worst first, and many at which nobody must look are folded, with their number;
    but not where the order says something (`keep_order`).
    """
    columns, cells = _in_columns(rows)
    if not (columns and cells):
        say(empty)
        return
    shown, folded = (cells, []) if keep_order else judged_rows.arrange(cells)
    if shown:
        page.table(columns, shown, contacts.mask_text)
    for counted, some in folded:
        page.fold(counted, page.grid(columns, some, contacts.mask_text))


def _in_columns(rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> tuple[list[Any], list[list[Any]]]:
    if not isinstance(rows, Sequence):
        return list(rows.columns), [list(row) for row in rows.itertuples(index=False, name=None)]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return columns, [[row.get(key) for key in columns] for row in rows]


def say(sentence: str, code: str = "") -> None:
    """One line of plain words, and what may be copied from it."""
    page.sentence(sentence, code=code)


def plan(planned: Plan, *, keep_order: bool = False) -> None:
    """Every change that would be made, and the plan's fingerprint.

    What is most dangerous comes first, or what is carried out first (`keep_order`), where safety hangs on that.
    """
    changes = planned.changes if keep_order else plan_table.by_danger(planned.changes)
    table([*map(plan_table.notebook_row, changes), *plan_table.temporary_rows(planned)])
    pending = len(planned.pending)
    verdict = f"{pending} of {len(planned.changes)} to change" if pending else "Nothing to change: already done."
    page.sentence("Fingerprint of this phase:", verdict, planned.fingerprint)


def outcome(done: Outcome) -> None:
    """What became of each change of a plan."""
    table(
        [
            {"what": one.change.resource.name, "action": one.change.action, "outcome": Judged(one.said)}
            for one in done.results
        ]
    )
    if WriteState.PLANNED in done.states:
        page.sentence("Run in apply mode to carry this out.", "Plan mode: nothing was written.")
    if done.refusal:
        page.sentence(f"{done.refusal}.", "In apply mode this is REFUSED:")


def ledger(rows: Sequence[Mapping[str, str]]) -> None:
    """What a rollback did with each thing."""
    table([{**row, "outcome": Judged(row["outcome"])} for row in rows])


def checks(answers: Sequence[Check], what: str = "", *, passed_too: bool = True) -> None:
    """A verdict, then the checks as a table. Raises NotAsWanted when one failed, and when there are none at all.

    Without `passed_too` the table leaves out those that passed: the verdict counts them.
    """
    page.verdict(f"{what or 'Verdict'}:", _counted(answers))
    shown = [check for check in answers if passed_too or check.status != Status.PASSED]
    table(_rows(shown), f"All {len(answers)} passed." if answers else "No check ran.")
    require_any(answers)


def _counted(answers: Sequence[Check]) -> list[Sign]:
    """How many of each status, the worst first."""
    counted = Counter(str(check.status) for check in answers)
    return [signs.verdict_sign(word, f"{counted[word]} {word}") for word in marks.worst_first(counted, counted)]


def _rows(answers: Iterable[Check]) -> list[dict[str, str]]:
    return [{"check": c.name, "status": c.status, "found": c.found, "expected": c.expected} for c in answers]


def diff(kept: Path) -> None:
    """A unified diff as the record holds it, cut to a length that can be read, and a link to the whole of it."""
    lines = contacts.mask_text(kept.read_text(encoding="utf-8", errors="replace")).splitlines()
    if not lines:
        say("No difference.")
        return
    page.difference(lines[:LINES])
    hidden = f"{len(lines) - LINES:,} of {len(lines):,} lines are not shown here" if len(lines) > LINES else ""
    all_of(kept, hidden or f"{len(lines):,} lines")


def all_of(kept: Path, shown: str = "") -> None:
    """A link to the file of the record's evidence that holds all of what is `shown` above."""
    file = page.File(f"{kept.parent.name}/{kept.name}")
    page.files(f"{shown}; all of them:" if shown else "All of them, as the record holds them:", [file])


def figure(drawing: Figure, caption: str = "") -> None:
    """A chart, and a sentence that says what it shows."""
    page.figure(drawing)
    if caption:
        say(caption)


def figures(drawings: Iterable[Figure]) -> None:
    """Charts below each other."""
    for one in drawings:
        page.figure(one)


def phases(run: Run) -> None:
    """The phases of a run: what each does, what became of it, what comes next, and its notebook."""
    for one in phase_table.outputs(run):
        page.display(one)


def ways_out(run: Run) -> None:
    """How to go on with this run, how to undo it, and the emergency path."""
    if run.settings.mode == Mode.PLAN:
        say("Nothing was written, so there is nothing to undo.")
        return
    rows = [{"to": str(way), "type": command} for way, command in run_commands.commands(run).items()]
    if rows:
        page.table(*_in_columns(rows))  # to be copied as they stand
    else:
        say("This run left nothing that is to be undone.")


def bullet(lines: Iterable[str]) -> None:
    """A list, one line each."""
    page.bullets(lines)


def permissions(answers: Sequence[Check], before: Sequence[Check] | None = None) -> None:
    """Permissions one a row. Where it is given what they were before, that is beside them, and they are judged as by
    `checks`, which stops the notebook; without, nothing is decided.
    """
    if before is None:
        table([{"permission": c.name, "now": c.found, "wanted": c.expected} for c in answers])
        return
    page.verdict("Permissions:", _counted(answers))
    pairs = zip(before, answers, strict=True)
    table([{"permission": c.name, "status": c.status, "before": was.found, "after": c.found} for was, c in pairs])
    require_any(answers)


def points(answers: Sequence[Check]) -> None:
    """A list to tick off: each point with its answer. Decides nothing."""
    table([{"point": check.name, "status": check.status, "found": check.found} for check in answers])


def evidence(rows: Sequence[Mapping[str, Any]]) -> None:
    """Each criterion with its answer, its figures where it has some, and links to the files it was decided from.

    Why, and by which rule, is a table of its own below them: two long texts beside figures leave these no room.
    """
    heads = [{"criterion": row["name"], "status": Judged(row["status"])} for row in rows]
    shown = [
        {figure: row[figure] for figure in FIGURES if figure in row}
        | {"evidence": [page.File(name) for name in row["evidence"]]}
        for row in rows
    ]
    table([head | some for head, some in zip(heads, shown, strict=True)])
    table([head | {"why": row["found"], "rule": row["expected"]} for head, row in zip(heads, rows, strict=True)])


def ended_well(run: Run, phase: str) -> None:
    """Whether every check that is registered with the phase was answered, and none failed. Raises NotAsWanted if not,
    and where somebody who steps through left a cell out, edited it, or ran it before what it looks at.

    Goes by the record, and not by what the cells above showed. What is open stops nothing, and is no pass.
    """
    record = run.record
    by_hand = stepped.uncounted_cells(record, phase)
    unmet, answered = run_phases.unmet(record, phase, run.settings.mode), run_phases.answers(record, phase)
    well, nothing = [check for check in answered if check not in unmet], "This phase decides by no check."
    table(_rows(unmet), "Every check of the phase was answered, and none failed." if answered else nothing)
    counted = _counted([*unmet, *well]) or [signs.verdict_sign(Verdict.NOT_RUN, "nothing checked")]
    if by_hand:
        table(stepped.as_rows(by_hand), keep_order=True)
        counted = [signs.verdict_sign(Verdict.FAILED, f"cells that do not count: {len(by_hand)}"), *counted]
    page.verdict(f"Phase {phase}:", counted)
    waits = [check for check in still_open(well) if check.status != Status.NOT_APPLIED]
    if waits and not unmet and not by_hand:
        say(f"The run may go on. Open, and listed by phase 07 with what each waits for: {len(waits)}.")
    require(unmet)
    stepped.require_none(by_hand)
