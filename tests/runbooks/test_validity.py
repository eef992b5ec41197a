"""What was validated is asked of what is live: by the review, by a drill, by a resumed run. Told as one story.

The whole plan is carried out on an account of its own, and then somebody changes what was validated.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from accounts import SHORT_WAITS
from steps import Ended, runbook, shown

from lib import settings as parameters
from lib.drills import drill_log
from lib.phases import validity
from lib.record.records import VALIDATED
from lib.settings import Settings
from rehearsal.account import baseline, bridge, clients, server, traffic

REVIEW = "07_post_implementation_review"
EARLY = {**dict.fromkeys("125", "passed"), **dict.fromkeys("34", "cannot tell")}  # minutes after the change
HUSHED = ("Your6-CrisisProtocolRule", "Your6-HighRiskRule")


@dataclass(frozen=True)
class Story:
    """A whole run, and what review, drill and resume said: of what was validated, with one more subscriber, and of
    an account in which thresholds, rules and the only operations subscriber were changed."""

    settings: Settings
    applied: Ended
    reviews: dict[str, list[dict[str, Any]]]
    shown: dict[str, str]
    drills: dict[str, Ended]
    logged: list[dict[str, Any]]
    resumed: dict[str, Ended]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("validity")
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    with server.running_account(folder=folder / "server") as account:
        settings = parameters.load("local", {"endpoint_url": account.endpoint, **folders, **SHORT_WAITS})
        baseline.build(settings)
        baseline.application(settings)
        with bridge.running_bridge(folder / "bridge", settings):
            yield _told(settings, folder)


def _told(settings: Settings, folder: Path) -> Story:
    reviews, seen = dict[str, list[dict[str, Any]]](), dict[str, str]()
    drills, resumed = dict[str, Ended](), dict[str, Ended]()
    traffic.play(settings, 12, seed=6)
    with traffic.playing_checkins(folder / "traffic", settings, every=1.0):
        applied = runbook(settings, "apply")
    run_id = applied.record.run_id

    def look(when: str) -> None:
        runbook(settings, "review", run_id)
        reviews[when] = applied.record.latest("evidence/criteria.json")
        seen[when] = shown(applied.record.folder / applied.record.kept_as(f"{REVIEW}.ipynb")[-1])
        drills[when] = runbook(settings, "drill")

    look("as validated")
    resumed["as validated"] = runbook(settings, "apply", "--resume", run_id)
    _one_more_subscriber(settings)
    look("one more subscriber")
    resumed["one more subscriber"] = runbook(settings, "apply", "--resume", run_id)
    _variables_again(settings)
    drills["variables again"] = runbook(settings, "drill")
    resumed["variables again"] = runbook(settings, "apply", "--resume", run_id)
    _changed(settings)
    look("changed")
    return Story(settings, applied, reviews, seen, drills, drill_log.open_log(settings).rows(drill_log.LOG), resumed)


def _aws(settings: Settings, service: str) -> Any:
    return clients.client(settings.endpoint_url, service)


def _one_more_subscriber(settings: Settings) -> None:
    endpoint = settings.queue_arn("Your6-CheckinDLQ")
    _aws(settings, "sns").subscribe(TopicArn=settings.ops_topic_arn, Protocol="sqs", Endpoint=endpoint)


def _variables_again(settings: Settings) -> None:
    """Somebody deploys the processor's variables again: whether with the same values, nobody can read."""
    functions, name = _aws(settings, "lambda"), settings.processor_function_name
    found = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": found})


def _changed(settings: Settings) -> None:
    """The crisis threshold, two rules, and whoever operations' pages reach."""
    states, arn = _aws(settings, "stepfunctions"), settings.state_machine_arn
    definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = definition.replace('"NumericGreaterThan": 95', '"NumericGreaterThan": 99.9')
    assert changed != definition
    states.update_state_machine(stateMachineArn=arn, definition=changed)
    for name in HUSHED:
        _aws(settings, "events").disable_rule(Name=name)
    sns = _aws(settings, "sns")
    for row in sns.list_subscriptions_by_topic(TopicArn=settings.ops_topic_arn)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=row["SubscriptionArn"])


def statuses(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["name"][0]: row["status"] for row in rows}


def test_a_run_keeps_what_it_validated_with_its_time(story):
    assert story.applied.code == 0, story.applied
    kept, begun = (story.applied.record.read_json(name) for name in (VALIDATED, validity.BEGUN))
    assert begun["time"] <= kept["time"]
    assert (kept["begun"], kept["failed"], kept["changed"]) == (begun["time"], [], [])
    assert len(kept["facts"]) == len(begun["facts"]) > 60
    assert [fact for fact in kept["facts"] if fact["unreadable"]] == []
    assert validity.UNCHANGED in story.applied.checks("passed")


def test_what_is_live_as_it_was_validated_is_five_of_five_with_its_time(story):
    kept = story.applied.record.read_json(VALIDATED)["time"]
    found = story.reviews["as validated"]
    assert statuses(found) == EARLY, found
    assert all(f"live as validated by run {story.applied.record.run_id} at {kept}" in row["found"] for row in found)
    assert all(row["evidence"][-1] == VALIDATED for row in found)


def test_one_more_subscriber_is_said_and_fails_nothing(story):
    found = story.reviews["one more subscriber"]
    assert statuses(found) == EARLY, found
    assert "confirmed subscribers: also sqs" in next(row["found"] for row in found if row["name"][0] == "2")
    assert "confirmed subscribers: also sqs" in story.drills["one more subscriber"].record.read_json(
        "evidence/drill.json")["validated"]["found"]  # fmt: skip
    assert story.drills["one more subscriber"].code == 0


def test_thresholds_rules_and_subscribers_that_changed_fail_what_rests_on_them_by_name(story):
    found = story.reviews["changed"]
    assert statuses(found) == {**dict.fromkeys("1234", "failed"), "5": "passed"}
    by_number = {row["name"][0]: row["found"] for row in found}
    for words in ("NumericGreaterThan 95 -> 99.9", "Your6-CrisisProtocolRule: state and pattern: State ENABLED"):
        assert words in by_number["1"] and words in by_number["2"]
    assert "Your6-HighRiskRule: state and pattern: State ENABLED -> DISABLED" in by_number["1"]
    assert "topic Your6-OperationsAlerts: confirmed subscribers: lost sqs" in by_number["2"]
    assert "Your6-OperationsAlerts" not in by_number["3"]
    assert "definition" in by_number["4"]
    assert "confirmed subscribers" in story.shown["changed"]


def test_a_drill_says_whether_it_ran_on_what_was_validated(story):
    run_id = story.applied.record.run_id
    ended = story.drills["as validated"]
    assert (ended.code, f"Validated: validated by run {run_id} at" in ended.said) == (0, True)
    lost = story.drills["changed"]
    assert lost.code == 1
    assert f"{validity.AS_VALIDATED}: found" in lost.complained
    kept = lost.record.read_json("evidence/drill.json")
    assert kept["verdict"]["status"] == "failed"
    assert validity.AS_VALIDATED in kept["verdict"]["found"]
    named = json.dumps(kept["validated"]["differences"])
    assert all(word in named for word in (*HUSHED, "confirmed subscribers", "definition"))
    expected = [("passed", "passed"), ("passed", "passed"), ("cannot tell", "cannot tell"), ("failed", "failed")]
    assert [(row["validated"], row["verdict"]) for row in story.logged] == expected
    assert all(run_id in row["since"] for row in story.logged)


def test_a_drill_on_what_nobody_can_tell_is_as_validated_has_not_passed(story):
    """As in a review, what nobody can tell ends with 0: nothing is known to have failed. It is said, and logged."""
    ended = story.drills["variables again"]
    assert (ended.code, "cannot tell: drill crisis" in ended.said) == (0, True)
    verdict = ended.record.read_json("evidence/drill.json")["verdict"]
    assert (verdict["status"], "last update" in verdict["found"]) == ("cannot tell", True)


def test_a_resumed_run_validates_again_what_is_no_longer_known_to_be_live(story):
    assert "is complete: AWS holds everything it wanted and what it validated" in story.resumed["as validated"].said
    assert "is complete" in story.resumed["one more subscriber"].said
    again = story.resumed["variables again"]
    assert "from phase 05" in again.said
    assert "last update" in again.said
    assert (again.code, len(again.record.attempts(VALIDATED))) == (0, 2)
