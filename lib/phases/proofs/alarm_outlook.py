"""What the alarms will cost, and whether a quiet time of the past would have set one off. Read-only."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.checks import Check, Status
from lib.definitions import loader
from lib.definitions.alarm_templates import AlarmTemplate
from lib.telemetry import metrics
from lib.telemetry.metrics import Query
from lib.values.check_registry import Id

HISTORY = timedelta(days=14)
HOUR = 3600


def quiet(live: Live) -> Check:
    """The longest time without a check-in in the account's own history, against `no_checkin_hours`.

    By the hours of the last two weeks in which CloudWatch counted no execution started; drills count as check-ins.
    """
    hours, now = live.settings.no_checkin_hours, datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    started = Query(
        "started", "AWS/States", "ExecutionsStarted", "Sum", (("StateMachineArn", live.settings.state_machine_arn),)
    )
    frame = metrics.series(live, [started], now - HISTORY, now + timedelta(hours=1), HOUR)
    busy = sorted(moment.to_pydatetime() for moment in frame.loc[frame["value"] > 0, "time"])
    expected = f"shorter than no_checkin_hours, {hours}"

    def answer(status: Status, found: str) -> Check:
        return Check(Id.ALARM_SILENCE, "longest time without a check-in", status, found, expected)

    if len(busy) < 2 or busy[-1] - busy[0] < timedelta(hours=hours):
        known = f"{(busy[-1] - busy[0]).total_seconds() / HOUR:g} h of history" if busy else "no history"
        return answer(Status.CANNOT_TELL, f"{known} in the last {HISTORY.days} days; watch the alarm, and choose then")
    # The silence that lasts until now is one as well: of a feed that has stopped, the gaps before it tell nothing.
    longest = max((later - one).total_seconds() / HOUR - 1 for one, later in pairwise([*busy, now]))
    found = f"{longest:g} h within {HISTORY.days} days, by the hours in which executions started"
    return answer(Status.PASSED if longest < hours else Status.WAITING, found)


def cost(live: Live, wanted: Sequence[AlarmTemplate]) -> Check:
    """What all of it costs; of another region than that of the prices nobody can tell, and the numbers are theirs."""
    price = loader.template("prices.json")
    watched = sum(len(one.definition.metrics) for one in wanted)
    own = {
        (m.metric, *m.dimensions.items())
        for one in wanted
        for m in one.definition.metrics
        if m.namespace == metrics.OURS
    }
    month = watched * price["alarmMetricMonth"] + len(own) * price["customMetricMonth"]
    stored = 0
    with readable("reading how large the log is"), absent_is_none("ResourceNotFoundException"):
        pages = live.client("logs").get_paginator("describe_log_groups")
        for page in pages.paginate(logGroupNamePrefix=live.settings.log_group_name):
            stored = sum(
                int(row.get("storedBytes", 0))
                for row in page["logGroups"]
                if row["logGroupName"] == live.settings.log_group_name
            )
    kept = f"{price['logStoredGigabyteMonth']:.2f} a month kept, now {stored / 1e9:.3f}"
    found = (
        f"{month:.2f} {price['currency']} a month for {watched} watched metrics and {len(own)} of our own; the log "
        f"{price['logIngestedGigabyte']:.2f} a gigabyte written and {kept}"
    )
    return Check(
        Id.ALARM_COST,
        "costs of alarms, filter and log",
        Status.PASSED if price["region"] == live.settings.region else Status.CANNOT_TELL,
        found,
        f"prices of {price['region']} as of {price['asOf']}",
    )
