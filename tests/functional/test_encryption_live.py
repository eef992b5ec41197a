"""Keys of topics and queues: whoever must send may use them, or a row says that nobody can tell or that it fails."""

import json

import pytest
from botocore.exceptions import ClientError

from lib.aws import connect
from lib.definitions import loader
from lib.phases import iam_permissions
from lib.phases.proofs import encryption
from lib.resources import desired
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.routes import LOW_SENTIMENT_RULE

GOOD = {"Effect": "Allow", "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}
OTHERS_KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"


def root(account):
    return {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.account_id}:root"}, "Action": "kms:*",
            "Resource": "*"}  # fmt: skip


def service(name, **more):
    return {**GOOD, "Principal": {"Service": name}, **more}


@pytest.fixture
def key(client):
    """`key(*statements)`: a customer's key with this policy."""

    def made(*statements):
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        return client("kms").create_key(Policy=policy)["KeyMetadata"]

    return made


@pytest.fixture
def queue(client, account):
    """`queue(name, key)`: a queue encrypted with it; made, or changed where it is there."""

    def made(name, key_id):
        url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key_id})

    return made


def encrypt_topic(client, arn, key_id):
    client("sns").set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue=key_id)


def rows(check, account):
    return {row.name: row for row in check(connect(account))}


def the(check, account, thing):
    (row,) = [row for name, row in rows(check, account).items() if thing in name]
    return row


def test_a_plain_account_passes_what_is_there_and_never_what_is_not_there_yet(account):
    assert {row.status for row in encryption.existing_destinations(connect(account))} == {"passed"}
    assert {row.status for row in encryption.events(connect(account))} == {"not applied"}
    found = rows(encryption.operations, account)
    assert found[f"key of topic {account.ops_topic_name}"].status == "not applied"


@pytest.mark.parametrize("given", ["alias/aws/sqs", "arn:aws:kms:us-east-1:000000000000:alias/aws/sqs"])
@pytest.mark.parametrize("check", [encryption.existing_destinations, encryption.operations])
def test_a_dead_letter_queue_under_awss_own_key_fails_before_anything_relies_on_it(check, given, account, queue):
    queue(account.ops_dead_letter_queue_name, given)
    row = the(check, account, account.ops_dead_letter_queue_name)
    assert (row.status, f"{given}: sns.amazonaws.com cannot send to it" in row.found) == ("failed", True)
    assert "take a key of your own, or SQS's own encryption (SqsManagedSseEnabled)" in row.expected


def test_the_events_dead_letter_queue_under_awss_own_key_fails(account, queue):
    queue(account.events_dead_letter_queue_name, "alias/aws/sqs")
    row = the(encryption.events, account, account.events_dead_letter_queue_name)
    assert (row.status, "events.amazonaws.com cannot send" in row.found) == ("failed", True)


@pytest.mark.parametrize("name", ["alert_topic_name", "ops_topic_name"])
def test_a_topic_under_awss_own_key_fails(name, account, client):
    arn = client("sns").create_topic(Name=getattr(account, name))["TopicArn"]
    encrypt_topic(client, arn, "alias/aws/sns")
    row = the(encryption.existing_destinations, account, f"topic {getattr(account, name)}")
    assert (row.status, row.found) == ("failed", "alias/aws/sns: EventBridge and CloudWatch cannot publish to it")


def test_the_queue_that_is_paged_is_looked_at_too(account, queue):
    queue(account.ops_subscription_endpoint.rsplit(":", 1)[-1], "alias/aws/sqs")
    row = the(encryption.operations, account, account.ops_subscription_endpoint.rsplit(":", 1)[-1])
    assert row.status == "failed"


def test_the_queues_of_subscriptions_and_of_a_rule_that_are_there_are_looked_at(account, client, queue):
    for name in ("Theirs-Inbox", "Theirs-Undelivered", "Theirs-Events"):
        queue(name, "alias/aws/sqs")
    redrive = json.dumps({"deadLetterTargetArn": account.queue_arn("Theirs-Undelivered")})
    client("sns").subscribe(
        TopicArn=account.alert_topic_arn, Protocol="sqs", Endpoint=account.queue_arn("Theirs-Inbox"),
        Attributes={"RedrivePolicy": redrive},
    )  # fmt: skip
    (target,) = client("events").list_targets_by_rule(Rule=LOW_SENTIMENT_RULE)["Targets"]
    dead = {"DeadLetterConfig": {"Arn": account.queue_arn("Theirs-Events")}}
    client("events").put_targets(Rule=LOW_SENTIMENT_RULE, Targets=[{**target, **dead}])
    for name in ("Theirs-Inbox", "Theirs-Undelivered", "Theirs-Events"):
        assert the(encryption.existing_destinations, account, name).status == "failed"


def test_of_a_functions_dead_letter_queue_nobody_can_tell_whether_its_role_may(account, queue):
    queue(DEAD_LETTER_QUEUES[1], "alias/aws/sqs")
    assert the(encryption.existing_destinations, account, DEAD_LETTER_QUEUES[1]).status == "cannot tell"


def test_another_accounts_queue_and_another_accounts_key_are_nobodys_to_tell(account, queue):
    elsewhere = account.model_copy(update={"ops_subscription_endpoint": "arn:aws:sqs:eu-west-1:111122223333:Pager"})
    assert the(encryption.operations, elsewhere, "Pager").status == "cannot tell"
    queue(account.ops_dead_letter_queue_name, OTHERS_KEY)
    assert the(encryption.operations, account, account.ops_dead_letter_queue_name).status in ("cannot tell", "failed")


@pytest.mark.parametrize("notation", ["KeyId", "Arn", "alias", "alias ARN"])
def test_a_key_that_lets_the_service_in_passes_however_it_is_named(notation, account, client, key, queue):
    made = key(root(account), service("sns.amazonaws.com"))
    client("kms").create_alias(AliasName="alias/pages", TargetKeyId=made["KeyId"])
    names = {**made, "alias": "alias/pages", "alias ARN": account.arn("kms", "alias/pages")}
    queue(account.ops_dead_letter_queue_name, names[notation])
    assert the(encryption.operations, account, account.ops_dead_letter_queue_name).status == "passed"


OF_ACCOUNT = "aws:SourceAccount"
HOSTILE = {
    "nobody but the account": ([], "failed"),
    "another service": ([service("events.amazonaws.com")], "failed"),
    "only one of the two": ([service("sns.amazonaws.com", Action="kms:Decrypt")], "failed"),
    "a deny": ([service("sns.amazonaws.com"), {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
               "failed"),
    "another account's topics": ([service("sns.amazonaws.com",
                                          Condition={"StringEquals": {OF_ACCOUNT: "111122223333"}})], "failed"),
    "our account's topics": ([service("sns.amazonaws.com",
                                      Condition={"StringEquals": {OF_ACCOUNT: "000000000000"}})], "passed"),
    "any topic of ours": ([service("sns.amazonaws.com", Condition={
        "ArnLike": {"AWS:SourceArn": "arn:aws:sns:us-east-1:000000000000:*"}})], "passed"),
    "by way of a service": ([service("sns.amazonaws.com", Condition={
        "StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}})], "cannot tell"),
    "whoever it may be": ([{**GOOD, "Principal": "*"}], "cannot tell"),
    "a deny under a condition": ([service("sns.amazonaws.com"), {
        "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], "cannot tell"),
    "everything but encrypting": ([service("sns.amazonaws.com", Action="kms:*"), {
        "Effect": "Deny", "Principal": {"Service": "sns.amazonaws.com"}, "NotAction": "kms:Decrypt",
        "Resource": "*"}], "failed"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_keys_policy_is_read_as_aws_reads_it_or_nobody_can_tell(name, account, key, queue):
    statements, status = HOSTILE[name]
    queue(account.ops_dead_letter_queue_name, key(root(account), *statements)["KeyId"])
    assert the(encryption.operations, account, account.ops_dead_letter_queue_name).status == status


def test_of_several_rules_each_must_be_let_in(account, key, queue):
    first = loader.rules()[0]["name"]
    condition = {"ArnEquals": {"aws:SourceArn": account.rule_arn(first)}}
    queue(account.events_dead_letter_queue_name, key(service("events.amazonaws.com", Condition=condition))["KeyId"])
    assert the(encryption.events, account, account.events_dead_letter_queue_name).status == "failed"


@pytest.mark.parametrize(("end", "state"), [("disable_key", "Disabled"), ("schedule_key_deletion", "PendingDeletion")])
def test_a_key_that_is_off_or_going_fails(end, state, account, client, key, queue):
    made = key(service("sns.amazonaws.com"))
    queue(account.ops_dead_letter_queue_name, made["KeyId"])
    getattr(client("kms"), end)(KeyId=made["KeyId"])
    row = the(encryption.operations, account, account.ops_dead_letter_queue_name)
    assert (row.status, state in row.found) == ("failed", True)


def test_the_workflows_role_gets_the_rights_on_an_encrypted_topics_key_and_is_asked_for_them(account, client, key):
    made = key(root(account))
    encrypt_topic(client, account.alert_topic_arn, made["KeyId"])
    live = connect(account)
    wanted = desired.policy(live)["Statement"][-1]
    assert (wanted["Resource"], wanted["Action"]) == ([made["Arn"]], ["kms:GenerateDataKey*", "kms:Decrypt"])
    asked = {(need.action, need.resource) for need in iam_permissions.needs(live)}
    assert {("kms:GenerateDataKey", made["Arn"]), ("kms:Decrypt", made["Arn"])} <= asked
    before = {check.name: check.status for check in iam_permissions.checks(live)}
    assert [status for name, status in before.items() if name.startswith("kms:")] == ["failed", "failed"]
    for item in desired.iam_permissions(live):
        item.resource.write(item.value)
    assert not [
        check for check in iam_permissions.checks(live) if check.name.startswith("kms:") and check.status == "failed"
    ]


def test_without_an_encrypted_topic_the_policy_is_the_plans(account, client):
    assert [s["Sid"] for s in desired.policy(connect(account))["Statement"]][-1] == "KeepTheWorkflowLog"
    encrypt_topic(client, account.alert_topic_arn, "alias/aws/sns")
    assert [s["Sid"] for s in desired.policy(connect(account))["Statement"]][-1] == "KeepTheWorkflowLog"


def test_a_topics_key_must_let_the_role_and_whatever_publishes_to_it(account, client, key):
    encrypt_topic(client, account.alert_topic_arn, key(root(account))["KeyId"])
    rule = {"Id": "theirs", "Arn": account.alert_topic_arn}
    client("events").put_rule(Name="Theirs", EventPattern='{"source": ["theirs"]}')
    client("events").put_targets(Rule="Theirs", Targets=[rule])
    found = rows(encryption.existing_destinations, account)
    topic = f"key of topic {account.alert_topic_name}, for"
    assert found[f"{topic} role {account.execution_role_name}"].status == "passed"
    assert found[f"{topic} events.amazonaws.com"].status == "failed"
    encrypt_topic(client, account.alert_topic_arn, key(service("events.amazonaws.com"))["KeyId"])
    found = rows(encryption.existing_destinations, account)
    assert found[f"{topic} role {account.execution_role_name}"].status == "failed"
    assert found[f"{topic} events.amazonaws.com"].status == "passed"


def test_an_alarm_that_publishes_to_an_encrypted_topic_must_be_let_in(account, client, key):
    encrypt_topic(client, account.alert_topic_arn, key(root(account))["KeyId"])
    client("cloudwatch").put_metric_alarm(
        AlarmName="Theirs", Namespace="Theirs", MetricName="M", Period=60, EvaluationPeriods=1, Statistic="Sum",
        Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=[account.alert_topic_arn],
    )  # fmt: skip
    assert the(encryption.existing_destinations, account, "cloudwatch.amazonaws.com").status == "failed"


# The roles of the workflow and of both functions, and every key that they meet.

WORKFLOW, FUNCTIONS = "Your6-StepFunctionsRole", "Your6-LambdaExecutionRole"
KEY_ADMIN = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:role/KeyAdmin"}, "Action": "kms:*",
             "Resource": "*"}  # fmt: skip


def role(*names):
    return {**GOOD, "Principal": {"AWS": [f"arn:aws:iam::000000000000:role/{name}" for name in names]}}


def encrypt_table(client, account, made):
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": made["Arn"]}
    client("dynamodb").update_table(TableName=account.table_name, SSESpecification=specification)


def encrypt_bucket(client, account, made):
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": made["Arn"]}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    client("s3").put_bucket_encryption(Bucket=account.checkin_bucket_name, ServerSideEncryptionConfiguration=rules)


def encrypt_environment(client, account, made):
    client("lambda").update_function_configuration(FunctionName=account.dispatcher_function_name, KMSKeyArn=made["Arn"])


def encrypt_trusted(client, account, made):
    encrypt_topic(client, account.alert_topic_arn, made["KeyId"])


MET = {
    "topic Your6-TrustedContactAlerts": encrypt_trusted, "table your6-users": encrypt_table,
    "bucket your6-checkins-000000000000": encrypt_bucket,
    "the environment of Your6-AlertDispatcher": encrypt_environment,
}  # fmt: skip


@pytest.mark.parametrize("what", MET)
def test_a_key_that_lets_in_the_workflows_role_alone_fails_for_the_functions(what, account, client, key):
    MET[what](client, account, key(KEY_ADMIN, role(WORKFLOW)))
    assert the(encryption.existing_destinations, account, f"key of {what}, for role {FUNCTIONS}").status == "failed"


@pytest.mark.parametrize("what", MET)
def test_a_key_that_lets_in_the_roles_that_meet_it_passes(what, account, client, key):
    MET[what](client, account, key(KEY_ADMIN, role(WORKFLOW, FUNCTIONS)))
    assert {row.status for row in rows(encryption.existing_destinations, account).values()} == {"passed"}


@pytest.mark.parametrize("what", MET)
def test_a_key_that_leaves_it_to_the_account_is_the_functions_only_by_their_roles_own_policies(
    what, account, client, key
):
    MET[what](client, account, key(root(account)))
    name = f"key of {what}, for role {FUNCTIONS}"
    assert the(encryption.existing_destinations, account, name).status == "failed"
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}
    client("iam").put_role_policy(RoleName=FUNCTIONS, PolicyName="Keys", PolicyDocument=json.dumps(document))
    assert the(encryption.existing_destinations, account, name).status == "not exercised here"


def test_the_workflows_role_is_asked_for_the_tables_key_and_gets_it(account, client, key):
    made = key(KEY_ADMIN, role(FUNCTIONS))
    encrypt_table(client, account, made)
    assert (
        the(encryption.existing_destinations, account, f"table {account.table_name}, for role {WORKFLOW}").status
        == "failed"
    )
    live = connect(account)
    assert [need.action for need in iam_permissions.needs(live) if need.resource == made["Arn"]] == ["kms:Decrypt"]
    wanted = desired.policy(live)["Statement"][-1]
    assert (wanted["Action"], wanted["Resource"]) == (["kms:Decrypt"], made["Arn"])


def test_a_function_that_may_not_be_read_is_no_pass(account):
    live = connect(account)
    live.clients["lambda"] = Unreadable()
    found = {row.name: row.status for row in encryption.existing_destinations(live)}
    assert found[f"keys of the role of {account.dispatcher_function_name}"] == "cannot tell"


class Unreadable:
    def get_function_configuration(self, **_):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "GetFunction")
