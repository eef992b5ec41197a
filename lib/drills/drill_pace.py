"""How fast drills may start. Read-only.

SNS suspends an e-mail subscription that gets more than ten messages a second, and then nobody is paged by it any more:
not the drill's listeners, which are queues, but the people. Each crisis is one message on either topic.
"""

from dataclasses import dataclass

from lib.aws import Live
from lib.aws_answers import readable
from lib.resources.existing.subscriptions import has_mail
from lib.wait import idle

MOST_A_SECOND = 5  # half of what SNS allows, since what starts apart may arrive together
AT_ONCE = "at once"
PACED = f"at most {MOST_A_SECOND} a second: SNS suspends an e-mail subscription that gets more than 10"


def is_paced(live: Live) -> bool:
    """Whether a topic on which drills are heard has an e-mail subscription, also one that nobody confirmed yet."""
    asked = (live.settings.alert_topic_name, live.settings.ops_topic_name)
    with readable("listing the subscribers of the topics that drills alert"):
        return any(has_mail(live, topic) for topic in asked)


@dataclass
class Pace:
    """When the next drill of a session may start, by the connection's clock; `seconds` lie between two, 0 for none."""

    live: Live
    seconds: float
    _next: float = 0.0

    def wait(self) -> None:
        """Return as soon as a drill may start."""
        if self.seconds:
            idle(max(0.0, self._next - self.live.clock()), self.live.sleep)
            self._next = self.live.clock() + self.seconds


def of(live: Live) -> Pace:
    """The pace at which the drills of this session start, by who subscribes now."""
    return Pace(live, 1 / MOST_A_SECOND if is_paced(live) else 0.0)
