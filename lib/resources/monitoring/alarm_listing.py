"""The account's alarms as CloudWatch lists them, by its own filters: the one reader of them. Read-only."""

from collections.abc import Sequence
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable

METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
LISTS = {METRIC: "MetricAlarms", COMPOSITE: "CompositeAlarms"}
NAMES_A_CALL = 100  # that DescribeAlarms takes

Row = dict[str, Any]


def of_both_kinds(live: Live, **asked: str) -> dict[str, list[Row]]:
    """Every alarm by its kind that fits what is asked of DescribeAlarms, such as `ActionPrefix`.

    Without the kinds CloudWatch lists metric alarms alone. Raises NotAsWanted, Unreachable.
    """
    rows: dict[str, list[Row]] = {METRIC: [], COMPOSITE: []}
    with readable("listing the account's alarms"):
        pages = live.client("cloudwatch").get_paginator("describe_alarms")
        for page in pages.paginate(AlarmTypes=list(rows), **asked):
            for kind in rows:
                rows[kind] += page.get(LISTS[kind], [])
    return rows


def of_names(live: Live, names: Sequence[str]) -> dict[str, Row]:
    """The metric alarms of these names that are there, by name."""
    rows = dict[str, Row]()
    with readable("listing our alarms"):
        pages = live.client("cloudwatch").get_paginator("describe_alarms")
        for at in range(0, len(names), NAMES_A_CALL):
            for page in pages.paginate(AlarmNames=list(names[at : at + NAMES_A_CALL]), AlarmTypes=[METRIC]):
                rows |= {row["AlarmName"]: row for row in page.get(LISTS[METRIC], [])}
    return rows
