"""What a table of reviewed outcomes says, however it was read. Pure pandas, no AWS."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from lib.telemetry.libraries import pandas as pd


@dataclass(frozen=True)
class Items:
    """The outcomes of a table: `rows` have userId (as the check-ins have it), time (UTC) and outcome.

    `left_out` counts by reason the items that are not among them; `table` is its name, "" where none was named.
    """

    table: str
    rows: pd.DataFrame
    left_out: Counter[str]

    def counted(self) -> list[dict[str, Any]]:
        """How many there are, as a table; no row where no table was named."""
        taken = {f"outcomes taken from table {self.table}": len(self.rows)} if self.table else {}
        left_out = {f"left out: {reason}": many for reason, many in sorted(self.left_out.items())}
        return [{"what": what, "items": f"{many:,}"} for what, many in {**taken, **left_out}.items()]


def none() -> Items:
    """Those of no table."""
    return Items("", pd.DataFrame(columns=["userId", "time", "outcome"]), Counter())
