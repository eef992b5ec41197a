"""How a task of the workflow is broken in a copy of its definition; its limits, retries and catches stay as they are.

Missing things are broken for real: the copy names a topic, table or function that is not there, and of events it sends
eleven at once, which EventBridge refuses (the embedded account takes events for a bus that is not there).

For the other faults there are two ways, since only moto's interpreter calls the account over the wire:
- `by_name`, for moto: the copy names a thing whose name says how it fails (`Your6-OperationsAlerts-rehearsal-denied`),
  and the gate of `refusing_proxy.py` answers its calls so, in the service's own words, or not at all;
- `by_stand_in`, for the embedded account's own interpreter: the task calls a function that raises or sleeps. A caught
  error then has another name than AWS gives it, which only a Retry or Catch of a named error could tell.

A task that may take longer than a trial lasts has its limit cut to `PATIENCE_SECONDS`, and the row says so. Denied and
throttled are told apart by the error's name alone; on AWS the first never goes away, and the second may.
"""

import contextlib
import copy
from collections.abc import Iterator, Mapping
from typing import Any

from lib.errors import NotAsWanted

MISSING, DENIED, THROTTLED, FAILING, SLOW = "missing", "denied", "throttled", "failing", "slow"
FAULTS = (MISSING, DENIED, THROTTLED, FAILING, SLOW)
TOO_MANY = 11  # entries of one PutEvents; ten are taken
PATIENCE_SECONDS = 4
HOLD_SECONDS = 6.0  # how long something slow takes: longer than any limit that is tried
NAMED = ("TopicArn", "TableName", "FunctionName")

Definition = dict[str, Any]


def by_name(definition: Mapping[str, Any], broken: Mapping[str, str]) -> Definition:
    """A copy in which these tasks (name -> fault) use things whose names say how they fail."""
    copied, bodies = _copied(definition)
    for task, fault in broken.items():
        with _is_broken(task, bodies[task], fault):
            _rename(bodies[task], fault)
        _hurry(bodies[task], fault)
    return copied


def by_stand_in(definition: Mapping[str, Any], broken: Mapping[str, str], function_arn: str) -> Definition:
    """A copy in which these tasks (name -> fault) call a function that fails; what is missing is missing for real."""
    copied, bodies = _copied(definition)
    for task, fault in broken.items():
        body = bodies[task]
        with _is_broken(task, body, fault):
            if fault == MISSING:
                _rename(body, fault)
            else:
                body["Resource"] = function_arn
                body["Parameters"] = {"fault": fault, "seconds": HOLD_SECONDS if fault == SLOW else 0}
        _hurry(body, fault)
    return copied


@contextlib.contextmanager
def _is_broken(task: str, body: dict[str, Any], fault: str) -> Iterator[None]:
    """Raise NotAsWanted where the block left a task whole: whoever is reached then proves nothing."""
    before = copy.deepcopy(body)
    yield
    if body == before:
        raise NotAsWanted(f"{task} was not broken ({fault}), so that nothing was tried")


def cut_limit(definition: Mapping[str, Any], task: str) -> float | None:
    """The limit of a task (seconds) that would be cut for the trial of something slow, or None."""
    limit = _copied(definition)[1][task].get("TimeoutSeconds")
    return float(limit) if limit and limit > PATIENCE_SECONDS else None


def body_of(definition: Mapping[str, Any], task: str) -> dict[str, Any]:
    """What a definition says of a task, also of one in a branch. Read-only."""
    return dict(_bodies(definition))[task]


def is_limited(definition: Mapping[str, Any], task: str) -> bool:
    """Whether a task has a limit of its own, after which it counts as failed."""
    return bool({"TimeoutSeconds", "TimeoutSecondsPath"} & body_of(definition, task).keys())


def _copied(definition: Mapping[str, Any]) -> tuple[Definition, dict[str, dict[str, Any]]]:
    copied = copy.deepcopy(dict(definition))
    return copied, dict(_bodies(copied))


def _bodies(machine: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in machine["States"].items():
        yield name, body
        for branch in body.get("Branches", []):
            yield from _bodies(branch)


def _hurry(body: dict[str, Any], fault: str) -> None:
    if fault == SLOW and body.get("TimeoutSeconds", 0) > PATIENCE_SECONDS:
        body["TimeoutSeconds"] = PATIENCE_SECONDS


def _rename(body: dict[str, Any], fault: str) -> None:
    """Let a task use another thing. Raises NotAsWanted for a kind of task that nobody has thought of yet."""
    given = body.get("Parameters", {})
    if "Entries" in given and fault == MISSING:
        given["Entries"] = given["Entries"] * TOO_MANY
    elif "Entries" in given:
        given["Entries"] = [{**entry, "EventBusName": f"events{fault_suffix(fault)}"} for entry in given["Entries"]]
    elif ":function:" in body["Resource"]:
        body["Resource"] += fault_suffix(fault)
    elif field := next((field for field in NAMED if field in given), ""):
        given[field] += fault_suffix(fault)
    else:
        raise NotAsWanted(
            f"nobody knows how to break a task of {body['Resource']}; teach single_failures/definition_mutations.py"
        )


def fault_suffix(fault: str) -> str:
    """What a thing's name ends with, so that its calls fail in this way."""
    return f"-rehearsal-{fault}"
