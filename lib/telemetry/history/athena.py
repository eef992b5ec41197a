"""Asks Athena one SQL text over a table that somebody made once, and says what that cost. Makes and removes nothing.

What it leaves is what Athena itself writes: the query's result, in the place that is named for results.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.definitions import loader
from lib.errors import BadParameters, NotAsWanted
from lib.telemetry.history.folder import CHECKINS
from lib.telemetry.history.spool import COLUMNS
from lib.telemetry.libraries import pandas as pd
from lib.wait import until

SECONDS, PAUSE = 1800.0, 1.0  # as long as AWS lets a query run, unless more was asked for; between two looks
LONGEST = 262_144  # bytes of a query, which AWS does not raise
MEGABYTE, LEAST, TERABYTE = 2**20, 10, 2**40  # what is scanned is charged by the megabyte, and ten of them at least
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
NEEDS = (
    "athena:StartQueryExecution, athena:GetQueryExecution, athena:GetQueryResults and athena:StopQueryExecution on the "
    "workgroup; glue:GetDatabase, glue:GetTable and glue:GetPartitions on the table; s3:GetBucketLocation, "
    "s3:ListBucket and s3:GetObject where the table lies, and s3:PutObject besides where results go"
)
TYPES = {"VARCHAR": "string", "BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean"}


@dataclass(frozen=True)
class Answered:
    """The rows of a query, as texts; which query it was, how many bytes it read, and what that cost (US dollars)."""

    rows: pd.DataFrame
    query: str
    scanned: int
    cost: float


def table_text(location: str) -> str:
    """The statement that makes the table, once, over files that lie in S3 as they lie in the history."""
    where = location.rstrip("/")
    columns = ", ".join(f"{name} {TYPES[kind]}" for name, kind in COLUMNS.items())
    return (
        f"CREATE EXTERNAL TABLE {CHECKINS} ({columns}) PARTITIONED BY (day date) STORED AS PARQUET "
        f"LOCATION '{where}/' TBLPROPERTIES ('projection.enabled'='true', 'projection.day.type'='date', "
        "'projection.day.format'='yyyy-MM-dd', 'projection.day.range'='2015-01-01,NOW', "
        f"'storage.location.template'='{where}/day=${{day}}/')"
    )


def ask(live: Live, database: str, results: str, text: str) -> Answered:
    """What Athena answers in a database, its result left in `results` (s3://bucket/prefix/).

    Raises BadParameters for a text that it would not take, NotAsWanted for no answer."""
    if (size := len(text.encode())) > LONGEST:
        raise BadParameters(
            f"the query has {size:,} bytes, and Athena takes {LONGEST:,}: too many outcomes for it; use --engine duckdb"
        )
    client, doing = live.client("athena"), f"asking Athena of {database}.{CHECKINS} (it needs {NEEDS})"
    with readable(doing):
        query = client.start_query_execution(
            QueryString=text,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": results},
        )["QueryExecutionId"]
        with _stopping(client, query):
            ended = until(
                lambda: client.get_query_execution(QueryExecutionId=query)["QueryExecution"],
                lambda seen: seen["Status"]["State"] in ENDED,
                live.patience(SECONDS, PAUSE),
            )
            if not ended:
                raise NotAsWanted(f"Athena's query {query} did not end within {SECONDS:g} s, and was stopped")
        if (state := ended.seen["Status"]["State"]) != ENDED[0]:
            why = ended.seen["Status"].get("StateChangeReason", "it does not say why")
            raise NotAsWanted(f"Athena's query {query} ended {state}: {why}. It needs {NEEDS}")
        rows = _rows(client, query)
    scanned = int(ended.seen["Statistics"]["DataScannedInBytes"])
    return Answered(rows, query, scanned, cost_of(scanned))


def cost_of(scanned: int) -> float:
    """What it costs to scan so many bytes, by the list price of `prices.json`."""
    charged = max(ceil(scanned / MEGABYTE), LEAST) * MEGABYTE
    return float(charged / TERABYTE * loader.template("prices.json")["athenaTerabyteScanned"])


@contextmanager
def _stopping(client: Any, query: str) -> Iterator[None]:  # noqa: ANN401 - boto3 has no types
    """A query that is waited for no more runs no more: it would go on and cost."""
    ended = False
    try:
        yield
        ended = True
    finally:
        if not ended:
            client.stop_query_execution(QueryExecutionId=query)


def _rows(client: Any, query: str) -> pd.DataFrame:  # noqa: ANN401
    pages = client.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    return pd.DataFrame(rows[1:], columns=rows[0], dtype=object)  # the first of them are the names
