"""Names of which AWS promises no log are called out before anything rests on the log, and quoted nowhere."""

import pytest
from machines import connected, says

from lib.phases.proofs import logged_names
from lib.settings import load

S = load("local")


class Executions:
    """Step Functions as far as it lists executions, each of a name."""

    def __init__(self, *names):
        self.names = names

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        if self.names == ("denied",):
            raise says("AccessDeniedException")
        row = {"executionArn": "arn", "status": "SUCCEEDED", "startDate": None}
        yield {"executions": [{**row, "name": name} for name in self.names]}


def answered(*names, settings=S):
    check = logged_names.check(connected(settings, stepfunctions=Executions(*names)))
    return str(check.status), check.found


def test_plain_names_pass_and_a_drills_are_not_asked_about():
    assert answered("checkin-20261128T120000-0f", "drill-crisis-r.1-0f", "A_b") == ("passed", "2 latest check-ins")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("somebody@home-1", "b.c", "plain"), "2 of the 3 latest check-ins have names that hold . @. AWS promises no"),
        (("é-1",), "1 of the 1 latest check-ins have names that hold others than ASCII. AWS promises no log"),
    ],
)
def test_other_names_wait_for_somebody_and_are_not_quoted(names, said):
    status, found = answered(*names)
    assert status == "waiting" and found.startswith(said)
    assert "somebody" not in found and "é" not in found


def test_a_workflow_of_such_a_name_waits_whatever_its_check_ins_are_called():
    status, found = answered("plain", settings=S.model_copy(update={"state_machine_name": "Your6.Checkin"}))
    assert status == "waiting" and found.startswith("the workflow is called Your6.Checkin. AWS promises no log of such")


@pytest.mark.parametrize("names", [(), ("drill-a",), ("denied",)])
def test_of_no_check_in_nobody_can_tell(names):
    assert answered(*names)[0] == "cannot tell"
