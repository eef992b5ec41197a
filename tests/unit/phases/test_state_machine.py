"""What phase 03 says of a definition and of what was published, by answers that the embedded account does not give."""

import json
from types import SimpleNamespace

import pytest
from machines import connected

from lib.definitions import templates
from lib.phases import state_machine
from lib.phases.proofs import way_in
from lib.settings import load
from lib.values.check_registry import Id

LOCAL = load("local")
DEFINITION = templates.definition(LOCAL)
ROLE = "arn:aws:iam::000000000000:role/Your6-StepFunctionsRole"
WRONG = {"code": "SCHEMA_VALIDATION_FAILED", "message": "no such state", "location": "/States/EvaluateRisk"}


def account(answer=None, **held):
    """A workflow of which AWS says this, and by its ARN what its versions hold."""
    plain = {"definition": json.dumps(DEFINITION), "roleArn": ROLE, "status": "ACTIVE", "type": "STANDARD"}
    arns = {LOCAL.state_machine_arn: held.pop("live", {})} | {
        f"{LOCAL.state_machine_arn}:{number.removeprefix('v')}": value for number, value in held.items()
    }
    rows = [{"stateMachineVersionArn": arn} for arn in arns if arn != LOCAL.state_machine_arn]
    return SimpleNamespace(
        validate_state_machine_definition=lambda **_: answer,
        describe_state_machine=lambda stateMachineArn, **_: plain | arns[stateMachineArn],  # noqa: N803
        list_state_machine_versions=lambda **_: {"stateMachineVersions": rows},
    )


@pytest.mark.parametrize("environment", ["local", "prod"])
def test_a_definition_that_aws_finds_wrong_fails_also_where_only_aws_can_pass_it(environment):
    settings = load(environment)
    live = connected(settings, stepfunctions=account({"result": "FAIL", "diagnostics": [WRONG]}))
    check = state_machine._validated(live, DEFINITION)
    said = "/States/EvaluateRisk SCHEMA_VALIDATION_FAILED: no such state"
    assert (check.id, check.status, check.found) == (Id.DEFINITION_VALIDATED, "failed", said)


@pytest.mark.parametrize(("environment", "status"), [("local", "not exercised here"), ("prod", "passed")])
def test_one_that_it_accepts_passes_where_it_is_aws_that_says_so(environment, status):
    live = connected(load(environment), stepfunctions=account({"result": "OK", "diagnostics": []}))
    assert state_machine._validated(live, DEFINITION).status == status


@pytest.mark.parametrize(
    ("held", "status", "found"),
    [
        ({"live": {"revisionId": "r2"}, "v1": {"revisionId": "r2"}}, "passed", "r2"),
        ({"live": {"revisionId": "r2"}, "v1": {"revisionId": "r1"}}, "failed", "r1"),
        ({"live": {"revisionId": "r2"}, "v1": {}}, "failed", "none"),
        ({"live": {"revisionId": "r2"}}, "failed", "no version"),
        # Never updated, so that neither has a revision: what they hold decides, and not that both lack one.
        ({"live": {}, "v1": {}}, "passed", "none"),
        ({"live": {}, "v1": {"definition": '{"StartAt": "Other", "States": {}}'}}, "failed", "none"),
        ({"live": {}}, "failed", "no version"),
    ],
)
def test_the_newest_version_is_the_live_revision_by_its_name_or_by_what_it_holds(monkeypatch, held, status, found):
    monkeypatch.setattr(way_in, "run_the_live_revision", lambda live: [])
    settings = LOCAL.model_copy(update={"mode": "apply"})
    (check,) = state_machine.publication(connected(settings, stepfunctions=account(**held)))
    assert (check.id, check.status, check.found) == (Id.REVISION_PUBLISHED, status, found)
