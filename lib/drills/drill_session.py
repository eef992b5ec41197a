"""What is run as drills, and what came of it. Plain data, no AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.changes.plans import Wanted
from lib.drills.channels import Channel
from lib.drills.scenarios import Scenario
from lib.telemetry.execution_status import Execution
from lib.values.alerts import Told


@dataclass(frozen=True)
class Received:
    """One message at a subscriber: where, when (seconds since the epoch, by SQS), and what it said.

    `topic`: the ARN of the one that it came by, "" of an event.
    """

    channel: str
    at: float
    subject: str
    body: dict[str, Any]
    raw: str
    message_id: str = ""
    topic: str = ""

    @property
    def rule(self) -> str:
        return str(self.body.get("rule", ""))

    def is_about(self, execution_name: str) -> bool:
        """Whether the message carries this execution's name, which is the drill's correlation id."""
        return execution_name in self.raw

    def is_drill(self, drill_user_id: str) -> bool:
        """Whether it says that it is a drill's, whichever drill that is."""
        return drill_user_id in self.raw or "[DRILL]" in self.subject or self.body.get("drill") is True


@dataclass(frozen=True)
class Group:
    """Drills that belong together: one after the other, or so many at once.

    `meanwhile` is what shall be so only while they run.
    """

    name: str
    cases: Sequence[Scenario]
    at_once: int = 1
    meanwhile: tuple[Wanted, ...] = ()


@dataclass(frozen=True)
class Drill:
    """What came of one scenario.

    Of a drill that had others beside it, `interventions` is None, and path and revision are not read. `unread` is what
    else of these three is not known, and why: AWS refused to tell, and what was heard is judged all the same.
    """

    group: str
    scenario: Scenario
    given: dict[str, Any]
    execution: Execution
    received: list[Received]
    interventions: int | None = None
    path: list[str] = field(default_factory=list)
    revision: str | None = None
    unread: Mapping[str, str] = field(default_factory=dict)

    def heard(self, channel: str) -> list[Received]:
        return [message for message in self.received if message.channel == channel]

    @property
    def alerts(self) -> list[Received]:
        """What reached people's topics."""
        return [message for to in Told for message in self.heard(to)]

    def latency(self, channel: str) -> float | None:
        """Seconds from the execution's start to its last message at the channel's subscriber; None without one."""
        times = [message.at for message in self.heard(channel)]
        return round(max(times) - self.execution.started.timestamp(), 3) if times else None

    @property
    def events(self) -> list[str]:
        """The detail-types of the events that the drill published."""
        return sorted(str(message.body.get("detail-type", "")) for message in self.heard(Channel.EVENTS))

    @property
    def rules(self) -> list[str]:
        """The rules behind which its events arrived, one entry an arrival."""
        return sorted(message.rule for message in self.heard(Channel.RULES))


@dataclass(frozen=True)
class Session:
    """Everything that was drilled while one set of subscribers listened.

    `strays` are messages that say they are a drill's and are of none of these; `counted` is how many interventions
    each group added to the drill user's item, but where that could not be read; `left` says what of the listeners could
    not be removed.
    """

    drills: list[Drill] = field(default_factory=list)
    strays: list[Received] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    left: str = ""

    def of(self, *groups: str) -> list[Drill]:
        return [drill for drill in self.drills if drill.group in groups]
