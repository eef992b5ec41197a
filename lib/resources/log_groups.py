"""CloudWatch log groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.changes.resource import Field, Place
from lib.resources.live_thing import LiveThing


@dataclass(frozen=True)
class LogGroup(LiveThing):
    """Value: `{"retentionInDays": days, or 0 for ever}`."""

    group: str
    kind: ClassVar[str] = "log group"
    noticed: ClassVar[str] = "readers of the workflow's log"
    in_parts: ClassVar[bool] = True
    special: ClassVar[Mapping[Place, Field]] = {("retentionInDays",): Field(longer_keeps=True)}

    def _found(self) -> dict[str, Any] | None:
        pages = self.live.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self.group)
        return next((g for page in pages for g in page["logGroups"] if g["logGroupName"] == self.group), None)

    def _read(self) -> dict[str, int] | None:
        found = self._found()
        return found and {"retentionInDays": int(found.get("retentionInDays", 0))}

    def _write(self, value: dict[str, int] | None) -> None:
        logs = self.live.client("logs")
        if value is None:
            logs.delete_log_group(logGroupName=self.group)
            return
        if self._found() is None:
            logs.create_log_group(logGroupName=self.group)
        if value["retentionInDays"]:
            logs.put_retention_policy(logGroupName=self.group, retentionInDays=value["retentionInDays"])
        else:
            logs.delete_retention_policy(logGroupName=self.group)

    def _kept_because(self) -> str:
        """A log group with streams is kept: it tells the review what happened."""
        streams = self.live.client("logs").describe_log_streams(logGroupName=self.group, limit=1)["logStreams"]
        return "it holds the workflow's log" if streams else ""
