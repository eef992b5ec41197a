"""Where an account, its parameters or the code differ from what was approved, in words; drift is refused. No AWS.

What a run itself has written since is no drift: that is what a resumed run finds.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lib.changes import undo_plan
from lib.changes.plans import Change, differences, half_done, same
from lib.errors import Refused
from lib.record.change_rows import WriteState
from lib.record.records import Record
from lib.values import contacts
from lib.values.exact_json import dumps, in_order

Row = Mapping[str, Any]


def rows_since(record: Record, saved: Row) -> list[Row]:
    """What the run did once it had this plan; what it did before is part of what was reviewed.

    By the number of rows that its log had then. Only a plan that an earlier version kept tells no number, but a time.
    """
    rows: list[Row] = [*record.changes()]
    if "rows_before" in saved:
        return rows[saved["rows_before"] :]
    made = datetime.fromisoformat(saved["made"])
    return [row for row in rows if datetime.fromisoformat(row["time"]) >= made]


def require_no_drift(
    approved: Sequence[Row], planned: Sequence[Change], rows: Sequence[Row], as_it_was: str, what_to_do: str
) -> None:
    """Raises Refused, which stops the apply, naming what is neither as approved nor as the run's own rows left it."""
    if drift := find_drift(approved, planned, rows):
        raise Refused(f"the account is not as {as_it_was}; changed since: {'; '.join(drift)}. {what_to_do}")


def find_drift(approved: Sequence[Row], planned: Sequence[Change], rows: Sequence[Row]) -> list[str]:
    """What is neither as approved nor as these rows of the run left it, with where it differs."""
    old, new = {row["name"]: row for row in approved}, {change.resource.name: change for change in planned}
    # What a write that was cut short left behind is anything, and still the run's.
    begun = undo_plan.unfinished_writes(rows)
    unfinished = {row["name"] for row in begun if row["name"] in new and _may_have_left(row, new[row["name"]])}
    ended = [row for row in rows if row["state"] in (WriteState.APPLIED, WriteState.NOT_APPLIED)]
    left = {row["name"]: row["after" if row["state"] == WriteState.APPLIED else "before"] for row in ended}
    now = {name: change.row() for name, change in new.items()}
    differing = [_drift(name, old.get(name), now.get(name), left, unfinished) for name in {**old, **now}]
    counted = Counter(change.resource.name for change in planned)
    return [*filter(None, differing), *(f"{name} (planned twice)" for name, count in counted.items() if count > 1)]


def _may_have_left(row: Row, change: Change) -> bool:
    """Whether a write of which nobody knows how it ended may have left the thing as it was found."""
    live, before, after = change.before, row["before"], row["after"]
    return same(live, before) or same(live, after) or half_done(change.resource, live, before, after)


def _drift(
    name: str, approved: Row | None, planned: Row | None, left: Mapping[str, Any], unfinished: Container[str]
) -> str:
    if approved is None or planned is None:
        return f"{name} ({'not in the approved plan' if approved is None else 'not planned any more'})"
    if not _alike(approved["after"], planned["after"]):
        return _where(name, approved["after"], planned["after"])
    if name in unfinished:
        return ""
    if name in left:
        # A subscription that the run made cannot be read until its owner confirms it.
        return "" if same(left[name], planned["before"]) else _where(name, left[name], planned["before"])
    # To the letter: also what could not be read then and can be read now is another plan.
    return "" if _alike(approved["before"], planned["before"]) else _where(name, approved["before"], planned["before"])


def _alike(left: Any, right: Any) -> bool:  # noqa: ANN401
    """Equal as a plan is kept, in which marks stand for contacts."""
    return dumps(in_order(contacts.mask_data(left))) == dumps(in_order(contacts.mask_data(right)))


def _where(name: str, old: Any, new: Any) -> str:  # noqa: ANN401
    paths = [path for path in differences(contacts.mask_data(old), contacts.mask_data(new)) if path][:3]
    return f"{name} ({', '.join(paths)})" if paths else name


def plan_differences(saved: Mapping[str, Any], current: Mapping[str, Any]) -> Iterable[str]:
    """Everything in which two whole plans differ."""
    yield from other_parameters(saved, current)
    yield from other_code(saved, current)
    old, new = ({(row["phase"], row["name"]): row for row in data["changes"]} for data in (saved, current))
    yield from filter(None, (_drift(key[1], old.get(key), new.get(key), {}, ()) for key in {**old, **new}))


def other_parameters(saved: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    old, new = saved.get("parameters", {}), current["parameters"]
    named = [
        f"parameter {key}: {old.get(key)!r}, now {new.get(key)!r}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    if named or saved.get("parameters_sha256") == current["parameters_sha256"]:
        return named
    return ["parameter ops_subscription_endpoint"]  # the one that a record masks


def other_code(saved: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    old, new = saved.get("notebooks", {}), current["notebooks"]
    named = [f"notebook {name}" for name in {**old, **new} if old.get(name) != new.get(name)]
    return [*named, *(["the code in lib/"] if saved.get("code") != current["code"] else [])]
