"""CloudWatch's log groups, and our widgets on a dashboard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws_answers import absent_is_none
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted
from lib.resources.live_thing import LiveThing
from lib.values.foreign.json_members import Members, members

# The body of a dashboard that we make, which is what is left of it without widgets: laid out as nobody else's is, since
# an empty dashboard of somebody's is not ours to delete. The other is left of one that an earlier version made.
NEW, EMPTIED = "{ \t}", '{"widgets": [] }'


@dataclass(frozen=True)
class Widgets(LiveThing):
    """Value: the widgets whose title starts with `prefix`; the dashboard's other bytes are left alone."""

    dashboard: str
    prefix: str
    kind: ClassVar[str] = "dashboard widgets"
    noticed: ClassVar[str] = "whoever looks at the dashboard"

    def _body(self) -> str:
        with absent_is_none("ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError"):
            return str(self.live.client("cloudwatch").get_dashboard(DashboardName=self.dashboard)["DashboardBody"])
        return NEW

    def _widgets(self) -> Members:
        try:
            return members(self._body(), "widgets")
        except ValueError as error:
            raise NotAsWanted(
                f"the body of dashboard {self.dashboard} cannot be read ({error}); expected an object with at most one "
                "list of widgets. It was left alone: look at it by hand"
            ) from error

    def _ours(self, widget: Any) -> bool:  # noqa: ANN401 - whatever somebody put there
        properties = widget.get("properties") if isinstance(widget, dict) else None
        title = properties.get("title") if isinstance(properties, dict) else None
        return isinstance(title, str) and title.startswith(self.prefix)

    def _read(self) -> list[dict[str, Any]] | None:
        return [widget for widget in self._widgets().values if self._ours(widget)] or None

    def _write(self, value: list[dict[str, Any]] | None) -> None:
        cloudwatch, body = self.live.client("cloudwatch"), self._widgets()
        text = body.replaced(self._ours, value or [])
        if text in (NEW, EMPTIED):
            cloudwatch.delete_dashboards(DashboardNames=[self.dashboard])
        elif text != body.text:
            cloudwatch.put_dashboard(DashboardName=self.dashboard, DashboardBody=text)


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
        group = self._found()
        return group and {"retentionInDays": int(group.get("retentionInDays", 0))}

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
