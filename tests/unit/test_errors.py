"""What follows from an error follows from its class: the exit code, and whether a run is rolled back by itself."""

import pytest
from hostile import HOSTILE, UNSEEN

from lib.cli import app, change_commands
from lib.errors import NotAsWanted, Refused, RunbookError, Superseded, also, class_of
from lib.record.run_phases import Phase

WROTE = [{"state": "intended", "temporary": False}]


class TakenOver(Superseded):
    """A class that nothing but this test knows."""


def family(found=RunbookError):
    return [found, *(one for child in found.__subclasses__() for one in family(child))]


def failed(name, said="whatever"):
    return Phase("03", "03_state_machine", "failed", error=said, error_class=name)


@pytest.mark.parametrize("error", family(), ids=lambda error: error.__name__)
def test_a_name_leads_back_to_its_class_and_that_to_the_exit_code(error):
    assert class_of(error.__name__) is error
    assert app.exit_code([failed(error.__name__)]) == error.exit_code
    assert type(also(error("it"), "more")) is error  # so each is made of a sentence alone


@pytest.mark.parametrize("name", ["", "KeyError", "DeadKernelError", "NotRefused"])
def test_what_is_not_of_the_family_or_tells_no_class_is_a_failure(name):
    assert app.exit_code([failed(name, "Refused: Superseded: so it says")]) == RunbookError.exit_code
    assert change_commands.to_be_undone([failed(name, "Superseded: so it says")], WROTE)


@pytest.mark.parametrize(("error", "undone"), [(Superseded, False), (TakenOver, False), (Refused, True)])
def test_a_run_that_another_one_stopped_is_not_rolled_back_by_itself(error, undone):
    assert change_commands.to_be_undone([failed(error.__name__)], WROTE) is undone


def test_a_phase_of_an_older_record_tells_no_class_and_is_read_all_the_same():
    row = failed("Refused").to_row()
    del row["error_class"]
    assert Phase.from_row(row) == failed("")


def test_every_error_of_ours_is_legible_wherever_it_is_shown():
    assert not UNSEEN.search(f"{RunbookError(HOSTILE)}")
    assert str(NotAsWanted("plain, and \u00e9")) == "plain, and \u00e9"
