"""Every check that there is: its id, the phases that must answer it, and what of the plan it carries. No AWS.

The one table of them. An id is stable and for machines: whatever chooses among checks goes by it, and never by the
words of a check's name, which are for people.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

UNREADABLE = "unreadable"  # the check-in that cannot be scored, by its scenario's name
APPROVAL, DRILL, WATCH = "approval", "drill", "watch"  # no phases, but their checks are kept like those of one


class Point(StrEnum):
    """The plan's validation checklist (5.2), in its order."""

    PATHS = "All paths execute correctly"
    OPERATIONS = "Crisis alerts reach operations team"
    INTERVENTIONS = "DynamoDB updates for crisis interventions"
    EVENTS = "EventBridge events published correctly"
    ERRORS = "Error handling works as expected"


@dataclass(frozen=True)
class Registered:
    """A check as it is registered. Phases stand in one text, a blank between two.

    A phase in `must` answers it in each mode, one in `applied` only where it applies, and one in `may` where there is
    anything to ask it of. `points`: what of the checklist it carries, and of which subject alone, "" for any.
    `criteria`: the numbers of the success criteria that rest on it.
    """

    id: str
    must: str = ""
    applied: str = ""
    may: str = ""
    points: tuple[tuple[Point, str], ...] = ()
    criteria: str = ""

    def due(self, phase: str, applies: bool) -> bool:
        """Whether the phase must have answered it."""
        return phase in self.must.split() or (applies and phase in self.applied.split())

    def belongs(self, phase: str) -> bool:
        """Whether it is one of the phase's checks."""
        return phase in f"{self.must} {self.applied} {self.may}".split()


def _drilled(what: str, *points: tuple[Point, str]) -> Registered:
    """What is asked of one drill. The check-in that cannot be scored is the plan's error, whatever is asked of it."""
    return Registered(
        f"drill.{what}", applied="05", may="03 drill", points=(*points, (Point.ERRORS, UNREADABLE)), criteria="1"
    )


class Id(StrEnum):
    """The id of a check."""

    registered: Registered

    def __new__(cls, registered: Registered) -> Self:
        """A member whose value is the id alone, so that an id of a record finds it."""
        member = str.__new__(cls, registered.id)
        member._value_ = registered.id
        member.registered = registered
        return member

    UNKNOWN = Registered("")  # of a row that an earlier version wrote, without an id
    TWO_PERSONS = Registered("approval.two-persons", may=APPROVAL)

    BASELINE_PIECE = Registered("baseline.piece", must="00")
    BASELINE_PROCESSOR = Registered("baseline.processor", must="00")
    BASELINE_GUARDS = Registered("baseline.guards", must="00")
    CANDIDATE_NAME = Registered("baseline.candidate-name", must="00")
    NAMES_LOGGED = Registered("baseline.names-logged", may="00")  # an earlier version did not ask it
    STARTED = Registered("way-in.started", must="00 03")
    ROLE_NAMED = Registered("way-in.role", must="00 03")
    PROCESSOR_CALLED = Registered("way-in.processor", must="00 03")
    DISPATCHER_CALLED = Registered("way-in.dispatcher", must="00 03")
    VARIABLE_SEEN = Registered("way-in.variable", must="00 03")
    KEY_OF_TOPIC = Registered("key.topic", must="00 01")
    KEY_OF_QUEUE = Registered("key.queue", must="00 01 04")
    KEY_OF_ROLE = Registered("key.role", may="00")
    KEY_OF_TOPIC_BEFORE = Registered("key.topic.before", must="01")
    KEY_OF_QUEUE_BEFORE = Registered("key.queue.before", must="01 04")
    OPERATIONS_SUBSCRIBERS = Registered(
        "operations.subscribers", must="00 01 05", may=DRILL, points=((Point.OPERATIONS, ""),), criteria="1"
    )
    CONTACT_SUBSCRIBERS = Registered("contact.subscribers", must="05", criteria="1")

    AS_WANTED = Registered("written.as-wanted", must="01 02 04 03 06 90")
    VARIABLES_KEPT = Registered("written.variables-kept", must="01")
    PERMISSION = Registered("role.permission", must="02")
    PATTERN = Registered("rule.pattern", must="04")
    ALARM_TOPIC = Registered("alarm.topic-tells", must="04")
    ALARM_SECOND = Registered("alarm.second-action", must="04")
    ALARM_QUOTA = Registered("alarm.quota", must="04")
    ALARM_FOREIGN = Registered("alarm.foreign", must="04")
    ALARM_SUPPRESSED = Registered("alarm.suppressed", must="04")
    ALARM_SILENCE = Registered("alarm.no-checkin-hours", must="04")
    ALARM_COST = Registered("alarm.cost", must="04")
    ALARM_ENABLED = Registered("alarm.actions-enabled", must="04")
    ALARM_METRIC = Registered("alarm.metric", must="04")
    ALARM_TELLS = Registered("alarm.tells", may=DRILL)
    ALARM_NO_DATA = Registered("alarm.no-data", must="04")
    RULE_CARRIES = Registered("rule.carries-its-event", must="03")
    DISPATCHER_TAKES = Registered("dispatcher.takes", must="04")

    DEFINITION_LINT = Registered("definition.lint", must="03")
    DEFINITION_VALIDATED = Registered("definition.validated", must="03")
    DEFINITION_READABLE = Registered("definition.live-is-readable", must="03")
    ROUTE_TESTED = Registered("definition.route", must="03")
    TASK_FAILS = Registered("definition.one-task-fails", must="03")
    PAST_FAILING = Registered("backtest.failing", must="03")
    PAST_COVERED = Registered("backtest.covered", must="03")
    PAST_READABLE = Registered("backtest.readable", must="03")
    PAST_LOWER = Registered("backtest.lower", must="03")
    CANDIDATE_TRIED = Registered("candidate.tried", must="03")
    WATCHED_EXECUTIONS = Registered("early-watch.executions", must="03")
    WATCHED_THROTTLES = Registered("early-watch.throttles", may="03")
    WATCHED_ALARMS = Registered("early-watch.alarms", may="03")
    # Of a watch after the change: rows of its own log, and of no phase's checks.
    WATCH_UNREAD = Registered("watch.unread", may=WATCH)
    WATCH_FAILURES = Registered("watch.failures", may=WATCH)
    WATCH_SILENCE = Registered("watch.silence", may=WATCH)
    WATCH_CRISES = Registered("watch.crises", may=WATCH)
    WATCH_RUNS = Registered("watch.runs", may=WATCH)
    WATCH_LOG = Registered("watch.log", may=WATCH)
    WATCH_ROUTES = Registered("watch.routes", may=WATCH)
    WATCH_ALARMS = Registered("watch.alarms", may=WATCH)
    WATCH_ALARM = Registered("watch.alarm", may=WATCH)
    WATCH_FUNCTION = Registered("watch.function", may=WATCH)
    WATCH_RULE = Registered("watch.rule", may=WATCH)
    WATCH_SUBSCRIBERS = Registered("watch.subscribers", may=WATCH)
    WATCH_TOPIC = Registered("watch.topic", may=WATCH)
    WATCH_QUEUE = Registered("watch.queue", may=WATCH)
    REVISION_PUBLISHED = Registered("revision.published", must="03")
    REVISION_OF_ALIAS = Registered("revision.alias", may="03")
    ACROSS = Registered("executions.across-the-update", must="03", criteria="3")

    IN_PLACE_01 = Registered("in-place.01", must="05", criteria="1")
    IN_PLACE_02 = Registered("in-place.02", must="05", criteria="1")
    IN_PLACE_03 = Registered("in-place.03", must="05", criteria="1")
    IN_PLACE_04 = Registered("in-place.04", must="05", criteria="1")
    DRILL_STATUS = _drilled("status", (Point.PATHS, ""))
    DRILL_ROUTE = _drilled("route", (Point.PATHS, ""))
    DRILL_CONTACT = _drilled("alerts-to-the-contact")
    DRILL_OPERATIONS = _drilled("alerts-to-operations", (Point.OPERATIONS, "crisis"))
    DRILL_EVENTS = _drilled("events", (Point.EVENTS, ""))
    DRILL_RULES = _drilled("rules")
    DRILL_CONTENT = _drilled("content")
    DRILL_INTERVENTION = _drilled("intervention", (Point.INTERVENTIONS, ""))
    DRILL_IN_TIME = _drilled("in-time")
    DRILL_MARKED = _drilled("marked")
    DRILL_WORDLESS = _drilled("wordless")
    # Of every drill alike, so that it carries no point of the checklist: it holds criterion 1 up, or fails it.
    DRILL_REVISION = Registered("drill.revision", applied="05", may="03 drill", criteria="1")
    ERROR_IS_LOUD = Registered(
        "drill.error-is-loud", applied="05", may=DRILL, points=((Point.ERRORS, ""),), criteria="1"
    )
    DRILLS_RAN = Registered("drills.every-one-ran", must="05", criteria="1")
    DRILL_WHOLE = Registered("drill.as-expected", applied="05", may="03", criteria="1")
    DRILLS_COUNTED = Registered("drills.interventions", applied="05", may="03", criteria="1")
    CRISES_WHOLE = Registered("crises.as-expected", applied="05", criteria="1")
    ALERTS_ONCE = Registered("crises.alerts-once", applied="05", criteria="1")
    ALERTS_IN_TIME = Registered("crises.alerts-in-time", applied="05", criteria="1")
    NO_STRAY = Registered("drills.no-stray-alert", applied="05", may=f"03 {DRILL}", criteria="1")
    CLEARED = Registered("drills.listeners-removed", applied="05", may=f"03 {DRILL}", criteria="1")
    DRILLS_PUBLISHED = Registered("drills.published", may=f"05 {DRILL}")
    DRILL_LOGS = Registered("drills.logs", may=f"03 05 {DRILL}")
    SAME_EVENT = Registered("low-sentiment.same-event", must="05", criteria="1 3")
    UNCHANGED = Registered("validation.nothing-changed", must="05", criteria="1")
    CHECKLIST = Registered("validation.checklist", must="05")

    WORKFLOW_DOCUMENTED = Registered("documented.workflow", must="06")
    RULES_DOCUMENTED = Registered("documented.rules", must="06")

    AS_VALIDATED = Registered("review.as-validated", must="07", may=DRILL)
    LONG_ENOUGH = Registered("review.long-enough", must="07", criteria="3 4")
    RECONCILED = Registered("review.alerts-reconciled", must="07")
    UNDELIVERED = Registered("review.undelivered", must="07")
    UNSCORED_SHARE = Registered("review.unscored", must="07")
    AS_FORECAST = Registered("review.as-forecast", must="07")
    REAL_LATENCY = Registered("review.real-alerts-in-time", must="07")
    SUCCESS_RATE = Registered("review.success-rate", must="07", criteria="3")
    NO_WORSE_PART = Registered("review.no-worse-part", must="07", criteria="3")
    NO_NEW_KIND = Registered("review.no-new-kind-of-failure", must="07", criteria="3")
    AS_FAST = Registered("review.as-fast", must="07", criteria="3")
    STILL_COME = Registered("review.still-come", must="07", criteria="3")
    NONE_SILENT = Registered("single-failure.none-silent", must="07", criteria="1")
    TOLD_IN_TIME = Registered("single-failure.told-in-time", may="07", criteria="1")
    ONLY_QUEUED = Registered("single-failure.only-queued", may="07", criteria="1")
    UNCARRIED = Registered("single-failure.uncarried", may="07", criteria="1")
    CRITERION_1 = Registered("criterion.1", must="07", criteria="1")
    CRITERION_2 = Registered("criterion.2", must="07", criteria="2")
    CRITERION_3 = Registered("criterion.3", must="07", criteria="3")
    CRITERION_4 = Registered("criterion.4", must="07", criteria="4")
    CRITERION_5 = Registered("criterion.5", must="07", criteria="5")


_KNOWN = {one.value: one for one in Id}


def of(text: str) -> Id:
    """The check with this id. Raises ValueError for one that is not registered here."""
    if text not in _KNOWN:
        raise ValueError(f"no check {text!r} is registered in lib/values/check_registry.py")
    return _KNOWN[text]


def due(phase: str, applies: bool) -> list[Id]:
    """The checks that a phase must have answered, where it applies or only plans."""
    return [one for one in Id if one.registered.due(phase, applies)]
