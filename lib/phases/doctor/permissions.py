"""Whether who calls may do what a policy of ours holds: asked of AWS's simulator, statement by statement. Read-only."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.aws import NOT_TOLD, Live
from lib.aws_answers import readable
from lib.checks import Status
from lib.definitions.access_policies import Whose, access_policy
from lib.phases.doctor.findings import Said
from lib.values.modes import Gap
from lib.values.numbers import first_of

ALLOWED = "allowed"
NAMES_SAID = 6
ASSUMED = re.compile(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+")
USER = re.compile(r"arn:[^:]+:iam::\d+:user/.+")


def answer(live: Live, whose: Whose) -> Said:
    """How many of the policy's permissions the caller holds, and which it lacks."""
    if Gap.PERMISSION_SIMULATION in live.settings.not_exercised_here:
        return Status.NOT_EXERCISED, "only AWS can simulate permissions"
    source = _principal(live)
    if source is None:
        return Status.CANNOT_TELL, f"AWS simulates users and roles, and {live.identity.caller} is neither"
    decided = [row for one in access_policy(live.settings, whose)["Statement"] for row in _decisions(live, source, one)]
    lacking = sorted({f"{action} on {resource}" for action, resource, decision in decided if decision != ALLOWED})
    if not decided:
        return Status.CANNOT_TELL, "the simulator decided nothing"
    if not lacking:
        return Status.PASSED, f"{len(decided)} of {len(decided)} allowed"
    return Status.FAILED, f"{len(lacking)} of {len(decided)} are denied: {first_of(lacking, NAMES_SAID, '; ')}"


def _principal(live: Live) -> str | None:
    """The ARN of the user or role whose policies decide; None where the simulator takes no such caller."""
    caller = live.identity.caller
    if caller == NOT_TOLD or USER.fullmatch(caller):
        return caller if caller != NOT_TOLD else None
    assumed = ASSUMED.fullmatch(caller)
    if assumed is None:
        return None
    # A session's ARN leaves out the path of its role.
    with readable(f"reading the role {assumed[3]}"):
        return str(live.client("iam").get_role(RoleName=assumed[3])["Role"]["Arn"])


def _decisions(live: Live, source: str, statement: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(action, resource, decision) of each action of a statement on each of its resources."""
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    with readable(f"simulating {statement['Sid']}"):
        for resource in resources:
            pages = (
                live.client("iam")
                .get_paginator("simulate_principal_policy")
                .paginate(
                    PolicySourceArn=source,
                    ActionNames=statement["Action"],
                    ResourceArns=[resource],
                    ContextEntries=_context(statement),
                )
            )
            asked = set(statement["Action"])
            for row in (row for page in pages for row in page["EvaluationResults"]):
                asked.discard(row["EvalActionName"])
                yield row["EvalActionName"], resource, row["EvalDecision"]
            yield from ((action, resource, "no answer") for action in sorted(asked))


def _context(statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a call of the runbook carries, where the statement makes that its condition."""
    entries = [{"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}]
    for operator, keys in statement.get("Condition", {}).items():
        if "Not" in operator:  # what no call carries
            continue
        kind = "stringList" if operator.startswith("ForAllValues:") else "string"
        for key, value in keys.items():
            values = value if isinstance(value, list) else [value]
            entries.append({"ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind})
    return entries
