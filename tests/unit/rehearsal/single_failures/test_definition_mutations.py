"""A task that was to be broken and was not proves nothing, whoever is reached."""

import pytest

from lib.definitions import templates
from lib.errors import NotAsWanted
from lib.settings import load
from rehearsal.single_failures import definition_mutations
from rehearsal.single_failures.definition_mutations import DENIED, FAULTS, MISSING

DEFINITION = templates.definition(load("local"))
TASK = "TellOperations"


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_changes_its_task(fault):
    for copied in (
        definition_mutations.by_name(DEFINITION, {TASK: fault}),
        definition_mutations.by_stand_in(DEFINITION, {TASK: fault}, "arn:aws:lambda:us-east-1:000000000000:function:f"),
    ):
        assert copied != DEFINITION


def test_a_fault_that_changes_nothing_is_no_trial(monkeypatch):
    monkeypatch.setattr(definition_mutations, "_rename", lambda body, fault: None)
    with pytest.raises(NotAsWanted, match=r"TellOperations was not broken .denied., so that nothing was tried"):
        definition_mutations.by_name(DEFINITION, {TASK: DENIED})
    with pytest.raises(NotAsWanted, match=r"TellOperations was not broken .missing."):
        definition_mutations.by_stand_in(DEFINITION, {TASK: MISSING}, "arn")
