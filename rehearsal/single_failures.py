"""No single failure silences a crisis: every task broken in every way, on two interpreters, and who was reached.

`make silence`, or `python -m rehearsal.single_failures`. The failures are derived from the definition (`reaching.py`,
`failing.py`), broken in copies of it (`breaking.py`, `behind.py`), run as drills on an account of their own
(`ground.py`) and judged by what subscribers received (`judging.py`). Loopback only.

What it leaves open: permissions are not enforced in the embedded account, so `denied` is the service's answer and not
IAM's; the interpreters are not AWS's own; and a dead-letter queue is asserted by configuration only.
"""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click

from lib import render
from lib.command import told
from lib.errors import Unreachable
from lib.failures import FAILED, GAP, NOT_EXERCISED, PASSED, VERDICTS
from lib.terminal import say
from lib.terminal import table as print_table
from rehearsal import behind, children, reaching
from rehearsal.breaking import FAULTS, MISSING, SLOW, cut
from rehearsal.failing import BEHIND, DISABLED, WITHOUT_TARGET, Failure, behind_events, briefly, of_tasks
from rehearsal.ground import INTERPRETERS, MINISTACK, MOTO, Drill, Ground, about, ground
from rehearsal.judging import judged, own_errors, row

Row = dict[str, Any]
Tried = tuple[Failure, str, Drill | None]
AT_ONCE = {MINISTACK: 20, MOTO: 12}  # with more, moto is too slow for the four seconds that a task has
QUIET_SECONDS = 1.0
DISPATCH_SECONDS = {SLOW: behind.LIMIT_SECONDS + 0.5}


def run(
    interpreters: Sequence[str] = INTERPRETERS,
    brief: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Row]:
    """Try every failure of this checkout's definition on an account of its own; a row for each, on each interpreter.

    `brief` leaves out faults that are as others to the workflow; no task is left out.
    """
    with ground(interpreters) as prepared:
        definition = render.definition(prepared.settings)
        given = reaching.inputs(prepared.settings)
        tasks = of_tasks(definition, given)
        rows = broken_tasks(prepared, definition, briefly(tasks) if brief else tasks, interpreters, sleep)
        behind_them = behind_events(definition, given)
        return sorted(rows, key=_place) + broken_behind(prepared, definition, behind_them, interpreters, sleep)


def broken_tasks(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
    sleep: Callable[[float], None] = time.sleep,
) -> list[Row]:
    """Break tasks, several at once, each in a copy of the definition of its own."""
    found = _drills(on, definition, failures, interpreters, sleep)
    on.listen(QUIET_SECONDS, sleep)
    return [_row(on, definition, *one) for one in found]


def broken_behind(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
    sleep: Callable[[float], None] = time.sleep,
) -> list[Row]:
    """Break what lies behind the events, one thing after the other, since all events share it."""
    carried, rows = behind.carriers(on, definition), list[Row]()
    for thing, fault in BEHIND:
        chosen = [failure for failure in failures if (failure.behind, failure.fault) == (thing, fault)]
        if not chosen:
            continue
        with behind.broken(on, definition, thing, fault):
            found = _drills(on, definition, chosen, interpreters, sleep)
            on.listen(DISPATCH_SECONDS.get(fault, QUIET_SECONDS), sleep)
        rows += [_row(on, definition, *one, behind.carrier(one[0], carried)) for one in found]
    return rows


def _drills(
    on: Ground,
    definition: Mapping[str, Any],
    failures: Sequence[Failure],
    interpreters: Sequence[str],
    sleep: Callable[[float], None],
) -> list[Tried]:
    """Run a drill for each failure on each interpreter; one that nothing reaches has none."""
    given = reaching.inputs(on.settings)

    def one(where: str, failure: Failure) -> Tried:
        if not failure.given:
            return failure, where, None
        tasks = dict.fromkeys(failure.also, MISSING) | ({} if failure.behind else {failure.task: failure.fault})
        return failure, where, on.drill(where, on.broken(where, definition, tasks), given[failure.given], sleep)

    pools = {where: ThreadPoolExecutor(AT_ONCE[where]) for where in interpreters}
    waiting = [pools[where].map(partial(one, where), failures) for where in interpreters]
    found = [tried for several in waiting for tried in several]
    for pool in pools.values():
        pool.shutdown()
    return found


def _row(
    on: Ground, definition: Mapping[str, Any], failure: Failure, where: str, drill: Drill | None, carrier: str = ""
) -> Row:
    if drill is None:
        unknown = "FORGOTTEN: no input is known that reaches this task; add one to rehearsal/reaching.py"
        return row(failure, where, None, {}, (FAILED, unknown))
    reached = about(on.alerts, drill)
    limit = float(on.settings.alert_limit_seconds)
    verdict, why = judged(failure, drill, reached, own_errors(definition), limit, carrier)
    if failure.fault == SLOW and not failure.behind and (limited := cut(definition, failure.task)):
        why += f"; its limit of {limited:g} s was cut for the trial, so on AWS it comes that much later"
    return row(failure, where, drill, reached, (verdict, why))


def cell(found: Sequence[Mapping[str, Any]]) -> str:
    """One failure on every interpreter: who was reached and when at the latest, or how it ended, in a few words."""
    bad = [row for row in found if row["verdict"] != PASSED]
    if bad:
        return str(max(bad, key=lambda row: VERDICTS.index(row["verdict"]))["verdict"]).upper()
    times = {whom: max(row["seconds"].get(whom, 0) for row in found) for row in found for whom in row["seconds"]}
    if not times:
        return f"fails: {found[0]['error']}"
    return ", ".join(f"{whom} {seconds:.1f} s" for whom, seconds in sorted(times.items()))


def table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Columns and lines of the matrix: a line for each task and route, a column for each fault."""
    faults = list(dict.fromkeys(found["fault"] for found in sorted(rows, key=_column)))
    cells: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for found in rows:
        also = f", {len(found['also_broken'])} more broken" if found["also_broken"] else ""
        cells.setdefault((found["task"], found["route"] + also), {}).setdefault(found["fault"], []).append(found)
    lines = [[*key, *(cell(line[f]) if f in line else "" for f in faults)] for key, line in sorted(cells.items())]
    return ["task", "route", *faults], lines


def _column(found: Mapping[str, Any]) -> int:
    return (*FAULTS, DISABLED, WITHOUT_TARGET).index(found["fault"])


def _place(found: Mapping[str, Any]) -> tuple[int, int]:
    """Single failures first, then those after the fewest others."""
    return len(found["also_broken"]), _column(found)


def summary(rows: Sequence[Row]) -> str:
    """All of it in one line."""
    counted = Counter(found["verdict"] for found in rows)
    where = len({found["interpreter"] for found in rows})
    reached = sum(found["verdict"] == PASSED and bool(found["reached"]) for found in rows)
    more = (f"{counted[NOT_EXERCISED]} not exercised here", f"{counted[GAP]} gaps beside the crisis")
    return (
        f"Single failures: {len(rows)} tried on {where} interpreters, {reached} reached a human, "
        f"{counted[PASSED] - reached} failed visibly, {counted[FAILED]} silent, {', '.join(more)}"
    )


def report(rows: Sequence[Row]) -> int:
    """Print the matrix and each row that did not pass; returns the exit code."""
    behind_them = [found for found in rows if ">" in found["task"]]
    for what, chosen in (("Tasks", [found for found in rows if found not in behind_them]), ("Events", behind_them)):
        print_table(f"{what}: who was reached, at the latest after", *table(chosen))
    for found in rows:
        if found["verdict"] != PASSED:
            name = f"{found['task']}, {found['fault']}, {found['route']}, {found['interpreter']}"
            say(f"{found['verdict'].upper()} {name}: {found['why']}")
    say(f"\n{summary(rows)}")
    return code(rows)


def code(rows: Sequence[Row]) -> int:
    """The exit code: 1 where a failure was silent, and where none was tried."""
    return 1 if not rows or any(found["verdict"] == FAILED for found in rows) else 0


@click.command()
@click.option("--on", "interpreters", multiple=True, type=click.Choice(INTERPRETERS), help="Only this interpreter.")
@click.option("--brief", is_flag=True, help="No task left out, but faults that are as others to it.")
@click.option(
    "--rows", "path", type=click.Path(path_type=Path), help="Write the rows here, as JSON, and print nothing."
)
@told
def silence(interpreters: Sequence[str], brief: bool, path: Path | None) -> int:
    """Break every task of the workflow in every way, and see who is reached."""
    rows = run(interpreters or INTERPRETERS, brief)
    if path:
        path.write_text(json.dumps(rows), encoding="utf-8")
        return 0
    return report(rows)


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Callable[[], list[Row]]]:
    """Try the failures briefly in a process of its own meanwhile; what is yielded waits for the rows.

    Raises Unreachable with the end of its log when it ends without them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rows.json"
    words = ["--brief", "--rows", str(path)]
    child = children.start("rehearsal.single_failures", words, folder, {"PYTHONPATH": str(children.CHECKOUT)})

    def rows(sleep: Callable[[float], None] = time.sleep) -> list[Row]:
        while children.alive(child):
            sleep(0.2)
        if not path.exists():
            raise Unreachable(f"the single failures could not be tried; the end of the log:\n{child.tail()}")
        return list(json.loads(path.read_text(encoding="utf-8")))

    try:
        yield rows
    finally:
        children.stop(child)


if __name__ == "__main__":
    silence()
