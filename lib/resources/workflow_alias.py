"""Aliases of the Step Functions state machine: which published version each runs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from botocore.exceptions import ClientError

from lib.aws import Live, pages_of
from lib.aws_answers import absent_is_none, error_code
from lib.changes.plans import UNKNOWN
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted, Refused
from lib.resources.running_executions import StartsExecutions
from lib.resources.workflow import MOST_A_PAGE, definitions_held, description, value_of, versions

NO_ALIAS = ("ResourceNotFound", "StateMachineDoesNotExist")
FIRST_REVISION = "INITIAL"  # by which a workflow is published that was never updated, of which AWS tells none


@dataclass(frozen=True)
class WorkflowAlias(StartsExecutions):
    """Value: `{"routes": [{"version", "runs", "weight"}]}`; the description is left alone.

    `runs` is the digest of what the version holds. A version that the same plan publishes has no number before, so
    a wanted route names what it runs, and UNKNOWN as its version.
    """

    machine: str
    alias: str
    kind: ClassVar[str] = "workflow alias"
    noticed: ClassVar[str] = "every check-in that is started by this alias, from now on"
    special: ClassVar[Mapping[Place, Field]] = {("routes",): Field(meant=True)}

    @property
    def arn(self) -> str:
        return f"{self._machine_arn}:{self.alias}"

    @property
    def _machine_arn(self) -> str:
        return self.live.settings.arn("states", f"stateMachine:{self.machine}")

    def _read(self) -> dict[str, Any] | None:
        routing = routing_of(self.live, self.arn)
        return None if routing is None else {"routes": [self._route(*route) for route in routing.items()]}

    def _route(self, version: str, weight: int) -> dict[str, Any]:
        return {"version": version.rpartition(":")[2], "runs": _held(self.live, version), "weight": weight}

    def _write(self, value: dict[str, Any] | None) -> datetime:
        if value is None:
            raise Refused(f"alias {self.alias} of {self.machine} was there before the plan and is never removed")
        routing = [
            {"stateMachineVersionArn": self._version(route), "weight": route["weight"]} for route in value["routes"]
        ]
        client = self.live.client("stepfunctions")
        try:
            answer = client.update_state_machine_alias(stateMachineAliasArn=self.arn, routingConfiguration=routing)
            return cast(datetime, answer["updateDate"])
        except ClientError as error:
            if error_code(error) not in NO_ALIAS:
                raise
            # Somebody removed it since: what names it starts nothing now.
            answer = client.create_state_machine_alias(name=self.alias, routingConfiguration=routing)
            return cast(datetime, answer["creationDate"])

    def _version(self, route: Mapping[str, Any]) -> str:
        """The ARN of a route's version; of one without a number, or deleted, the newest that holds what it shall run.

        What was updated without a version is published: an alias can run nothing else.
        """
        numbered = f"{self._machine_arn}:{route['version']}"
        if route["version"] != UNKNOWN and description(self.live, numbered):
            return numbered
        for version in versions(self.live, self._machine_arn):
            if _held(self.live, version) == route["runs"]:
                return version
        now = description(self.live, self._machine_arn)
        if now is None or digest(value_of(now)) != route["runs"]:
            raise NotAsWanted(
                f"no version of {self.machine} holds what alias {self.alias} shall run ({route['runs']}), nor does the "
                "workflow itself; somebody changed it since. Plan again"
            )
        answer = self.live.client("stepfunctions").publish_state_machine_version(
            stateMachineArn=self._machine_arn, revisionId=now.get("revisionId") or FIRST_REVISION
        )
        return str(answer["stateMachineVersionArn"])

    def _restorable(self, value: dict[str, Any]) -> dict[str, Any]:
        """A version that is gone comes back under another number, and only where the record says what it held."""
        return {**value, "routes": [self._restorable_route(route) for route in value["routes"]]}

    def _restorable_route(self, route: Mapping[str, Any]) -> dict[str, Any]:
        known = UNKNOWN in (route["version"], route["runs"])
        if known or description(self.live, f"{self._machine_arn}:{route['version']}"):
            return dict(route)
        return {**route, "version": UNKNOWN}

    def definitions(self) -> set[str]:
        return definitions_held(self.live, routing_of(self.live, self.arn) or ())


def routing_of(live: Live, alias: str) -> dict[str, int] | None:
    """Version ARN -> weight in percent, None where there is no such alias. Read-only."""
    with absent_is_none(*NO_ALIAS):
        answer = live.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=alias)
        return {row["stateMachineVersionArn"]: int(row["weight"]) for row in answer["routingConfiguration"]}
    return None


def aliases(live: Live, machine: str) -> list[str]:
    """The names of a machine's aliases; none where there is no machine. Read-only."""
    lists = live.client("stepfunctions").list_state_machine_aliases
    pages = pages_of(lists, "nextToken", stateMachineArn=machine, maxResults=MOST_A_PAGE)
    with absent_is_none(*NO_ALIAS):
        rows = [row for page in pages for row in page["stateMachineAliases"]]
        return sorted(str(row["stateMachineAliasArn"]).rpartition(":")[2] for row in rows)
    return []


def routings(live: Live, machine: str) -> dict[str, dict[str, int]]:
    """Of each of a machine's aliases, by name, which version it runs with which weight. Read-only."""
    by_alias = {alias: routing_of(live, f"{machine}:{alias}") for alias in aliases(live, machine)}
    return {alias: routing for alias, routing in by_alias.items() if routing is not None}


def routed_to(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The value of an alias by which every execution runs what this value of the workflow says."""
    return {"routes": [{"version": UNKNOWN, "runs": digest(workflow), "weight": 100}]}


def is_routing(value: object) -> bool:
    """Whether this is a value that an alias can have."""
    routes = value.get("routes") if isinstance(value, Mapping) else None
    keys = {"version", "runs", "weight"}
    return isinstance(routes, list) and all(isinstance(row, Mapping) and keys <= row.keys() for row in routes)


def kept_routings(kept: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The value of each alias that a backup of the workflow names, which does not say what its versions hold."""
    listed = kept.get("aliases")
    routings = listed.items() if isinstance(listed, Mapping) else ()
    return {alias: _kept(routing) for alias, routing in routings if isinstance(routing, Mapping)}


def _kept(routing: Mapping[str, int]) -> dict[str, Any]:
    versions = {version.rpartition(":")[2]: weight for version, weight in routing.items()}
    return {"routes": [{"version": version, "runs": UNKNOWN, "weight": weight} for version, weight in versions.items()]}


def digest(workflow: Mapping[str, Any]) -> str:
    """16 hex digits over definition, role and logging: the same for the same, whatever its version's number."""
    text = json.dumps(workflow, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _held(live: Live, version: str) -> str:
    described = description(live, version)
    return digest(value_of(described)) if described else "nothing: this version was deleted"
