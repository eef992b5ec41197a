"""Metric filters of a log group: what they find in it becomes a metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws_answers import absent_is_none
from lib.changes.resource import Field, Place
from lib.resources.live_thing import LiveThing

MISSING = ("ResourceNotFoundException",)
NAMES = ("logGroupName", "filterName")
THEIRS = "somebody counts by it; give theirs another name first"
# What AWS describes of a filter for which nobody gave it, and what that is as good as.
FILLED_IN: tuple[Any, ...] = (None, False, "", [])
NO_UNIT = "None"


@dataclass(frozen=True)
class MetricFilter(LiveThing):
    """Value: all that PutMetricFilter takes, but for the names, without what AWS fills in where nobody gave it.

    Other filters of the log group are left alone.
    """

    group: str
    filter: str
    kind: ClassVar[str] = "metric filter"
    noticed: ClassVar[str] = "nobody; the alarms on what it counts"
    special: ClassVar[Mapping[Place, Field]] = {("filterPattern",): Field(lived_on=THEIRS)}

    def _read(self) -> dict[str, Any] | None:
        logs = self.live.client("logs")
        taken = logs.meta.service_model.operation_model("PutMetricFilter").input_shape
        names, needed = {*taken.members} - {*NAMES}, taken.required_members
        pages = logs.get_paginator("describe_metric_filters")
        with absent_is_none(*MISSING):
            for page in pages.paginate(logGroupName=self.group, filterNamePrefix=self.filter):
                for one in page["metricFilters"]:
                    if one["filterName"] == self.filter:
                        kept = (key for key in sorted(names) if key in needed or one.get(key) not in FILLED_IN)
                        value = {key: one[key] for key in kept}
                        return value | {"metricTransformations": [*map(_transformation, one["metricTransformations"])]}
        return None

    def _write(self, value: dict[str, Any] | None) -> None:
        logs, names = self.live.client("logs"), {"logGroupName": self.group, "filterName": self.filter}
        if value is None:
            logs.delete_metric_filter(**names)
        else:
            logs.put_metric_filter(**names, **value)


def _transformation(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if (key, value) != ("unit", NO_UNIT)}
