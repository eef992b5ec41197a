"""A key is known by its name where that tells, and a policy that nobody can read is an answer."""

import pytest
from keys import ID, Kms, live

from lib.resources.existing.encryption import Key, _document, key_named, lets, topics_keys


class Sns:
    def __init__(self, key):
        self.key = key

    def get_topic_attributes(self, **_):
        return {"Attributes": {"KmsMasterKeyId": self.key}}


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


@pytest.mark.parametrize("account", ["arn:aws:iam::000000000000:root", "000000000000"])
def test_a_key_that_is_denied_to_the_whole_account_is_denied_to_its_roles(account):
    role = "arn:aws:iam::000000000000:role/Sender"
    allow = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}
    deny = {"Effect": "Deny", "Principal": {"AWS": account}, "Action": "kms:Decrypt", "Resource": "*"}
    arn = f"arn:aws:kms:us-east-1:000000000000:key/{ID}"
    assert lets(Key("k", arn, policy={"Statement": [allow]}), role, {}) is True
    assert lets(Key("k", arn, policy={"Statement": [allow, deny]}), role, {}) is False
    others = deny | {"Principal": {"AWS": account.replace("000000000000", "111122223333")}}
    assert lets(Key("k", arn, policy={"Statement": [allow, others]}), role, {}) is True


def test_a_policy_that_nobody_can_read_is_an_answer() -> None:
    assert _document("[" * 20_000) == (None, "it is no JSON")
    assert _document("a policy in prose, whose words are nobody's business") == (None, "it is no JSON")
    assert _document("[]") == (None, "it is no policy")
