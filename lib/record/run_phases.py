"""The phases of the plan: their notebooks, their order, what became of one. No AWS, no files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import BadParameters
from lib.values.words import Verdict, member

# In the order in which they run. The rules (04) come before the workflow (03) whose events they carry: the other way
# round, every high-risk alert between the two, or after a failed 03, would be published and heard by nobody.
NOTEBOOKS = {
    "00": "00_preflight",
    "01": "01_infrastructure",
    "02": "02_iam_permissions",
    "04": "04_event_rules",
    "03": "03_state_machine",
    "05": "05_validation",
    "06": "06_documentation",
    "07": "07_post_implementation_review",
    "08": "08_threshold_tuning",
}
ROLLBACK = "90_rollback"
PREFLIGHT = "00"
VALIDATION = "05"
DOCUMENTATION = "06"
REVIEW = "07"
TUNING = "08"
PLANNED_MINUTES = {"01": 10, "02": 15, "03": 20, "04": 10, "05": 30, "06": 10}


@dataclass(frozen=True)
class Phase:
    """What one notebook did."""

    number: str
    notebook: str
    verdict: Verdict = Verdict.NOT_RUN
    cells_run: int = 0
    cells_failed: int = 0
    cells_not_run: int = 0
    seconds: float = 0.0
    planned_minutes: int | None = None
    output: str = ""
    error: str = ""
    error_class: str = ""  # the name of the class of what ended it, from which the exit code follows

    def to_row(self) -> dict[str, Any]:
        """What the notebook did as `run.json` holds it."""
        counts = {"cells_run": self.cells_run, "cells_failed": self.cells_failed, "cells_not_run": self.cells_not_run}
        told = {"number": self.number, "notebook": self.notebook, "verdict": str(self.verdict), **counts}
        times = {"seconds": self.seconds, "planned_minutes": self.planned_minutes}
        return {**told, **times, "output": self.output, "error": self.error, "error_class": self.error_class}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Phase":
        """What `run.json` holds of a notebook, whatever stands beside it. Raises BadParameters for what is none."""
        known = {key: row[key] for key in cls.__dataclass_fields__ if key in row} if isinstance(row, Mapping) else {}
        if not all(isinstance(known.get(key), str) for key in ("number", "notebook")):
            raise BadParameters("run.json tells of a phase without its number or notebook; see what wrote it")
        if "verdict" in known:
            what = f"the verdict of phase {known['number']} in run.json"
            known["verdict"] = member(Verdict, known["verdict"], what, BadParameters)
        return cls(**known)


def verdict_of_part(verdict: str, ran: Sequence[str]) -> str:
    """A run's verdict, and of which phases it is where they are not all of them."""
    return (
        verdict if verdict != Verdict.SUCCEEDED or set(ran) == set(NOTEBOOKS) else f"{verdict} ({', '.join(ran)} alone)"
    )


def numbers(first: str = "", last: str = "", only: str = "") -> list[str]:
    """The phases to run, in order. Raises BadParameters for a phase that does not exist."""
    for given in (first, last, only):
        if given and given not in NOTEBOOKS:
            raise BadParameters(f"no phase {given!r}; expected one of {', '.join(NOTEBOOKS)}")
    if only and (first or last):
        raise BadParameters(f"--only {only} is one phase, and --from and --to name more; leave one of them out")
    if only:
        return [only]
    order = list(NOTEBOOKS)
    begin, end = order.index(first or order[0]), order.index(last or order[-1])
    if begin > end:
        raise BadParameters(f"phase {first} runs after {last}; the order is {', '.join(order)}")
    return order[begin : end + 1]
