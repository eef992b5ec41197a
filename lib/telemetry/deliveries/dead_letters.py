"""What lies in each dead-letter queue now: how many, how old, and from where. Read-only; no message is received.

Receiving one would show somebody's words, and hide the message from whoever has to look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import Any

from lib.aws import Live
from lib.aws_answers import absent_is_none, readable
from lib.definitions import loader
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.resources.existing.subscriptions import served_by
from lib.resources.queues import messages
from lib.resources.rules import targets
from lib.telemetry.deliveries import counts
from lib.telemetry.deliveries.sources import HIGHEST, Metric, Thing
from lib.telemetry.libraries import pandas as pd

NO_FUNCTION = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class DeadLetters:
    """One queue: how many messages lie in it (None where it does not exist), and whose they would be.

    `oldest_seconds` is the highest age that CloudWatch has of the window; None where it has none, which is no age of 0.
    """

    queue: str
    count: int | None
    oldest_seconds: float | None
    sources: tuple[str, ...]


def read(live: Live, summed: pd.DataFrame) -> list[DeadLetters]:
    """Each dead-letter queue as it is now; `summed` is `counts.totals` of the window, which holds the ages."""
    s = live.settings
    names = dict.fromkeys((s.ops_dead_letter_queue_name, s.events_dead_letter_queue_name, *DEAD_LETTER_QUEUES))
    with readable("reading the dead-letter queues"):
        feeding = _feeding(live)
        return [_of_queue(live, name, summed, feeding) for name in names]


def _of_queue(live: Live, name: str, summed: pd.DataFrame, feeding: dict[str, list[str]]) -> DeadLetters:
    age = counts.total(summed, Thing.QUEUE, Metric.OLDEST, HIGHEST, name)
    topics = dict.fromkeys((live.settings.ops_topic_name, live.settings.alert_topic_name))
    fed_by = [
        *feeding.get(live.settings.queue_arn(name), []),
        *(one for t in topics for one in served_by(live, name, t)),
    ]
    return DeadLetters(name, messages(live, name), None if isnan(age) else age, tuple(fed_by))


def _feeding(live: Live) -> dict[str, list[str]]:
    """By the ARN of a queue, the functions and rules whose dead-letter queue it is now."""
    fed: dict[str, list[str]] = {}
    for queue, source in (*_of_functions(live), *_of_rules(live)):
        fed.setdefault(queue, []).append(source)
    return fed


def _of_functions(live: Live) -> Iterator[tuple[str, str]]:
    for name in (live.settings.processor_function_name, live.settings.dispatcher_function_name):
        with absent_is_none(*NO_FUNCTION):
            held: dict[str, Any] = live.client("lambda").get_function_configuration(FunctionName=name)
            if queue := held.get("DeadLetterConfig", {}).get("TargetArn"):
                yield str(queue), f"function {name}"


def _of_rules(live: Live) -> Iterator[tuple[str, str]]:
    for rule in loader.rules_by_alert().values():
        for target in targets(live, rule).values():
            if queue := target.get("DeadLetterConfig", {}).get("Arn"):
                yield str(queue), f"rule {rule}"
