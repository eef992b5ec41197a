"""Follows a definition from state to state, and says where it went and what it sent. Pure: no AWS, sends nothing.

A `Stepper` takes one state; `Whole` takes it here, as AWS would with every task succeeding. Others may ask AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.asl import timestamps
from lib.asl.execution_errors import NoChoiceMatched, naming
from lib.asl.interpreter_steps import UNNAMED, Sent, SentKind, Step, Stepper, Way, output_of, payload_of
from lib.asl.payload_templates import fill, place_result
from lib.asl.supported import require_known as require_known
from lib.errors import BadParameters

MOST_STATES = 200
UNCAUGHT = ("States.DataLimitExceeded", "States.Runtime")  # States.ALL does not catch these
TRIED_AGAIN = ("Task", "Parallel")  # in these the context counts the retries


def context_of(name: str, given: Any, machine: str = timestamps.MACHINE) -> dict[str, Any]:  # noqa: ANN401
    """The context object of an execution called `name` with this input, as it is at a task's first try."""
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    return {
        "Execution": {"Id": arn, "Name": name, "Input": given, **timestamps.EXECUTION},
        "State": {"EnteredTime": timestamps.AT, "Name": "any", "RetryCount": 0},
        "StateMachine": {"Id": machine, "Name": machine.rsplit(":", 1)[-1]},
    }


def follow(machine: Mapping[str, Any], given: Any, context: dict[str, Any], step: Stepper, until: str = "") -> Way:  # noqa: ANN401
    """Walk a definition from its start, branch after branch where it is parallel.

    `until` names a field: the walk ends as soon as a state's output has it. Raises BadParameters for what is not known.
    """
    walk = _Walk(context, step, until)
    ended = walk.along(machine, given, ())
    return Way(tuple(walk.states), tuple(walk.sent), ended.output, ended.error)


@dataclass(frozen=True)
class _Walk:
    """A walk under way, and what it has seen so far."""

    context: dict[str, Any]
    step: Stepper
    until: str
    states: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def along(self, machine: Mapping[str, Any], data: Any, inside: tuple[str, ...]) -> Step:  # noqa: ANN401
        """From the start of a machine or a branch to its end."""
        name = str(machine["StartAt"])
        while name:
            if name not in machine["States"]:
                raise BadParameters(f"{' / '.join((*inside, name))} is not there; a state leads to it")
            taken = self._take(name, machine["States"][name], data, inside)
            decided = bool(self.until) and isinstance(taken.output, Mapping) and self.until in taken.output
            if taken.error or decided:
                return taken
            name, data = taken.next, taken.output
        return Step("", data)

    def _take(self, name: str, body: Mapping[str, Any], data: Any, inside: tuple[str, ...]) -> Step:  # noqa: ANN401
        where = " / ".join((*inside, name))
        self.states.append(where)
        if len(self.states) > MOST_STATES:
            raise BadParameters(f"{where}: more than {MOST_STATES} states on one way; it goes round in a circle")
        context = _within(self.context, name, body)
        if body["Type"] == "Parallel":
            return self._parallel(body, data, (*inside, name), context)
        with naming(where, body, inside):
            try:
                taken = self.step(where, body, data, context)
            except NoChoiceMatched as error:
                # At the top it ends the execution; in a branch it is an error that the Parallel may catch.
                if not inside:
                    raise
                return Step("", data, "States.NoChoiceMatched", cause=str(error))
            if body["Type"] == "Task" and not taken.caught and not taken.error:
                self.sent.extend(_sent_by(body, data, context))
        return taken

    def _parallel(
        self,
        body: Mapping[str, Any],
        data: Any,  # noqa: ANN401
        inside: tuple[str, ...],
        context: dict[str, Any],
    ) -> Step:
        """Every branch, one after the other; what they give is put together here. The first error goes to the Catch."""
        where, before = " / ".join(inside), len(self.sent)
        with naming(where, body, inside[:-1]):
            given = payload_of(body, data, context)
        ended = [self.along(branch, given, inside) for branch in body["Branches"]]
        with naming(where, body, inside[:-1]):
            if broken := [end for end in ended if end.error]:
                del self.sent[before:]  # AWS ends the other branches, and nobody knows how far they were
                return _first_failure(body, data, broken)
            outputs = [end.output for end in ended]
            made = fill(body["ResultSelector"], outputs, context) if "ResultSelector" in body else outputs
            output = place_result(body.get("ResultPath", "$"), data, made)
            return Step(str(body.get("Next", "")), output_of(body, output, context))


def _within(context: Mapping[str, Any], name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The context object as a state sees it: its own name, and its retries where it can be tried again."""
    own = {"EnteredTime": context.get("State", {}).get("EnteredTime", timestamps.AT), "Name": name}
    return {**context, "State": {**own, "RetryCount": 0} if body["Type"] in TRIED_AGAIN else own}


def _first_failure(body: Mapping[str, Any], data: Any, broken: list[Step]) -> Step:  # noqa: ANN401
    """What a Parallel makes of its branches' errors. Which of several comes first, nobody knows."""
    steps = [catch_or_fail(body, data, end.error, end.cause) for end in broken]
    if any(step.caught for step in steps) and any(step != steps[0] for step in steps):
        errors = ", ".join(dict.fromkeys(end.error for end in broken))
        raise BadParameters(f"its branches fail with {errors}; which the Catch is given is not known here")
    return steps[0]


def catch_or_fail(body: Mapping[str, Any], data: Any, error: str, cause: str = "failed") -> Step:  # noqa: ANN401
    """What a Task or Parallel does with an error once its retries are used up: the Catch that takes it, or the end."""
    for catcher in body.get("Catch", []):
        if catches(catcher["ErrorEquals"], error):
            output = {"Error": "" if error == UNNAMED else error, "Cause": cause}  # AWS binds "" to what a Fail lacks
            return Step(str(catcher["Next"]), place_result(catcher.get("ResultPath", "$"), data, output), caught=error)
    return Step("", data, error, cause=cause)


def catches(names: list[str], error: str) -> bool:
    """Whether a Catch or a Retry of these names takes an error."""
    if error in names:
        return True
    if error in UNCAUGHT:  # a trap: `States.ALL` reads as if it took everything
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def _sent_by(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> list[Sent]:  # noqa: ANN401
    """What a task sends when it succeeds. Raises BadParameters where its payload has not what the service takes."""
    resource, payload = str(body["Resource"]), payload_of(body, data, context)
    if resource.endswith("events:putEvents"):
        entries = _text(payload, "Entries", list)
        return [Sent(SentKind.EVENT, _text(entry, "DetailType"), _text(entry, "Source")) for entry in entries]
    if resource.endswith("sns:publish"):
        named = "PhoneNumber" if isinstance(payload, Mapping) and payload.get("PhoneNumber") else "TopicArn"
        return [Sent(SentKind.TOPIC, _text(payload, named))]
    if resource.endswith("dynamodb:updateItem"):
        return [Sent(SentKind.ITEM, _text(payload, "TableName"))]
    return [Sent(SentKind.FUNCTION, _text(payload, "FunctionName") if resource.endswith("lambda:invoke") else resource)]


def _text(payload: Any, name: str, kind: type = str) -> Any:  # noqa: ANN401
    value = payload.get(name) if isinstance(payload, Mapping) else None
    if not isinstance(value, kind):
        raise BadParameters(f"it is given {name} {value!r}; what AWS makes of that is not known here")
    return value
