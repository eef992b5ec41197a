"""A candidate before the live workflow, on the embedded account: what is broken fails on it, and the live one stays."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from accounts import NO_RETRIES, differences, fresh, snapshot
from steps import carried_out, left_by_drills, redeployed

from lib.aws import Live
from lib.changes import engine, undo_plan
from lib.checks import Check
from lib.definitions import templates
from lib.drills import drill_runner, watched_logs
from lib.drills.drill_session import Group, Session
from lib.errors import NotAsWanted
from lib.phases import preflight, state_machine
from lib.phases.proofs import aws_test_state, candidate, early_watch, failure_tests, route_tests
from lib.record.records import Record
from lib.resources import connected_run, desired, resource_kinds
from lib.resources.workflow import RUN_TAG, Candidate
from lib.settings import Settings
from rehearsal.account import clients
from rehearsal.account import server as embedded
from rehearsal.account.server import Account

Aws = Callable[[str], Any]
QUICK = {"mode": "apply", "listen_seconds": 0.7}
CARRIERS = ("01", "02", "04")


class Stopped(BaseException):
    """In place of a kill."""


def tried(live: Live, record: Record, *names: str) -> list[Check]:
    """What phase 03 says of a candidate of its plan, drilled with the cases of these names or with all."""
    run = connected_run.of(live, record)
    plan = engine.plan("03", desired.state_machine(live))
    (group,) = candidate.groups(live.settings)
    cases = [case for case in group.cases if not names or case.name in names]
    chosen = [Group(candidate.NAME, cases, candidate.AT_ONCE)]
    session = candidate.run(run, plan, chosen)
    return candidate.checks(run, plan, session, candidate.rows(run, session), chosen)


def revision(aws: Aws, s: Settings) -> Any:
    """Of the live workflow."""
    return aws("stepfunctions").describe_state_machine(stateMachineArn=s.state_machine_arn)["revisionId"]


def machines(aws: Aws) -> list[str]:
    """The names of every workflow of the account."""
    return [one["name"] for one in aws("stepfunctions").list_state_machines()["stateMachines"]]


def made(aws: Aws, live: Live, *tags: dict[str, str]) -> None:
    """A workflow of the candidate's name."""
    value = desired.workflow(live)
    aws("stepfunctions").create_state_machine(
        name=f"{live.settings.state_machine_name}-candidate", definition='{"StartAt": "A", "States": {}}',
        roleArn=value["roleArn"], tags=list(tags),
    )  # fmt: skip


def test_a_whole_definition_passes_on_its_candidate_and_nothing_of_it_is_left(account, client):
    settings = account.model_copy(update=QUICK)
    live, record = carried_out(settings, *CARRIERS)
    before, held = snapshot(settings), revision(client, settings)
    answers = tried(live, record)
    assert [check for check in answers if check.status != "passed"] == []
    drilled = [check.subject for check in answers if check.id == "drill.as-expected"]
    assert len(drilled) == 6 + 10 + 1 and "candidate: crisis-in-words" in drilled
    assert revision(client, settings) == held
    assert differences(before, snapshot(settings)) - left_by_drills(settings) == set()
    assert {row["scenario"] for row in record.read_json(candidate.EVIDENCE)} >= {"crisis", "crisis-at"}


def test_what_is_live_already_needs_no_candidate_and_no_drill(account, client):
    settings = account.model_copy(update=QUICK)
    live, record = carried_out(settings, *CARRIERS, "03")
    rows = len(record.changes())
    (answer,) = tried(live, record)
    assert (answer.status, answer.found) == ("passed", candidate.NOTHING)
    assert len(record.changes()) == rows


def test_in_plan_mode_nothing_is_made(account, client):
    live, record = carried_out(account.model_copy(update=QUICK), *CARRIERS)
    rows = len(record.changes())
    run = connected_run.of(Live(account, live.identity, live.session), record)
    plan = engine.plan("03", desired.state_machine(live))
    groups = candidate.groups(account)
    assert candidate.run(run, plan, groups) == Session()
    (answer,) = candidate.checks(run, plan, Session(), [], groups)
    assert (answer.status, len(record.changes())) == ("not applied", rows)


def test_somebodys_workflow_of_the_candidates_name_is_refused_and_nothing_changes(account, client):
    settings = account.model_copy(update=QUICK)
    live, record = carried_out(settings, *CARRIERS)
    made(client, live)
    before, rows = snapshot(settings), len(record.changes())
    with pytest.raises(NotAsWanted, match="Your6-CheckinWorkflow-candidate that no run of ours made"):
        tried(live, record, "normal")
    named = preflight.candidate_name(live)  # and phase 00 says so before anything is written
    assert (named.status, "that no run of ours made" in named.found) == ("failed", True)
    assert (differences(before, snapshot(settings)), len(record.changes())) == (set(), rows)


def test_what_a_killed_run_of_another_machine_left_is_removed_by_the_next_drills(account, client):
    live, record = carried_out(account.model_copy(update=QUICK), *CARRIERS)
    assert preflight.candidate_name(live).found == "free"
    made(client, live, {"key": RUN_TAG, "value": "another"})
    assert preflight.candidate_name(live).status == "passed"
    assert [thing.name for thing in drill_runner.left_behind(live)] == ["candidate of workflow Your6-CheckinWorkflow"]
    assert [check for check in tried(live, record, "normal") if check.status != "passed"] == []
    assert machines(client) == [live.settings.state_machine_name]


def test_what_a_crash_left_is_in_the_plan_of_the_rollback_and_the_live_workflow_is_not(account, client, monkeypatch):
    live, record = carried_out(account.model_copy(update=QUICK), *CARRIERS)

    def dies(remover, change):
        raise Stopped

    with monkeypatch.context() as killed:
        killed.setattr(engine, "_not_removed", dies)
        with suppress(Stopped):
            tried(live, record, "normal")
    assert len(machines(client)) == 2
    plan = undo_plan.plan(record.changes(), partial(resource_kinds.reopen, live))
    assert [one.resource for one in plan.changes if "workflow" in one.resource.kind] == [
        Candidate(live, live.settings.state_machine_name)
    ]
    engine.clear_left_behind(connected_run.of(live, record), partial(resource_kinds.reopen, live))
    assert machines(client) == [live.settings.state_machine_name]


# What is broken where no static check sees it


def checked_before(live: Live) -> list[str]:
    """What phase 03 says before its candidate and in its plan, of those that failed."""
    definition = desired.workflow(live)["definition"]
    asked = aws_test_state.Asked(live)
    taken = route_tests.checks(route_tests.take_routes(asked, definition))
    walked = failure_tests.checks(failure_tests.walk_all(asked, definition), live.settings)
    static = [*state_machine.definition_checks(live, definition), *state_machine.event_listeners(live)]
    return [check.name for check in [*static, *taken, *walked] if check.status == "failed"]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account that asks the workflow's role at each task."""
    with embedded.running_account(options={**NO_RETRIES, embedded.ROLES: "asked"}) as found:
        yield found


@dataclass(frozen=True)
class Broken:
    """What is broken, how, the cases that are drilled, and those of them that must fail with a word of why."""

    words: str
    done: Callable[[Aws, Settings, Path, pytest.MonkeyPatch], None]
    failing: dict[str, str]


def wrong_role(aws: Aws, s: Settings, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Somebody took the permission to tell operations out of the policy."""
    found = aws("iam").get_role_policy(RoleName=s.execution_role_name, PolicyName=s.execution_policy_name)
    document = found["PolicyDocument"]
    (tells,) = (one for one in document["Statement"] if one["Sid"] == "TellPeople")
    tells["Resource"] = [arn for arn in tells["Resource"] if arn != s.ops_topic_arn]
    aws("iam").put_role_policy(
        RoleName=s.execution_role_name, PolicyName=s.execution_policy_name, PolicyDocument=json.dumps(document)
    )


def dead_rule(aws: Aws, s: Settings, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Enabled, with its pattern and the dispatcher behind it; but that gets another event than the one that came."""
    name = "Your6-HighRiskRule"
    (target,) = aws("events").list_targets_by_rule(Rule=name)["Targets"]
    aws("events").put_targets(Rule=name, Targets=[{**target, "Input": "{}"}])


def wrong_definition(aws: Aws, s: Settings, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Another score in the event of a high risk, which no route and no failure shows."""
    whole = templates.definition

    def other(*given: Any) -> dict[str, Any]:
        definition = whole(*given)
        event = definition["States"]["SendHighRiskEvent"]["Parameters"]["Entries"][0]["Detail"]
        event.pop("riskScore.$")
        event["riskScore"] = 0
        return definition

    patch.setattr(templates, "definition", other)


BROKEN = [
    Broken("a wrong role", wrong_role, {"crisis": "alerts to operations: found 0, expected 1"}),
    Broken("a dead rule", dead_rule, {"high": "alerts to the trusted contact: found 0, expected 1"}),
    Broken("a wrong definition", wrong_definition, {"high": "content: found other than given: riskScore"}),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.done.__name__)
def test_what_every_static_check_lets_pass_fails_on_the_candidate(broken, asking, tmp_path, monkeypatch):
    settings = fresh(asking, tmp_path).model_copy(update={**QUICK, "alert_limit_seconds": 4})
    aws = partial(clients.client, asking.endpoint)
    live, record = carried_out(settings, *CARRIERS)
    broken.done(aws, settings, tmp_path, monkeypatch)
    assert checked_before(live) == []
    before, held = snapshot(settings), revision(aws, settings)
    first, *answers = tried(live, record, "normal", *broken.failing)
    failed = {check.subject: check.found for check in answers if check.status == "failed"}
    assert failed.keys() == {f"candidate: {name}" for name in broken.failing}
    assert all(said in failed[f"candidate: {name}"] for name, said in broken.failing.items())
    assert first.status == "failed"
    assert first.found.endswith(f"the live workflow was not touched, its revision is {held}")
    assert revision(aws, settings) == held
    assert differences(before, snapshot(settings)) - left_by_drills(settings) == set()


def test_without_the_operations_topic_no_drill_runs_and_the_live_workflow_stays(account, client):
    live, record = carried_out(account.model_copy(update=QUICK), *CARRIERS)
    client("sns").delete_topic(TopicArn=account.ops_topic_arn)
    assert checked_before(live) == []
    held = revision(client, account)
    with pytest.raises(NotAsWanted, match=account.ops_topic_name):
        tried(live, record)
    assert revision(client, account) == held
    assert machines(client) == [account.state_machine_name]


# After the update


def test_a_check_in_that_is_broken_off_while_the_live_workflow_is_watched_fails_the_phase(account, client):
    live, record = carried_out(account.model_copy(update={**QUICK, "soak_minutes": 1}), *CARRIERS)
    run = connected_run.of(live, record)
    outcome = engine.carry_out(engine.plan("03", desired.state_machine(live)), run)
    now = [0.0]

    def breaks(seconds: float) -> None:
        states, machine = client("stepfunctions"), account.state_machine_arn
        if not now[0]:
            begun = states.start_execution(stateMachineArn=machine, name="check-in-1", input="{}")
            states.stop_execution(executionArn=begun["executionArn"])
        now[0] += seconds

    watching = replace(run, live=replace(live, sleep=breaks, clock=lambda: now[0]))
    found = {check.name: check for check in early_watch.watch(watching, outcome)}
    bad = found[early_watch.EXECUTIONS]
    assert (bad.status, now[0]) == ("failed", early_watch.PAUSE_SECONDS)
    assert bad.found.startswith("1 since the update, 0 in as long before: check-in-1 ABORTED; watched for 15 s, until ")


# The logs beside


def test_an_error_in_the_dispatchers_log_is_named_although_every_alert_came(account, client, tmp_path):
    live, record = carried_out(account.model_copy(update=QUICK), *CARRIERS)
    old = 'return {"statusCode": 200, "route"'
    new = f'if alert["drill"]:\n        raise RuntimeError(alert["text"])\n    {old}'
    redeployed(client, account.dispatcher_function_name, tmp_path, "alert_dispatcher", old, new)
    run = connected_run.of(live, record)
    plan = engine.plan("03", desired.state_machine(live))
    (group,) = candidate.groups(account)
    chosen = [replace(group, cases=[case for case in group.cases if case.name in ("high", "crisis-in-words")])]
    tries = candidate.run(run, plan, chosen)
    assert {check.status for check in candidate.checks(run, plan, tries, candidate.rows(run, tries), chosen)} == {
        "passed"
    }
    found = {check.subject: check for check in watched_logs.checks(watched_logs.watch(live, tries))}
    assert (found["processor"].status, found["dispatcher"].status) == ("passed", "cannot tell")
    assert found["dispatcher"].found.startswith("error line (RuntimeError) 2 times; see https://")
