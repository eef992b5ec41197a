"""Breaks what lies behind the workflow's events in the embedded account, and mends it again: rules and dispatcher.

EventBridge takes an event whether or not anything carries it on, so the workflow cannot know. What would carry it on
AWS is read from the account's configuration: nothing ever reaches a dead-letter queue in the embedded one.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from lib.asl.states import walk
from lib.errors import NotAsWanted
from rehearsal.account import baseline
from rehearsal.account.packages import function_package
from rehearsal.single_failures.catalogue import DISABLED, DISPATCHER, RULE, Failure
from rehearsal.single_failures.definition_mutations import FAILING, MISSING, SLOW
from rehearsal.single_failures.ground import SOURCE, Ground

LIMIT_SECONDS = 2  # of the slow dispatcher; its own minute is too long for a trial
HANDLERS = {FAILING: "lambda_handler", SLOW: "slow_handler"}


@contextlib.contextmanager
def breaking_rules(ground: Ground, definition: Mapping[str, Any], thing: str, fault: str) -> Iterator[None]:
    """With this block, the rules of all its events, or the dispatcher, fail.

    A dispatcher that was missing is made anew without the new rules' permissions, which nobody here asks for.
    """
    if thing == RULE:
        with _rules_broken(ground, sorted(set(rules_by_task(ground, definition).values())), fault):
            yield
    elif fault == MISSING:
        ground.aws("lambda").delete_function(FunctionName=ground.settings.dispatcher_function_name)
        try:
            yield
        finally:
            baseline.build(ground.settings)
    else:
        with _dispatcher_broken(ground, HANDLERS[fault]):
            require_broken(ground, definition, thing, fault)
            yield


@contextlib.contextmanager
def _rules_broken(ground: Ground, names: list[str], fault: str) -> Iterator[None]:
    events = ground.aws("events")
    targets = {name: events.list_targets_by_rule(Rule=name)["Targets"] for name in names}
    for name in names:
        if fault == DISABLED:
            events.disable_rule(Name=name)
        else:
            events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets[name]])
    try:
        _require_rules_broken(ground, names)
        yield
    finally:
        for name in names:
            events.enable_rule(Name=name)
            events.put_targets(Rule=name, Targets=targets[name])


def require_broken(ground: Ground, definition: Mapping[str, Any], thing: str, fault: str) -> None:
    """Raise NotAsWanted where rules or dispatcher are whole: whoever is reached then proves nothing."""
    if thing == RULE:
        _require_rules_broken(ground, sorted(set(rules_by_task(ground, definition).values())))
        return
    functions, name = ground.aws("lambda"), ground.settings.dispatcher_function_name
    try:
        handler = functions.get_function_configuration(FunctionName=name)["Handler"]
    except functions.exceptions.ResourceNotFoundException:
        handler = MISSING
    if handler != (f"saboteur.{HANDLERS[fault]}" if fault in HANDLERS else fault):
        raise NotAsWanted(f"{name} was not broken ({fault}), so that nothing was tried")


def _require_rules_broken(ground: Ground, names: list[str]) -> None:
    """The same of these rules: none may carry an event."""
    events = ground.aws("events")
    whole = [
        name
        for name in names
        if events.describe_rule(Name=name)["State"] == "ENABLED" and events.list_targets_by_rule(Rule=name)["Targets"]
    ]
    if whole or not names:
        raise NotAsWanted(f"the rules {', '.join(whole) or '(none)'} were not broken, so that nothing was tried")


@contextlib.contextmanager
def _dispatcher_broken(ground: Ground, entry: str) -> Iterator[None]:
    functions, name = ground.aws("lambda"), ground.settings.dispatcher_function_name
    before = functions.get_function_configuration(FunctionName=name)
    functions.update_function_code(FunctionName=name, ZipFile=function_package(SOURCE))
    functions.update_function_configuration(FunctionName=name, Handler=f"saboteur.{entry}", Timeout=LIMIT_SECONDS)
    try:
        yield
    finally:
        own = function_package(baseline.HERE / "functions" / f"{before['Handler'].split('.')[0]}.py")
        functions.update_function_code(FunctionName=name, ZipFile=own)
        functions.update_function_configuration(FunctionName=name, Handler=before["Handler"], Timeout=before["Timeout"])


def rules_by_task(ground: Ground, definition: Mapping[str, Any]) -> dict[str, str]:
    """Task that sends an event -> the rule that carries it, where one does."""
    patterns = {
        rule["Name"]: json.loads(rule["EventPattern"])
        for rule in ground.aws("events").list_rules()["Rules"]
        if rule.get("EventPattern")
    }
    senders = {state.name: state.body["Parameters"]["Entries"][0] for state in walk(definition) if _sends(state.body)}
    return {
        task: name
        for task, entry in senders.items()
        for name, pattern in patterns.items()
        if entry["Source"] in pattern.get("source", []) and entry["DetailType"] in pattern.get("detail-type", [])
    }


def _sends(body: Mapping[str, Any]) -> bool:
    return "Entries" in body.get("Parameters", {})


def carriers(ground: Ground, definition: Mapping[str, Any]) -> dict[tuple[str, str, str], str]:
    """(task, thing, fault) -> what carries its event nevertheless on AWS, by the account's configuration. Read-only.

    A function that fails or is slow is tried twice more by Lambda, whose event then goes to the function's queue; one
    that is missing leaves it to the target's queue. Nothing carries an event that no rule sends on, and a queue that is
    named and is not there keeps nothing. That AWS sends it there nobody has tried.
    """
    name, carried = ground.settings.dispatcher_function_name, dict[tuple[str, str, str], str]()
    function = ground.aws("lambda").get_function_configuration(FunctionName=name)
    own = function.get("DeadLetterConfig", {}).get("TargetArn", "")
    for task, rule in rules_by_task(ground, definition).items():
        targets = ground.aws("events").list_targets_by_rule(Rule=rule)["Targets"]
        queues = {target.get("DeadLetterConfig", {}).get("Arn", "") for target in targets}
        if own and _is_queue(ground, own):
            words = f"by configuration alone Lambda's two retries, then queue {own.rsplit(':', 1)[-1]}"
            carried |= {(task, DISPATCHER, fault): words for fault in HANDLERS}
        if queues and all(queue and _is_queue(ground, queue) for queue in queues):
            names = ", ".join(sorted(queue.rsplit(":", 1)[-1] for queue in queues))
            carried[task, DISPATCHER, MISSING] = f"by configuration alone the rule's retries, then queue {names}"
    return carried


def _is_queue(ground: Ground, arn: str) -> bool:
    """Whether a queue of this account is there."""
    sqs = ground.aws("sqs")
    with contextlib.suppress(sqs.exceptions.QueueDoesNotExist):
        return bool(sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"])
    return False


def carrier(failure: Failure, carried: Mapping[tuple[str, str, str], str]) -> str:
    """What carries the event of this failure on AWS, or ""."""
    return carried.get((failure.task, failure.behind, failure.fault), "")
