"""A run where check-ins and the processor are called by aliases, from preflight to the update, and rolled back."""

import json

from accounts import differences, snapshot, started_by_alias
from steps import left_by_drills, runbook

from lib.aws import connect
from lib.telemetry import executions
from lib.values.name_limits import candidate_of
from rehearsal.account import clients


def function_alias(account, name: str, **variables: str) -> None:
    """Publish the function as it is with these variables, and let `live` be that version."""
    functions = clients.client(account.endpoint_url, "lambda")
    held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**held, **variables}})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": held})
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)


def test_the_notebooks_take_the_way_that_check_ins_take(account, client):
    states, machine = client("stepfunctions"), account.state_machine_arn
    text = states.describe_state_machine(stateMachineArn=machine)["definition"]
    text = text.replace(f'"{account.processor_arn}"', f'"{account.processor_arn}:live"')
    states.update_state_machine(stateMachineArn=machine, definition=text)
    allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": f"{account.processor_arn}:live"}
    client("iam").put_role_policy(
        RoleName=account.execution_role_name,
        PolicyName="CallsTheAlias",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    alias = started_by_alias(account, "prod")
    function_alias(account, account.processor_function_name, OPS_SNS_TOPIC_ARN=account.ops_topic_arn)
    started = states.start_execution(stateMachineArn=alias, input=json.dumps({"userId": "user-001", "text": "fine"}))
    assert executions.wait_until_ended(connect(account), started["executionArn"], 60).status == "SUCCEEDED"
    before = snapshot(account)

    ended = runbook(account, "apply", "--to", "03")
    assert ended.code == 0, (ended.said, ended.complained)
    calls = ended.record.rows("calls.jsonl")
    by = {row["resource"] for row in calls if row["operation"] == "StartExecution"}
    # The drill on the definition before, and those on the candidate of the new one.
    assert by == {alias, account.arn("states", f"stateMachine:{candidate_of(account.state_machine_name)}")}
    now = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    assert now["States"]["ProcessCheckin"]["Resource"] == f"{account.processor_arn}:live"
    checks = {row["name"]: row["status"] for row in ended.record.rows("checks.jsonl")}
    assert checks["alias prod runs the live revision"] == "passed"
    assert checks["check-ins start what this plan changes"] == "passed"

    undone = runbook(account, "rollback", ended.record.run_id)
    assert undone.code == 0, (undone.said, undone.complained)
    left = differences(before, snapshot(account)) - left_by_drills(account)
    assert left <= {f"versions of {account.state_machine_name}"}
    routing = states.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"]
    assert routing == [{"stateMachineVersionArn": f"{machine}:1", "weight": 100}]
