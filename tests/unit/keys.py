"""A key of an account, which may be looked at or not. No AWS."""

import json

from botocore.exceptions import ClientError

from lib.aws import Identity, Live
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


def live(**clients):
    settings = load("local")
    identity = Identity(settings.account_id, settings.region, "arn:aws:iam::000000000000:user/u", "")
    return Live(settings, identity, None, clients)
