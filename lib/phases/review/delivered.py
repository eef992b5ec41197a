"""What a review reads of an alert's way to people, once. Read-only.

`before` is what was counted in the time before the change that it is compared with, however long that is.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from lib.aws import Live
from lib.aws_answers import readable
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing.subscriptions import PENDING, listens_to_drills, subscriptions
from lib.telemetry import workflow_log
from lib.telemetry.deliveries import alarm_history, alert_log, alert_path, counts, figures, reconciliation
from lib.telemetry.deliveries.alarm_history import AlarmRecord
from lib.telemetry.deliveries.dead_letters import DeadLetters
from lib.telemetry.deliveries.reconciliation import LATE
from lib.telemetry.review_window import Window
from lib.telemetry.streams import log_columns
from lib.values import csv_text

A_MINUTE = timedelta(minutes=1)
NOBODY = "nobody"


@dataclass(frozen=True)
class Deliveries:
    """All of it: the workflow's alerts since the change, and what was counted behind them, before and after.

    `log_gaps` says what of the log is missing. `protocols`: of each topic its confirmed subscribers, by protocol.
    """

    window: Window
    alerts: pd.DataFrame
    failed_attempts: pd.DataFrame
    counted: pd.DataFrame
    after: pd.DataFrame
    before: pd.DataFrame | None
    letters: list[DeadLetters]
    alarms: list[AlarmRecord]
    compared: pd.DataFrame
    protocols: dict[str, str]
    log_gaps: str = ""

    @property
    def begin(self) -> datetime:
        return self.window.after or self.window.start


def read(run: ConnectedRun, window: Window, log: pd.DataFrame, now: datetime) -> Deliveries:
    """Everything of this window; `log` is `workflow_log.read` of it."""
    live, begin = run.live, window.after or window.start
    since = since_change(window, log)
    alerts = every = alert_log.alerts(since)
    last = counts.end_of_period(begin, window.end + LATE, now)
    if last - window.end > A_MINUTE:  # it ended long ago: its last alerts are counted behind it, as are later ones
        every = alert_log.alerts(_and_later(since, workflow_log.read(live, window.end, last)))
    # In one reading: CloudWatch rounds a beginning down, so that a second one would count the period of the end again.
    seen = figures.of_window(live, begin, max(last, window.end), now)
    counted = seen.counted[seen.counted["time"] < pd.Timestamp(window.end)]
    counted.attrs = seen.counted.attrs
    after = counts.totals(counted)
    before = counts.totals(counts.read(live, *window.compared, now)) if window.compared else None
    protocols = _protocols(live)
    forgotten = now - alarm_history.KEPT
    beside = alert_path.Beside(
        {topic: sum(by_protocol.values()) for topic, by_protocol in protocols.items()},
        alarm_history.messages(live, begin, last, now),
        forgotten if begin < forgotten else None,
    )
    stages = alert_path.stages(run.settings, every, seen.counted, beside, begin)
    compared = reconciliation.compare(stages, now, window.end)
    run.record.keep_text("evidence/alerts_reconciled.csv", csv_text.of_frame(compared))
    run.record.keep_text("evidence/deliveries.csv", csv_text.of_frame(after))
    return Deliveries(
        window, alerts, alert_log.failed_attempts(since), counted, after, before, list(seen.dead_letters),
        alarm_history.read(live, begin, window.end, now), compared, _in_words(protocols), log_columns.unseen(log),
    )  # fmt: skip


def since_change(window: Window, log: pd.DataFrame) -> pd.DataFrame:
    """Of the workflow's log what is of the time after the change that is looked at."""
    first, last = (pd.Timestamp(moment) for moment in (window.after or window.start, window.end))
    since = log[log["time"].between(first, last)]
    since.attrs = log.attrs
    return since


def _and_later(rows: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([rows, later], ignore_index=True)
    both.attrs = rows.attrs
    return both


def _in_words(by_topic: dict[str, Counter[str]]) -> dict[str, str]:
    """`2 sqs, 1 email`"""
    said = {topic: [f"{number} {protocol}" for protocol, number in mine.items()] for topic, mine in by_topic.items()}
    return {topic: ", ".join(words) or NOBODY for topic, words in said.items()}


def _protocols(live: Live) -> dict[str, Counter[str]]:
    """Of each topic its confirmed subscribers by protocol; SNS's counts name none."""
    by_topic = {}
    for topic in dict.fromkeys((live.settings.ops_topic_name, live.settings.alert_topic_name)):
        with readable(f"reading the subscribers of {topic}"):
            rows = subscriptions(live, topic)
        mine = [row for row in rows if row["SubscriptionArn"] not in PENDING and not listens_to_drills(row)]
        by_topic[topic] = Counter(row["Protocol"] for row in mine)
    return by_topic
