"""Facts about a live system, and what differs between two reads of them. Pure: plain data in and out, no AWS."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lib.changes.plans import Value, same
from lib.checks import brief
from lib.telemetry.configuration.value_differences import WHOLE, differences
from lib.values import contacts

PATHS = 3  # of one fact, so many places are named where it differs


class Sense(StrEnum):
    """What a difference of a fact means."""

    WHOLE = "whole"  # any difference is a change
    MEMBERS = "members"  # by name: one that is lost or changed is a change, one more takes nothing away
    STATEMENTS = "statements"  # of policies: likewise, but one more that is no Allow takes away
    UNSEEN = "unseen"  # something changed that is not read, such as a variable's value
    NOTE = "note"  # it is said, and decides nothing


class Meaning(StrEnum):
    """What a difference does to an answer that rests on the fact."""

    FAILED = "failed"
    CANNOT_TELL = "cannot tell"
    TOLD = "told"


@dataclass(frozen=True)
class Fact:
    """One named thing that AWS holds. `criteria`: the numbers of the success criteria that rest on it.

    `unreadable` says why it could not be read; then `value` says nothing. `found`: it was come upon, because something
    else names it, and is nothing of which one knows beforehand that it is there.
    """

    name: str
    criteria: str
    sense: Sense
    value: Value
    unreadable: str = ""
    found: bool = False

    def to_row(self) -> dict[str, Any]:
        """The fact as a record holds it."""
        row = {"name": self.name, "criteria": self.criteria, "sense": str(self.sense), "value": self.value}
        return {**row, "unreadable": self.unreadable, "found": self.found}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Fact":
        """What a record holds of it, whatever else stands beside it."""
        # An earlier version kept a contact whole, in whose place a mark is read now.
        known = contacts.mask_data({key: row[key] for key in cls.__dataclass_fields__ if key in row})
        return cls(**{**known, "sense": Sense(row["sense"])})


@dataclass(frozen=True)
class Difference:
    """A fact that is not as it was, or of which nobody can say so. `changed`: it is known that it changed."""

    name: str
    criteria: str
    meaning: Meaning
    said: str
    changed: bool = True

    @property
    def sentence(self) -> str:
        return f"{self.name}: {self.said}"


def from_plain(rows: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """Facts as a record holds them."""
    return [Fact.from_row(row) for row in rows]


def compare_facts(before: Sequence[Fact], now: Sequence[Fact]) -> list[Difference]:
    """What differs, a row a fact or member, the worst first. Nothing that could not be read counts as unchanged."""
    old, new = ({fact.name: fact for fact in side} for side in (before, now))
    rows = [row for name in {**old, **new} for row in _between(old.get(name), new.get(name))]
    return sorted(rows, key=lambda row: list(Meaning).index(row.meaning))


def _between(old: Fact | None, new: Fact | None) -> Iterator[Difference]:
    if old is None or new is None:
        yield from _one_sided(old, new)
    elif old.unreadable or new.unreadable:
        when, why = ("then", old.unreadable) if old.unreadable else ("now", new.unreadable)
        said = f"could not be read {when}: {why}"
        yield Difference(new.name, _either(old, new), Meaning.CANNOT_TELL, said, changed=False)
    elif not same(old.value, new.value):
        for meaning, said in SENSES[new.sense](old.value, new.value):
            yield Difference(new.name, _either(old, new), meaning, said)


def _either(old: Fact, new: Fact) -> str:
    return "".join(sorted({*old.criteria, *new.criteria}))


def _one_sided(old: Fact | None, new: Fact | None) -> Iterator[Difference]:
    """What only one of the two reads knows of: of what was come upon, whatever names it differs and says the rest."""
    if old is None and new is not None:
        meaning = Meaning.TOLD if new.found else Meaning.CANNOT_TELL
        yield Difference(new.name, new.criteria, meaning, "was not read then", changed=new.found)
    if new is None and old is not None:
        meaning = Meaning.TOLD if old.found else Meaning.CANNOT_TELL
        said = "nothing names it any more" if old.found else "is not read with these parameters"
        yield Difference(old.name, old.criteria, meaning, said, changed=old.found)


def _whole(old: Value, new: Value) -> Iterator[tuple[Meaning, str]]:
    yield Meaning.FAILED, _where(old, new)


def _note(old: Value, new: Value) -> Iterator[tuple[Meaning, str]]:
    yield Meaning.TOLD, _where(old, new)


def _unseen(old: Value, new: Value) -> Iterator[tuple[Meaning, str]]:
    yield Meaning.CANNOT_TELL, f"{_where(old, new)}; what changed may be a value that is never read"


def _members(old: Value, new: Value) -> Iterator[tuple[Meaning, str]]:
    was, now = dict(old or {}), dict(new or {})
    for name in sorted(was.keys() - now.keys()):
        yield Meaning.FAILED, f"lost {name}"
    for name in sorted(was.keys() & now.keys()):
        if not same(was[name], now[name]):
            yield Meaning.FAILED, f"changed {name}, {_where(was[name], now[name])}"
    for name in sorted(now.keys() - was.keys()):
        yield Meaning.TOLD, f"also {name}"


def _statements(old: Value, new: Value) -> Iterator[tuple[Meaning, str]]:
    was, now = (Counter(json.dumps(row, sort_keys=True) for row in side or []) for side in (old, new))
    gone, came = ([json.loads(text) for text in one] for one in (was - now, now - was))
    for row in gone:
        of_its_name = [one for one in came if _named(one) == _named(row)]
        differs = _where(row, of_its_name[0]) if len(of_its_name) == 1 else ""
        yield Meaning.FAILED, f"lost {_named(row)} as it was, {differs}" if differs else f"lost {_statement(row)}"
    for row in came:
        allows = _of_statement(row).get("Effect") == "Allow"
        yield Meaning.TOLD if allows else Meaning.FAILED, f"also {_statement(row)}"


def _statement(row: Mapping[str, Any]) -> str:
    """A statement by its name, and in short."""
    return f"{_named(row)}, {brief(row['statement'], 120)}"


def _named(row: Mapping[str, Any]) -> str:
    """A statement by where it stands and its name, where it has one."""
    return " ".join(filter(None, (row["policy"], str(_of_statement(row).get("Sid", ""))))) or "a statement"


def _of_statement(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The statement itself; empty where somebody put something else in its place."""
    statement = row["statement"]
    return statement if isinstance(statement, Mapping) else {}


SENSES = {
    Sense.WHOLE: _whole,
    Sense.MEMBERS: _members,
    Sense.STATEMENTS: _statements,
    Sense.UNSEEN: _unseen,
    Sense.NOTE: _note,
}


def _where(old: Value, new: Value) -> str:
    """The first places that differ, each with what differs in it, what goes first."""
    places = differences(old, new)
    said = [f"{one.place} {one.said}".removeprefix(f"{WHOLE} ") for one in places[:PATHS]]
    return ", ".join(said) + (f" and {len(places) - PATHS} more places" if len(places) > PATHS else "")
