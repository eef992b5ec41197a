"""Real traffic comes by an alias, a version, a path or another partition: what is proved is what it takes."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from accounts import processor_starts, started_by_alias
from botocore.exceptions import ClientError
from waiting import FOR_EVER
from ways import applied, planned, published, route, routing, the

from lib.aws import connect
from lib.changes import engine, loss_guard
from lib.changes.plans import Plan
from lib.cli import runner
from lib.definitions import loader
from lib.drills import drill_runner
from lib.errors import NotAsWanted, Refused
from lib.phases import (
    iam_permissions,
    preflight,
    restore,
    restore_plan,
    rollback,
    state_machine,
    threshold_tuning,
    validation,
)
from lib.phases.proofs import way_in
from lib.record.records import LOG, Run
from lib.resources import connected_run, desired
from lib.resources.existing import names, traffic_entries, traffic_starters
from lib.resources.resource_kinds import WorkflowAlias
from lib.settings import Settings
from lib.telemetry import continuity, executions
from lib.telemetry.configuration import compute

CHECK_INS = way_in.STARTED


def published_checks(live):
    """What is said of the published version, by somebody who need not wait for it."""
    return state_machine.publication(replace(live, sleep=lambda _: None))


# 1. An alias of the workflow.


def test_an_alias_that_check_ins_start_is_moved_with_the_workflow_and_moved_back(account, client):
    arn = started_by_alias(account, "live")
    live = connect(account)
    alias = planned(live, "03")["workflow alias Your6-CheckinWorkflow / live"]
    assert (alias.action, alias.before["routes"][0]["version"]) == ("update", "1")
    assert the(preflight.checklist(live), CHECK_INS).status == "passed"
    live, record = applied(account)
    assert routing(client, arn) == {"2": 100}
    held = client("stepfunctions").describe_state_machine(stateMachineArn=f"{account.state_machine_arn}:2")
    assert json.loads(held["definition"]) == desired.workflow(live)["definition"]
    assert not any(plan.pending for plan in runner.plan_all(live))
    assert {check.status for check in published_checks(live)} == {"passed"}
    undo = rollback.plan(connected_run.of(live, record))
    assert [change.resource.kind for change in undo.changes][:2] == ["workflow alias", "state machine"]
    assert not any(change.foreign for change in undo.changes)
    assert set(engine.roll_back(undo, connected_run.of(live, record)).states) == {"applied"}
    assert routing(client, arn) == {"1": 100}


def test_an_alias_between_two_versions_is_given_back_to_both(account, client):
    arn = started_by_alias(account, "live")
    published(client, account)
    route(client, arn, v1=90, v2=10)
    live, record = applied(account)
    assert routing(client, arn) == {"3": 100}
    assert "restored" not in loss_guard.refusal(
        [Plan("03", tuple(planned(live, "03").values()))], connected_run.of(live, record)
    )
    engine.roll_back(rollback.plan(connected_run.of(live, record)), connected_run.of(live, record))
    assert routing(client, arn) == {"1": 90, "2": 10}


def test_an_alias_that_was_left_behind_is_moved_although_the_workflow_is_ours_already(account, client):
    applied(account)
    arn = started_by_alias(account, "live")  # of the version that is ours
    states = client("stepfunctions")
    old = published(client, account)
    states.delete_state_machine_version(stateMachineVersionArn=old)
    live = connect(account.model_copy(update={"mode": "apply"}))
    assert planned(live, "03")["workflow alias Your6-CheckinWorkflow / live"].action == "none"
    now = states.describe_state_machine(stateMachineArn=account.state_machine_arn)
    states.update_state_machine(stateMachineArn=account.state_machine_arn, definition=json.dumps(
        {**json.loads(now["definition"]), "Comment": "somebody's"}), publish=True)  # fmt: skip
    newest = states.list_state_machine_versions(stateMachineArn=account.state_machine_arn)["stateMachineVersions"][0]
    route(client, arn, **{f"v{newest['stateMachineVersionArn'].rpartition(':')[2]}": 100})
    # Updated without a version, as by another tool: the alias can only run what is published.
    for version in states.list_state_machine_versions(stateMachineArn=account.state_machine_arn)[
        "stateMachineVersions"
    ][1:]:
        states.delete_state_machine_version(stateMachineVersionArn=version["stateMachineVersionArn"])
    states.update_state_machine(stateMachineArn=account.state_machine_arn, definition=now["definition"])
    assert planned(live, "03")["state machine Your6-CheckinWorkflow"].action == "none"
    (failed,) = [check for check in published_checks(live) if check.name.startswith("alias")]
    assert failed.status == "failed"
    _, record = applied(account, "03")
    assert [row["kind"] for row in record.rows(LOG) if row["state"] == "applied"] == ["workflow alias"]
    assert the(published_checks(live), failed.name).status == "passed"


def test_the_version_that_is_published_is_looked_at_through_the_alias(account, client):
    """What passed today: the newest version is the live revision, and check-ins run the one before."""
    arn = started_by_alias(account, "live")
    live, record = applied(account)
    route(client, arn, v1=100)
    found = {check.name: check.status for check in published_checks(live)}
    assert found == {
        "newest published version is the live revision": "passed",
        "alias live runs the live revision": "failed",
    }
    assert continuity.updated_at(live) is None
    with pytest.raises(Refused, match="Your6-CheckinWorkflow:live, which check-ins start, has no DrillGate"):
        drill_runner._require_gate(live, traffic_entries.read(live).arn)
    route(client, arn, v1=1, v2=99)  # one check-in in a hundred is enough
    with pytest.raises(Refused, match="no DrillGate"):
        drill_runner._require_gate(live, traffic_entries.read(live).arn)
    route(client, arn, v2=100, v1=0)
    drill_runner._require_gate(live, traffic_entries.read(live).arn)
    (moved,) = [r for r in record.rows(LOG) if r["kind"] == "workflow alias" and r["state"] == "applied"]
    assert continuity.updated_at(live).isoformat() == moved["written"]  # and not when it was moved back by hand


def test_drills_start_what_check_ins_start_and_follow_the_arn_that_aws_gave(account, client):
    arn = started_by_alias(account, "live")
    live, record = applied(account)
    given = {"userId": account.drill_user_id, "checkinResult": {"risk_score": 10, "score": 0.1}}
    started = executions.start(live, "drill-by-alias", given, traffic_entries.read(live).arn)
    assert executions.wait_until_ended(live, started, FOR_EVER).status == "SUCCEEDED"
    assert executions.start(live, "drill-by-alias", given, arn) == started  # the same again
    rows = [row["resource"] for row in record.rows("calls.jsonl") if row["operation"] == "StartExecution"]
    assert rows == [arn, arn]


def test_the_emergency_path_moves_the_alias_first_and_then_the_workflow(account, client):
    arn = started_by_alias(account, "live")
    before = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    live, record = applied(account)
    (path,) = (path for path in (record.folder / "backup").iterdir() if "definition" not in path.name)
    kept = json.loads(path.read_text())
    assert kept["aliases"] == {"live": {f"{account.state_machine_arn}:1": 100}}
    calls = len(record.rows("calls.jsonl"))
    assert restore.restore(restore_plan.plan_restore(connected_run.of(live, record)), record) == []
    made = [row["operation"] for row in record.rows("calls.jsonl")[calls:]]
    asked = ["GetParameter"] * made.count("GetParameter")
    assert made == [*asked, "DescribeStateMachine", "UpdateStateMachineAlias", "UpdateStateMachine"]
    assert routing(client, arn) == {"1": 100}
    after = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    assert json.loads(after) == json.loads(before)
    assert {
        check.status
        for check in restore.verify_restored(restore_plan.plan_restore(connected_run.of(live, record)), live.settings)
    } == {"passed"}
    undo = rollback.plan(connected_run.of(live, record))
    assert not any(change.foreign for change in undo.changes)


def test_an_alias_whose_version_is_gone_is_moved_to_the_one_that_the_restore_publishes(account, client):
    arn = started_by_alias(account, "live")
    before = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    live, record = applied(account)
    client("stepfunctions").delete_state_machine_version(stateMachineVersionArn=f"{account.state_machine_arn}:1")
    assert restore.restore(restore_plan.plan_restore(connected_run.of(live, record)), record) == []
    assert {
        check.status
        for check in restore.verify_restored(restore_plan.plan_restore(connected_run.of(live, record)), live.settings)
    } == {"passed"}
    assert routing(client, arn) == {"3": 100}
    after = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    assert json.loads(after) == json.loads(before)


def test_our_own_drills_do_not_hide_the_way_that_check_ins_come(account):
    rows = [{"name": f"drill-{number}"} for number in range(1500)]
    rows += [{"name": f"checkin-{number}", "stateMachineAliasArn": "theirs:live"} for number in range(50)]
    live, unread, counted = connect(account), list[str](), list[int]()
    live.clients["stepfunctions"] = Pages(rows)
    found = list(traffic_starters.by_executions(live, account.state_machine_arn, unread, counted))
    assert [(one.who, one.arn) for one in found] == [("50 of the latest 50 check-ins", "theirs:live")]
    live.clients["stepfunctions"] = Pages(rows[:1500] * 4)
    assert list(traffic_starters.by_executions(live, account.state_machine_arn, unread, counted)) == []
    assert unread == ["the latest check-ins (the latest 5,000 executions are all drills)"]
    assert counted == [50, 0]


class Pages:
    """Step Functions that lists these executions, a thousand a page."""

    def __init__(self, rows):
        self.rows = rows

    def list_executions(self, maxResults, nextToken="0", **_):  # noqa: N803
        start = int(nextToken)
        page = {"executions": self.rows[start : start + maxResults]}
        return page | ({"nextToken": str(start + maxResults)} if start + maxResults < len(self.rows) else {})


@pytest.mark.parametrize("elsewhere", ["us-east-1:111111111111", "eu-west-1:000000000000"])
def test_a_function_of_another_account_or_region_is_not_taken_for_ours(elsewhere, account, client):
    arn = f"arn:aws:lambda:{elsewhere}:function:{account.processor_function_name}"
    text = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Task", "Resource": arn, "End": True}}})
    client("stepfunctions").update_state_machine(stateMachineArn=account.state_machine_arn, definition=text)
    with pytest.raises(NotAsWanted, match="another function of the same name would take its place"):
        names.processor(connect(account))


def test_a_function_alias_is_kept_also_of_a_definition_that_says_a_key_twice(account, client):
    arn = f"{account.processor_arn}:live"
    task = f'{{"Type": "Task", "Resource": "{arn}", "End": true}}'
    text = f'{{"Comment": "a", "Comment": "b", "StartAt": "P", "States": {{"P": {task}}}}}'
    client("stepfunctions").update_state_machine(stateMachineArn=account.state_machine_arn, definition=text)
    assert names.processor(connect(account)).qualifier == "live"


def test_an_alias_of_the_processor_that_perhaps_nobody_calls_stops_nothing_and_is_said(account, client):
    """Such as that of another stage."""
    name, functions = account.processor_function_name, client("lambda")
    processor_starts(account, f"{account.state_machine_arn}-dev")
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="dev", FunctionVersion=version)
    processor_starts(account, account.state_machine_arn)
    live = connect(account)
    found = way_in.checks(live)[0]
    assert (found.status, "if anything calls it" in found.found) == ("cannot tell", True)
    assert traffic_entries.read(live).arn == account.state_machine_arn


class Stuck:
    """Step Functions that moves no alias."""

    def __init__(self, client):
        self.client = client

    def update_state_machine_alias(self, **_):
        raise ClientError({"Error": {"Code": "ConflictException", "Message": "no"}}, "UpdateStateMachineAlias")

    def __getattr__(self, operation):
        return getattr(self.client, operation)


def test_an_alias_that_cannot_be_moved_back_keeps_the_workflow_from_nothing(account, client):
    started_by_alias(account, "live")
    before = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    live, record = applied(account)
    live.single["stepfunctions"] = Stuck(live.client("stepfunctions"))
    (said,) = restore.restore(restore_plan.plan_restore(connected_run.of(live, record)), record)
    assert said.startswith("workflow alias Your6-CheckinWorkflow / live could not be moved back")
    assert {
        check.status
        for check in restore.verify_restored(restore_plan.plan_restore(connected_run.of(live, record)), live.settings)
    } == {
        "failed",
        "passed",
    }
    after = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    assert json.loads(after) == json.loads(before)


def test_one_rollback_restores_an_alias_whose_version_is_gone_and_says_so_truly(account, client):
    """The workflow's own undo publishes a version that holds the same; the alias is tried again after it."""
    arn = started_by_alias(account, "live")
    before = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["definition"]
    live, record = applied(account)
    client("stepfunctions").delete_state_machine_version(stateMachineVersionArn=f"{account.state_machine_arn}:1")
    outcome = engine.roll_back(rollback.plan(connected_run.of(live, record)), connected_run.of(live, record))
    assert set(outcome.states) <= {"applied", "nothing to do"}
    assert routing(client, arn) == {"3": 100}
    held = client("stepfunctions").describe_state_machine(stateMachineArn=f"{account.state_machine_arn}:3")
    assert json.loads(held["definition"]) == json.loads(before)
    assert [check for check in engine.verify(outcome, Run(live.settings, record)) if check.status == "failed"] == []
    again = rollback.plan(connected_run.of(live, record))  # another number is not somebody else's value
    assert [change.resource.name for change in again.changes if change.foreign or change.action != "none"] == []


def test_without_the_runs_log_the_emergency_path_takes_the_aliases_from_the_backup(account, client):
    arn = started_by_alias(account, "live")
    live, record = applied(account)
    (record.folder / LOG).unlink()
    assert (
        restore.restore(restore_plan.plan_restore(connected_run.of(live, record), "restore --unverified"), record) == []
    )
    assert routing(client, arn) == {"1": 100}


def test_an_alias_that_somebody_removed_is_made_again_by_an_undo(account, client):
    arn = started_by_alias(account, "live")
    live, record = applied(account)
    client("stepfunctions").delete_state_machine_alias(stateMachineAliasArn=arn)
    assert restore.restore(restore_plan.plan_restore(connected_run.of(live, record)), record) == []
    assert routing(client, arn) == {"1": 100}


def test_an_alias_that_nothing_starts_is_shown_and_left_alone(account, client):
    arn = started_by_alias(account, "stage")
    processor_starts(account, account.state_machine_arn)
    live, _ = applied(account)
    assert routing(client, arn) == {"1": 100}
    # Without a check-in that came another way, nobody knows that whatever cannot be read does not start it.
    found = the(way_in.checks(live), CHECK_INS)
    assert (found.status, "alias stage is left alone" in found.found) == ("cannot tell", True)
    live.clients["stepfunctions"] = Listing(live.client("stepfunctions"), [{"name": "check-in"}])
    found = the(way_in.checks(live), CHECK_INS)
    assert (found.status, "alias stage is left alone" in found.found) == ("passed", True)
    live.clients["apigateway"] = Denied()
    assert the(way_in.checks(live), CHECK_INS).status == "cannot tell"
    del live.clients["apigateway"]
    (row,) = [row for row in way_in.rows(live) if row["what"] == "stage"]
    assert row["phase 03"] == "leaves it alone"


def test_an_alias_is_never_removed_or_made(account):
    alias = WorkflowAlias(connect(account), account.state_machine_name, "none")
    assert alias.read() is None
    with pytest.raises(Refused, match="never removed"):
        alias.write(None)


# What "today" is, where not all check-ins run the same.


def updated(client, account, **changed):
    """Update the workflow by hand, with a published version. Returns its number."""
    states, arn = client("stepfunctions"), account.state_machine_arn
    now = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    text = json.dumps({**now, **changed})
    answer = states.update_state_machine(stateMachineArn=arn, definition=text, publish=True)
    return str(answer["stateMachineVersionArn"]).rpartition(":")[2]


def test_a_split_alias_is_said_with_versions_and_weights_and_a_comparison_speaks_of_a_share(account, client):
    arn = started_by_alias(account, "live")
    live = connect(account)
    assert (names.running_definition(live).split, names.running_definition(live).said) == (
        "",
        "All check-ins run the same definition.",
    )
    assert updated(client, account, Comment="another") == "2"
    route(client, arn, v1=70, v2=30)
    running = names.running_definition(live)
    assert "Comment" not in running.definition or running.definition["Comment"] != "another"
    assert running.split == (
        "Only 70 % of check-ins run what is taken here for the definition of today (version 1 (70 % of alias live)); "
        "the rest runs another one (version 2 (30 % of alias live))"
    )
    now = threshold_tuning.current(running.definition, account, running.split)
    assert running.split in threshold_tuning.whose(now, account)
    assert running.split in threshold_tuning.swept(now, "ModerateRiskAbove")


def test_a_split_alias_of_one_and_the_same_definition_needs_no_word(account, client):
    arn = started_by_alias(account, "live")
    published(client, account)
    route(client, arn, v1=70, v2=30)
    assert names.running_definition(connect(account)).split == ""


def test_two_ways_in_that_run_different_definitions_are_said_and_nobody_knows_the_share(account, client):
    """The processor starts an alias of version 1, and a rule the workflow itself, which somebody updated since."""
    started_by_alias(account, "live")
    updated(client, account, Comment="another")
    _rule(client, account.state_machine_arn)
    said = names.running_definition(connect(account)).split
    assert said.startswith("Only an unknown share of check-ins run")
    assert "(version 1 (100 % of alias live)); the rest runs another one (the workflow's latest revision)" in said


# How often the ways in are asked for.


class Listing:
    """Step Functions with a listing as AWS gives it: it says of each execution by what it was started."""

    def __init__(self, real: Any, rows: list[dict[str, str]]) -> None:
        self.real, self.rows = real, rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def list_executions(self, **_: Any) -> dict[str, Any]:
        return {"executions": self.rows}


class Counted(Listing):
    """Step Functions that counts how often the latest executions are listed: once a reading of the ways in."""

    def list_executions(self, **_: Any) -> dict[str, Any]:
        self.rows.append({"name": "drill-counted"})
        return {"executions": []}


def readings(account, ask):
    live = connect(account)
    live.clients["stepfunctions"] = counted = Counted(live.client("stepfunctions"), [])
    ask(live)
    return len(counted.rows)


def test_a_whole_plan_and_one_look_ask_for_the_ways_in_once(account):
    started_by_alias(account, "live")
    assert readings(account, runner.plan_all) == 1
    assert readings(account, preflight.checklist) == 1
    assert readings(account, way_in.checks) == 1
    assert readings(account, validation.in_place) == 1
    assert readings(account, lambda live: [runner.plan_all(live), runner.plan_all(live)]) == 2  # and each time anew


def test_aliases_are_listed_page_by_page_also_for_what_a_validation_keeps(account):
    """More than one page of them: what stands on the second one is no less read."""
    started_by_alias(account, "live")
    live = connect(account)
    live.clients["stepfunctions"] = Paged(live.client("stepfunctions"), [])
    (read,) = [one for one in compute.state_machine(live, account.state_machine_name) if one.aspect == "aliases"]
    row = {"stateMachineVersionArn": f"{account.state_machine_arn}:1", "weight": 100}
    assert read.read() == {"live": [row]}


class Paged(Listing):
    """Step Functions that hands out an empty first page of aliases."""

    def list_state_machine_aliases(self, nextToken: str = "", **given: Any) -> Any:  # noqa: N803
        if not nextToken:
            return {"stateMachineAliases": [], "nextToken": "more"}
        return self.real.list_state_machine_aliases(**given)


# What else may start it.


def _rule(client, arn, state="ENABLED", bus="default"):
    if bus != "default":
        client("events").create_event_bus(Name=bus)
    pattern = json.dumps({"source": ["theirs"]})
    client("events").put_rule(Name="Theirs", EventPattern=pattern, State=state, EventBusName=bus)
    client("events").put_targets(Rule="Theirs", EventBusName=bus, Targets=[{"Id": "x", "Arn": arn}])


def _schedule(client, arn, text=None, state="ENABLED"):
    target = {"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/x"} | ({"Input": text} if text else {})
    client("scheduler").create_schedule(
        Name="Theirs",
        ScheduleExpression="rate(365 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        State=state,
    )


def _rule_of_another_bus(client, arn):
    _rule(client, arn, bus="theirs")


def _universal_target(client, arn):
    _schedule(client, "arn:aws:scheduler:::aws-sdk:sfn:startExecution", json.dumps({"StateMachineArn": arn}))


def _function_alias(client, arn):
    """The latest code starts the workflow itself; what is published, and called by an alias, starts the alias."""
    functions, name = client("lambda"), "Your6-CheckinProcessor"
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    for machine in (arn, before["STATE_MACHINE_ARN"]):
        variables = {**before, "STATE_MACHINE_ARN": machine}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        if machine == arn:
            version = functions.publish_version(FunctionName=name)["Version"]
            functions.create_alias(FunctionName=name, Name="api", FunctionVersion=version)


def _another_function(client, arn, variable="STATE_MACHINE_ARN", text="{}"):
    functions = client("lambda")
    role = functions.get_function_configuration(FunctionName="Your6-AlertDispatcher")["Role"]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        package.writestr("api.py", "def handler(event, context):\n    return None\n")
    functions.create_function(
        FunctionName="Your6-Api", Runtime="python3.11", Role=role, Handler="api.handler",
        Code={"ZipFile": held.getvalue()}, Environment={"Variables": {variable: text.format(arn)}},
    )  # fmt: skip


def _another_function_in_a_text(client, arn):
    _another_function(client, arn, "SETTINGS", '{{"start": "{}"}}')


def _another_workflow(client, arn, given=None):
    start = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    start["Parameters"] = given or {"StateMachineArn": arn}
    client("stepfunctions").create_state_machine(
        name="Your6-Intake", roleArn="arn:aws:iam::000000000000:role/Your6-StepFunctionsRole",
        definition=json.dumps({"StartAt": "S", "States": {"S": start}}),
    )  # fmt: skip


def _rest_api(client, arn):
    api = client("apigateway")
    made = api.create_rest_api(name="Your6-Public")["id"]
    (root,) = api.get_resources(restApiId=made)["items"]
    where = {"restApiId": made, "resourceId": root["id"], "httpMethod": "POST"}
    api.put_method(**where, authorizationType="NONE")
    api.put_integration(
        **where, type="AWS", integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:states:action/StartExecution",
        requestTemplates={"application/json": json.dumps({"stateMachineArn": arn})},
    )  # fmt: skip


def _http_api(client, arn):
    made = client("apigatewayv2").create_api(Name="Your6-Public", ProtocolType="HTTP")["ApiId"]
    client("apigatewayv2").create_integration(
        ApiId=made, IntegrationType="AWS_PROXY", IntegrationSubtype="StepFunctions-StartExecution",
        RequestParameters={"StateMachineArn": arn, "Input": "$request.body"}, PayloadFormatVersion="1.0",
    )  # fmt: skip


STARTERS = [
    _rule, _rule_of_another_bus, _schedule, _universal_target, _function_alias, _another_function,
    _another_function_in_a_text, _another_workflow, _rest_api, _http_api,
]  # fmt: skip


@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.__name__.strip("_"))
def test_whatever_starts_an_alias_moves_it(starter, account, client):
    arn = started_by_alias(account, "live")
    processor_starts(account, account.state_machine_arn)
    live = connect(account)
    assert traffic_entries.read(live).used == []
    starter(client, arn)
    assert traffic_entries.read(live).used == ["live"], traffic_entries.read(live)
    assert planned(live, "03")["workflow alias Your6-CheckinWorkflow / live"].action == "update"


def test_what_another_workflow_starts_that_only_its_runs_tell_is_said_and_no_pass(account, client):
    arn = started_by_alias(account, "live")
    processor_starts(account, account.state_machine_arn)
    _another_workflow(client, arn, {"StateMachineArn.$": "$.which"})
    found = the(way_in.checks(connect(account)), CHECK_INS)
    assert (found.status, "what is started by Your6-Intake" in found.found) == ("cannot tell", True)


def test_more_functions_and_workflows_than_are_looked_at_are_said(account, client, monkeypatch):
    _another_workflow(client, account.state_machine_arn)
    for most in ("MOST_FUNCTIONS", "MOST_MACHINES"):
        monkeypatch.setattr(traffic_starters, most, 0)
    unread = traffic_entries.read(connect(account)).unread
    assert [what.partition(" (")[0] for what in unread] == ["functions' environments", "workflows' definitions"]


def test_a_workflow_whose_name_only_begins_as_ours_does_is_another_one(account, client):
    _another_workflow(client, f"{account.state_machine_arn}-Old:live")
    starting = [one.who for one in traffic_entries.read(connect(account)).starters]
    assert starting == [f"STATE_MACHINE_ARN of {account.processor_function_name}"]


@pytest.mark.parametrize("starter", [_rule, _schedule])
def test_what_is_switched_off_starts_nothing(starter, account, client):
    arn = started_by_alias(account, "live")
    processor_starts(account, account.state_machine_arn)
    starter(client, arn, state="DISABLED")
    assert traffic_entries.read(connect(account)).used == []


def test_what_the_latest_check_ins_came_by_is_a_way_in_also_without_anything_that_names_it(account, client):
    arn = started_by_alias(account, "live")
    processor_starts(account, account.state_machine_arn)
    live = connect(account)
    mine = {"name": "drill-x", "stateMachineAliasArn": arn}
    live.clients["stepfunctions"] = Listing(live.client("stepfunctions"), [mine])
    assert traffic_entries.read(live).used == []
    theirs = {"name": "check-in", "stateMachineAliasArn": arn, "stateMachineVersionArn": f"{arn[:-5]}:1"}
    live.clients["stepfunctions"].rows.append(theirs)
    assert traffic_entries.read(live).used == ["live"]
    live.clients["stepfunctions"].rows[:] = [{"name": "check-in", "stateMachineVersionArn": f"{arn[:-5]}:1"}]
    found = the(way_in.checks(live), CHECK_INS)
    assert (found.status, "came by version 1" in found.found) == ("cannot tell", True)
    assert traffic_entries.read(live).arn == account.state_machine_arn
    # Where nothing else is known to start it, all that comes by the version is what there is.
    processor_starts(account, "")
    found = the(way_in.checks(live), CHECK_INS)
    assert (found.status, "starts version 1, which never changes" in found.found) == ("failed", True)


def test_an_alias_that_was_removed_since_its_latest_check_in_is_no_way_in(account, client):
    live = connect(account)
    gone = {"name": "check-in", "stateMachineAliasArn": f"{account.state_machine_arn}:gone"}
    live.clients["stepfunctions"] = Listing(live.client("stepfunctions"), [gone])
    assert traffic_entries.read(live).arn == account.state_machine_arn
    assert the(way_in.checks(live), CHECK_INS).status == "passed"


class Unlisted(Listing):
    """Step Functions whose aliases the caller may describe and not list."""

    def list_state_machine_aliases(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "ListStateMachineAliases")


def test_an_alias_that_something_names_is_moved_also_where_aliases_may_not_be_listed(account):
    started_by_alias(account, "live")
    live = connect(account)
    live.clients["stepfunctions"] = Unlisted(live.client("stepfunctions"), [])
    assert planned(live, "03")["workflow alias Your6-CheckinWorkflow / live"].action == "update"
    found = the(way_in.checks(live), CHECK_INS)
    assert (found.status, "not readable: its aliases" in found.found) == ("cannot tell", True)


# What cannot be moved.


def _version(client, account):
    return published(client, account), "starts version 1, which never changes"


def _another_machine(client, account):
    return account.state_machine_arn + "-V0", "another workflow than the one of these parameters"


def _no_such_alias(client, account):
    return account.state_machine_arn + ":gone", "alias gone, which does not exist"


@pytest.mark.parametrize("astray", [_version, _another_machine, _no_such_alias])
def test_check_ins_that_would_never_run_it_stop_the_plan_with_what_to_do(astray, account, client):
    arn, said = astray(client, account)
    processor_starts(account, arn)
    found = the(preflight.checklist(connect(account)), CHECK_INS)
    assert (found.status, said in found.found) == ("failed", True), found


def test_a_version_named_by_a_rule_stops_it_too(account, client):
    _rule(client, published(client, account))
    found = the(way_in.checks(connect(account)), CHECK_INS)
    assert (found.status, "rule Theirs starts version 1" in found.found) == ("failed", True)


class Denied:
    """A service of which the caller may read nothing."""

    def __getattr__(self, operation: str) -> Any:
        def refuse(*_: Any, **__: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, operation)

        return refuse


@pytest.mark.parametrize("service", ["scheduler", "pipes", "events", "lambda", "apigateway", "apigatewayv2"])
def test_what_may_not_be_read_is_said_and_never_passed(service, account):
    live = connect(account)
    live.clients[service] = Denied()
    found = the([way_in._started(traffic_entries.read(live))], CHECK_INS)
    assert (found.status, "AccessDeniedException" in found.found) == ("cannot tell", True)


def test_nothing_that_starts_it_is_no_pass(account, client):
    processor_starts(account, "")
    found = the(way_in.checks(connect(account)), CHECK_INS)
    assert (found.status, found.found) == ("cannot tell", "nothing that can be read starts it")


def test_no_other_value_of_the_environment_is_looked_at(account, client):
    processor_starts(account, account.state_machine_arn)
    functions, name = client("lambda"), account.processor_function_name
    held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    more = {**held, "SECRET": "never told", "OTHER": account.state_machine_arn + "-V0"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": more})
    assert [starter.who for starter in traffic_entries.read(connect(account)).starters] == [
        f"STATE_MACHINE_ARN of {name}"
    ]


# 2. A version or an alias of a function.


def function_alias(client: Any, name: str, **variables: str) -> None:
    """Publish the function with these variables, and let `live` be that version."""
    functions = client("lambda")
    held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**held, **variables}})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": held})
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)


def calling(client: Any, account: Settings, body: dict[str, Any]) -> None:
    """Let the live definition's processing task call the function otherwise."""
    states, arn = client("stepfunctions"), account.state_machine_arn
    definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    definition["States"]["ProcessCheckin"].update(body)
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))


@pytest.mark.parametrize(
    "body",
    [
        {"Resource": "{arn}:live"},
        {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "{arn}:live"}},
        {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "{name}", "Qualifier": "live"}},
        {"Resource": "arn:aws:states:::aws-sdk:lambda:invoke", "Arguments": {"FunctionName": "{name}:live"}},
    ],
)
def test_the_new_definition_calls_the_processor_by_the_alias_that_the_live_one_calls(body, account, client):
    name = account.processor_function_name
    function_alias(client, name, OPS_SNS_TOPIC_ARN=account.ops_topic_arn)
    text = json.dumps(body).replace("{arn}", account.processor_arn).replace("{name}", name)
    calling(client, account, json.loads(text))
    live = connect(account)
    wanted = desired.workflow(live)["definition"]["States"]["ProcessCheckin"]["Resource"]
    assert wanted == f"{account.processor_arn}:live"
    assert [need.resource for need in iam_permissions.needs(live) if need.action.startswith("lambda")] == [wanted]
    assert the(way_in.checks(live), "how the processor is called").found == f"{name}:live"
    assert {check.status for check in way_in.checks(live)} == {"passed"}


def split(client, name, **variables):
    """Let alias `live` of a function, made by `function_alias`, go to a second version as well, one call in ten."""
    functions = client("lambda")
    held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**held, **variables}})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": held})
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {version: 0.1}})


def test_what_the_second_version_of_a_split_processor_alias_starts_is_a_way_in_too(account, client):
    """One check-in in ten came by an alias of the workflow that nobody saw, and no plan moved."""
    arn = started_by_alias(account, "live")
    processor_starts(account, account.state_machine_arn)
    name = account.processor_function_name
    function_alias(client, name)
    assert traffic_entries.read(connect(account)).used == []
    split(client, name, STATE_MACHINE_ARN=arn)
    live = connect(account)
    assert traffic_entries.read(live).used == ["live"]
    assert planned(live, "03")["workflow alias Your6-CheckinWorkflow / live"].action == "update"


def test_a_function_alias_that_is_split_is_said_and_no_pass(account, client):
    """A drill meets one of the two versions, and check-ins take both."""
    name = account.processor_function_name
    seen = {"OPS_SNS_TOPIC_ARN": account.ops_topic_arn}
    function_alias(client, name, **seen)
    calling(client, account, {"Resource": f"{account.processor_arn}:live"})
    assert the(way_in.checks(connect(account)), "how the processor is called").status == "passed"
    split(client, name, **seen, MODE="another")
    found = the(way_in.checks(connect(account)), "how the processor is called")
    assert (found.status, f"{name}:live, split between versions 1 and 2" in found.found) == ("cannot tell", True)
    seen_by = the(way_in.checks(connect(account)), "OPS_SNS_TOPIC_ARN can reach check-ins")
    assert (seen_by.status, seen_by.found) == ("passed", f"{name}:live, version 1 and 2: it is set there")


@pytest.fixture
def dispatcher_by_alias(account, client):
    """The existing rule calls the dispatcher by its alias `live`, whose ARN this is."""
    function_alias(client, account.dispatcher_function_name)
    events, rule, arn = client("events"), "Your6-LowSentimentRule", f"{account.dispatcher_arn}:live"
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.put_targets(Rule=rule, Targets=[{**target, "Arn": arn}])
    return arn


def test_the_dispatcher_behind_a_split_alias_is_said_as_well(account, client, dispatcher_by_alias):
    split(client, account.dispatcher_function_name, MODE="another")
    found = the(way_in.checks(connect(account)), "how the dispatcher is called")
    assert (found.status, "split between versions 1 and 2" in found.found) == ("cannot tell", True)


def test_a_published_processor_that_cannot_be_given_the_variable_stops_it_before_anything_is_written(account, client):
    name = account.processor_function_name
    function_alias(client, name)
    calling(client, account, {"Resource": f"{account.processor_arn}:live"})
    live = connect(account)
    found = the(preflight.checklist(live), "OPS_SNS_TOPIC_ARN can reach check-ins")
    assert found.status == "failed"
    assert f"check-ins run {name}:live, which is version 1: its environment is frozen" in found.found
    assert f"Publish a version of {name} with OPS_SNS_TOPIC_ARN={account.ops_topic_arn}" in found.found
    with pytest.raises(NotAsWanted, match="its environment is frozen"):
        runner.plan_all(live)
    client("lambda").update_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    assert the(way_in.checks(live), "OPS_SNS_TOPIC_ARN can reach check-ins").status == "passed"


def test_two_ways_to_call_the_processor_are_one_too_many(account, client):
    name = account.processor_function_name
    function_alias(client, name)
    states, arn = client("stepfunctions"), account.state_machine_arn
    definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    again = {"Type": "Task", "Resource": f"{account.processor_arn}:live", "End": True}
    definition["States"]["Again"] = {
        "Type": "Map", "ItemProcessor": {"StartAt": "Once", "States": {"Once": again}}, "End": True
    }  # fmt: skip
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    with pytest.raises(NotAsWanted, match=f"calls it as {name} and as {name}:live"):
        desired.workflow(connect(account))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"Resource": "arn:aws:lambda:us-east-1:000000000000:function:Theirs"}, "calls Theirs, and never"),
        (
            {"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.scorer"}},
            "calls a function that only a run of it tells, and never",
        ),
    ],
)
def test_check_ins_that_another_function_scores_stop_it(body, said, account, client):
    calling(client, account, body)
    found = the(way_in.checks(connect(account)), "how the processor is called")
    assert (found.status, said in found.found) == ("failed", True)


def test_new_rules_call_the_dispatcher_by_the_alias_that_the_existing_rule_calls(account, client, dispatcher_by_alias):
    live, record = applied(account)
    for made in loader.rules():
        (found,) = client("events").list_targets_by_rule(Rule=made["name"])["Targets"]
        assert found["Arn"] == dispatcher_by_alias
    name = account.dispatcher_function_name
    policy = json.loads(client("lambda").get_policy(FunctionName=name, Qualifier="live")["Policy"])
    assert len(policy["Statement"]) == 3
    assert {statement["Resource"] for statement in policy["Statement"]} == {dispatcher_by_alias}
    assert {check.status for check in state_machine.event_listeners(live)} == {"passed"}
    engine.roll_back(rollback.plan(connected_run.of(live, record)), connected_run.of(live, record))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client("lambda").get_policy(FunctionName=name, Qualifier="live")


# 3. A role with a path.


def test_a_role_with_a_path_stays_the_workflows_role(account, client):
    iam, name = client("iam"), account.execution_role_name
    trust = json.dumps(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = json.dumps(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    arn = iam.create_role(RoleName=name, Path="/service-role/", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    client("stepfunctions").update_state_machine(stateMachineArn=account.state_machine_arn, roleArn=arn)
    assert arn.endswith(":role/service-role/Your6-StepFunctionsRole")
    assert the(way_in.checks(connect(account)), "the role of the workflow").found == arn
    applied(account)
    held = client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)
    assert held["roleArn"] == arn


def test_another_role_than_the_parameters_name_is_refused_without_bad_advice(account, client):
    theirs = account.arn("iam", "role/service-role/Theirs")
    client("stepfunctions").update_state_machine(stateMachineArn=account.state_machine_arn, roleArn=theirs)
    live = connect(account)
    found = the(preflight.checklist(live), "the role of the workflow")
    assert (found.status, "Set execution_role_name to Theirs" in found.found) == ("failed", True)
    for phase in ("02", "03"):
        with pytest.raises(NotAsWanted) as refused:
            desired.PHASES[phase](live)
        assert "may_replace" not in str(refused.value)


# 4. The answer of the processor, in whatever envelope.


class History:
    """Step Functions whose one execution holds these events."""

    def __init__(self, output: Any) -> None:
        self.event = {"taskSucceededEventDetails": {"output": json.dumps(output)}}

    def get_paginator(self, operation: str) -> Any:
        pages = {"get_execution_history": [{"events": [self.event]}]}[operation]
        return type("Pages", (), {"paginate": lambda _, **given: pages})()


ANSWER = {"risk_score": 10, "score": 0.1, "trajectory": "stable", "aiMetadata": {}}


@pytest.mark.parametrize(
    "output",
    [
        ANSWER,
        json.dumps(ANSWER),
        {"ExecutedVersion": "$LATEST", "Payload": ANSWER, "StatusCode": 200},
        {"ExecutedVersion": "3", "Payload": json.dumps(ANSWER), "StatusCode": 200},
    ],
    ids=["plain", "text", "lambda:invoke", "aws-sdk"],
)
def test_the_processors_answer_is_found_in_any_envelope(output, account, monkeypatch):
    live = connect(account)
    live.clients["stepfunctions"] = History(output)
    monkeypatch.setattr(preflight, "_succeeded", lambda _: [{"arn": "x:y", "name": "y", "started": datetime.now(UTC)}])
    monkeypatch.setattr(preflight, "_updated", lambda *_: datetime(2026, 1, 1, tzinfo=UTC))
    found = preflight.phase_3(live)
    assert (found.status, found.found) == ("passed", "1 of 1 latest answers in the Phase 3 shape")


def test_answers_from_before_the_latest_update_say_nothing_of_what_is_live(account, client):
    live = connect(account)
    given = {"userId": "user-001", "text": "Slept well.", "timestamp": "2026-01-01"}
    executions.wait_until_ended(live, executions.start(live, "before", given), FOR_EVER, with_output=False)
    assert preflight.phase_3(live).status == "passed"
    name = account.processor_function_name
    client("lambda").update_function_configuration(FunctionName=name, Description="another one")
    found = preflight.phase_3(live)
    assert found.status == "cannot tell"
    assert "all before its latest update at " in found.found
    assert found.expected.endswith("run one check-in")


def test_where_aws_does_not_say_when_it_was_updated_no_answer_is_newer(account, monkeypatch):
    live = connect(account)
    live.clients["stepfunctions"] = History({"Payload": ANSWER})
    monkeypatch.setattr(preflight, "_succeeded", lambda _: [{"arn": "x:y", "name": "y", "started": datetime.now(UTC)}])
    monkeypatch.setattr(preflight, "_updated", lambda *_: None)
    found = preflight.phase_3(live)
    said = "1 of 1 latest answers in the Phase 3 shape, and AWS does not say when it was last updated"
    assert (found.status, found.found) == ("cannot tell", said)


def test_an_answer_of_the_old_shape_is_an_answer(account, monkeypatch):
    live = connect(account)
    live.clients["stepfunctions"] = History({"Payload": {"score": 0.1}})
    monkeypatch.setattr(preflight, "_succeeded", lambda _: [{"arn": "x:y", "name": "y", "started": datetime.now(UTC)}])
    monkeypatch.setattr(preflight, "_updated", lambda *_: None)
    assert preflight.phase_3(live).found == "answers without aiMetadata, risk_score, trajectory"
