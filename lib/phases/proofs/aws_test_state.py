"""Asks AWS's TestState what one state does with an input. Calls nothing but TestState, and sends nothing.

Every task is asked with a mocked result or error, and without a role: AWS could not carry it out if it wanted to.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lib.asl.execution_errors import result_of
from lib.asl.interpreter import catches
from lib.asl.interpreter_steps import Step
from lib.aws import Live
from lib.aws_answers import readable
from lib.errors import NotAsWanted
from lib.values.exact_json import map_parts

# AWS takes a context object only with a mock, and a mock only for tasks. So in other states `$$.` is read from here.
HELD = "contextOfTest"
COUNT = "RedriveCount"


class StateEnding(StrEnum):
    """How a state that was tested ended, as TestState says it."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CAUGHT_ERROR = "CAUGHT_ERROR"
    RETRIABLE = "RETRIABLE"


@dataclass(frozen=True)
class Asked:
    """The API as a `interpreter_steps.Stepper`: tasks succeed. The same question is put once, whoever asks it."""

    live: Live
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Step:  # noqa: ANN401
        if body["Type"] == "Task":
            more = {"mock": {"result": json.dumps(result_of(body, {}))}, "context": _sent(body, context)}
            return self._step(where, self._answer(where, body, data, more), data)
        held, given = _with_context(body, data, context)
        return self._step(where, self._answer(where, held, given, {}), data)

    def failing(self, where: str, body: Mapping[str, Any], data: Any, context: dict[str, Any], error: str) -> Step:  # noqa: ANN401
        """What a task does with an error once its retries are used up. AWS looks at Retry first, then at Catch."""
        more: dict[str, Any] = {
            "mock": {"errorOutput": {"error": error, "cause": "mocked"}},
            "context": _sent(body, context),
        }
        used_up = next((r.get("MaxAttempts", 3) for r in body.get("Retry", []) if catches(r["ErrorEquals"], error)), 0)
        if used_up:
            more["stateConfiguration"] = {"retrierRetryCount": used_up}
        return self._step(where, self._answer(where, body, data, more), data, error)

    def _answer(self, where: str, body: Mapping[str, Any], data: Any, more: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        question = {"definition": json.dumps(body), "input": json.dumps(data), **more}
        key = json.dumps(question, sort_keys=True)
        if key not in self.known:
            with readable(f"testing the state {where}"):
                self.known[key] = self.live.client("stepfunctions").test_state(**question)
        return self.known[key]

    def _step(self, where: str, answer: Mapping[str, Any], data: Any, error: str = "") -> Step:  # noqa: ANN401
        status, after = answer["status"], str(answer.get("nextState", ""))
        if status == StateEnding.FAILED:
            return Step("", data, str(answer.get("error") or "unnamed"))
        if status not in (StateEnding.SUCCEEDED, StateEnding.CAUGHT_ERROR):
            raise NotAsWanted(f"TestState of {where} answered {status}; expected success, a catch or a failure")
        output = json.loads(answer["output"])
        if isinstance(output, dict):
            output.pop(HELD, None)
        return Step(after, output, caught=error if status == StateEnding.CAUGHT_ERROR else "")


def _sent(body: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The context object that is sent: AWS refuses what it does not expect here, so only what the state refers to."""
    said = json.dumps(body)
    execution = {key: value for key, value in context["Execution"].items() if key != COUNT or COUNT in said}
    return json.dumps({**context, "Execution": execution})


def _with_context(body: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> tuple[Any, Any]:  # noqa: ANN401
    """The state and its input with the context within the input, where the state refers to it."""
    held = _moved(body)
    if held == body:
        return body, data
    if not isinstance(data, Mapping):
        raise NotAsWanted(f"a state refers to the context and is given {data!r}; TestState cannot be asked about it")
    return held, {**data, HELD: context}


def _moved(value: Any) -> Any:  # noqa: ANN401
    def moved(key: str, part: Any) -> Any:  # noqa: ANN401
        refers = isinstance(part, str) and (key.endswith((".$", "Path")) or key == "Variable")
        return re.sub(r"\$\$\.", f"$.{HELD}.", part) if refers else part

    return map_parts(value, moved)
