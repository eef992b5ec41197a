"""A key is known by its name where that tells, and a policy that nobody can read is an answer."""

import pytest
from keys import ID, Kms, live

from lib.resources.existing.encryption import _document, key_named, topics_keys


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


def test_a_policy_that_nobody_can_read_is_an_answer() -> None:
    assert _document("[" * 20_000) == (None, "it is no JSON")
    assert _document("a policy in prose, whose words are nobody's business") == (None, "it is no JSON")
    assert _document("[]") == (None, "it is no policy")
