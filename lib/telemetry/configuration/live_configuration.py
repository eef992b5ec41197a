"""The live configuration as a list of named facts: everything that a validation speaks of, read from AWS. Read-only.

What the plan touches is taken from the plan itself (`desired.PHASES`), so that nothing can be added there and
forgotten here. What else of this account is named by what was read (a role, a key, a function, a queue, a topic) is
read, too.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib import routes
from lib.aws import Live
from lib.aws_answers import readable
from lib.changes.plans import Value
from lib.changes.resource import read_ahead
from lib.changes.unknown_values import require_none_feigned
from lib.definitions import loader
from lib.errors import NotAsWanted, RunbookError
from lib.record.run_phases import DOCUMENTATION
from lib.resources import desired
from lib.resources.existing import traffic_entries
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.resources.existing.encryption import OF_AWS
from lib.resources.existing.subscriptions import LISTENING
from lib.resources.existing.traffic_entries import Entries
from lib.resources.live_thing import LiveThing
from lib.routes import LOW_SENTIMENT_RULE, Route
from lib.telemetry.configuration import compute, messaging, storage
from lib.telemetry.configuration.facts import Fact, Sense
from lib.telemetry.configuration.readings import Reading
from lib.values import contacts
from lib.values.exact_json import parts_of

READINGS: dict[str, Callable[[Live, str], list[Reading]]] = {
    "state machine": compute.state_machine,
    "way in": compute.way_in,
    "function": compute.function,
    "role": compute.role,
    "key": compute.key,
    "rule": messaging.rule,
    "event bus": messaging.event_bus,
    "topic": messaging.topic,
    "queue": messaging.queue,
    "table": storage.table,
    "bucket": storage.bucket,
    "drill user": storage.drill_user,
    "log group": storage.log_group,
    "dashboard": storage.dashboard,
}
# A kind of the plan -> what is read of it, and which of its fields names that. Another kind is read as the plan does.
OF_THE_PLAN = {
    "state machine": ("state machine", "machine"),
    "role policy": ("role", "role"),
    "environment variable": ("function", "function"),
    "function permission": ("function", "function"),
    "topic": ("topic", "topic"),
    "subscription": ("topic", "topic"),
    "queue": ("queue", "queue"),
    "queue policy": ("queue", "queue"),
    "rule": ("rule", "rule"),
    "rule target": ("rule", "rule"),
    "log group": ("log group", "group"),
    "dashboard widgets": ("dashboard", "dashboard"),
    "drill user": ("drill user", "user"),
}
PLAN = "plan of phase"
NAMED = {
    "iam": ("role", re.compile(r"role/(?:.+/)?([^/]+)")),
    "sqs": ("queue", re.compile(r"(.+)")),
    "sns": ("topic", re.compile(r"([^:]+)")),
    "lambda": ("function", re.compile(r"function:(.+)")),
    "kms": ("key", re.compile(r"(key/.+)")),
}
KEYS = ("KmsMasterKeyId", "KMSMasterKeyID", "KmsKeyIdentifier", "KMSKeyArn", "kmsKeyId")


@dataclass(frozen=True)
class Subject:
    """A thing to be read, and the numbers of the success criteria that rest on it."""

    kind: str
    name: str
    criteria: str
    found: bool = False
    thing: LiveThing | None = None  # of a kind that is read as the plan does
    trouble: str = ""  # of a phase that cannot be planned: why

    def made(self) -> bool:
        """Whether a phase can be planned. Raises NotAsWanted where it cannot."""
        if self.trouble:
            raise NotAsWanted(self.trouble)
        return True


@dataclass(frozen=True)
class Configuration:
    """What AWS held at a time (UTC, ISO 8601)."""

    time: str
    facts: Sequence[Fact]

    @property
    def unreadable(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.unreadable]


def read(live: Live) -> Configuration:
    """Everything that a validation speaks of, as AWS holds it now. What cannot be read is a fact that says so."""
    time, listed = datetime.now(UTC).isoformat(timespec="seconds"), subjects(live)
    known = {(subject.kind, subject.name) for subject in listed}
    values = read_ahead([subject.thing for subject in listed if subject.thing])
    rests = dict[tuple[str, str], set[str]]()
    facts = dict[tuple[str, str], list[tuple[Reading, Fact]]]()
    ahead = deque(listed)
    while ahead:
        subject = ahead.popleft()
        where = (subject.kind, subject.name)
        more = set(subject.criteria) - rests.get(where, set())
        if where in facts and not more:
            continue
        rests.setdefault(where, set()).update(more)
        if where not in facts:
            facts[where] = [(reading, _fact(subject, reading)) for reading in _readings(live, subject, values)]
        named = _named(live, subject, [fact for _, fact in facts[where]])
        ahead.extend(one for one in named if (one.kind, one.name) not in known)
    return Configuration(time, [_resting(row, rests[where]) for where, rows in facts.items() for row in rows])


def subjects(live: Live) -> list[Subject]:
    """What is read whatever names it: the existing system, and every live thing of the plan."""
    s = live.settings
    known = [
        Subject("state machine", s.state_machine_name, "123"),
        Subject("way in", s.state_machine_name, "1234"),
        Subject("role", s.execution_role_name, "123"),
        Subject("function", s.processor_function_name, "123"),
        Subject("function", s.dispatcher_function_name, "123"),
        Subject("topic", s.alert_topic_name, "123"),
        Subject("topic", s.ops_topic_name, "12"),
        Subject("queue", s.ops_dead_letter_queue_name, "12"),
        Subject("queue", s.events_dead_letter_queue_name, "12"),
        *(Subject("queue", name, "13") for name in DEAD_LETTER_QUEUES),
        Subject("rule", LOW_SENTIMENT_RULE, "13"),
        *(Subject("rule", rule["name"], _of_a_rule(rule)) for rule in loader.rules()),
        Subject("event bus", "default", "123"),
        Subject("table", s.table_name, "12"),
        Subject("bucket", s.checkin_bucket_name, "123"),
        Subject("drill user", s.drill_user_id, "12"),
        Subject("log group", s.log_group_name, "1"),
        Subject("dashboard", s.dashboard_name, "5"),
    ]
    ways = traffic_entries.read(live)
    planned = [subject for number in _numbers() for subject in _planned(live, number, ways)]
    listed = {(subject.kind, subject.name) for subject in known}
    return [*known, *(subject for subject in planned if (subject.kind, subject.name) not in listed)]


def _numbers() -> list[str]:
    """The phases whose things a validation speaks of: the documents of the last one are files, which no alert needs."""
    return [number for number in desired.PHASES if number != DOCUMENTATION]


def _planned(live: Live, number: str, ways: Entries) -> list[Subject]:
    """Whether a phase can be planned, and what it then wants; a plan that is refused is a fact and stops nobody."""
    try:
        planned = [_of_the_plan(item.resource) for item in desired.PHASES[number](live, ways)]
    except RunbookError as error:
        return [Subject(PLAN, number, "123", trouble=str(error))]
    return [Subject(PLAN, number, "123"), *planned]


def _of_the_plan(thing: Any) -> Subject:  # noqa: ANN401 - a LiveThing
    if thing.kind in OF_THE_PLAN:
        kind, field = OF_THE_PLAN[thing.kind]
        return Subject(kind, thing.identity[field], "1")
    return Subject(thing.kind, " / ".join(thing.identity.values()), "123", thing=thing)


def _of_a_rule(rule: Mapping[str, Any]) -> str:
    (source,), (detail_type,) = rule["pattern"]["source"], rule["pattern"]["detail-type"]
    return "12" if routes.of_event(source, detail_type) is Route.CRISIS else "1"


def _readings(live: Live, subject: Subject, values: Mapping[str, Any]) -> list[Reading]:
    if subject.kind == PLAN:
        return [Reading("can be made", Sense.WHOLE, subject.made)]
    if (thing := subject.thing) is not None:
        return [Reading("value", Sense.WHOLE, lambda: values[thing.name] if thing.name in values else thing.read())]
    return READINGS[subject.kind](live, subject.name)


def _fact(subject: Subject, reading: Reading) -> Fact:
    name, value, unreadable = f"{subject.kind} {subject.name}: {reading.aspect}", None, ""
    try:
        with readable(f"reading {name}"):
            held = reading.read()
            require_none_feigned(held, name)
            # As a record holds it, so that what is compared later is compared alike.
            value = contacts.mask_data(json.loads(json.dumps(held, default=str)))
    except RunbookError as error:
        unreadable = str(error)
    return Fact(name, "", reading.sense, value, unreadable, subject.found)


def _resting(row: tuple[Reading, Fact], criteria: set[str]) -> Fact:
    reading, fact = row
    rests = "".join(sorted({*(reading.criteria or criteria), *reading.also}))
    return Fact(fact.name, rests, fact.sense, fact.value, fact.unreadable, fact.found)


def _named(live: Live, subject: Subject, facts: Sequence[Fact]) -> Iterator[Subject]:
    """The things of this account that the facts name; not what policies speak of, nor what decides nothing."""
    for fact in facts:
        if fact.sense not in (Sense.STATEMENTS, Sense.NOTE):
            for kind, name in _within(live, fact.value):
                yield Subject(kind, name, subject.criteria, found=True)


def _within(live: Live, value: Value) -> Iterator[tuple[str, str]]:
    for part in parts_of(value):
        # What a list holds stands at the list's own key.
        key = next((key for key in reversed(part.keys) if isinstance(key, str)), "")
        if isinstance(part.value, str) and part.value and (named := _thing(live, part.value, key)):
            yield named


def _thing(live: Live, text: str, key: str) -> tuple[str, str] | None:
    if key in KEYS:
        return None if OF_AWS in text else ("key", text)
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] not in NAMED or LISTENING in text:
        return None
    if parts[4] != live.settings.account_id or parts[3] not in ("", live.settings.region):
        return None  # another account's, or another region's: not ours to read
    kind, pattern = NAMED[parts[2]]
    match = pattern.fullmatch(parts[5])
    return (kind, text if kind == "key" else match[1]) if match else None
