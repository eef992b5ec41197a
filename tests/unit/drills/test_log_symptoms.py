"""Lines of logs as Lambda and Step Functions write them: what each is a symptom of, and no word of it is told."""

import json

import pytest

from lib.drills import log_symptoms
from lib.drills.log_symptoms import Event, Seen, Symptom

ID = "8f5a1c9e-0000-0000-0000-000000000000"
WORDS = "I have a plan to end my life"


def platform(**record):
    return json.dumps(
        {"time": "2026-01-01T12:00:00Z", "type": "platform.report", "record": {"requestId": ID, **record}}
    )


def logged(level, **more):
    return json.dumps({"timestamp": "2026-01-01T12:00:00Z", "level": level, "message": WORDS, **more})


LINES = {
    f"2026-01-01T12:00:00.123Z {ID} Task timed out after 3.00 seconds": Seen(Symptom.TIMEOUT, "timeout"),
    f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError": Seen(
        Symptom.OUT_OF_MEMORY, "out of memory"
    ),
    f"RequestId: {ID} Error: Runtime exited with error: exit status 1": Seen(Symptom.ERROR, "Runtime exited"),
    f"REPORT RequestId: {ID}\tDuration: 3 ms\tStatus: error\tError Type: Runtime.OutOfMemory": Seen(
        Symptom.OUT_OF_MEMORY, "out of memory"
    ),
    f"REPORT RequestId: {ID}\tDuration: 3 ms\tMax Memory Used: 70 MB\tInit Duration: 210.4 ms": Seen(
        Symptom.COLD_START, "cold start"
    ),
    f"[ERROR] ValueError: {WORDS}\nTraceback (most recent call last):": Seen(Symptom.ERROR, "ValueError"),
    f"[ERROR] botocore.errorfactory.TooManyRequestsException: {WORDS}": Seen(Symptom.THROTTLE, "throttle"),
    "[ERROR] ClientError: An error occurred (ThrottlingException): Rate exceeded": Seen(Symptom.THROTTLE, "throttle"),
    f"[ERROR]\t2026-01-01T12:00:00.123Z\t{ID}\t{WORDS}": Seen(Symptom.ERROR, "error line"),
    f"[ERROR] {WORDS}": Seen(Symptom.ERROR, "error line"),
    "[ERROR] suicidal": Seen(Symptom.ERROR, "error line"),
    "[ERROR] suicidal: yes": Seen(Symptom.ERROR, "error line"),
    "[ERROR] suicidalError2": Seen(Symptom.ERROR, "error line"),
    "[ERROR] JaneError Roe": Seen(Symptom.ERROR, "error line"),
    f"[ERROR] {'x' * 200}Error: long": Seen(Symptom.ERROR, "error line"),
    "[ERROR]\tJane wrote": Seen(Symptom.ERROR, "error line"),
    "[ERROR] ТомасError: no": Seen(Symptom.ERROR, "error line"),
    "[ERROR] KeyError\nTraceback (most recent call last):": Seen(Symptom.ERROR, "KeyError"),
    "[ERROR] KeyboardInterrupt": Seen(Symptom.ERROR, "KeyboardInterrupt"),
    "[ERROR] Runtime.ImportModuleError: Unable to import": Seen(Symptom.ERROR, "Runtime.ImportModuleError"),
    "[ERROR] requests.exceptions.ReadTimeout: slow": Seen(Symptom.ERROR, "requests.exceptions.ReadTimeout"),
    platform(status="error", errorType="Runtime.Unknown"): Seen(Symptom.ERROR, "Runtime.Unknown"),
    platform(status="error", errorType="suicidal"): Seen(Symptom.ERROR, "unnamed"),
    logged("ERROR", errorType="suicidal"): Seen(Symptom.ERROR, "unnamed"),
    platform(status="timeout"): Seen(Symptom.TIMEOUT, "Task timed out"),
    platform(status="error", errorType="Runtime.OutOfMemory"): Seen(Symptom.OUT_OF_MEMORY, "Runtime.OutOfMemory"),
    platform(status="failure", errorType="Runtime.ExitError"): Seen(Symptom.ERROR, "Runtime.ExitError"),
    platform(status="success", metrics={"durationMs": 3, "initDurationMs": 200}): Seen(
        Symptom.COLD_START, "cold start"
    ),
    logged("ERROR", errorType="KeyError"): Seen(Symptom.ERROR, "KeyError"),
    logged("ERROR", errorType="ThrottlingException"): Seen(Symptom.THROTTLE, "ThrottlingException"),
    logged("CRITICAL"): Seen(Symptom.ERROR, "unnamed"),
    logged("ERROR", errorType=WORDS): Seen(Symptom.ERROR, "unnamed"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_told_by_its_kind_and_class(line):
    assert log_symptoms.of_function(line) == LINES[line]


@pytest.mark.parametrize(
    "line",
    [
        "", f"START RequestId: {ID} Version: $LATEST", f"END RequestId: {ID}", "{", "{}", "[]", "null",
        f"REPORT RequestId: {ID}\tDuration: 3 ms\tMax Memory Used: 70 MB", logged("INFO"), logged(None),
        platform(status="success", metrics={"durationMs": 3}), '{"type": "platform.report", "record": 7}',
        f"she wrote: {WORDS} [ERROR] signal: killed", "ValueError: check-in without text", "[" * 5000,
        f'{{"type": {"[" * 900}{"]" * 900}, "level": "ERROR"}}',
    ],
)  # fmt: skip
def test_every_other_line_is_none_whatever_a_person_wrote(line):
    assert log_symptoms.of_function(line) is None


def test_no_word_of_a_line_is_told():
    told = [log_symptoms.of_function(line) for line in LINES]
    assert not any(word in f"{seen.name}".split() for seen in told for word in WORDS.split() if len(word) > 1)


EVENTS = {
    ("ExecutionFailed", "CrisisAlertUndelivered"): Seen(Symptom.ERROR, "CrisisAlertUndelivered"),
    ("ExecutionFailed", None): Seen(Symptom.ERROR, "ExecutionFailed"),
    ("ExecutionTimedOut", None): Seen(Symptom.TIMEOUT, "ExecutionTimedOut"),
    ("ExecutionAborted", None): Seen(Symptom.ERROR, "ExecutionAborted"),
    ("LambdaFunctionFailed", "ValueError"): Seen(Symptom.CAUGHT, "LambdaFunctionFailed ValueError"),
    ("TaskFailed", "Events.ThrottlingException"): Seen(Symptom.THROTTLE, "TaskFailed Events.ThrottlingException"),
    ("TaskTimedOut", None): Seen(Symptom.CAUGHT, "TaskTimedOut"),
    ("TaskFailed", WORDS): Seen(Symptom.CAUGHT, "TaskFailed"),
}


@pytest.mark.parametrize(("kind", "error"), EVENTS)
def test_an_event_of_the_workflow_is_told_with_its_execution(kind, error):
    details = {"cause": WORDS} | ({"error": error} if error else {})
    line = json.dumps({"type": kind, "details": details, "execution_arn": "arn:1"})
    assert log_symptoms.of_workflow(line) == Event("arn:1", kind.startswith("Execution"), EVENTS[kind, error])


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"type": "TaskSucceeded"}', '{"type": "ExecutionStarted"}'])
def test_of_the_workflow_every_other_event_is_no_symptom(line):
    assert log_symptoms.of_workflow(line) == Event("", False, None)


def test_an_execution_that_ended_well_has_ended():
    line = json.dumps({"type": "ExecutionSucceeded", "execution_arn": "arn:1"})
    assert log_symptoms.of_workflow(line) == Event("arn:1", True, None)
