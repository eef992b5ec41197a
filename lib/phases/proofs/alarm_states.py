"""How the alarms are now: whether each can go off and tell anybody. Read-only.

An alarm that watches what nobody publishes is quiet for ever, and looks as if all were well.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status
from lib.definitions.alarm_templates import AlarmTemplate
from lib.resources import desired
from lib.resources.monitoring import alarm_listing
from lib.values.check_registry import Id

LONG = timedelta(days=1)
NO_DATA = "INSUFFICIENT_DATA"
SEEN_IN = "CloudWatch lists what had a datapoint in the last two weeks"


def checks(live: Live) -> list[Check]:
    """How the alarms are now."""
    wanted = desired.alarms(live)
    ours = list(alarm_listing.of_names(live, [one.name for one in wanted]).values())
    return [_enabled(wanted, ours), *_metrics(live, wanted), _long_without_data(wanted, ours)]


def _enabled(wanted: Sequence[AlarmTemplate], ours: Sequence[dict[str, Any]]) -> Check:
    off = [row["AlarmName"] for row in ours if not row["ActionsEnabled"]]
    found = f"{len(ours) - len(off)} of {len(wanted)}" + (f"; disabled: {', '.join(off)}" if off else "")
    status = Status.FAILED if off else Status.PASSED if len(ours) == len(wanted) else Status.NOT_APPLIED
    return Check(Id.ALARM_ENABLED, "alarms whose actions are enabled", status, found, "every one")


def _metrics(live: Live, wanted: Sequence[AlarmTemplate]) -> Iterator[Check]:
    """Whether what each alarm watches exists, by namespace."""
    names = sorted({metric.namespace for one in wanted for metric in one.definition.metrics})
    for namespace in names:
        with readable(f"listing the metrics of {namespace}"):
            pages = live.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=namespace)
            there = {_key(row["MetricName"], row["Dimensions"]) for page in pages for row in page["Metrics"]}
        watched = {
            (metric.metric, tuple(sorted(metric.dimensions.items())))
            for one in wanted
            for metric in one.definition.metrics
            if metric.namespace == namespace
        }
        missing = sorted({name for name, dimensions in watched if (name, dimensions) not in there})
        found = f"{len(watched & there)} of {len(watched)} seen"
        if missing:
            found += f"; not yet: {', '.join(missing)}, published when it first happens"
        status = Status.CANNOT_TELL if missing else Status.PASSED
        yield Check(
            Id.ALARM_METRIC,
            f"metrics of {namespace} that alarms watch",
            status,
            found,
            f"each with its dimensions; {SEEN_IN}",
            namespace,
        )


def _key(metric: str, dimensions: Sequence[dict[str, str]]) -> tuple[str, tuple[tuple[str, str], ...]]:
    return metric, tuple(sorted((row["Name"], row["Value"]) for row in dimensions))


def _long_without_data(wanted: Sequence[AlarmTemplate], ours: Sequence[dict[str, Any]]) -> Check:
    """Of an alarm that has no data yet, and not for so long, nobody can tell; of one that is not there still less."""
    since = datetime.now(UTC) - LONG
    dark = [row for row in ours if row["StateValue"] == NO_DATA]
    long = [row["AlarmName"] for row in dark if alarm_listing.changed_at(row) < since]
    open_yet = Status.CANNOT_TELL if dark else Status.PASSED
    status = Status.WAITING if long else Status.NOT_APPLIED if len(ours) < len(wanted) else open_yet
    found = f"{', '.join(long) or 'none'} of {len(ours)} that are there"
    found += f"; {len(dark) - len(long)} have none yet, since less than a day" if len(dark) > len(long) else ""
    return Check(Id.ALARM_NO_DATA, "alarms without data for more than a day", status, found, "none")
