"""Proof that each new event reaches the dispatcher: patterns by AWS's own matcher, the dispatcher by a drill event."""

import json
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status
from lib.definitions import loader
from lib.resources.existing import names
from lib.resources.resource_kinds import Rule
from lib.resources.users import require_nobodys
from lib.routes import LOW_SENTIMENT_RULE, STANDARD_ALERT
from lib.values.check_registry import Id
from lib.values.foreign import foreign_json
from lib.values.modes import Mode

INVOKED_BY = "runbook 4.2"


def patterns(live: Live) -> list[Check]:
    """Every new rule matches its own event and no other, nor today's; the existing rule no new one. Read-only.

    Whether the existing rule still carries its own is seen in phase 05, by the event that the workflow really sends.
    """
    rules = loader.rules()
    old = Rule(live, LOW_SENTIMENT_RULE).read()
    every = {rule["name"]: rule["pattern"] for rule in rules}
    every |= {LOW_SENTIMENT_RULE: old["EventPattern"]} if old else {}
    return [
        *(
            _matches(live, name, pattern, rule["sample"], f"the event of {rule['name']}", name == rule["name"])
            for name, pattern in every.items()
            for rule in rules
        ),
        *(
            _matches(live, r["name"], r["pattern"], r["nonMatchingSample"], "its event from another source", False)
            for r in rules
        ),
        *(
            _matches(live, r["name"], r["pattern"], _of_today(r["sample"]), "the event of today's alert", False)
            for r in rules
        ),
    ]


def _of_today(sample: dict[str, Any]) -> dict[str, Any]:
    """The event that exists before the plan, with what else a sample holds."""
    return {**sample, "source": STANDARD_ALERT.source, "detail-type": STANDARD_ALERT.detail_type}


def _matches(
    live: Live, name: str, pattern: dict[str, Any], sample: dict[str, Any], about: str, expected: bool
) -> Check:
    event = json.dumps(_sample(live, sample))
    with readable(f"testing the pattern of {name}"):
        answer = live.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=event)
    words = {True: "matches", False: "does not match"}
    status = Status.PASSED if answer["Result"] is expected else Status.FAILED
    asked = f"{name} with {about}"
    return Check(Id.PATTERN, asked, status, words[answer["Result"]], words[expected], asked)


def dispatcher(live: Live) -> list[Check]:
    """The dispatcher given each event type, for the drill user: whether it answers without an error.

    Sends real [DRILL] alerts, so it runs in apply mode only. Whether they arrive is validated in phase 05.
    """
    samples = [rule["sample"] for rule in loader.rules()]
    if live.settings.mode != Mode.APPLY:
        return [_taken(sample, Status.NOT_APPLIED, "plan mode", "an answer without an error") for sample in samples]
    require_nobodys(live)
    return [_dispatch(live, sample) for sample in samples]


def _dispatch(live: Live, sample: dict[str, Any]) -> Check:
    called = names.dispatcher(live).said  # as the rules call it: an alias may be other code than the newest
    with readable(f"invoking {called}"):
        # Once: a call that is repeated after a timeout may send the alert twice.
        answer = live.once().client("lambda").invoke(FunctionName=called, Payload=json.dumps(_sample(live, sample)))
        body = answer["Payload"].read().decode()
    error = answer.get("FunctionError")
    said = f"{error}: {_error_type(body)}" if error else f"status {answer['StatusCode']}"
    return _taken(sample, Status.FAILED if error else Status.PASSED, said, "status 200 and no error")


def _taken(sample: dict[str, Any], status: Status, found: str, expected: str) -> Check:
    event = str(sample["detail-type"])
    return Check(Id.DISPATCHER_TAKES, f"dispatcher takes {event}", status, found, expected, event)


def _error_type(body: str) -> str:
    """The error's type alone; its message could quote the event."""
    return str(foreign_json.object_or_empty(body).get("errorType", "error"))


def _sample(live: Live, sample: dict[str, Any]) -> dict[str, Any]:
    """A sample event as EventBridge would deliver it in this account, about the drill user."""
    detail = {**sample["detail"], "userId": live.settings.drill_user_id, "executionArn": INVOKED_BY}
    where = {"account": live.settings.account_id, "region": live.settings.region, "resources": [INVOKED_BY]}
    return {**sample, **where, "detail": detail}
