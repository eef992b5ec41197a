"""Inline policies of IAM roles."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws import Live
from lib.aws_answers import absent_is_none
from lib.changes.resource import Field, Place
from lib.resources.live_thing import LiveThing


@dataclass(frozen=True)
class InlinePolicy(LiveThing):
    """Value: the policy document. Other policies of the role are left alone."""

    role: str
    policy: str
    kind: ClassVar[str] = "role policy"
    noticed: ClassVar[str] = "nobody until the workflow uses what it allows"
    special: ClassVar[Mapping[Place, Field]] = {
        ("Statement",): Field(
            lived_on="the workflow may use what it allows; move it into a policy of another name first"
        )
    }

    def _read(self) -> dict[str, Any] | None:
        with absent_is_none("NoSuchEntity"):
            answer = self.live.client("iam").get_role_policy(RoleName=self.role, PolicyName=self.policy)
            return dict(answer["PolicyDocument"])
        return None

    def _write(self, value: dict[str, Any] | None) -> None:
        iam = self.live.client("iam")
        if value is None:
            with absent_is_none("NoSuchEntity"):
                iam.delete_role_policy(RoleName=self.role, PolicyName=self.policy)
            return
        iam.put_role_policy(RoleName=self.role, PolicyName=self.policy, PolicyDocument=json.dumps(value))


def inline_policies(live: Live, role: str) -> dict[str, dict[str, Any]]:
    """Every inline policy of a role, by name. Read-only."""
    iam = live.client("iam")
    names = [
        name for page in iam.get_paginator("list_role_policies").paginate(RoleName=role) for name in page["PolicyNames"]
    ]
    return {name: dict(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names}
