"""Each alarm made to fire once, as a test: what counts is the notification that a subscriber receives, not the state.

It sets states and puts them back; CloudWatch's next evaluation decides again, on AWS often within seconds: then it is
CloudWatch that says that it is over, in its own words. What a metric would do it does not show: only that who is told
by an alarm is told.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.changes import engine
from lib.changes.plans import Wanted
from lib.checks import Check, Status
from lib.definitions.alarm_templates import AlarmTemplate
from lib.drills import subscribers
from lib.errors import NotAsWanted
from lib.record.run_phases import VALIDATION
from lib.resources import desired, resource_kinds
from lib.resources.connected_run import ConnectedRun
from lib.resources.monitoring import alarm_listing
from lib.resources.resource_kinds import Subscription
from lib.values.check_registry import Id
from lib.values.subscriber_addresses import Protocol
from lib.wait import idle, until

FIRED, OVER = "ALARM", "OK"
TEST = "TEST by the runbook"  # begins the reason of a state that a drill set
EXPECTED = "a subscriber of its topic is told that it went off, and that it is over"
Message = dict[str, Any]


def run(run: ConnectedRun) -> list[Check]:
    """Fire every alarm that tells somebody, one answer each. Raises NotAsWanted where none of them is there."""
    live, session = run.live, f"alarms-{secrets.token_hex(3)}"
    wanted = desired.alarms(live)
    states = _states(live, wanted)
    if not states:
        raise NotAsWanted("none of the plan's alarms is there; phase 04 makes them. Nothing was fired")
    engine.clear_left_behind(run, partial(resource_kinds.reopen, live))
    engine.clear(subscribers.left_behind(live), run)
    topics = _topics(live, wanted)
    with engine.temporary_things(_listener(live, session, topics), VALIDATION, run):
        idle(live.settings.settle_seconds, live.sleep)  # a queue's new policy takes a while to let messages through
        heard = _Heard(live, session)
        return [_fire(heard, one, states.get(one.name, ""), topics) for one in wanted]


def _states(live: Live, wanted: Sequence[AlarmTemplate]) -> dict[str, str]:
    """The state of each alarm that is there."""
    there = alarm_listing.of_names(live, [one.name for one in wanted])
    return {name: row["StateValue"] for name, row in there.items()}


def _topics(live: Live, wanted: Sequence[AlarmTemplate]) -> list[str]:
    """The topics of this account that alarms tell, by name."""
    here = live.settings.arn("sns", "")
    arns = dict.fromkeys(arn for one in wanted for arn in one.value.get("AlarmActions", ()))
    return [arn.removeprefix(here) for arn in arns if arn.startswith(here)]


def _listener(live: Live, session: str, topics: Sequence[str]) -> list[Wanted]:
    """One queue that all of these topics feed, while alarms are fired."""
    s, queue = live.settings, subscribers.queue_name(session, "alarms")
    arns = [s.arn("sns", topic) for topic in topics]
    unfiltered = {"dead_letter_queue": "", "raw": "false", "filter": ""}
    return [
        *subscribers.queue_of(live, queue, "sns.amazonaws.com", arns),
        *(Wanted(Subscription(live, topic, str(Protocol.SQS), s.queue_arn(queue)), unfiltered) for topic in topics),
    ]


@dataclass
class _Heard:
    """What this session's queue received so far. One read may bring what is waited for next."""

    live: Live
    session: str
    bodies: list[Message] = field(default_factory=list)

    @cached_property
    def url(self) -> str:
        """Of the queue, once it is there."""
        return subscribers.url_of(self.live, subscribers.queue_name(self.session, "alarms"))

    def within_limit(self, name: str, state: str) -> bool:
        """Whether the notification of this alarm in this state came within the alert limit."""
        patience = self.live.patience(self.live.settings.alert_limit_seconds, min(self.live.settings.poll_seconds, 1))

        def came() -> bool:
            self.bodies += [message.body for message in subscribers.receive(self.live, self.url, "alarms")]
            return any(self._is(body, name, state) for body in self.bodies)

        return until(came, bool, patience).seen

    def _is(self, body: Message, name: str, state: str) -> bool:
        """Marked as ours; or that CloudWatch found it well again after we had fired it."""
        if (body.get("AlarmName"), body.get("NewStateValue")) != (name, state):
            return False
        return self.session in str(body.get("NewStateReason", "")) or (
            state == OVER and body.get("OldStateValue") == FIRED
        )


def _fire(heard: _Heard, one: AlarmTemplate, state: str, topics: Sequence[str]) -> Check:
    live = heard.live

    def answer(status: Status, said: str) -> Check:
        return Check(Id.ALARM_TELLS, f"alarm {one.name}", status, said, EXPECTED, one.name)

    names = [arn.rpartition(":")[2] for arn in one.value.get("AlarmActions", ())]
    if not state:
        return answer(Status.FAILED, "there is no such alarm")
    if not names:
        return answer(Status.NOT_EXERCISED, "it tells nobody: second_alarm_action is empty")
    if not set(names) <= set(topics):
        return answer(
            Status.NOT_EXERCISED, f"topic {', '.join(names)} is another account's, where nobody listens for us"
        )
    if state == FIRED:
        return answer(Status.NOT_EXERCISED, "it is in alarm now, for a reason of its own: see to that first")
    within = f"within {live.settings.alert_limit_seconds:g} s"
    fired, over = _fired_and_over(heard, one.name, state)
    if not fired:
        return answer(Status.FAILED, f"fired, and nobody was told {within}")
    if not over:
        return answer(Status.FAILED, f"told by {', '.join(names)} that it went off, and not {within} that it is over")
    return answer(Status.PASSED, f"told by {', '.join(names)}, also that it is over")


def _fired_and_over(heard: _Heard, name: str, state: str) -> tuple[bool, bool]:
    """Whether a subscriber was told that it went off, and that it is over; in its own state again, whatever happens."""
    live, marked = heard.live, f"{TEST}, {heard.session}"
    reason, over = f"{marked}: nothing is wrong. The next line is that it is over", f"{marked}: it is over"
    try:
        _set(live, name, FIRED, reason)
        fired = heard.within_limit(name, FIRED)
    finally:
        # Whoever was told is told that it is over, also where nothing was known of the metric before.
        _set(live, name, OVER, over)
        if state != OVER:
            _set(live, name, state, over)
    return fired, fired and heard.within_limit(name, OVER)


def _set(live: Live, name: str, state: str, reason: str) -> None:
    with readable(f"setting the state of alarm {name}", writing=True):
        live.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
