"""What a run may be called, and what stands beside the runs of an environment. No AWS."""

import re

# Beside the runs of an environment, and so no run's name: the log of drills, and what a store tells of other machines.
DRILLS, COPIES = "drills", ".stored"
SAMPLE = "sample"  # in outputs/, beside the environments: a record to look at
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


def checked_run_id(given: str) -> str:
    """A run's name, as it is. Raises ValueError for what cannot be one, or names something else."""
    if not RUN_ID.fullmatch(given):
        raise ValueError("expected letters, digits and _.-, at most 64, the first a letter or digit")
    # To some file systems names that differ in case, or in a dot at the end, are one.
    if given.casefold().rstrip(".") == DRILLS:
        raise ValueError("which is the log of drills, beside the runs; expected another name")
    return given
