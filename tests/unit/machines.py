"""Step Functions as far as an undo asks it: one state machine with its versions and aliases. No AWS."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Identity, Live
from lib.aws_answers import answer
from lib.changes.plans import row_digest
from lib.record.records import Record
from lib.resources.account_guards import AccountGuards
from lib.settings import Settings

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
OPERATOR = "arn:aws:sts::000000000000:assumed-role/Operations/jane"


def says(code: str, status: int = 400) -> ClientError:
    """What botocore raises where AWS answers with this code."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")


@dataclass
class GuardParameters:
    """SSM as far as the guards ask it: what is `kept`, by name, and the names that were `asked` for."""

    kept: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: Exception | None = None

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803 - AWS's own names
        self.asked.append(Name)
        if self.fails:
            raise self.fails
        if Name not in self.kept:
            raise says("ParameterNotFound")
        return {"Parameter": {"Value": self.kept[Name], "Version": 1, "LastModifiedDate": NOW}}

    def put_parameter(self, Name: str, Value: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.fails:
            raise self.fails
        self.kept[Name] = Value
        return {"Version": 1}


def connected(settings: Settings, **clients: Any) -> Live:
    """A connection with these clients alone, on which nobody sleeps; whoever does is told of by the clock."""
    now = [0.0]
    clients.setdefault("ssm", GuardParameters())

    def sleep(seconds: float) -> None:
        now[0] += seconds

    identity = Identity(settings.account_id, settings.region, OPERATOR, "AWS")
    return Live(settings, identity, None, clients, sleep, lambda: now[0], single=clients)  # type: ignore[arg-type]


def kept(live: Live, record: Record) -> None:
    """Let the account keep everything that the record tells."""
    rows = [row for row in record.changes() if not row["trouble"]]
    AccountGuards(live).keep_written(record.run_id, map(row_digest, rows))


def described(comment: str) -> dict[str, Any]:
    """What DescribeStateMachine says of a workflow that differs from others in this comment."""
    definition = {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    return {"definition": json.dumps(definition), "roleArn": "arn:aws:iam::000000000000:role/Run"}


@dataclass
class StepFunctions:
    """What is `held` under each ARN, which `aliases` run which versions with which weight, and the `calls` so far.

    `before` sees each call, and may raise or intervene.
    """

    arn: str
    held: dict[str, dict[str, Any]]
    aliases: dict[str, dict[str, int]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: Callable[[str, Mapping[str, Any]], None] = lambda call, given: None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            self.calls.append(operation)
            self.before(operation, given)
            return answer(getattr(self, f"_{operation}")(**given), operation)

        if operation.startswith("_"):
            raise AttributeError(operation)
        return call

    @property
    def wrote(self) -> list[str]:
        return [call for call in self.calls if not call.startswith(("describe_", "list_"))]

    def runs(self, arn: str = "") -> str:
        """The comment of what is held under an ARN; of the workflow itself where none is named."""
        return str(json.loads(self.held[arn or self.arn]["definition"])["Comment"])

    def _describe_state_machine(self, stateMachineArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's own names
        if stateMachineArn not in self.held:
            raise says("StateMachineDoesNotExist")
        return {"stateMachineArn": stateMachineArn, "revisionId": "r", **self.held[stateMachineArn]}

    def _update_state_machine(self, stateMachineArn: str, publish: bool, **value: Any) -> dict[str, Any]:  # noqa: N803
        self.held[stateMachineArn] = value
        self._publish_state_machine_version(stateMachineArn)
        return {"updateDate": NOW}

    def _publish_state_machine_version(self, stateMachineArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        version = f"{stateMachineArn}:{len(self.held)}"
        self.held[version] = self.held[stateMachineArn]
        return {"stateMachineVersionArn": version}

    def _list_state_machine_versions(self, stateMachineArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        numbered = [arn for arn in self.held if arn.startswith(f"{stateMachineArn}:")]
        return {"stateMachineVersions": [{"stateMachineVersionArn": arn} for arn in reversed(numbered)]}

    def _list_state_machine_aliases(self, stateMachineArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"stateMachineAliases": [{"stateMachineAliasArn": f"{stateMachineArn}:{one}"} for one in self.aliases]}

    def _describe_state_machine_alias(self, stateMachineAliasArn: str) -> dict[str, Any]:  # noqa: N803
        name = stateMachineAliasArn.rpartition(":")[2]
        if name not in self.aliases:
            raise says("ResourceNotFound")
        rows = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in self.aliases[name].items()]
        return {"routingConfiguration": rows}

    def _update_state_machine_alias(
        self,
        stateMachineAliasArn: str,  # noqa: N803
        routingConfiguration: list[dict[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        routing = {row["stateMachineVersionArn"]: row["weight"] for row in routingConfiguration}
        self.aliases[stateMachineAliasArn.rpartition(":")[2]] = routing
        return {"updateDate": NOW}
