"""Whether the dashboard's Phase 3 widgets show anything: which of their metrics have a datapoint. Read-only."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lib.aws import Live
from lib.resources.desired import WIDGET_PREFIX
from lib.resources.resource_kinds import Widgets
from lib.telemetry import metrics
from lib.telemetry.execution_status import Count
from lib.telemetry.review_window import Window

# Counted only when it happens: that it has no datapoint is good news.
MAY_BE_DARK = (Count.FAILED, Count.TIMED_OUT)
HOUR = 3600
AS_ABOVE, ALL_ABOVE = ".", "..."  # CloudWatch's short words for what a row has in common with the one above


def with_datapoints(live: Live, window: Window) -> dict[str, bool]:
    """Every metric of the dashboard's Phase 3 widgets, and whether it has a datapoint in the window."""
    shown = Widgets(live, live.settings.dashboard_name, WIDGET_PREFIX).read() or []
    texts = [parts for widget in shown for parts in _in_full(widget["properties"].get("metrics") or [])]
    # Of a widget that somebody titled as ours are: a text, an expression, or what leans on no row above it.
    asked = dict.fromkeys(parts for parts in texts if len(parts) >= 2 and len(parts) % 2 == 0)
    named = _named([parts for parts in asked if parts[1] not in MAY_BE_DARK])
    queries = [
        metrics.Query(name, parts[0], parts[1], "SampleCount", tuple(zip(parts[2::2], parts[3::2], strict=True)))
        for name, parts in named.items()
    ]
    known = set(metrics.series(live, queries, window.start, window.end, HOUR)["metric"])
    return {name: name in known for name in named}


def _in_full(rows: Iterable[Any]) -> Iterator[tuple[str, ...]]:
    """A widget's rows as texts: "." is what stands there in the row above, "..." all but what follows it."""
    above: tuple[str, ...] = ()
    for row in rows:
        parts = tuple(part for part in row if isinstance(part, str)) if isinstance(row, list) else ()
        if ALL_ABOVE in parts:
            rest = parts[parts.index(ALL_ABOVE) + 1 :]
            parts = (*above[: max(0, len(above) - len(rest))], *rest)
        parts = tuple(above[at] if part == AS_ABOVE and at < len(above) else part for at, part in enumerate(parts))
        if parts and AS_ABOVE not in parts:  # an expression stands for no row above
            above = parts
            yield parts


def _named(asked: Sequence[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Every metric under a name of its own: a short one, or where several would share that, all of its parts."""
    short = {parts: " ".join(parts[1::2] if len(parts) > 4 else parts[:2]) for parts in asked}
    shared = Counter(short.values())
    return {name if shared[name] == 1 else str(list(parts)): parts for parts, name in short.items()}
