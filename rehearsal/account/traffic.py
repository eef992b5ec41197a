"""Synthetic check-ins, played as ordinary executions so that there is history. No real text, no real person, never AWS.

`python -m rehearsal.account.traffic --endpoint URL --state-machine-arn ARN --every S` plays in the background, so that
a change is made under traffic; it ends at SIGTERM, or with whoever started it.
"""

import argparse
import contextlib
import itertools
import json
import random
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from lib.errors import NotAsWanted
from lib.settings import Settings
from lib.telemetry.execution_status import ExecutionStatus
from lib.wait import Patience, until
from rehearsal.account import child_processes, users
from rehearsal.account.clients import client
from rehearsal.account.functions.checkin_processor import LONG
from rehearsal.account.server import loopback_only

Checkin = dict[str, str]
EVERY_LONG = 2  # of the check-ins in the background, one in so many takes seconds to score
AT_ONCE = 4
DEADLINE_SECONDS = 900
# Not before phase 01 has set this: the embedded account ends a running function when its variables change.
LONG_AFTER = "OPS_SNS_TOPIC_ARN"

# kind of day -> (how often of 100, sentences to choose from, how many of them)
DAYS: dict[str, tuple[int, tuple[str, ...], int]] = {
    "calm": (
        56,
        (
            "Slept well and went for a walk.",
            "Feeling good today.",
            "Had lunch with friends.",
            "Calm morning, nothing to report.",
            "Looking forward to the weekend with the family.",
            "Proud of how the week went.",
            "A bit tired but okay.",
        ),
        2,
    ),
    "strained": (
        20,
        (
            "Tired after a long week, otherwise okay.",
            "Worried about the appointment tomorrow.",
            "Stressed at work.",
            "Can't sleep before midnight.",
            "Angry about a letter I got.",
            "Talking to friends did some good.",
        ),
        2,
    ),
    "low": (
        8,
        (
            "An awful day.",
            "Everything feels miserable.",
            "I hate this weather and this week.",
            "Feeling numb and alone.",
        ),
        2,
    ),
    "declining": (
        7,
        (
            "It is getting worse, nightmares and panic, though talking to friends and family helps.",
            "Things are slipping, I am alone and drinking, though friends call.",
            "Nights are worse every week, can't sleep, nightmares, but my family helps.",
            "Harder each day, numb and tired, went for a walk with friends.",
        ),
        1,
    ),
    "moderate": (
        5,
        (
            "Feeling hopeless and alone tonight.",
            "Worthless again, and drinking too much.",
            "Panic and nightmares, and I feel hopeless.",
            "Numb, drinking, can't sleep, awful week.",
        ),
        1,
    ),
    "high": (
        2,
        (
            "I can't go on like this, hopeless and drinking.",
            "There is no way out, I am numb and hopeless.",
            "They would be better off without me, I feel worthless.",
        ),
        1,
    ),
    "crisis": (
        2,
        (
            "I have a plan to end my life.",
            "There is no way out and I want to kill myself.",
            "They are better off without me, I can't go on, no way out.",
        ),
        1,
    ),
}


def checkins(seed: int, count: int) -> list[Checkin]:
    """`[{"userId", "text"}]`, the same for the same seed: mostly calm, some low, few in crisis."""
    chance, people = random.Random(seed), users.ids()
    kinds = chance.choices(list(DAYS), weights=[share for share, _, _ in DAYS.values()], k=count)
    return [{"userId": chance.choice(people), "text": text_of(chance, kind)} for kind in kinds]


def _endless(seed: int) -> Iterator[Checkin]:
    for part in itertools.count(seed):
        yield from checkins(part, 1000)


def text_of(chance: random.Random, kind: str) -> str:
    """The text of a check-in of this kind of day."""
    _, sentences, most = DAYS[kind]
    return " ".join(chance.sample(sentences, chance.randint(1, most)))


def _start(endpoint: str, state_machine_arn: str, checkin: Checkin) -> str:
    now = datetime.now(UTC)
    states = client(loopback_only(endpoint), "stepfunctions", state_machine_arn.split(":")[3])
    started = states.start_execution(
        stateMachineArn=state_machine_arn,
        name=f"checkin-{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}",
        input=json.dumps({"timestamp": now.isoformat(timespec="milliseconds"), **checkin}),
    )
    return str(started["executionArn"])


def play(settings: Settings, count: int, seed: int) -> dict[str, list[str]]:
    """Run `count` check-ins, AT_ONCE at a time, until all have finished: `{status: [execution ARN]}`.

    Raises NotAsWanted for one that is still running at its deadline.
    """

    def one(checkin: Checkin) -> tuple[str, str]:
        arn = _start(settings.endpoint_url, settings.state_machine_arn, checkin)
        return _finished(settings, arn), arn

    outcome: dict[str, list[str]] = {}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for status, arn in pool.map(one, checkins(seed, count)):
            outcome.setdefault(status, []).append(arn)
    return outcome


def _finished(settings: Settings, arn: str, deadline_seconds: float = DEADLINE_SECONDS) -> str:
    states = client(settings.endpoint_url, "stepfunctions", settings.region)
    ended = until(
        lambda: str(states.describe_execution(executionArn=arn)["status"]),
        lambda status: status != ExecutionStatus.RUNNING,
        Patience(deadline_seconds, 0.1),
    )
    if not ended:
        raise NotAsWanted(
            f"the check-in {arn} still runs after {deadline_seconds:.0f} s; expected it to finish; look at it"
        )
    return ended.seen


def _may_be_long(endpoint: str, processor: str) -> bool:
    configuration = client(loopback_only(endpoint), "lambda").get_function_configuration(FunctionName=processor)
    return LONG_AFTER in configuration.get("Environment", {}).get("Variables", {})


@contextlib.contextmanager
def playing_checkins(folder: Path, settings: Settings, every: float, seed: int = 1) -> Iterator[child_processes.Child]:
    """Check-ins in the background, one `every` so many seconds, until the block ends."""
    given = {
        "--endpoint": settings.endpoint_url,
        "--state-machine-arn": settings.state_machine_arn,
        "--processor": settings.processor_function_name,
    }
    timing = {"--every": str(every), "--seed": str(seed)}
    folder.mkdir(parents=True, exist_ok=True)
    arguments = [word for pair in {**given, **timing}.items() for word in pair]
    child = child_processes.start(
        "rehearsal.account.traffic", arguments, folder, {"PYTHONPATH": str(child_processes.CHECKOUT)}
    )
    try:
        yield child
    finally:
        child_processes.stop(child)


def main(arguments: list[str] | None = None) -> int:
    """The command: one check-in every so many seconds."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.account.traffic", description=__doc__)
    parser.add_argument("--endpoint", required=True, type=loopback_only)
    parser.add_argument("--state-machine-arn", required=True)
    parser.add_argument("--processor", required=True, help="the function that scores a check-in")
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    stopped = child_processes.set_by(signal.SIGTERM)
    for number, checkin in enumerate(_endless(given.seed)):
        if stopped.is_set():
            break
        if number % EVERY_LONG == 0 and _may_be_long(given.endpoint, given.processor):
            checkin = {**checkin, "text": f"{checkin['text']} It is {LONG}."}
        _start(given.endpoint, given.state_machine_arn, checkin)
        stopped.wait(given.every)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
