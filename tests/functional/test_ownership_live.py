"""The tags of every piece that the plan touches are read, on the embedded account."""

from lib.aws import connect
from lib.phases.proofs import ownership

PULUMI = {"pulumi:project": "your6"}
PAIRS = [{"Key": "pulumi:project", "Value": "your6"}]


def owners(account):
    return {row["what"]: row["managed by"] for row in ownership.owners(connect(account))}


def test_an_untagged_account_is_nobodys_and_what_the_plan_makes_is_not_there(account):
    found = owners(account)
    assert set(found.values()) == {"nobody's tags", "not there"}
    assert found[f"topic {account.ops_topic_name}"] == "not there"
    assert found[f"table {account.table_name}"] == found["queue Your6-AlertDLQ"] == "nobody's tags"


def test_each_piece_is_asked(account, client):
    s = account
    client("stepfunctions").tag_resource(
        resourceArn=s.state_machine_arn, tags=[{"key": "pulumi:project", "value": "your6"}]
    )
    client("iam").tag_role(RoleName=s.execution_role_name, Tags=PAIRS)
    client("dynamodb").tag_resource(ResourceArn=s.table_arn, Tags=PAIRS)
    client("s3").put_bucket_tagging(Bucket=s.checkin_bucket_name, Tagging={"TagSet": PAIRS})
    for arn in (s.processor_arn, s.dispatcher_arn):
        client("lambda").tag_resource(Resource=arn, Tags=PULUMI)
    client("sns").tag_resource(ResourceArn=s.alert_topic_arn, Tags=PAIRS)
    client("events").tag_resource(ResourceARN=s.rule_arn("Your6-LowSentimentRule"), Tags=PAIRS)
    for name in ("Your6-CheckinDLQ", "Your6-AlertDLQ"):
        client("sqs").tag_queue(QueueUrl=client("sqs").get_queue_url(QueueName=name)["QueueUrl"], Tags=PULUMI)
    client("logs").create_log_group(logGroupName=s.log_group_name, tags=PULUMI)
    there = {what: said for what, said in owners(account).items() if said != "not there"}
    assert len(there) == 11
    assert {said.partition(" (")[0] for said in there.values()} == {"Pulumi"}


def test_many_tags_of_a_role_are_all_read(account, client):
    many = [{"Key": f"tag-{at:02}", "Value": "x"} for at in range(45)]
    client("iam").tag_role(RoleName=account.execution_role_name, Tags=[*many, {"Key": "zz:created-by", "Value": "us"}])
    assert "tag zz:created-by" in owners(account)[f"role {account.execution_role_name}"]
