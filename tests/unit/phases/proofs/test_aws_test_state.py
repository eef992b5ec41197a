"""What of the context a state is tried with at AWS."""

import json
from typing import Any

import pytest

from lib.asl import interpreter
from lib.errors import NotAsWanted
from lib.phases.proofs import aws_test_state


class Answering:
    """Answers TestState by success, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked = list[dict[str, Any]]()

    def client(self, _: str) -> "Answering":
        return self

    def test_state(self, **question: Any) -> dict[str, Any]:
        self.asked.append(question)
        return {"status": "SUCCEEDED", "output": "{}", "nextState": ""}


def test_teststate_is_sent_only_what_of_the_context_it_is_known_to_take() -> None:
    live, context = Answering(), interpreter.context_of("any", {})
    asked = aws_test_state.Asked(live)  # type: ignore[arg-type]
    task = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "Parameters": {}, "End": True}
    asked("A", task, {}, context)
    asked("A", {**task, "Parameters": {"n.$": "$$.Execution.RedriveCount"}}, {}, context)
    sent = [json.loads(question["context"])["Execution"] for question in live.asked]
    assert [sorted(execution) for execution in sent] == [
        ["Id", "Input", "Name", "RoleArn", "StartTime"],
        ["Id", "Input", "Name", "RedriveCount", "RoleArn", "StartTime"],
    ]
    with pytest.raises(NotAsWanted, match="refers to the context"):
        asked("B", {"Type": "Pass", "Parameters": {"n.$": "$$.Execution.Id"}, "End": True}, [1], context)
