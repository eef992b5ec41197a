"""Live things in a dictionary, for tests of what is done with them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pytest import MonkeyPatch

from lib.changes.account import Use
from lib.changes.guarded_run import GuardedRun
from lib.changes.plans import Outcome, Plan, Wanted, row_digest
from lib.changes.resource import Resource
from lib.errors import NotAsWanted, Refused
from lib.record.records import LOG, Record
from lib.settings import Settings


def said(outcome: Outcome) -> tuple[str, ...]:
    """What became of each change, with why."""
    return tuple(result.said for result in outcome.results)


@contextmanager
def unlocked(run_id: str) -> Iterator[Callable[[], None]]:
    """The lock, where nobody else is there."""
    yield lambda: None


@dataclass
class World:
    """All that is live, by label; what was written, in order; and what goes wrong."""

    live: dict[str, Any] = field(default_factory=dict)
    writes: list[tuple[str, Any]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    in_use: dict[str, str] = field(default_factory=dict)
    holds_more: dict[str, str] = field(default_factory=dict)  # than the value before would keep
    late: dict[str, int] = field(default_factory=dict)
    holders: list[str] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)
    lifted: str = ""
    caller: str = "arn:aws:iam::000000000000:user/jane.doe"
    known: dict[str, set[str]] = field(default_factory=dict)  # what the account keeps that a run wrote
    began: dict[str, set[str]] = field(default_factory=dict)  # what the account keeps that a run was begun with
    over: set[tuple[str, str]] = field(default_factory=set)  # and was undone since
    mute: str = ""  # why that cannot be asked
    deaf: str = ""  # why nothing more can be kept of it
    still_ours: Callable[[], None] = lambda: None
    at_write: Callable[[str], None] = lambda label: None

    @contextmanager
    def lock(self, run_id: str) -> Iterator[Callable[[], None]]:
        self.holders.append(run_id)
        yield self.still_ours

    def run(self, settings: Settings, record: Record) -> GuardedRun:
        """A run in this account."""
        return GuardedRun(settings, record, self, self.lock)

    def thing(self, label: str) -> "FakeResource":
        return FakeResource(self, label)

    def wanted(self, **values: Any) -> list[Wanted]:
        return [Wanted(self.thing(label), value) for label, value in values.items()]

    def used(self, approved: str) -> Use | None:
        return self.uses.get(approved)

    def use(self, approved: str, run_id: str) -> None:
        found = self.uses.setdefault(approved, Use(run_id, "somebody", "12:00"))
        if found.run_id != run_id:
            raise Refused(f"{approved} was applied by {found.said}")

    def approval_lifted(self) -> str:
        return self.lifted

    def begun(self, run_id: str) -> frozenset[str]:
        if self.mute:
            raise Refused(self.mute)
        return frozenset(self.began.get(run_id, ()))

    def keep_begun(self, run_id: str, plan: str) -> None:
        if self.deaf:
            raise Refused(self.deaf)
        self.began.setdefault(run_id, set()).add(plan)

    def undone(self, run_id: str, plan: str) -> str:
        return "by somebody at 13:00" if (run_id, plan) in self.over else ""

    def keep_undone(self, run_id: str) -> None:
        if self.deaf:
            raise Refused(self.deaf)
        self.over |= {(run_id, plan) for plan in self.begun(run_id)}

    def wrote(self, run_id: str) -> frozenset[str]:
        return frozenset(self.known.get(run_id, ()))

    def believing(self, *told: Record) -> "World":
        """The same, where the account keeps everything that these records tell."""
        for record in told:
            self.keep_written(record.run_id, map(row_digest, record.changes()))
        return self

    def keep_written(self, run_id: str, found: Iterable[str]) -> None:
        self.known.setdefault(run_id, set()).update(found)

    def reopen(self, kind: str, identity: dict[str, str]) -> "FakeResource":
        assert kind == FakeResource.kind
        return FakeResource(self, **identity)


@dataclass
class FakeResource(Resource):
    """One of them."""

    world: World
    label: str
    kind: ClassVar[str] = "thing"
    noticed: ClassVar[str] = "whoever looks"

    @property
    def identity(self) -> dict[str, str]:
        return {"label": self.label}

    def read(self) -> Any:
        if self.world.late.get(self.label, 0) and self.world.writes:
            self.world.late[self.label] -= 1
            return None
        return deepcopy(self.world.live.get(self.label))

    def write(self, value: Any) -> None:
        self.world.at_write(self.label)
        if self.label in self.world.refuses:
            raise NotAsWanted(f"AWS refused {self.label}")
        self.world.writes.append((self.label, value))
        self.world.live.pop(self.label, None)
        if value is not None:
            self.world.live[self.label] = deepcopy(value)

    def kept_because(self, wanted: object = None) -> str:
        return (self.world.in_use if wanted is None else self.world.holds_more).get(self.label, "")


def run_of(settings: Settings, record: Record, *plans: Plan) -> GuardedRun:
    """A run in the account of what it plans, or in one where nobody did anything yet."""
    worlds = [change.resource.world for plan in plans for change in plan.changes]
    return (worlds[0] if worlds else World()).run(settings, record)


def in_plan_mode(settings: Settings) -> Settings:
    """The same parameters, of a run that only looks."""
    return settings.model_copy(update={"mode": "plan"})


def states(record: Record, label: str = "new") -> list[str]:
    """How far each write of a thing came, as its rows tell."""
    return [row["state"] for row in record.rows(LOG) if row["identity"] == {"label": label}]


def full(monkeypatch: MonkeyPatch) -> None:
    """A disk that takes nothing more."""

    def no_room(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lib.record.files.os.write", no_room)
