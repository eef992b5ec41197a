"""The account's alarms as CloudWatch lists them, by its own filters: the one reader of them. Read-only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable

METRIC, COMPOSITE = "MetricAlarm", "CompositeAlarm"
LISTS = {METRIC: "MetricAlarms", COMPOSITE: "CompositeAlarms"}
NAMES_A_CALL = 100  # that DescribeAlarms takes

Row = dict[str, Any]


def of_both_kinds(live: Live, names: Sequence[str] | None = None, **asked: str) -> dict[str, list[Row]]:
    """Every alarm by its kind, of these names and what else is asked of DescribeAlarms, such as `ActionPrefix`.

    Without the kinds CloudWatch lists metric alarms alone. Raises NotAsWanted, Unreachable.
    """
    rows: dict[str, list[Row]] = {METRIC: [], COMPOSITE: []}
    every = [{}] if names is None else [{"AlarmNames": part} for part in _parts(list(names))]
    with readable("listing the account's alarms"):
        pages = live.client("cloudwatch").get_paginator("describe_alarms")
        for part in every:
            for page in pages.paginate(AlarmTypes=list(rows), **part, **asked):
                for kind in rows:
                    rows[kind] += page.get(LISTS[kind], [])
    return rows


def of_names(live: Live, names: Sequence[str]) -> dict[str, Row]:
    """The metric alarms of these names that are there, by name."""
    return {row["AlarmName"]: row for row in of_both_kinds(live, names)[METRIC]}


def changed_at(row: Mapping[str, Any]) -> datetime:
    """When an alarm's state last became another; where CloudWatch does not say that, when it last dated the state.

    It dates the state anew also where only how well it could be evaluated became another.
    """
    moment: datetime = row.get("StateTransitionedTimestamp") or row["StateUpdatedTimestamp"]
    return moment


def _parts(names: list[str]) -> list[list[str]]:
    return [names[at : at + NAMES_A_CALL] for at in range(0, len(names), NAMES_A_CALL)]
