"""The logs of the workflow and of both functions while drills ran: symptoms counted by name, no line kept. Read-only.

A drill whose alert came although a log holds an error is not simply passed; a log that cannot be read, or that holds
nothing of a drill that must have spoken in it, is said. Check-ins of people are logged beside drills, so that lines
alone show nothing: of the workflow the drill's own end is waited for, of a function a request for each drill, by its
name where a line holds that, else by its time.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lib.asl.functions import Called
from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.checks import Check, Status
from lib.drills import log_symptoms
from lib.drills.drill_session import Drill, Session
from lib.drills.log_requests import EXPECTED, Requests, Span
from lib.drills.log_symptoms import ORDINARY, Seen, Symptom
from lib.errors import RunbookError
from lib.resources.existing import names
from lib.routes import DRILL_PREFIX
from lib.values import log_links
from lib.values.alerts import Told
from lib.values.check_registry import UNREADABLE, Id
from lib.values.numbers import plural
from lib.wait import until

PROCESSOR, DISPATCHER, WORKFLOW = "processor", "dispatcher", "workflow"
BEFORE = timedelta(seconds=2)  # the clocks of logs and executions may differ by as much
AFTER = timedelta(seconds=5)  # an error of an execution is written by then
MOST = 50_000  # lines that are read; what is beyond is said


@dataclass
class WatchedLog:
    """One log: how many lines it has of that time, what they are symptoms of, and where each is seen first.

    `trouble`: why it could not be read. `due`: the drills that must have spoken in it; `spoke`: those that did.
    """

    what: str
    group: str
    due: frozenset[str]
    lines: int = 0
    spoke: set[str] = field(default_factory=set)
    seen: Counter[Seen] = field(default_factory=Counter)
    links: dict[Symptom, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def silent(self) -> list[str]:
        """The drills that must have spoken in it, and of which it holds nothing."""
        return sorted(self.due - self.spoke)

    def count(self, symptom: Symptom) -> int:
        """How often a symptom was seen."""
        return sum(number for one, number in self.seen.items() if one.symptom is symptom)

    @property
    def bad(self) -> list[Symptom]:
        """The symptoms that are not ordinary, the worst first."""
        return [one for one in Symptom if one not in ORDINARY and self.count(one)]


def watch(live: Live, session: Session) -> list[WatchedLog]:
    """Each log since the first drill; waits for what drills must have written in it. None without a drill."""
    if not session.drills:
        return []
    # Once: what a workflow calls is read of all that may start it, which in a large account takes hundreds of calls.
    groups = {
        PROCESSOR: _group(live, PROCESSOR, names.processor),
        DISPATCHER: _group(live, DISPATCHER, names.dispatcher),
    }
    return until(
        lambda: _read(live, session.drills, groups),
        lambda logs: all(log.trouble or not log.silent for log in logs),
        live.patience(live.settings.listen_seconds),
    ).seen


def table(logs: Sequence[WatchedLog]) -> list[dict[str, Any]]:
    """A row a log: its lines, how often each symptom, and where the worst is seen."""
    return [
        {
            "log": log.what,
            "lines": f"{log.lines:,} read",
            **{symptom.value: f"{log.count(symptom):,} times" for symptom in Symptom},
            "where": log.trouble or next((log.links[one] for one in (*log.bad, *ORDINARY) if one in log.links), ""),
        }
        for log in logs
    ]


def checks(logs: Sequence[WatchedLog]) -> list[Check]:
    """Whether nothing in any log speaks against the drills; none of them fails by a log alone."""
    return [_check(log) for log in logs]


def _check(log: WatchedLog) -> Check:
    name, expected = f"log of the {log.what}", "no error, timeout or throttle while drills ran"
    ordinary = ", ".join(f"{one.value} {_times(log.count(one))}" for one in ORDINARY if log.count(one))
    if log.trouble:
        status, said = Status.CANNOT_TELL, f"cannot be read: {log.trouble}"
    elif log.bad:
        named = ", ".join(f"{one.symptom.value} ({one.name}) {_times(number)}" for one, number in _worst(log))
        status, said = Status.CANNOT_TELL, f"{named}; see {log.links[log.bad[0]]}"
    elif log.silent:
        status = Status.WAITING
        of = f"{len(log.silent)} of {len(log.due)} drills that must have spoken in it, such as {log.silent[0]}"
        said = f"{log.group} holds nothing of {of}"
    elif not log.lines:
        status, said = Status.NOT_EXERCISED, f"{log.group} is silent: no drill spoke in it"
    else:
        status, said = Status.PASSED, ", ".join(filter(None, [plural(log.lines, "line"), ordinary]))
    return Check(Id.DRILL_LOGS, name, status, said, expected, log.what)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _worst(log: WatchedLog) -> list[tuple[Seen, int]]:
    bad = [(one, number) for one, number in log.seen.items() if one.symptom in log.bad]
    return sorted(bad, key=lambda row: (list(Symptom).index(row[0].symptom), row[0].name))


def _read(live: Live, drills: Sequence[Drill], groups: Mapping[str, tuple[str, str]]) -> list[WatchedLog]:
    mine = {drill.execution.arn for drill in drills}
    # A candidate has no log of its own: of its executions the drills themselves tell.
    ours = [arn for arn in mine if f":{live.settings.state_machine_name}:" in arn]
    due = {
        PROCESSOR: [one for one in drills if "checkinResult" not in one.given],
        DISPATCHER: [one for one in drills if one.scenario.expect[f"{Told.CONTACT}_alerts"]],
    }
    logs = [
        _of_function(live, WatchedLog(what, group, _names(due[what]), trouble=why), drills, due[what])
        for what, (group, why) in groups.items()
    ]
    if ours:
        ended = [one for one in drills if one.execution.arn in ours and one.execution.stopped]
        log = WatchedLog(WORKFLOW, live.settings.log_group_name, _names(ended))
        logs.append(_of_lines(live, log, _start(drills), _workflows(mine)))
    return logs


def _names(drills: Sequence[Drill]) -> frozenset[str]:
    return frozenset(one.execution.name for one in drills)


def _group(live: Live, what: str, ask: Callable[[Live], Called]) -> tuple[str, str]:
    """Where a function writes its log, or "" and why nobody can tell."""
    try:
        with readable(f"asking where the {what} writes its log"):
            function = ask(live)
            answer = live.client("lambda").get_function_configuration(FunctionName=function.said)
            return str((answer.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{function.name}"), ""
    except RunbookError as error:
        return "", str(error)


def _of_function(live: Live, log: WatchedLog, drills: Sequence[Drill], due: Sequence[Drill]) -> WatchedLog:
    if log.trouble:
        return log
    requests = Requests(_names(drills), live.settings.drill_user_id)
    log = _of_lines(live, log, _start(drills), requests.look)
    late = timedelta(seconds=live.settings.alert_limit_seconds)  # so long after its end may come what a drill set off
    log.spoke |= requests.speakers([_span(one, AFTER + late) for one in due])
    # What fails of the check-in that cannot be scored has to, in the processor: it calls no other function.
    failing = [one for one in drills if one.scenario.name == UNREADABLE and log.what == PROCESSOR]
    for seen, stream in requests.errors([_span(one, AFTER) for one in failing]):
        _add(live, log, seen, stream)
    return log


Look = Callable[[Mapping[str, Any]], tuple[Seen | None, Sequence[str]]]  # of a row: its symptom; which drills spoke


def _span(drill: Drill, after: timedelta) -> Span:
    """The time in which a drill's lines are written."""
    ended = drill.execution.stopped or drill.execution.started
    return Span(drill.execution.name, drill.execution.started - BEFORE, ended + after)


def _workflows(mine: set[str]) -> Look:
    """Of an event of the workflow, as far as it is of one of these executions."""

    def look(row: Mapping[str, Any]) -> tuple[Seen | None, Sequence[str]]:
        event = log_symptoms.of_workflow(str(row["message"]))
        if event.execution not in mine:
            return None, []
        seen, name = event.seen, event.execution.rpartition(":")[2]
        if seen and name.startswith(f"{DRILL_PREFIX}{UNREADABLE}-"):
            seen = Seen(Symptom.CAUGHT, f"{seen.name} {EXPECTED}")
        return seen, [name] if event.ends else []

    return look


def _start(drills: Sequence[Drill]) -> datetime:
    return min(drill.execution.started for drill in drills) - BEFORE


def _of_lines(live: Live, log: WatchedLog, start: datetime, look: Look) -> WatchedLog:
    try:
        with readable(f"reading {log.group}"):
            exists = False
            with absent_is_none("ResourceNotFoundException"):
                for row in _rows(live, log.group, start):
                    _count(live, log, row, *look(row))
                exists = True
    except RunbookError as error:
        log.trouble = str(error)
        return log
    if not exists:
        log.trouble = f"there is no log group {log.group}"
    elif log.lines >= MOST:
        log.trouble = f"{log.group} has more than the {MOST:,} lines that are read"
    return log


def _count(live: Live, log: WatchedLog, row: Mapping[str, Any], seen: Seen | None, spoke: Sequence[str]) -> None:
    log.lines += 1
    log.spoke.update(spoke)
    if seen:
        _add(live, log, seen, str(row["logStreamName"]))


def _add(live: Live, log: WatchedLog, seen: Seen, stream: str) -> None:
    log.seen[seen] += 1
    s = live.settings
    log.links.setdefault(seen.symptom, log_links.link(s.partition, s.region, log.group, stream))


def _rows(live: Live, group: str, start: datetime) -> Iterator[Mapping[str, Any]]:
    pages = live.client("logs").get_paginator("filter_log_events")
    asked = {"logGroupName": group, "startTime": round(start.timestamp() * 1000)}
    for page in pages.paginate(**asked, PaginationConfig={"MaxItems": MOST}):
        yield from page["events"]
