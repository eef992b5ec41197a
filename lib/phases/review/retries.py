"""Which tasks had to be tried more than once since the change, by state and error; drills and people apart. No AWS."""

import pandas as pd

COLUMNS = ("check-ins: tried again", "check-ins: given up", "drills: tried again", "drills: given up")
NONE = "No attempt at a task failed, as far as the log shows."


def rows(attempts: pd.DataFrame) -> list[dict[str, object]]:
    """Each state and error: attempts beyond the first, and attempts that none followed: caught, or the end of it.

    `attempts` is `task_attempts.read`. Those with most of people's come first; what of the log is missing is a row.
    """
    table = []
    for (state, error), part in attempts.groupby(["state", "error"], sort=False):
        counted = [
            int(((part["drill"] == drill) & (part["again"] == again)).sum())
            for drill in (False, True)
            for again in (True, False)
        ]
        executions = part["execution"].nunique()
        table.append(
            {"what": state, "error": error, **dict(zip(COLUMNS, counted, strict=True)), "executions": executions}
        )
    table.sort(key=lambda row: (-row[COLUMNS[0]] - row[COLUMNS[1]], -row[COLUMNS[2]], row["what"]))
    note, cut = (str(attempts.attrs.get(key, "")) for key in ("note", "cut"))
    if note:
        return [*table, {"what": f"cannot tell: {note}"}]
    return [*table, {"what": f"not all were counted: {cut}"}] if cut else table
