"""The operator's and the reader's policy under an account that enforces them: enough for everything, and not too much.

One story with whole notebooks, on an account that has what few accounts have; then each action is taken away in turn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.exceptions import ClientError
from furnished import remove_alias
from privileges import CALLER, Guarded, guarded, parts, undo_run, write
from steps import Ended, runbook

from lib.aws import connect
from lib.aws_answers import error_code
from lib.definitions.access_policies import Whose, access_policy
from lib.phases.doctor.findings import DENIED
from lib.resources.account_guards import AccountGuards
from lib.routes import LOW_SENTIMENT_RULE
from lib.settings import Settings, with_changes
from lib.values.modes import Foreign
from rehearsal.account import baseline, bridge, traffic
from rehearsal.fault_matrix.operations import DRILL, STORED

pytestmark = pytest.mark.long

UPDATE = "states:UpdateStateMachine"
# What the embedded account has no such thing for, and why no run here can ask for it.
NOT_HERE = {
    "application-autoscaling:DescribeScalableTargets": "it has no such service; asked of a table that scales by itself",
    "cloudwatch:DeleteDashboards": "undoes a dashboard that was made, and preflight stops a run that finds none",
}
# A write or two of every service, each a run of its own.
SAMPLE = (
    "cloudwatch:PutDashboard", "dynamodb:UpdateItem", "events:PutTargets", "iam:PassRole", "iam:PutRolePolicy",
    "lambda:AddPermission", "logs:PutRetentionPolicy", "s3:PutObject", "sns:SetTopicAttributes", "sqs:CreateQueue",
    "ssm:DeleteParameter", "ssm:PutParameter", "states:StartExecution", "states:UpdateStateMachineAlias",
)  # fmt: skip
UNDOING = ("events:DeleteRule", "lambda:RemovePermission", "iam:DeleteRolePolicy")


def actions(whose: Whose, settings: Settings) -> set[str]:
    return {action for one in access_policy(settings, whose)["Statement"] for action in one["Action"]}


def settled(part: Callable[[], Any]) -> Any:
    """What a part tells twice, one look after the other: else any trial would differ. What is late comes meanwhile."""
    now = part()
    for _ in range(5):
        before, now = now, part()
        if now == before:
            return now
    raise AssertionError(f"each look tells another thing: {before}, then {now}")


@dataclass(frozen=True)
class Story:
    """How each command ended, in order, and what was asked under each policy."""

    settings: Settings
    ended: dict[str, Ended]
    asked: dict[Whose, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as found:
        yield found


@pytest.fixture(scope="module")
def story(account: Guarded, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Each command of a run that is denied its update, gone on with, reviewed, drilled, restored and rolled back."""
    account.build()
    asked: dict[Whose, list[dict[str, Any]]] = {whose: [] for whose in Whose}
    ended = dict[str, Ended]()

    def called(name: str, whose: Whose, *words: str, without: str = "") -> Ended:
        account.give(whose, without)
        before = len(account.asked())
        ended[name] = runbook(account.settings, *words)
        asked[whose] += [row for row in account.asked()[before:] if row["action"] != without]
        return ended[name]

    with bridge.running_bridge(tmp_path_factory.mktemp("bridge"), account.settings):
        traffic.play(account.settings, 4, seed=6)
        called("plan", Whose.READER, "plan")
        run = called("denied", Whose.OPERATOR, "apply", without=UPDATE).record.run_id
        called("resume", Whose.OPERATOR, "apply", "--resume", run)
        called("review", Whose.READER, "review", run)
        called("status", Whose.READER, "status", run)
        called("drill", Whose.OPERATOR, "drill")
        called("alarms", Whose.OPERATOR, "drill", "--alarms")
        called("lock", Whose.READER, "lock")
        called("doctor", Whose.READER, "doctor", "--as", str(Whose.READER))
        called("restore", Whose.OPERATOR, "restore", run)
        called("rollback", Whose.OPERATOR, "rollback", run)
    # And two runs without notebooks: where there is nothing yet of what the plan makes, and where an alias that the run
    # moved was removed since.
    for furnished in (False, True):
        account.build(furnished)
        account.give(Whose.OPERATOR)
        parts(account.settings)["simulation"]()
        parts(account.settings)["watch"]()
        _, chosen = write(account.settings, STORED)
        write(account.settings, DRILL)
        if furnished:
            remove_alias(account.settings)
        undo_run(with_changes(chosen, rollback_foreign=str(Foreign.OVERWRITE)))
        asked[Whose.OPERATOR] += account.asked()
    return Story(account.settings, ended, asked)


def test_an_operator_lacks_nothing_to_go_on_with_a_run_drill_restore_and_roll_back(story: Story):
    for name in ("resume", "drill", "alarms", "restore", "rollback"):
        ended = story.ended[name]
        assert ended.code == 0, (name, ended.said[-2000:], ended.complained)
    assert [row for row in story.asked[Whose.OPERATOR] if row["denied"]] == []


def test_a_reader_lacks_nothing_to_plan_and_review(story: Story):
    for name in ("plan", "review", "status", "lock"):
        ended = story.ended[name]
        assert ended.code == 0, (name, ended.said[-2000:], ended.complained)
    assert [row for row in story.asked[Whose.READER] if row["denied"]] == []


def test_what_is_denied_ends_the_run_and_is_named(story: Story):
    denied = story.ended["denied"]
    assert denied.code == 1
    assert UPDATE in denied.complained


@pytest.mark.parametrize("whose", Whose)
def test_every_action_of_a_policy_is_asked_for_or_cannot_be_here(story: Story, whose: Whose):
    asked = {row["action"] for row in story.asked[whose]}
    missing = actions(whose, story.settings) - asked - NOT_HERE.keys()
    assert missing == set()
    assert asked & NOT_HERE.keys() == set()  # and what is said to be missing without need is taken out


@pytest.mark.parametrize("whose", Whose)
def test_every_statement_is_about_something_that_is_asked_for(story: Story, whose: Whose):
    for statement in access_policy(story.settings, whose)["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        rows = [row for row in story.asked[whose] if row["action"] in statement["Action"]]
        assert any(fnmatchcase(row["resource"], one) for row in rows for one in resources), statement["Sid"]


def test_an_operator_may_touch_no_guard_no_other_user_and_no_others_things(account: Guarded):
    account.build()
    account.give(Whose.OPERATOR)
    live = connect(account.settings)
    s, guard = live.settings, f"{AccountGuards(live).place}/approval"
    ssm, events, dynamodb = live.client("ssm"), live.client("events"), live.client("dynamodb")
    ssm.put_parameter(Name=guard, Value="{}", Type="String", Overwrite=False)  # which each run needs
    denied: dict[str, Callable[[], Any]] = {
        "a guard replaced": lambda: ssm.put_parameter(Name=guard, Value="{}", Type="String", Overwrite=True),
        "a guard removed": lambda: ssm.delete_parameter(Name=guard),
        "another user": lambda: dynamodb.get_item(TableName=s.table_name, Key={"userId": {"S": "user-001"}}),
        "the existing rule": lambda: events.delete_rule(Name=LOW_SENTIMENT_RULE),
        "the existing topic": lambda: live.client("sns").delete_topic(TopicArn=s.alert_topic_arn),
        "the dispatcher's code": lambda: live.client("lambda").delete_function(FunctionName=s.dispatcher_function_name),
        "the other role": lambda: live.client("iam").put_role_policy(
            RoleName=baseline.LAMBDA_ROLE, PolicyName="More", PolicyDocument="{}"
        ),
        "its own policy": lambda: live.client("iam").put_user_policy(
            UserName=CALLER, PolicyName="More", PolicyDocument="{}"
        ),
    }
    for what, call in denied.items():
        with pytest.raises(ClientError) as refused:
            call()
        assert error_code(refused.value) in DENIED, (what, refused.value)


# Of the parts those that a reader's commands are made of, and how many actions there are to try at least.
@pytest.mark.parametrize(
    ("whose", "only", "least"),
    [(Whose.OPERATOR, (), 72), (Whose.READER, ("plan", "lock", "configuration", "telemetry"), 57)],
    ids=[*Whose],
)
def test_with_any_action_of_reading_taken_away_something_fails(
    account: Guarded, whose: Whose, only: tuple[str, ...], least: int
):
    account.build()
    account.give(whose)
    every = {name: part for name, part in parts(account.settings).items() if name in only or not only}
    whole, askers = dict[str, Any](), dict[str, list[str]]()
    for name, part in every.items():
        before = len(account.asked())
        whole[name] = settled(part)
        for action in {row["action"] for row in account.asked()[before:]}:
            askers.setdefault(action, []).append(name)
    tried = sorted(actions(whose, account.settings) & askers.keys())
    assert len(tried) >= least
    unnoticed = []
    for action in tried:
        account.give(whose, without=action)
        # The last that asks it first: a plan takes much for granted that preflight and validation look at.
        if not any(every[name]() != whole[name] for name in reversed(askers[action])):
            unnoticed.append(action)
    assert unnoticed == []


@pytest.mark.parametrize("action", SAMPLE)
def test_with_an_action_of_writing_taken_away_the_run_fails(account: Guarded, action: str):
    account.build()
    account.give(Whose.OPERATOR, without=action)
    outcomes = [write(account.settings, story)[0] for story in (STORED, DRILL)]
    # An exit code with the checks' answers, or the name of what was raised.
    assert any(isinstance(found, str) or found[0] != 0 for found in outcomes)
    assert {row["action"] for row in account.asked() if row["denied"]} == {action}


@pytest.mark.parametrize("action", UNDOING)
def test_with_an_action_of_undoing_taken_away_the_rollback_fails(account: Guarded, action: str):
    account.build(furnished=False)
    account.give(Whose.OPERATOR)
    (code, _), chosen = write(account.settings, STORED)
    account.give(Whose.OPERATOR, without=action)
    undone = undo_run(chosen)
    assert code == 0
    assert isinstance(undone, str) or undone[0] != 0
    assert {row["action"] for row in account.asked() if row["denied"]} == {action}
