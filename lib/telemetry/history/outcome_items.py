"""Reviewed outcomes that people keep in a DynamoDB table: of each item its key and one attribute, and no word besides.

Read-only, and slowly: whoever else asks the table goes first. What is no outcome is counted by its reason and never
shown, since an attribute may hold anybody's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.errors import BadParameters
from lib.telemetry.checkin_listing import KEY, moment_of
from lib.telemetry.history.reviewed_items import Items
from lib.telemetry.history.spool import DRILL
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.review_window import Window
from lib.values.reviewed import Outcome
from lib.wait import idle

NEEDS = "dynamodb:DescribeTable and dynamodb:Scan on the table"
UNITS_A_SECOND = 100.0  # read units: half a megabyte, a small share of what any table gives
A_PAGE = 1000  # items, which cost a few units, or a megabyte where they are large
PARTITION, SORT = "HASH", "RANGE"
NO_TEXT, NO_OUTCOME, EMPTY = "an outcome that is no text", "a word that is no outcome", "an empty outcome"
NO_CHECKIN, NO_MOMENT = "a key that names no check-in", "a key that tells no moment"
ELSEWHEN = "of another time than the window"


@dataclass(frozen=True)
class _Schema:
    """By which attributes a table knows its items: the user and the moment, or the name of an object alone."""

    partition: str
    sort: str  # "" of a key of one attribute

    def checkin(self, item: Mapping[str, Any]) -> tuple[str, datetime] | str:
        """The user and the moment of an item, or why there are none."""
        name = item[self.partition]["S"]
        if self.sort:
            (value,) = item[self.sort].values()
            moment = moment_of(value)
            return (name, moment) if moment else NO_MOMENT
        match = KEY.match(name)
        moment = moment_of(match["stamp"]) if match else None
        return (match["user"], moment) if match and moment else NO_CHECKIN


def read(live: Live, table: str, attribute: str, window: Window, user: Callable[[str], str]) -> Items:
    """The outcomes of a window's check-ins that a table of this account holds, each read consistently.

    `user` gives what stands for a user among the check-ins. Raises BadParameters for a key that names no check-in, and
    for an attribute that is part of it; NotAsWanted where AWS refuses.
    """
    taken, left_out = list[tuple[str, datetime, str]](), Counter[str]()
    with readable(f"reading outcomes from table {table} (it needs {NEEDS})"):
        schema = _schema(live, table, attribute)
        names = {"#outcome": attribute, "#partition": schema.partition} | (
            {"#sort": schema.sort} if schema.sort else {}
        )
        pages = live.client("dynamodb").get_paginator("scan").paginate(
            TableName=table, ConsistentRead=True, ProjectionExpression=", ".join(names), ExpressionAttributeNames=names,
            FilterExpression="attribute_exists(#outcome)", ReturnConsumedCapacity="TOTAL",
            PaginationConfig={"PageSize": A_PAGE},
        )  # fmt: skip
        for page in pages:
            for item in page["Items"]:
                row = _row(live, schema, item, attribute, window)
                if isinstance(row, str):
                    left_out[row] += 1
                else:
                    taken.append((user(row[0]), *row[1:]))
            units = float(page.get("ConsumedCapacity", {}).get("CapacityUnits", UNITS_A_SECOND))
            idle(units / UNITS_A_SECOND, live.sleep)
    rows = pd.DataFrame(taken, columns=["userId", "time", "outcome"], dtype=object)
    return Items(table, rows.assign(time=pd.to_datetime(rows["time"], utc=True)), left_out)


def _schema(live: Live, table: str, attribute: str) -> _Schema:
    asked = live.client("dynamodb").describe_table(TableName=table)["Table"]
    kinds = {one["AttributeName"]: one["AttributeType"] for one in asked["AttributeDefinitions"]}
    keys = {one["KeyType"]: one["AttributeName"] for one in asked["KeySchema"]}
    said = ", ".join(f"{name} ({kinds[name]})" for name in keys.values())
    if attribute in keys.values():
        raise BadParameters(
            f"{attribute} is part of the key of table {table}, {said}; expected an attribute besides it"
        )
    if kinds[keys[PARTITION]] != "S" or (SORT in keys and kinds[keys[SORT]] not in ("S", "N")):
        raise BadParameters(
            f"table {table} has the key {said}; expected the user (S) and the moment (S or N) of a check-in, or the "
            "name of its object in the bucket (S) alone"
        )
    return _Schema(keys[PARTITION], keys.get(SORT, ""))


def _row(
    live: Live, schema: _Schema, item: Mapping[str, Any], attribute: str, window: Window
) -> tuple[str, datetime, str] | str:
    """User, moment and outcome of an item, or why it is left out."""
    checkin = schema.checkin(item)
    if isinstance(checkin, str):
        return checkin
    user, moment = checkin
    if user == live.settings.drill_user_id:
        return DRILL
    if not window.start <= moment < window.end:
        return ELSEWHEN
    word = item[attribute].get("S")
    if word is None:
        return NO_TEXT
    word = word.strip().lower()
    return (user, moment, word) if word in list(Outcome) else NO_OUTCOME if word else EMPTY
