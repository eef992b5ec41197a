"""Whether the dashboard's Phase 3 widgets show anything: which of their metrics have a datapoint. Read-only."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from lib.aws import Live
from lib.resources.desired import WIDGET_PREFIX
from lib.resources.resource_kinds import Widgets
from lib.telemetry import metrics
from lib.telemetry.execution_status import Count
from lib.telemetry.review_window import Window

# Counted only when it happens: that it has no datapoint is good news.
MAY_BE_DARK = (Count.FAILED, Count.TIMED_OUT)
HOUR = 3600


def with_datapoints(live: Live, window: Window) -> dict[str, bool]:
    """Every metric of the dashboard's Phase 3 widgets, and whether it has a datapoint in the window."""
    shown = Widgets(live, live.settings.dashboard_name, WIDGET_PREFIX).read() or []
    rows = [row for widget in shown for row in widget["properties"].get("metrics") or [] if isinstance(row, list)]
    texts = [tuple(part for part in row if isinstance(part, str)) for row in rows]
    # Of a widget that somebody titled as ours are: a text, an expression, or what leans on the row above it.
    asked = dict.fromkeys(parts for parts in texts if len(parts) >= 2 and len(parts) % 2 == 0)
    named = _named([parts for parts in asked if parts[1] not in MAY_BE_DARK])
    queries = [
        metrics.Query(name, parts[0], parts[1], "SampleCount", tuple(zip(parts[2::2], parts[3::2], strict=True)))
        for name, parts in named.items()
    ]
    known = set(metrics.series(live, queries, window.start, datetime.now(UTC), HOUR)["metric"])
    return {name: name in known for name in named}


def _named(asked: Sequence[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Every metric under a name of its own: a short one, or where several would share that, all of its parts."""
    short = {parts: " ".join(parts[1::2] if len(parts) > 4 else parts[:2]) for parts in asked}
    shared = Counter(short.values())
    return {name if shared[name] == 1 else str(list(parts)): parts for parts, name in short.items()}
