"""What was approved, and whether this is still it: the plan, the parameters, the notebooks and the code. No AWS.

A plan that was reviewed is compared to the letter with the live account's: the whole before a run, and by phase before
each phase writes. Where this very run has written since, what it left counts as approved, and nothing else does.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lib import records, undo
from lib.errors import BadParameters, Refused
from lib.plans import Plan, differences, fingerprint, same
from lib.records import LOG, Record
from lib.settings import ROOT, Settings

PLAN = "plan.json"


def plan_data(plans: Sequence[Plan], settings: Settings) -> dict[str, Any]:
    """A plan as `plan.json` keeps it: every change, what it was made from, and the fingerprint over both."""
    basis = made_from(settings)
    return {
        "environment": settings.environment,
        "account": settings.account_id,
        "mode": settings.mode,
        "made": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "fingerprint": fingerprint(plans, basis),
        **basis,
        "changes": [{"phase": plan.phase, **change.row()} for plan in plans for change in plan.changes],
    }


def made_from(settings: Settings) -> dict[str, Any]:
    """The parameters that decide, a digest of them unmasked, and the SHA-256 of each notebook and of the code."""
    whole = {key: getattr(settings, key) for key in settings.decisive()}
    code = {
        path.relative_to(ROOT).as_posix(): _digest(path.read_bytes())
        for path in sorted((ROOT / "lib").rglob("*"))
        if path.suffix in (".py", ".json")
    }
    return {
        "parameters": settings.decisive(),
        "parameters_sha256": _digest(json.dumps(whole, sort_keys=True).encode()),
        "notebooks": {path.stem: _digest(path.read_bytes()) for path in sorted((ROOT / "runbooks").glob("*.ipynb"))},
        "code": _digest(json.dumps(code).encode()),
    }


def require_whole(settings: Settings, record: Record, plans: Sequence[Plan], caller: str) -> None:
    """Refuse, where approval is required, a plan that was not reviewed, was used already, or is not this account's.

    Names what differs from the approved plan, where its record is at hand. What writes nothing needs no approval.
    """
    if settings.approval == "none" or settings.mode == "plan":
        return
    name, approved, found = settings.environment, settings.approved_plan, plan_data(plans, settings)
    if not any(plan.pending for plan in plans):
        if approved:
            raise Refused(
                f"{approved} is carried out already, or was never this account's: nothing is left to change. "
                "Leave --approved-plan out to run phases that only read"
            )
        return
    if approved != found["fingerprint"]:
        saved = _saved(settings, approved)
        differs = "no record of it is here to compare with"
        if saved:
            differs = "; ".join(_differing(saved, found)) or "the order of its changes"
        raise Refused(
            f"{name} needs approval: the account's plan is {found['fingerprint']}, approved is {approved or 'none'}"
            f"{f' ({differs})' if approved else ''}. Review `runbook plan {name}` and approve that one"
        )
    _require_people(settings, caller)
    _require_unused(settings, record)


def _require_people(settings: Settings, caller: str) -> None:
    if not settings.change_ticket.strip():
        raise Refused(f"{settings.environment} needs a change ticket; name it with --change-ticket")
    if not settings.approved_by.strip():
        raise Refused(f"{settings.environment} needs to know who approved the plan; name them with --approved-by")
    if _persons(settings.approved_by) & _callers(caller):
        raise Refused(
            f"approved by {settings.approved_by}, who is also the caller ({caller}); expected another person's approval"
        )


def _persons(person: str) -> set[str]:
    """An ARN, a session's name, a mail address with or without a name before it: all that may stand for the person."""
    text = unicodedata.normalize("NFKC", person).casefold()
    whole = "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()
    found = {whole, "".join(whole.split())}
    for word in re.split(r"[\s<>()\[\]\"',;]+", whole):
        last = re.split(r"[/:]", word.rstrip("/:"))[-1]
        found |= {word, last, last.partition("@")[0], last.partition("@")[0].partition("+")[0]}
    return found - {""}


def _callers(caller: str) -> set[str]:
    """The caller, who is also the role that they took on."""
    role = re.search(r":assumed-role/(?:.+/)?([^/]+)/[^/]+$", caller.strip(), re.IGNORECASE)
    return _persons(caller) | (_persons(role[1]) if role else set())


def _require_unused(settings: Settings, record: Record) -> None:
    """An approval is good for one run: after that run, the same plan must have been made and reviewed anew."""
    approved = settings.approved_plan
    every = records.every(settings)
    users = [found for found in every if _used(found, approved)]
    if not users:
        return
    last = max(_time(row["time"]) for found in users for row in found.rows(LOG))
    if not any(_time(plan["made"]) > last for found in every for plan in _plans_of(found, approved)):
        by = "this run" if users[-1].run_id == record.run_id else f"run {users[-1].run_id}"
        raise Refused(
            f"{approved} was applied by {by} already; an approval is good for one run. Review "
            f"`runbook plan {settings.environment}` again"
        )


def _used(record: Record, approved: str) -> bool:
    """Whether this run began to write something that lasts, after it was given this plan."""
    began = [_time(plan["made"]) for plan in _plans_of(record, approved)]
    written = [row for row in record.rows(LOG) if row["state"] == "intended" and not row.get("temporary")]
    return any(_time(row["time"]) >= min(began) for row in written) if began else False


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def require(plan: Plan, settings: Settings, record: Record) -> None:
    """Refuse unless this phase's plan is, to the letter, part of the plan that was approved for this run."""
    if settings.approval == "none" or not (settings.approved_plan or plan.pending):
        return
    saved = _begun_with(record, settings.approved_plan)
    if not saved:
        name = settings.environment
        raise Refused(
            f"{name} needs an approved plan and this run has none; review `runbook plan {name}`, then "
            f"`runbook apply {name} --approved-plan plan-...`"
        )
    now = made_from(settings)
    other = [*_other_parameters(saved, now), *_other_code(saved, now)]
    if other:
        raise Refused(
            f"{settings.approved_plan} was approved with something else: {'; '.join(other)}; nothing was written. Plan "
            "and approve again"
        )
    rows = [row for row in saved["changes"] if row["phase"] == plan.phase]
    drifted = _drifted(rows, [change.row() for change in plan.changes], _since(record, saved))
    if drifted:
        raise Refused(
            f"the account is not as it was when {settings.approved_plan} was approved; changed since: "
            f"{'; '.join(drifted)}. Plan and approve again"
        )


def require_resumable(settings: Settings, record: Record, plans: Sequence[Plan], caller: str) -> None:
    """Refuse to go on with a run whose parameters, approval or account are others than it was begun with.

    What the run itself wrote, wholly or in part, is no drift. Without approval, drift and other code are no obstacle.
    With it, a run that was rolled back is over, and its approver is not the `caller` who goes on with it.
    """
    free = settings.approval == "none"
    begun = record.read_json(PLAN) if free else _begun_with(record, settings.approved_plan)
    if not begun:
        raise BadParameters(f"run {record.run_id} kept no plan to go on with; apply a new one")
    now = made_from(settings)
    other = _other_parameters(begun, now) + ([] if free else _other_code(begun, now))
    if other:
        raise Refused(
            f"run {record.run_id} was begun with something else: {'; '.join(other)}. Go on with the same, or roll it "
            "back and apply a new plan"
        )
    if free:
        return
    _require_people(settings, caller)
    rows = _since(record, begun)
    if any(row.get("undoes") and row["state"] == "applied" and not row.get("temporary") for row in rows):
        raise Refused(
            f"run {record.run_id} was rolled back, and its approval with it; review `runbook plan "
            f"{settings.environment}` and apply that one"
        )
    drifted = _drifted(begun["changes"], [change.row() for plan in plans for change in plan.changes], rows)
    if drifted:
        raise Refused(
            f"the account is not as run {record.run_id} left it; changed since: {'; '.join(drifted)}. Find out who; "
            "roll back, or plan and approve again"
        )


Row = Mapping[str, Any]


def _since(record: Record, saved: Row) -> list[Row]:
    """What the run did once it had this plan; what it did before is part of what was reviewed."""
    return [row for row in record.rows(LOG) if _time(row["time"]) >= _time(saved["made"])]


def _drifted(approved: Sequence[Row], found: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """What is neither as approved nor as these rows of the run left it, with where it differs."""
    old, new = ({row["name"]: row for row in side} for side in (approved, found))
    # What a write that was cut short left behind is anything, and still the run's.
    unfinished = {row["name"] for row in undo.unfinished(rows)}
    ended = [row for row in rows if row["state"] in ("applied", "not applied")]
    left = {row["name"]: row["after" if row["state"] == "applied" else "before"] for row in ended}
    differing = [_drift(name, old.get(name), new.get(name), left, unfinished) for name in {**old, **new}]
    counted = Counter(row["name"] for row in found)
    return [*filter(None, differing), *(f"{name} (planned twice)" for name, count in counted.items() if count > 1)]


def _drift(
    name: str, approved: Row | None, found: Row | None, left: Mapping[str, Any], unfinished: Container[str]
) -> str:
    if approved is None or found is None:
        return f"{name} ({'not in the approved plan' if approved is None else 'not planned any more'})"
    if not _alike(approved["after"], found["after"]):
        return _where(name, approved["after"], found["after"])
    if name in unfinished:
        return ""
    if name in left:
        # A subscription that the run made cannot be read until its owner confirms it.
        return "" if same(left[name], found["before"]) else _where(name, left[name], found["before"])
    # To the letter: also what could not be read then and can be read now is another plan.
    return "" if _alike(approved["before"], found["before"]) else _where(name, approved["before"], found["before"])


def _alike(left: Any, right: Any) -> bool:  # noqa: ANN401
    """Equal as the record holds them."""
    return json.dumps(left, sort_keys=True, default=str) == json.dumps(right, sort_keys=True, default=str)


def _where(name: str, old: Any, new: Any) -> str:  # noqa: ANN401
    paths = [path for path in differences(old, new) if path][:3]
    return f"{name} ({', '.join(paths)})" if paths else name


def _differing(saved: Mapping[str, Any], found: Mapping[str, Any]) -> Iterable[str]:
    """Everything in which two whole plans differ."""
    yield from _other_parameters(saved, found)
    yield from _other_code(saved, found)
    old, new = ({(row["phase"], row["name"]): row for row in data["changes"]} for data in (saved, found))
    yield from filter(None, (_drift(key[1], old.get(key), new.get(key), {}, ()) for key in {**old, **new}))


def _other_parameters(saved: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    old, new = saved.get("parameters", {}), found["parameters"]
    named = [
        f"parameter {key}: {old.get(key)!r}, now {new.get(key)!r}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    if named or saved.get("parameters_sha256") == found["parameters_sha256"]:
        return named
    return ["parameter ops_subscription_endpoint"]  # the one that a record masks


def _other_code(saved: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    old, new = saved.get("notebooks", {}), found["notebooks"]
    named = [f"notebook {name}" for name in {**old, **new} if old.get(name) != new.get(name)]
    return [*named, *(["the code in lib/"] if saved.get("code") != found["code"] else [])]


def _saved(settings: Settings, approved: str) -> dict[str, Any] | None:
    return next((saved for found in reversed(records.every(settings)) if (saved := _plan_of(found, approved))), None)


def _plan_of(record: Record, approved: str) -> dict[str, Any] | None:
    """The plan of this fingerprint that a record holds, among all its attempts."""
    return next(iter(_plans_of(record, approved)), None)


def _begun_with(record: Record, approved: str) -> dict[str, Any] | None:
    """The plan that a run was begun with. One that is only planned, in its own record, lets nothing be written."""
    return next((plan for plan in _plans_of(record, approved) if plan.get("mode") == "apply"), None)


def _plans_of(record: Record, approved: str) -> list[dict[str, Any]]:
    """The plans of this fingerprint; not what a resumed run noted of its rest, which nobody reviewed."""
    found = [plan for plan in record.attempts(PLAN) if isinstance(plan, dict) and not plan.get("resumed")]
    return [plan for plan in found if approved and plan.get("fingerprint") == approved]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
