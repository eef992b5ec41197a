"""What may not be read of a key is never taken for allowed, and stops nobody with a traceback. No AWS."""

import json

import pytest
from botocore.exceptions import ClientError

from lib.aws import Identity, Live
from lib.phases.proofs import encryption
from lib.resources.existing.encryption import _document, key_named, topics_keys
from lib.settings import load

ID = "11111111-2222-3333-4444-555555555555"
ALLOWING = {"Statement": {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "kms:*"}}


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "X")


class Kms:
    """Answers with this key and policy, or refuses with these codes."""

    def __init__(self, describe="", policy="", **key):
        self.refused = {"describe": describe, "policy": policy}
        self.key = {"Arn": f"arn:aws:kms:us-east-1:000000000000:key/{ID}", "KeyState": "Enabled", **key}

    def describe_key(self, **_):
        if self.refused["describe"]:
            raise refusal(self.refused["describe"])
        return {"KeyMetadata": self.key}

    def get_key_policy(self, **_):
        if self.refused["policy"]:
            raise refusal(self.refused["policy"])
        return {"Policy": json.dumps(ALLOWING)}


class Sqs:
    def __init__(self, key, refused=""):
        self.key, self.refused = key, refused

    def get_queue_url(self, QueueName, **_):  # noqa: N803 - AWS's own names
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, **_):
        if self.refused:
            raise refusal(self.refused)
        return {"Attributes": {"KmsMasterKeyId": self.key} if self.key else {}}


class Sns:
    def __init__(self, key):
        self.key = key

    def get_topic_attributes(self, **_):
        return {"Attributes": {"KmsMasterKeyId": self.key}}


def live(**clients):
    settings = load("local")
    identity = Identity(settings.account_id, settings.region, "arn:aws:iam::000000000000:user/u", "")
    return Live(settings, identity, None, clients)


def queue(kms, key=ID, refused=""):
    on = live(sqs=Sqs(key, refused), kms=kms)
    sender = encryption.Sender(on.settings.queue_arn("Q"), "sns.amazonaws.com", (on.settings.ops_topic_arn,))
    return encryption._queue(on, sender)


def test_a_key_that_may_be_read_and_lets_in_passes():
    assert queue(Kms()).status == "passed"


@pytest.mark.parametrize("key", [ID, f"arn:aws:kms:us-east-1:111122223333:key/{ID}", "alias/pages"])
@pytest.mark.parametrize("refused", ["describe", "policy"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "KMSInternalException", "InvalidArnException"])
def test_what_may_not_be_read_is_nobodys_to_tell_and_says_what_must_hold(key, refused, code):
    row = queue(Kms(**{refused: code}), key)
    assert (row.status, code in row.found) == ("cannot tell", True)
    assert "sns.amazonaws.com may kms:GenerateDataKey* and kms:Decrypt with the key" in row.expected


def test_a_queue_that_may_not_be_read_is_nobodys_to_tell():
    assert queue(Kms(), refused="AccessDenied").status == "cannot tell"


def test_a_key_that_is_not_there_has_failed():
    row = queue(Kms(describe="NotFoundException"))
    assert (row.status, row.found) == ("failed", f"{ID} is missing: nothing can be sent")


def test_awss_own_key_is_known_by_its_id_too():
    assert queue(Kms(KeyManager="AWS")).status == "failed"


@pytest.mark.parametrize("wrong", [{"KeySpec": "RSA_2048"}, {"KeyUsage": "SIGN_VERIFY"}, {"KeyState": "Unavailable"}])
def test_a_key_that_cannot_encrypt_has_failed(wrong):
    assert queue(Kms(**wrong)).status == "failed"


@pytest.mark.parametrize(
    ("given", "arn"),
    [
        (ID, f"arn:aws:kms:us-east-1:000000000000:key/{ID}"),
        (f"arn:aws:kms:us-east-1:111122223333:key/{ID}", f"arn:aws:kms:us-east-1:111122223333:key/{ID}"),
        ("alias/pages", ""),
    ],
)
def test_a_key_that_may_not_be_looked_at_is_known_by_its_name_where_that_tells(given, arn):
    on = live(kms=Kms(describe="AccessDeniedException"), sns=Sns(given))
    assert key_named(on, given).arn == arn
    assert {key for _, key in topics_keys(on)} == ({arn} if arn else set())


def test_a_policy_that_nobody_can_read_is_an_answer() -> None:
    assert _document("[" * 20_000) == (None, "it is no JSON")
    assert _document("a policy in prose, whose words are nobody's business") == (None, "it is no JSON")
    assert _document("[]") == (None, "it is no policy")
