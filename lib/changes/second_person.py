"""Who approved a run, by which ticket, and whether that is another person than who carries it out. No AWS."""

from collections.abc import Mapping
from typing import Any

from lib.changes import persons
from lib.checks import Check, Status
from lib.errors import Refused
from lib.settings import Settings
from lib.values.check_registry import Id
from lib.values.modes import Approval

TWO_PERSONS = "who approves is another person than who carries it out"


def two_persons(settings: Settings, caller: str) -> list[Check]:
    """Whether it can be told that approver and caller differ, where approval is required."""
    if settings.approval == Approval.NONE:
        return []
    doubt, expected = persons.nobody(caller), "a caller whose name the account gives to one person"
    if doubt:
        said = f"{doubt}, so that approver and caller differ cannot be told"
        return [Check(Id.TWO_PERSONS, TWO_PERSONS, Status.CANNOT_TELL, said, expected)]
    if not settings.approved_by:
        found = f"nobody approved yet; caller {caller}"
        return [Check(Id.TWO_PERSONS, TWO_PERSONS, Status.WAITING, found, "another person's approval")]
    by = f"approved by {settings.masked(settings.approved_by)}, caller {caller}"
    same = persons.same_person(settings.approved_by, caller)
    return [Check(Id.TWO_PERSONS, TWO_PERSONS, Status.FAILED if same else Status.PASSED, by, expected)]


def require(settings: Settings, caller: str) -> None:
    """Refuse a run without a ticket, or without the approval of another person than the caller."""
    if not any(letter.isalnum() for letter in settings.change_ticket):
        raise Refused(f"{settings.environment} needs a change ticket; name it with --change-ticket")
    if not settings.approved_by.strip():
        raise Refused(f"{settings.environment} needs to know who approved the plan; name them with --approved-by")
    if odd := persons.odd(settings.approved_by):
        raise Refused(
            f"approved by {settings.approved_by!a}: {odd}; expected one person's name in one script, as it is written"
        )
    if persons.same_person(settings.approved_by, caller):
        raise Refused(
            f"approved by {settings.approved_by}, who is also the caller ({caller}); expected another person's approval"
        )


def require_same(settings: Settings, run_id: str, begun: Mapping[str, Any]) -> None:
    """Refuse a notebook's word, or an edited verdict's, for another approver or ticket than the run was begun with."""
    approved = begun.get("approval") or {}
    now = {key: settings.masked(getattr(settings, key)) for key in ("approved_by", "change_ticket")}
    other = [key for key in now if approved.get(key) != now[key]]
    if other:
        raise Refused(
            f"run {run_id} was begun with another {' and '.join(other)}; nothing was written. Go on with the "
            "run's own, or apply a plan that is approved anew"
        )
