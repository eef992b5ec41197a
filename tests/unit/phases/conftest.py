"""What the tests of a restore share: a workflow, its aliases, and the record of a run that wrote the new definition."""

import pytest
from machines import GuardParameters, StepFunctions, connected, described
from restored import alias, told

from lib.phases import state_machine
from lib.resources import connected_run
from lib.resources.resource_kinds import Workflow


@pytest.fixture
def aws(settings):
    """The workflow of before: two aliases run its only version."""
    arn = settings.state_machine_arn
    old = described("before")
    routing = {f"{arn}:1": 100}
    return StepFunctions(arn, {arn: old, f"{arn}:1": old}, {"live": dict(routing), "stage": dict(routing)})


@pytest.fixture
def ssm():
    return GuardParameters()


@pytest.fixture
def live(settings, aws, ssm):
    return connected(settings, stepfunctions=aws, ssm=ssm)


@pytest.fixture
def run(live, aws, record):
    """The record of a run that kept a backup, wrote the new definition and moved one of the two aliases."""
    state_machine.backup(connected_run.of(live, record))
    machine = Workflow(live, live.settings.state_machine_name)
    before, routed = machine.read(), alias(live).read()
    aws.update_state_machine(stateMachineArn=aws.arn, publish=True, **described("after"))
    told(record, machine, before, machine.read())
    aws.aliases["live"] = {f"{aws.arn}:2": 100}
    told(record, alias(live), routed, alias(live).read())
    aws.calls.clear()
    return record
