"""What is said of the logs of a session of drills, line by line as AWS gives them. No AWS."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from drilled import NAME, STARTED, drill
from machines import connected, says

from lib.asl.functions import Called
from lib.definitions import templates
from lib.drills import log_requests, watched_logs
from lib.drills.drill_session import Session
from lib.drills.log_symptoms import Symptom
from lib.drills.scenarios import Scenario, outcome
from lib.resources.existing import names
from lib.settings import load
from lib.telemetry.execution_status import Execution

LOCAL = load("local")
ARN = LOCAL.arn("states", f"execution:{LOCAL.state_machine_name}:{NAME}")
GROUPS = ("/aws/lambda/Your6-CheckinProcessor", "/aws/lambda/Your6-AlertDispatcher", LOCAL.log_group_name)
QUIET = "START RequestId: 1 Version: $LATEST"


class Logs:
    """Log groups by name, each a list of lines or an error; and the functions' configuration."""

    def __init__(self, **lines):
        self.groups = {name: [QUIET] for name in GROUPS} | {GROUPS[2]: [event("ExecutionSucceeded")]} | lines
        self.config, self.asked, self.late = {}, [], 0

    def get_function_configuration(self, FunctionName):  # noqa: N803 - AWS's own names
        return {"LoggingConfig": {"LogGroup": self.config[FunctionName]}} if FunctionName in self.config else {}

    def get_paginator(self, operation):
        assert operation == "filter_log_events"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, logGroupName, startTime, PaginationConfig):  # noqa: N803
        self.asked.append((logGroupName, startTime))
        lines = self.groups.get(logGroupName, says("ResourceNotFoundException"))
        if isinstance(lines, Exception):
            raise lines
        self.late -= 1
        rows = [] if self.late >= 0 else [self._row(line) for line in lines]
        return [{"events": rows[:1]}, {"events": rows[1:]}]

    def _row(self, line):
        at, text = line if isinstance(line, tuple) else (1, line)
        moment = STARTED + timedelta(seconds=at)
        return {"message": text, "logStreamName": "2026/01/01/[$LATEST]ab", "timestamp": moment.timestamp() * 1000}


@pytest.fixture
def watched(monkeypatch):
    """`watched(logs, drill)`: each log by what it is, and its check."""
    monkeypatch.setattr(names, "processor", lambda live: Called("Your6-CheckinProcessor", "live"))
    monkeypatch.setattr(names, "dispatcher", lambda live: Called("Your6-AlertDispatcher"))

    def run(logs, *drills, **parameters):
        live = connected(load("local", parameters), logs=logs, **{"lambda": logs})
        found = watched_logs.watch(live, Session(list(drills or [drilled()])))
        return {check.subject: check for check in watched_logs.checks(found)}, found, live.clock()

    return run


def drilled(arn=ARN, **changed):
    ended = Execution(arn, "SUCCEEDED", STARTED, STARTED + timedelta(seconds=1), {"route": "crisis"}, "")
    return drill(execution=ended, **changed)


def unreadable(name="drill-unreadable-abc-012345"):
    arn = LOCAL.arn("states", f"execution:{LOCAL.state_machine_name}:{name}")
    return drilled(arn, scenario=Scenario("unreadable", "", {}, outcome("unscored")), given={})


def event(kind, arn=ARN, **details):
    return json.dumps({"type": kind, "execution_arn": arn, "details": details})


def test_logs_without_a_symptom_pass_with_their_cold_starts_counted(watched):
    cold = "REPORT RequestId: 1\tDuration: 3 ms\tInit Duration: 210 ms"
    logs = Logs(**{GROUPS[1]: [QUIET, cold, cold]})
    found, _, waited = watched(logs)
    assert {what: str(check.status) for what, check in found.items()} == dict.fromkeys(found, "passed")
    assert found["dispatcher"].found == "3 lines, cold start 2 times" and waited == 0
    start = round((STARTED.timestamp() - 2) * 1000)
    assert logs.asked == [(name, start) for name in GROUPS]


def test_an_error_beside_an_alert_that_came_is_no_pass_and_is_named_with_its_stream(watched):
    logs = Logs(**{GROUPS[1]: [QUIET, "[ERROR] KeyError: 'words'", "[ERROR] KeyError: 'x'"]})
    found, _, _ = watched(logs)
    bad = found["dispatcher"]
    assert (bad.status, bad.found.partition("; see ")[0]) == ("cannot tell", "error line (KeyError) 2 times")
    assert bad.found.endswith(
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/"
        "$252Faws$252Flambda$252FYour6-AlertDispatcher/log-events/2026$252F01$252F01$252F$255B$2524LATEST$255Dab"
    )
    assert "words" not in str(found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2026-01-01T12:00:01Z 8f5a Task timed out after 3.00 seconds", "timeout (timeout) once"),
        ("RequestId: 1 Error: Runtime exited with error: signal: killed", "out of memory (out of memory) once"),
        ("[ERROR] ClientError: (ThrottlingException) Rate exceeded", "throttle (throttle) once"),
    ],
)
def test_so_are_timeouts_killed_processes_and_throttles(line, said, watched):
    found, logs, _ = watched(Logs(**{GROUPS[0]: [line]}))
    assert (found["processor"].status, found["processor"].found.partition(";")[0]) == ("cannot tell", said)
    (row, *_) = watched_logs.table(logs)
    assert (row["log"], row["lines"]) == ("processor", "1 read") and row["where"].startswith("https://")


@pytest.mark.parametrize("error", [says("AccessDeniedException"), says("ResourceNotFoundException")])
def test_a_log_that_cannot_be_read_is_said(error, watched):
    found, _, _ = watched(Logs(**{GROUPS[0]: error}))
    assert found["processor"].status == "cannot tell"
    assert found["processor"].found.startswith("cannot be read: ") and GROUPS[0] in found["processor"].found


def test_a_silent_log_is_waited_for_and_said_where_a_drill_must_have_spoken_in_it(watched):
    found, _, waited = watched(Logs(**{GROUPS[0]: [], GROUPS[1]: []}), listen_seconds=3)
    assert waited >= 3
    assert (found["dispatcher"].status, found["processor"].status) == ("waiting", "not exercised here")
    assert f"holds nothing of 1 of 1 drills that must have spoken in it, such as {NAME}" in found["dispatcher"].found
    late = Logs()
    late.late = 4
    assert watched(late, listen_seconds=3)[0]["dispatcher"].status == "passed"


def test_where_a_function_logs_is_asked_once_however_long_its_log_is_waited_for(watched, monkeypatch):
    asked = []
    for what, name in (("processor", "Your6-CheckinProcessor"), ("dispatcher", "Your6-AlertDispatcher")):
        monkeypatch.setattr(names, what, lambda live, what=what, name=name: asked.append(what) or Called(name))
    late = Logs()
    late.late = 40
    assert watched(late, listen_seconds=30)[0]["dispatcher"].status == "passed"
    assert sorted(asked) == ["dispatcher", "processor"]


def test_what_others_log_meanwhile_is_no_word_of_a_drill(watched):
    """Check-ins of people run beside drills: their lines neither end the waiting nor pass for a drill's."""
    others = [event("ExecutionSucceeded", arn=f"{ARN}-somebodys")] * 5
    found, _, waited = watched(Logs(**{GROUPS[2]: others, GROUPS[1]: [(-60, QUIET), (600, QUIET)]}), listen_seconds=3)
    assert waited >= 3
    assert {what: str(found[what].status) for what in ("workflow", "dispatcher")} == {
        "workflow": "waiting", "dispatcher": "waiting",
    }  # fmt: skip
    begun = [event("ExecutionStarted"), event("PassStateEntered")]
    assert watched(Logs(**{GROUPS[2]: begun}), listen_seconds=3)[0]["workflow"].status == "waiting"


def test_of_the_workflow_only_the_drills_count_and_what_was_caught_is_named(watched):
    logs = [event("ExecutionFailed", arn="somebodys", error="Theirs"), event("TaskFailed", error="SNS.Exception")]
    logs.append(event("ExecutionSucceeded"))
    found, _, _ = watched(Logs(**{GROUPS[2]: logs}))
    assert (found["workflow"].status, found["workflow"].found) == (
        "passed", "3 lines, failure that was caught or tried again once",
    )  # fmt: skip
    found, _, _ = watched(Logs(**{GROUPS[2]: [*logs, event("ExecutionFailed", error="Ours")]}))
    assert (found["workflow"].status, "error line (Ours) once" in found["workflow"].found) == ("cannot tell", True)


def test_a_candidate_has_no_log_of_its_own(watched):
    arn = ARN.replace(f":{LOCAL.state_machine_name}:", f":{LOCAL.state_machine_name}-candidate:")
    found, _, _ = watched(Logs(), drilled(arn))
    assert set(found) == {"processor", "dispatcher"}


def test_what_fails_of_the_check_in_that_nobody_can_score_has_to(watched):
    one = unreadable()
    lines = [(1, "[ERROR] ValueError: no text"), QUIET]
    failed = [event("ExecutionFailed", arn=one.execution.arn, error="ValueError")]
    found, logs, _ = watched(Logs(**{GROUPS[0]: lines, GROUPS[2]: failed}), one)
    assert {found[what].status for what in ("processor", "workflow")} == {"passed"}
    assert [log.count(Symptom.CAUGHT) for log in logs if log.what == "processor"] == [1]
    later = [(60, "[ERROR] ValueError: no text")]
    assert watched(Logs(**{GROUPS[0]: later}), one)[0]["processor"].status == "cannot tell"


def begun(request, at=1.0):
    return (at, f"START RequestId: {request} Version: $LATEST")


def failed(error="[ERROR] ValueError: no text", at=1.0):
    return (at, error)


def test_an_error_of_the_dispatcher_is_none_of_the_check_in_that_nobody_can_score(watched):
    """That drill does not call it: it is a real person's alert that crashed."""
    lines = [begun("r1"), failed("[ERROR] KeyError: 'trustedContact'")]
    found, _, _ = watched(Logs(**{GROUPS[1]: lines, GROUPS[0]: [begun("r2"), failed()]}), unreadable(), drilled())
    assert {what: str(found[what].status) for what in ("dispatcher", "processor")} == {
        "dispatcher": "cannot tell", "processor": "passed",
    }  # fmt: skip
    assert "error line (KeyError) once" in found["dispatcher"].found


def test_more_than_the_one_attempt_that_must_fail_is_somebodys_failed_check_in(watched):
    lines = [begun("r1"), failed(), (1, "[ERROR] a second line of the same request"), begun("r2"), failed(at=2)]
    found, logs, _ = watched(Logs(**{GROUPS[0]: lines}), unreadable())
    assert (found["processor"].status, "error line (ValueError) once" in found["processor"].found) == (
        "cannot tell",
        True,
    )
    assert logs[0].count(Symptom.CAUGHT) == 2
    both = watched(Logs(**{GROUPS[0]: lines}), unreadable(), unreadable("drill-unreadable-abc-543210"))
    assert both[0]["processor"].status == "passed"


@pytest.mark.parametrize("said", ["drill-unreadable-abc-012345", LOCAL.drill_user_id])
def test_where_the_drills_request_is_told_no_other_is_excused(said, watched):
    """The drill's own says that it began, and fails without an error line; the other is a person's."""
    lines = [begun("r1"), failed("[ERROR] KeyError: 'theirs'"), begun("r2"), (1, f"scoring {said}")]
    assert watched(Logs(**{GROUPS[0]: lines}), unreadable())[0]["processor"].status == "cannot tell"
    own = [begun("r1"), (1, "scoring somebody"), begun("r2"), (1, f"scoring {said}"), failed()]
    assert watched(Logs(**{GROUPS[0]: own}), unreadable())[0]["processor"].status == "passed"
    other = [begun("r1"), (1, f"scoring {NAME}"), failed()]
    assert watched(Logs(**{GROUPS[0]: other}), unreadable(), drilled())[0]["processor"].status == "cannot tell"


def as_json(request, at=1.0, **more):
    return (at, json.dumps({"requestId": request, "level": "INFO", **more}))


def test_a_request_is_told_in_json_as_well(watched):
    begun = json.dumps({"type": "platform.start", "record": {"requestId": "r1"}})
    lines = [(1, begun), as_json("r1", level="ERROR", errorType="ValueError"), as_json("r2", user=LOCAL.drill_user_id)]
    assert watched(Logs(**{GROUPS[0]: lines}), unreadable())[0]["processor"].status == "cannot tell"
    named = [*lines, as_json("r1", user=NAME.replace("crisis", "unreadable"))]
    assert watched(Logs(**{GROUPS[0]: named}), unreadable())[0]["processor"].status == "passed"
    odd = [(1, '{"requestId": 1}'), (1, "{no json"), (1, "[ERROR]\t2026-01-01T12:00:01Z\tr3\tValueError")]
    assert watched(Logs(**{GROUPS[0]: odd}), unreadable())[0]["processor"].status == "passed"


def test_nothing_is_tried_again_that_the_processor_itself_raised():
    tried = templates.definition(LOCAL)["States"]["ProcessCheckin"]["Retry"]
    assert all(error.startswith("Lambda.") for one in tried for error in one["ErrorEquals"])
    assert log_requests.ATTEMPTS == 1


def test_one_request_speaks_for_one_drill(watched):
    """Whose a request is that names no drill, nobody can tell; but so many drills need so many requests."""
    second = ARN.replace("012345", "543210")
    logs = Logs(
        **{GROUPS[1]: [begun("r1")], GROUPS[2]: [event("ExecutionSucceeded"), event("ExecutionSucceeded", second)]}
    )
    found, _, _ = watched(logs, drilled(), drilled(second), listen_seconds=3)
    assert (found["dispatcher"].status, "1 of 2 drills" in found["dispatcher"].found) == ("waiting", True)
    logs.groups[GROUPS[1]].append(begun("r2"))
    assert watched(logs, drilled(), drilled(second))[0]["dispatcher"].found == "2 lines"


def test_a_request_that_names_a_drill_speaks_for_no_other(watched):
    second = ARN.replace("012345", "543210")
    lines = [begun("r1"), (1, f"alerts of {NAME}"), begun("r2"), (1, f"again of {NAME}")]
    found, logs, _ = watched(Logs(**{GROUPS[1]: lines}), drilled(), drilled(second), listen_seconds=3)
    assert found["dispatcher"].status == "waiting" and logs[1].silent == [second.rpartition(":")[2]]


def test_one_line_is_one(watched):
    assert watched(Logs(**{GROUPS[1]: [QUIET]}))[0]["dispatcher"].found == "1 line"


def test_a_function_says_itself_where_it_logs(watched):
    logs = Logs(theirs=["[ERROR] KeyError"])
    logs.config["Your6-CheckinProcessor:live"] = "theirs"
    assert watched(logs)[0]["processor"].status == "cannot tell"


def test_without_a_drill_no_log_is_read(watched):
    live = connected(LOCAL, logs=Logs())
    assert watched_logs.watch(live, Session()) == [] and watched_logs.checks([]) == []
