"""What may not be read of a key is never taken for allowed, and stops nobody with a traceback. No AWS."""

import pytest
from keys import ID, Kms, live, refusal

from lib.phases.proofs import encryption


class Sqs:
    def __init__(self, key, refused=""):
        self.key, self.refused = key, refused

    def get_queue_url(self, QueueName, **_):  # noqa: N803 - AWS's own names
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, **_):
        if self.refused:
            raise refusal(self.refused)
        return {"Attributes": {"KmsMasterKeyId": self.key} if self.key else {}}


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
