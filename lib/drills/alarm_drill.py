"""Each alarm made to fire once, as a test: what counts is the notification that a subscriber receives, not the state.

It sets states and puts them back; CloudWatch's next evaluation decides again, on AWS often within seconds: then it is
CloudWatch that says that it is over, in its own words. An alarm is read before each of these: what CloudWatch has said
of it meanwhile is not written over. What a metric would do it does not show: only that who is told by an alarm is told.
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
from lib.drills import evaluation, subscribers
from lib.drills.drill_session import Received, Session
from lib.errors import NotAsWanted, RunbookError
from lib.record.run_phases import VALIDATION
from lib.resources import desired, resource_kinds
from lib.resources.connected_run import ConnectedRun
from lib.resources.monitoring import alarm_listing
from lib.resources.monitoring.alarm_listing import Row
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
    if not alarm_listing.of_names(live, [one.name for one in wanted]):
        raise NotAsWanted("none of the plan's alarms is there; phase 04 makes them. Nothing was fired")
    engine.clear_left_behind(run, partial(resource_kinds.reopen, live))
    engine.clear(subscribers.left_behind(live), run)
    topics = _topics(live, wanted)
    answers = list[Check]()
    try:
        with engine.temporary_things(_listener(live, session, topics), VALIDATION, run):
            idle(live.settings.settle_seconds, live.sleep)  # a queue's new policy takes a while to let messages through
            heard = _Heard(live, session)
            answers.extend(_fire(heard, one, topics) for one in wanted)
    except RunbookError as error:
        if not answers:
            raise
        return [*answers, evaluation.clearance(Session(left=str(error)))]  # who was told is not lost by what stayed
    return answers


def _row_now(live: Live, name: str) -> Row | None:
    """The alarm as it is now; None where there is none of that name."""
    return alarm_listing.of_names(live, [name]).get(name)


def _actions(one: AlarmTemplate) -> list[str]:
    """Whom it tells, by ARN."""
    return list(one.value.get("AlarmActions", ()))


def _topics(live: Live, wanted: Sequence[AlarmTemplate]) -> list[str]:
    """The topics of this account that alarms tell, by ARN."""
    arns = dict.fromkeys(arn for one in wanted for arn in _actions(one))
    return [arn for arn in arns if arn.startswith(live.settings.arn("sns", ""))]


def _listener(live: Live, session: str, topics: Sequence[str]) -> list[Wanted]:
    """One queue that all of these topics feed, while alarms are fired."""
    s, queue = live.settings, subscribers.queue_name(session, "alarms")
    unfiltered = {"dead_letter_queue": "", "raw": "false", "filter": ""}
    return [
        *subscribers.queue_of(live, queue, "sns.amazonaws.com", [*topics]),
        *(Wanted(Subscription(live, _name(arn), str(Protocol.SQS), s.queue_arn(queue)), unfiltered) for arn in topics),
    ]


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


@dataclass
class _Heard:
    """What this session's queue received so far. One read may bring what is waited for next."""

    live: Live
    session: str
    messages: list[Received] = field(default_factory=list)

    @cached_property
    def url(self) -> str:
        """Of the queue, once it is there."""
        return subscribers.url_of(self.live, subscribers.queue_name(self.session, "alarms"))

    @property
    def mark(self) -> str:
        """With which the reason of every state begins that this session sets."""
        return f"{TEST}, {self.session}"

    def silent(self, name: str, state: str, topics: Sequence[str]) -> list[str]:
        """The topics of which no notification of this alarm in this state came within the alert limit."""
        patience = self.live.patience(self.live.settings.alert_limit_seconds, min(self.live.settings.poll_seconds, 1))

        def missing() -> list[str]:
            self.messages += subscribers.receive(self.live, self.url, "alarms")
            came = {one.topic for one in self.messages if self._is(one.body, name, state)}
            return [topic for topic in topics if topic not in came]

        return until(missing, lambda topics: not topics, patience).seen

    def _is(self, body: Message, name: str, state: str) -> bool:
        """Marked as ours; or that CloudWatch found it well again after we had fired it."""
        if (body.get("AlarmName"), body.get("NewStateValue")) != (name, state):
            return False
        return self.session in str(body.get("NewStateReason", "")) or (
            state == OVER and body.get("OldStateValue") == FIRED
        )


def _fire(heard: _Heard, one: AlarmTemplate, topics: Sequence[str]) -> Check:
    live, actions = heard.live, _actions(one)

    def answer(status: Status, said: str) -> Check:
        return Check(Id.ALARM_TELLS, f"alarm {one.name}", status, said, EXPECTED, one.name)

    try:
        now = _row_now(live, one.name)
    except RunbookError as error:
        return answer(Status.FAILED, f"not fired: {error}")
    if not now:
        return answer(Status.FAILED, "there is no such alarm")
    if not actions:
        return answer(Status.NOT_EXERCISED, "it tells nobody: second_alarm_action is empty")
    if not set(actions) <= set(topics):
        return answer(Status.NOT_EXERCISED, f"{', '.join(actions)} is another account's, where nobody listens for us")
    if now["StateValue"] == FIRED:
        return answer(Status.NOT_EXERCISED, f"it is in alarm now, {_why(now)}")
    tried = _fired_and_over(heard, one.name, str(now["StateValue"]), actions)
    within, by = f"within {live.settings.alert_limit_seconds:g} s", ", ".join(map(_name, actions))
    if tried.left:
        return answer(Status.FAILED if tried.unread else Status.NOT_EXERCISED, tried.left)
    if tried.refused:
        return answer(Status.FAILED, tried.refused)
    if tried.silent == actions:
        return answer(Status.FAILED, f"fired, and nobody was told {within}")
    if tried.silent:
        return answer(Status.FAILED, f"fired, and not told {within} by {', '.join(map(_name, tried.silent))}")
    if tried.still_on:
        some = "" if tried.still_on == actions else f" by {', '.join(map(_name, tried.still_on))}"
        return answer(Status.FAILED, f"told by {by} that it went off, and not {within} that it is over{some}")
    return answer(Status.PASSED, f"told by {by}, also that it is over")


def _why(row: Row) -> str:
    """Why an alarm is in alarm before it is fired, and what to do."""
    if str(row.get("StateReason", "")).startswith(TEST):
        return "by a test that did not end: CloudWatch decides on it by its next evaluation, then drill again"
    return "for a reason of its own: see to that first"


@dataclass
class _Tried:
    """The topics that did not tell that it went off, and that it is over.

    `left`: what the alarm was left as, where that is not as it was before; `unread`, where nobody knows. `refused`:
    what AWS refused, so that nobody can tell of this alarm; the others are fired all the same.
    """

    silent: list[str] = field(default_factory=list)
    still_on: list[str] = field(default_factory=list)
    left: str = ""
    unread: bool = False
    refused: str = ""


def _fired_and_over(heard: _Heard, name: str, state: str, actions: Sequence[str]) -> _Tried:
    """Who was told that it went off, and that it is over; in its own state again, whatever happens."""
    live, tried = heard.live, _Tried()
    try:
        try:
            _set(live, name, FIRED, f"{heard.mark}: nothing is wrong. The next line is that it is over")
            tried.silent = heard.silent(name, FIRED, actions)
        finally:
            _set_back(heard, name, state, tried)
        if not tried.silent and not tried.left:
            tried.still_on = heard.silent(name, OVER, actions)
    except RunbookError as error:
        tried.refused = str(error)
    return tried


def _set_back(heard: _Heard, name: str, state: str, tried: _Tried) -> None:
    """Whoever was told is told that it is over, also where nothing was known of the metric before.

    Only what this session set is set back: who is told of a real incident is never told that it is over.
    """
    try:
        for back in dict.fromkeys((OVER, state)):
            now = _row_now(heard.live, name) or {}
            if not str(now.get("StateReason", "")).startswith(heard.mark):
                if now.get("StateValue") == FIRED:
                    tried.left = "it went off for a reason of its own while it was fired, and is left so: see to that"
                if now.get("StateValue") in (None, FIRED, OVER) or back != OVER:
                    return
            _set(heard.live, name, back, f"{heard.mark}: it is over")
    except RunbookError as error:
        tried.unread = True
        tried.left = f"fired, and nobody knows whether it was set back: look at it in CloudWatch ({error})"


def _set(live: Live, name: str, state: str, reason: str) -> None:
    with readable(f"setting the state of alarm {name}", writing=True):
        live.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
