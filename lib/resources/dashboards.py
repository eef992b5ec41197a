"""Our widgets on a CloudWatch dashboard."""

from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws_answers import absent_is_none
from lib.errors import NotAsWanted
from lib.resources.live_thing import LiveThing
from lib.values.json_members import Members, members

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
