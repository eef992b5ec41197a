"""Which command comes next, by what was planned."""

from dataclasses import replace

import pytest
from fakes import World

from lib.changes import engine
from lib.changes.plans import Plan
from lib.cli import read_commands
from lib.resources.topics import Subscription
from lib.settings import load


def test_the_next_command_carries_out_what_was_planned(planned):
    chosen = load("local")
    assert read_commands.next_command(chosen, planned, "plan-1") == "runbook apply local"
    assert read_commands.next_command(chosen, [], "plan-1") == "runbook drill local"
    approved = 'runbook apply prod --approved-plan plan-1 --approved-by "$APPROVER" --change-ticket "$TICKET"'
    assert read_commands.next_command(load("prod"), planned, "plan-1") == approved


@pytest.mark.parametrize(("protocol", "more"), [("email", " --to 03"), ("sqs", "")])
def test_a_subscription_that_a_person_must_confirm_comes_before_what_needs_it(protocol, more, live):
    made = replace(World().wanted(x=1)[0], resource=Subscription(live, "t", protocol, "a"))
    change = replace(engine.plan("02", World().wanted(x=1)).changes[0], resource=made.resource)
    assert read_commands.next_command(load("local"), [Plan("01", (change,))], "p") == f"runbook apply local{more}"
