"""Puts the weeks before into the embedded account, a file of JSON lines a day. Refuses what is not on this machine.

What the account makes of them is in `rehearsal/account/past_entries.py`. An account that has recorded check-ins keeps
those, and gets no others.
"""

import gzip
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from lib.routes import LOW_SENTIMENT_RULE
from lib.settings import Settings
from rehearsal.account import baseline, users
from rehearsal.account.clients import client
from rehearsal.account.functions import checkin_processor
from rehearsal.past.checkins import PastCheckin, people

PLACE = "rehearsal-past"  # a bucket that does not exist: `past_entries` takes in what is put there
ITEMS_A_CALL = 25
MODEL = {"phase3_enhanced": True, "ensemble_used": True, "fallback_used": False, "model": "rehearsal-stand-in"}


def enter(settings: Settings, past: Sequence[PastCheckin]) -> bool:
    """Enter these check-ins, and the people who sent them; False, and nothing done, where any are recorded already.

    Raises Refused for an endpoint that is not on this machine.
    """
    s3 = client(settings.endpoint_url, "s3", settings.region)
    if s3.list_objects_v2(Bucket=settings.checkin_bucket_name, MaxKeys=1).get("KeyCount"):
        return False
    _people(settings)
    for day, checkins in groupby(past, key=lambda one: one.moment.date()):
        lines = [json.dumps(one) for one in (_names(settings), *map(_line, checkins))]
        s3.put_object(Bucket=PLACE, Key=f"{day:%Y-%m-%d}.jsonl.gz", Body=gzip.compress("\n".join(lines).encode()))
    return True


def _people(settings: Settings) -> None:
    dynamodb = client(settings.endpoint_url, "dynamodb", settings.region)
    items = [{"PutRequest": {"Item": item}} for item in users.items(people())]
    for first in range(0, len(items), ITEMS_A_CALL):
        dynamodb.batch_write_item(RequestItems={settings.table_name: items[first : first + ITEMS_A_CALL]})


def _names(settings: Settings) -> dict[str, str]:
    return {
        "machine": settings.state_machine_arn,
        "role": baseline.execution_role_arn(settings),
        "bucket": settings.checkin_bucket_name,
        "processor": settings.processor_function_name,
        "dispatcher": settings.dispatcher_function_name,
        "rule": LOW_SENTIMENT_RULE,
        "topic": settings.alert_topic_name,
    }


def _line(one: PastCheckin) -> dict[str, Any]:
    stamp = one.moment.isoformat(timespec="milliseconds")
    scores: dict[str, Any] = {"score": one.score, "trajectory": one.trajectory}
    scores |= {} if one.risk is None else {"risk_score": one.risk}
    alerted = one.score < checkin_processor.ALERT_SENTIMENT_BELOW
    risky = one.risk is not None and one.risk > checkin_processor.ALERT_RISK_ABOVE
    result = {
        "userId": one.user,
        **scores,
        "sentiment": checkin_processor.mood(one.score),
        "alertTriggered": alerted or risky,
        "aiMetadata": {**MODEL, "synthetic": True},
    }
    key, recorded = checkin_processor.recorded_checkin(result, stamp)
    return {
        "name": f"synthetic-{one.moment:%Y%m%dT%H%M%S}-{one.moment.microsecond // 1000:03d}",
        "user": one.user, "started": stamp, "seconds": one.seconds, "failed": one.failed,
        "alerted": alerted and not one.failed, "key": key, "recorded": recorded,
    }  # fmt: skip
