"""What the trials found, as a table and in sentences."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lib.display.terminal import say
from lib.display.terminal import table as print_table
from lib.drills.broken_tasks import Effect
from rehearsal.single_failures.catalogue import (
    DISABLED,
    WITHOUT_TARGET,
)
from rehearsal.single_failures.definition_mutations import FAULTS

Row = dict[str, Any]


def cell(rows: Sequence[Mapping[str, Any]]) -> str:
    """One failure on every interpreter: who was reached and when at the latest, or how it ended, in a few words."""
    worst = max(rows, key=lambda row: Effect(row["verdict"]).rank)
    if worst["verdict"] == Effect.LATE:
        said = [f"{whom} {seconds:.1f} s" for whom, seconds in sorted(worst["seconds"].items())]
        return "LATE: " + ", ".join([*said, *(f"{who} NEVER" for who in worst["due"] if who not in worst["seconds"])])
    if worst["verdict"] != Effect.PASSED:
        return Effect(worst["verdict"]).ruling.word
    times = {whom: max(row["seconds"].get(whom, 0) for row in rows) for row in rows for whom in row["seconds"]}
    if not times:
        return f"fails: {rows[0]['error']}"
    return ", ".join(f"{whom} {seconds:.1f} s" for whom, seconds in sorted(times.items()))


def table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Columns and lines of the matrix: a line for each task and route, a column for each fault."""
    faults = list(dict.fromkeys(row["fault"] for row in sorted(rows, key=_column)))
    cells: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        also = f", {len(row['also_broken'])} more broken" if row["also_broken"] else ""
        cells.setdefault((row["task"], row["route"] + also), {}).setdefault(row["fault"], []).append(row)
    lines = [[*key, *(cell(line[f]) if f in line else "" for f in faults)] for key, line in sorted(cells.items())]
    return ["task", "route", *faults], lines


def _column(row: Mapping[str, Any]) -> int:
    return (*FAULTS, DISABLED, WITHOUT_TARGET).index(row["fault"])


def place(row: Mapping[str, Any]) -> tuple[int, int]:
    """Single failures first, then those after the fewest others."""
    return len(row["also_broken"]), _column(row)


def summary(rows: Sequence[Row]) -> str:
    """All of it in one line."""
    counted = Counter(row["verdict"] for row in rows)
    where = len({row["interpreter"] for row in rows})
    reached = sum(row["verdict"] == Effect.PASSED and bool(row["reached"]) for row in rows)
    late = f"{counted[Effect.LATE]} late"
    if machines := sum(row["verdict"] == Effect.LATE and row["control"]["late"] for row in rows):
        late += f" ({machines} beside a late unbroken control: the machine's)"
    more = [late, f"{counted[Effect.FAILED]} ended wrongly", f"{counted[Effect.NOT_EXERCISED]} not exercised here"]
    more.append(f"{counted[Effect.ALARM]} set an alarm off")
    more.append(f"{counted[Effect.GAP]} {Effect.GAP.ruling.word.lower()} beside the crisis")
    more += [f"{counted[Effect.NOT_STRUCK]} never struck"] if counted[Effect.NOT_STRUCK] else []
    return (
        f"Single failures: {len(rows)} tried on {where} interpreters, {reached} reached a human, "
        f"{counted[Effect.PASSED] - reached} failed visibly, {counted[Effect.SILENT]} silent, {', '.join(more)}"
    )


def report(rows: Sequence[Row]) -> int:
    """Print the matrix and each row that did not pass; returns the exit code."""
    behind_them = [row for row in rows if ">" in row["task"]]
    for what, chosen in (("Tasks", [row for row in rows if row not in behind_them]), ("Events", behind_them)):
        print_table(f"{what}: who was reached, at the latest after", *table(chosen))
    for row in rows:
        if row["verdict"] != Effect.PASSED:
            name = f"{row['task']}, {row['fault']}, {row['route']}, {row['interpreter']}"
            say(f"{Effect(row['verdict']).ruling.word} {name}: {row['why']}")
    say(f"\n{summary(rows)}")
    return code(rows)


def code(rows: Sequence[Row]) -> int:
    """The exit code: 0 where each was reached, failed visibly, set an alarm off or lies in a queue; none tried is 1."""
    return 1 if not rows or any(Effect(row["verdict"]).rank >= Effect.GAP.rank for row in rows) else 0
