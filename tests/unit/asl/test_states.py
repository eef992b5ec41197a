"""The states of a definition as they are walked, and how long they may take."""

import copy

from foreign import DEFINITIONS

from lib import settings
from lib.asl import states
from lib.asl.states import longest
from lib.definitions import templates

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)


def test_the_longest_times_are_counted() -> None:
    branches = PLAIN["States"]["CrisisProtocol"]["Branches"]
    assert [longest(branch) for branch in branches] == [18, 18, 9]
    assert longest({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 7, "End": True}}}) == 7
    assert longest(PLAIN) < PLAIN["TimeoutSeconds"]


def test_errors_of_several_kinds_in_turn_use_up_the_attempts_of_each_retrier() -> None:
    retry = [{"ErrorEquals": [name], "IntervalSeconds": 2, "MaxAttempts": 1} for name in ("A", "B")]
    task = {"Type": "Task", "Resource": "r", "TimeoutSeconds": 10, "Retry": retry, "End": True}
    assert longest({"StartAt": "T", "States": {"T": task}}) == 10 + (10 + 2) + (10 + 2)


def test_a_map_is_entered_as_its_states_are_when_it_runs() -> None:
    definition = DEFINITIONS["distributed map"][0]
    assert [state.where for state in states.walk(definition)] == ["M", "M / Each"]
    other = copy.deepcopy(definition)
    other["States"]["M"]["ItemProcessor"]["ProcessorConfig"]["Mode"] = "INLINE"
    assert "INLINE" in templates.diff(definition, other)
