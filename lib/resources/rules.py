"""EventBridge rules of the default bus, and their targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws import Live
from lib.aws_answers import absent_is_none, drop_member
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted
from lib.resources.live_thing import LiveThing
from lib.values import contacts
from lib.values.exact_json import document, dumps

NO_PATTERN = "{}"
MISSING = ("ResourceNotFoundException",)
# Of a target, what it is sent instead of the event, and with it: somebody's words, or the key to a webhook.
SENT = ("Input", "InputTransformer", "HttpParameters", "AppSyncParameters")


@dataclass(frozen=True)
class Rule(LiveThing):
    """Value: `{"EventPattern": parsed, "State", "Description"}`; a schedule and a role are left alone."""

    rule: str
    kind: ClassVar[str] = "rule"
    noticed: ClassVar[str] = "nobody until the workflow publishes what it takes"
    special: ClassVar[Mapping[Place, Field]] = {
        ("EventPattern",): Field(
            missing_means_all=True,
            lived_on="what this rule carries now would reach nobody; give that a rule of its own first",
        )
    }

    def _read(self) -> dict[str, Any] | None:
        with absent_is_none(*MISSING):
            answer = self.live.client("events").describe_rule(Name=self.rule)
            return {
                "EventPattern": document(answer.get("EventPattern") or NO_PATTERN, f"the pattern of rule {self.rule}"),
                "State": answer["State"],
                "Description": answer.get("Description", ""),
            }
        return None

    def _write(self, value: dict[str, Any] | None) -> None:
        events = self.live.client("events")
        if value is None:
            events.delete_rule(Name=self.rule)
        else:
            others, pattern = self._others(), dumps(value["EventPattern"])
            # A rule with a schedule alone has no pattern, and gets none.
            taken = {"EventPattern": pattern} if pattern != NO_PATTERN or not others.get("ScheduleExpression") else {}
            plain = {key: text for key, text in value.items() if key != "EventPattern"}
            events.put_rule(Name=self.rule, **others, **plain, **taken)

    def _others(self) -> dict[str, str]:
        """What the rule has beside our value; PutRule would take away what it is not given."""
        with absent_is_none(*MISSING):
            answer = self.live.client("events").describe_rule(Name=self.rule)
            return {key: answer[key] for key in ("ScheduleExpression", "RoleArn") if answer.get(key)}
        return {}

    def _kept_because(self) -> str:
        """A rule with targets is kept: they are not ours, since ours are removed first."""
        others = targets(self.live, self.rule)
        return f"it has targets that this plan did not make: {', '.join(sorted(others))}" if others else ""


@dataclass(frozen=True)
class Target(LiveThing):
    """Value: the target as EventBridge holds it, without its Id. Other targets of the rule are left alone."""

    rule: str
    target: str
    kind: ClassVar[str] = "rule target"
    noticed: ClassVar[str] = "nobody until the workflow publishes what its rule takes"
    special: ClassVar[Mapping[Place, Field]] = {
        ("Arn",): Field(lived_on="what this rule reaches now would hear nothing; give that a target of its own first"),
        ("Input",): Field(
            lived_on="what this rule reaches now would be sent something else; give it a target of its own"
        ),
    }

    def _read(self) -> dict[str, Any] | None:
        return targets(self.live, self.rule).get(self.target)

    def _write(self, value: dict[str, Any] | None) -> None:
        events = self.live.client("events")
        if value is None:
            answer = events.remove_targets(Rule=self.rule, Ids=[self.target])
        else:
            answer = events.put_targets(Rule=self.rule, Targets=[{"Id": self.target, **value}])
        # These calls answer 200 also when an entry was refused.
        if answer.get("FailedEntryCount"):
            first = next(iter(answer.get("FailedEntries", [])), dict[str, Any]())
            raise NotAsWanted(f"EventBridge refused {self.name}: {first.get('ErrorCode')} {first.get('ErrorMessage')}")


def targets(live: Live, rule: str) -> dict[str, dict[str, Any]]:
    """The targets of a rule by id; none where there is no rule. Read-only."""
    by_id: dict[str, dict[str, Any]] = {}
    with absent_is_none(*MISSING):
        for page in live.client("events").get_paginator("list_targets_by_rule").paginate(Rule=rule):
            by_id |= {row["Id"]: drop_member(row, "Id") for row in page["Targets"]}
    return by_id


def recordable_targets(by_id: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Targets as a record may tell of them: a mark stands for what each is sent, and another one once that differs."""
    return {
        name: {key: contacts.hidden(value) if key in SENT else value for key, value in target.items()}
        for name, target in by_id.items()
    }
