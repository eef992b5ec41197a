"""Moto's interpreter over the embedded account: it runs a definition, and what it touches lies in the account."""

import json

from workbench import ended

from rehearsal.account import baseline, clients


def test_runs_the_baseline_definition_with_the_accounts_own_things(account, moto, client, received):
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    clients.client(moto, "iam").create_role(RoleName=account.execution_role_name, AssumeRolePolicyDocument=trust)
    states = clients.client(moto, "stepfunctions")
    made = states.create_state_machine(
        name="over-the-account", definition=machine["definition"], roleArn=machine["roleArn"]
    )["stateMachineArn"]
    given = json.dumps({"userId": "user-004", "text": "Hopeless, an awful day."})
    arn = states.start_execution(stateMachineArn=made, name="one", input=given)["executionArn"]
    found = ended(states, arn)
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(received(baseline.TRUSTED_INBOX)[0]["Message"])["userId"] == "user-004"
    assert client("s3").list_objects_v2(Bucket=account.checkin_bucket_name)["KeyCount"] == 1
