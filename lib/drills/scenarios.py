"""The plan's scenarios: what each drill is given, and what must come of it. No AWS.

A drill runs as the drill user, whose contact is the operations team, and its alerts say [DRILL].
"""

import json
from dataclasses import dataclass
from typing import Any

from lib import routes
from lib.definitions import loader
from lib.routes import Route
from lib.telemetry.execution_status import ExecutionStatus
from lib.values.alerts import Told
from lib.values.check_registry import UNREADABLE

ORDINARY = "ordinary"  # by its name


@dataclass(frozen=True)
class Scenario:
    """One drill: its input beside the drill user, and what must come of it.

    A text that names `{execution}` gets the execution's name there, and is then filled up to `text_length`.
    """

    name: str
    title: str
    given: dict[str, Any]
    expect: dict[str, Any]
    text_length: int = 0

    def input(self, execution_name: str) -> dict[str, Any]:
        """What the execution of this name is given beside the user.

        The text names the execution, so that an alert which carries no ARN can be told by it.
        """
        given: dict[str, Any] = json.loads(json.dumps(self.given).replace("{execution}", execution_name))
        if self.text_length:
            result = given["checkinResult"]
            result["text"] = result["text"].ljust(self.text_length, "ä")[: self.text_length]
        return given


def load() -> list[Scenario]:
    """The plan's scenarios, in the plan's order."""
    return [
        Scenario(
            one["name"],
            one["title"],
            {"checkinResult": one["checkinResult"]},
            {**one["expect"], "order": one["order"]},
        )
        for one in loader.scenarios()
    ]


def outcome(route: str) -> dict[str, Any]:
    """What must come of a drill that takes this route. Raises BadParameters for an unknown one."""
    row = routes.of(route).row
    return {
        "route": row.name,
        "trusted_alerts": int(Told.CONTACT in row.told),
        "operations_alerts": int(Told.OPERATIONS in row.told),
        "events": [row.alert.detail_type] if row.alert else [],
        "status": str(ExecutionStatus.SUCCEEDED),
        "intervention_recorded": row.recorded,
    }


def ordinary() -> Scenario:
    """An ordinary check-in: no score is given, so it goes through the real processor."""
    given = {"text": "Slept well, walked the dog and had lunch with a friend.", "timestamp": "2026-01-01T12:00:00Z"}
    return Scenario(ORDINARY, "Ordinary check-in through the processor", given, outcome(Route.NONE))


def unreadable() -> Scenario:
    """A check-in that the processor cannot score: operations must hear of it, and the execution must not look well."""
    expect = {
        "route": None,
        "trusted_alerts": None,
        "operations_alerts": 1,
        "events": None,
        "status": None,
        "intervention_recorded": False,
    }
    return Scenario(UNREADABLE, "Check-in that cannot be scored", {}, expect)


def low() -> Scenario:
    """A low but harmless check-in through the real processor: the path that existed before the plan."""
    text = "Synthetic text of {execution}, written by nobody: an awful day, everything feels miserable and I hate it."
    return Scenario("low-sentiment", "Low sentiment through the processor", {"text": text}, outcome(Route.STANDARD))


def crisis_in_words() -> Scenario:
    """A crisis that the real processor has to see in the words of a check-in."""
    text = "Synthetic text of {execution}, written by nobody: I have a plan to end my life."
    return Scenario("crisis-in-words", "Crisis through the processor", {"text": text}, outcome(Route.CRISIS))
