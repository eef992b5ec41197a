"""The attempts at a file of a record: its own name, then those with `.attempt-N`. Only looks at names.

Numbers go on from the highest that is there, so that the newest is always the one that was made last. A number that is
missing was taken away, which a seal tells, or the higher one was put there by somebody else: nothing is filled in.
"""

import glob
import os
from pathlib import Path

FIRST = 1  # the file's own name


def by_number(path: Path) -> dict[int, Path]:
    """Every attempt that is there, whatever lies in its place; a name without a number is no attempt's."""
    start = f"{path.stem}.attempt-"
    there = {FIRST: path} if os.path.lexists(path) else {}
    for one in path.parent.glob(f"{glob.escape(start)}*{glob.escape(path.suffix)}"):
        number = one.name.removeprefix(start).removesuffix(path.suffix)
        if number.isdecimal() and number == str(int(number)) and int(number) > FIRST:
            there[int(number)] = one
    return there


def next_path(path: Path) -> Path:
    """Where the next attempt is kept: under its own name, if there is none before it."""
    there = by_number(path)
    return path.with_suffix(f".attempt-{max(there) + 1}{path.suffix}") if there else path
