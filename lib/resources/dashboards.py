"""Our widgets on a CloudWatch dashboard."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws import absent_is_none
from lib.resources.base import LiveThing


@dataclass(frozen=True)
class Widgets(LiveThing):
    """Value: the widgets whose title starts with `prefix`; the other widgets of the dashboard are left alone."""

    dashboard: str
    prefix: str
    kind: ClassVar[str] = "dashboard widgets"
    noticed: ClassVar[str] = "whoever looks at the dashboard"

    def _body(self) -> dict[str, Any]:
        with absent_is_none("ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError"):
            body = self.live.client("cloudwatch").get_dashboard(DashboardName=self.dashboard)["DashboardBody"]
            return dict(json.loads(body))
        return {}

    def _ours(self, widget: dict[str, Any]) -> bool:
        return str(widget.get("properties", {}).get("title", "")).startswith(self.prefix)

    def _read(self) -> list[dict[str, Any]] | None:
        return [widget for widget in self._body().get("widgets", []) if self._ours(widget)] or None

    def _write(self, value: list[dict[str, Any]] | None) -> None:
        body, cloudwatch = self._body(), self.live.client("cloudwatch")
        others = [widget for widget in body.get("widgets", []) if not self._ours(widget)]
        widgets = [*others, *(value or [])]
        if widgets or body.keys() - {"widgets"}:
            text = json.dumps({**body, "widgets": widgets})
            cloudwatch.put_dashboard(DashboardName=self.dashboard, DashboardBody=text)
        else:
            cloudwatch.delete_dashboards(DashboardNames=[self.dashboard])
