"""Each phase with something broken: the run must stop there, say so in its record, and leave alone what is whole.

A phase that cannot fail proves nothing. The notebooks run in real kernels; `test_sabotages.py` breaks more of what
phase 05 must catch, without one.
"""

import contextlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from accounts import differences, settled_snapshot, snapshot
from steps import Ended, carried_out, code_cells, edited, finished, left_by_drills, redeployed, runbook, started
from waiting import until

from lib.aws import connect
from lib.definitions import loader
from lib.drills import drill_runner, drill_session, scenarios
from lib.errors import RunbookError
from lib.phases import event_rules, infrastructure, preflight, state_machine
from lib.record import records
from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.resources import connected_run, functions
from lib.settings import ROOT, Settings
from rehearsal.account import traffic

BUILT = ("01", "02", "04", "03")
CALM_SEED = 3  # its first check-ins raise no alert, which would arrive in the middle of a test


def failed(ended: Ended, number: str, sentence: str) -> dict[str, Any]:
    """The phase's verdict, when command, record and executed notebook agree that it failed, and why."""
    found = ended.phase(number)
    assert (ended.code, ended.verdict["verdict"], found["verdict"]) == (1, "failed", "failed")
    assert re.search(sentence, found["error"]), found["error"]
    assert found["error"] in ended.complained
    cells = code_cells(ended.record.folder / found["output"])
    broken = [cell for cell in cells if any(out.output_type == "error" for out in cell.outputs)]
    never = [cell for cell in cells if cell.execution_count is None]
    assert (found["cells_failed"], found["cells_not_run"]) == (1, len(never)) == (len(broken), len(never))
    assert found["cells_run"] + 1 + len(never) == len(cells)
    assert never
    assert records.unsealed_differences(ended.record.folder) == []
    return found


@pytest.fixture
def played(account: Settings) -> Settings:
    """A baseline that has seen a few check-ins."""
    traffic.play(account, 3, seed=CALM_SEED)
    return account


def test_00_fails_where_a_piece_of_the_baseline_is_missing_and_nothing_after_it_runs(played, client):
    client("cloudwatch").delete_dashboards(DashboardNames=[played.dashboard_name])
    before = settled_snapshot(played)
    ended = runbook(played, "apply")
    failed(ended, "00", f"1 of the checks failed: dashboard {played.dashboard_name}: found")
    assert {row["number"]: row["verdict"] for row in ended.verdict["phases"]} == {
        number: "failed" if number == "00" else "not_run" for number in NOTEBOOKS
    }
    assert ended.checks("failed") == {f"dashboard {played.dashboard_name}"}
    assert ended.changed() == []
    assert differences(before, snapshot(played)) == set()


def disabled(client, account):
    client("events").disable_rule(Name="Your6-LowSentimentRule")


def no_queue(client, account):
    client("sqs").delete_queue(QueueUrl=client("sqs").get_queue_url(QueueName="Your6-AlertDLQ")["QueueUrl"])


def no_function(client, account):
    client("lambda").delete_function(FunctionName=account.dispatcher_function_name)


def no_topic(client, account):
    client("sns").delete_topic(TopicArn=account.alert_topic_arn)


def no_bucket(client, account):
    client("s3").delete_bucket(Bucket=account.checkin_bucket_name)


def no_table(client, account):
    client("dynamodb").delete_table(TableName=account.table_name)


def no_machine(client, account):
    client("stepfunctions").delete_state_machine(stateMachineArn=account.state_machine_arn)


@pytest.mark.parametrize(
    ("take_away", "named"),
    [
        (disabled, "rule Your6-LowSentimentRule"),
        (no_queue, "queue Your6-AlertDLQ"),
        (no_function, "function Your6-AlertDispatcher"),
        (no_topic, "topic Your6-TrustedContactAlerts"),
        (no_bucket, "bucket your6-checkins-000000000000"),
        (no_table, "table your6-users"),
        (no_machine, "state machine Your6-CheckinWorkflow"),
    ],
)
def test_00_names_what_is_missing(account, client, take_away, named):
    for function in (account.processor_function_name, account.dispatcher_function_name):
        until(
            lambda name=function: client("lambda").get_function(FunctionName=name)["Configuration"]["State"] == "Active"
        )
    take_away(client, account)
    found = {check.name: check.status for check in preflight.checklist(connect(account))}
    # Nobody has checked in yet in this account, so nothing says what the processor answers.
    assert {name for name, status in found.items() if status == "failed"} == {named, "processor is on Phase 3"}


@contextlib.contextmanager
def rival(client: Callable[[str], Any], name: str, spoil: Callable[[dict[str, str]], dict[str, str]]) -> Iterator[None]:
    """Somebody else's deployment, which puts a function's variables back as soon as ours are there."""
    aws, over = client("lambda"), threading.Event()

    def insist() -> bool:
        found = aws.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        if "OPS_SNS_TOPIC_ARN" in found:
            aws.update_function_configuration(FunctionName=name, Environment={"Variables": spoil(found)})
        return over.is_set()

    thread = threading.Thread(target=until, args=(insist,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("kind", "key", "service"),
    [("queue", "alias/aws/sqs", "sns.amazonaws.com"), ("topic", "alias/aws/sns", "EventBridge and CloudWatch")],
)
def test_00_fails_where_aws_can_deliver_to_no_topic_or_queue_under_its_own_key(kind, key, service, played, client):
    if kind == "queue":
        attributes = {"KmsMasterKeyId": key, "MessageRetentionPeriod": "1209600"}
        client("sqs").create_queue(QueueName=played.ops_dead_letter_queue_name, Attributes=attributes)
    else:
        client("sns").create_topic(Name=played.ops_topic_name, Attributes={"KmsMasterKeyId": key})
    before = settled_snapshot(played)
    ended = runbook(played, "apply")
    failed(ended, "00", f"key of {kind} .*: found {key}: {service} cannot")
    assert differences(before, settled_snapshot(played)) == set()


def test_01_fails_when_the_variable_is_written_and_lost_again(account, client):
    before, name = snapshot(account), account.processor_function_name
    with rival(client, name, lambda found: {k: v for k, v in found.items() if k != "OPS_SNS_TOPIC_ARN"}):
        ended = runbook(account, "apply", "--from", "01", "--to", "02", verify_timeout_seconds=1)
    failed(
        ended, "01", f"1 of the checks failed: environment variable {name} / OPS_SNS_TOPIC_ARN: found does not exist"
    )
    assert ended.phase("02")["verdict"] == "not_run"
    came = differences(before, snapshot(account))
    assert f"topic {account.ops_topic_name}" in came
    assert f"environment of {name}" not in came
    assert not [change for change in came if change in before]


def test_01_sees_that_another_variable_was_lost(account, client):
    name, hasty = account.processor_function_name, account.model_copy(update={"mode": "apply"})
    keys = functions.environment_keys(connect(hasty), name)
    with rival(client, name, lambda found: {"S3_BUCKET": found["S3_BUCKET"]}), contextlib.suppress(RunbookError):
        carried_out(hasty, "01")
    (check,) = infrastructure.nothing_lost(connect(hasty), keys)
    assert (check.status, check.found) == ("failed", "lost DYNAMODB_TABLE, SNS_TOPIC_ARN, STATE_MACHINE_ARN")


def test_02_fails_without_the_role_and_writes_nothing(account, client):
    iam, role = client("iam"), account.execution_role_name
    iam.delete_role_policy(RoleName=role, PolicyName="Your6StepFunctionsPolicy")
    iam.delete_role(RoleName=role)
    before = snapshot(account)
    ended = runbook(account, "apply", "--only", "02")
    failed(ended, "02", f"reading the policies of role {role}")
    assert ended.changed() == []
    assert differences(before, snapshot(account)) == set()


def test_02_fails_where_a_denial_stands_against_the_new_policy(account, client):
    denial = {"Effect": "Deny", "Action": "events:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    client("iam").put_role_policy(RoleName=account.execution_role_name, PolicyName="Hush", PolicyDocument=document)
    before = snapshot(account)
    ended = runbook(account, "apply", "--only", "02")
    failed(ended, "02", "4 of the checks failed: events:PutEvents on event-bus/default")
    mine = f"policy {account.execution_role_name}/{account.execution_policy_name}"
    assert differences(before, snapshot(account)) == {mine}
    assert len(ended.checks("failed")) == 4


def test_04_fails_when_the_dispatcher_does_not_know_a_crisis(account, client, tmp_path):
    carried_out(account, "01", "02")
    function = account.dispatcher_function_name
    redeployed(client, function, tmp_path, "alert_dispatcher", '"Crisis Protocol Alert":', '"Some Other Alert":')
    before = settled_snapshot(account)
    ended = runbook(account, "apply", "--from", "04", "--to", "03")
    failed(ended, "04", "1 of the checks failed: dispatcher takes Crisis Protocol Alert: found Unhandled: ")
    assert ended.phase("03")["verdict"] == "not_run"
    assert "dispatcher takes Immediate Intervention Required" in ended.checks("passed")
    changed = differences(before, settled_snapshot(account))
    assert f"state machine {account.state_machine_name}" not in changed
    assert f"environment of {function}" not in changed
    assert "rule Your6-LowSentimentRule" not in changed


def test_04_would_see_an_old_rule_that_takes_the_new_events_too(account, client):
    wide = json.dumps({"source": [{"prefix": "your6.checkin"}]})
    client("events").put_rule(Name="Your6-LowSentimentRule", EventPattern=wide, State="ENABLED")
    bad = [check.name for check in event_rules.patterns(connect(account)) if check.status == "failed"]
    assert bad == [
        f"Your6-LowSentimentRule with the event of {name}"
        for name in ("Your6-CrisisProtocolRule", "Your6-HighRiskRule", "Your6-ProactiveRule")
    ]


def test_04_would_see_a_new_rule_that_takes_todays_event_too(account, monkeypatch):
    wide = {"source": [{"prefix": "your6.checkin"}]}
    rules = [{**rule, "pattern": wide} if "Proactive" in rule["name"] else rule for rule in loader.rules()]
    monkeypatch.setattr(loader, "rules", lambda: rules)
    bad = [check.name for check in event_rules.patterns(connect(account)) if check.status == "failed"]
    assert "Your6-ProactiveRule with the event of today's alert" in bad
    assert "Your6-HighRiskRule with the event of today's alert" not in bad


def test_03_fails_while_no_rule_carries_its_events_and_the_workflow_stays(account):
    carried_out(account, "01", "02")
    before = snapshot(account)
    ended = runbook(account, "apply", "--only", "03")
    failed(ended, "03", "3 of the checks failed: Your6-CrisisProtocolRule carries its event: found missing")
    assert ended.changed() == []
    assert differences(before, snapshot(account)) == set()


@pytest.mark.parametrize("broken", ["disabled", "aimed at another function"])
def test_03_would_see_a_rule_that_carries_nothing(account, client, broken):
    carried_out(account, "04")
    events_client, name = client("events"), "Your6-HighRiskRule"
    if broken == "disabled":
        events_client.disable_rule(Name=name)
    else:
        target = {"Id": "AlertDispatcherTarget", "Arn": account.processor_arn}
        events_client.put_targets(Rule=name, Targets=[target])
    live = connect(account.model_copy(update={"mode": "apply"}))
    assert [check.name for check in state_machine.event_listeners(live) if check.status == "failed"] == [
        f"{name} carries its event"
    ]


def test_03_fails_on_a_definition_that_breaks_a_rule_and_does_not_deploy_it(account, tmp_path):
    carried_out(account, "01", "02", "04")
    checkout = tmp_path / "checkout"
    for folder in ("lib", "runbooks", "parameters", "rehearsal"):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = snapshot(account)
    definition = checkout / "lib" / "definitions" / "stepfunctions-phase3-definition.json"
    with edited(definition, '"TimeoutSeconds": 600,', ""):
        ended = finished(account, started(account, "apply", "--only", "03", checkout=checkout))
    failed(ended, "03", "statelint and the house's rules: found the workflow: has no TimeoutSeconds")
    assert (ended.record.folder / "backup").is_dir()
    assert ended.changed() == []
    assert differences(before, snapshot(account)) == set()


def test_05_fails_when_a_rule_is_disabled_and_leaves_no_listener_behind(account, client):
    carried_out(account, *BUILT)
    client("events").disable_rule(Name="Your6-HighRiskRule")
    before = snapshot(account)
    ended = runbook(account, "apply", "--from", "05", "--to", "06", alert_limit_seconds=3)
    failed(ended, "05", "high: alerts to the trusted contact: found 0, expected 1")
    assert ended.phase("06")["verdict"] == "not_run"
    silent = {"high: alerts to the trusted contact", "high: behind its rule", "phase 04 is in place"}
    assert silent <= ended.checks("failed")
    assert {"crisis: alerts to operations", "crisis: alerts to the trusted contact"} <= ended.checks("passed")
    kept = {row["scenario"]: row["trusted_alerts"] for row in ended.record.read_json("evidence/scenarios.json")}
    assert (kept["high"], kept["crisis"]) == (0, 1)
    assert ended.changed() == []
    assert differences(before, snapshot(account)) - left_by_drills(account) == set()


def test_05_without_a_topic_to_listen_on_stops_and_clears_its_listeners_away(account, client):
    live, record = carried_out(account, *BUILT)
    client("sns").delete_topic(TopicArn=account.ops_topic_arn)
    before = snapshot(account)
    with pytest.raises(RunbookError, match=account.ops_topic_name):
        drill_runner.run(connected_run.of(live, record), [drill_session.Group("scenarios", scenarios.load())])
    assert differences(before, snapshot(account)) == set()


def test_06_fails_when_another_workflow_runs_and_writes_no_document(account):
    carried_out(account, "01", "02", "04")
    before = snapshot(account)
    ended = runbook(account, "apply", "--only", "06")
    failed(ended, "06", "the live workflow is the documented one: found another, expected the same")
    assert ended.changed() == []
    assert differences(before, snapshot(account)) == set()


def test_06_refuses_a_document_whose_markers_are_broken(account):
    carried_out(account, *BUILT, "06")
    readme = account.path(account.docs_dir) / "README.md"
    lines = readme.read_text(encoding="utf-8").splitlines(keepends=True)
    end = next(line for line in lines if line.startswith("<!--") and "end" in line)
    lines.remove(end)
    readme.write_text("".join(lines), encoding="utf-8")
    before = snapshot(account)
    ended = runbook(account, "apply", "--only", "06")
    assert ended.code in (1, 2)
    assert ended.verdict["verdict"] == "refused"
    assert "README.md" in ended.complained
    assert ended.changed() == []
    assert differences(before, snapshot(account)) == set()


def test_07_fails_without_evidence(account):
    carried_out(account, *BUILT)
    before = snapshot(account)
    ended = runbook(account, "apply", "--from", "07", verify_timeout_seconds=1)
    failed(
        ended,
        "07",
        "4 of the checks failed: 1 All test scenarios pass: found 0 of 6 scenarios and 0 of 0 boundary cases passed",
    )
    assert ended.phase("08")["verdict"] == "not_run"
    # Of the fourth nobody can tell, before the first check-in.
    answers = [row["status"] for row in ended.record.read_json("evidence/criteria.json")]
    assert answers == ["failed", "failed", "failed", "cannot tell", "failed"]
    assert differences(before, snapshot(account)) == set()


def test_08_fails_without_the_bucket(account, client):
    client("s3").delete_bucket(Bucket=account.checkin_bucket_name)
    ended = runbook(account, "apply", "--only", "08", verify_timeout_seconds=1)
    failed(ended, "08", f"reading check-ins from {account.checkin_bucket_name}")


def test_90_fails_on_a_value_that_cannot_return_and_takes_no_rule_away(account, client):
    _, record = carried_out(account, *BUILT)
    client("stepfunctions").delete_state_machine(stateMachineArn=account.state_machine_arn)
    before = snapshot(account)
    ended = runbook(account, "rollback", record.run_id, "--overwrite")
    assert ended.code == 1
    assert f"writing state machine {account.state_machine_name}" in ended.complained
    rows = [row for row in record.rows("changes.jsonl") if row["state"] == "failed"]
    assert [(row["kind"], row["undoes"]) for row in rows] == [("state machine", True)]
    cells = code_cells(record.folder / f"{ROLLBACK}.ipynb")
    assert [cell for cell in cells if cell.execution_count is None]
    ledger = {row["what"]: row["outcome"] for row in record.latest("evidence/rollback.json")}
    untried = [what for what, outcome in ledger.items() if outcome.startswith("not tried: state machine")]
    assert {"rule Your6-CrisisProtocolRule", f"topic {account.ops_topic_name}"} <= set(untried)
    # The workflow comes first, and nothing that carries its alerts is taken away without it.
    assert differences(before, snapshot(account)) == set()
    assert records.unsealed_differences(record.folder) == []


def test_90_does_not_overwrite_what_somebody_else_changed_since(account, client):
    _, record = carried_out(account, *BUILT)
    rule = client("events").describe_rule(Name="Your6-CrisisProtocolRule")
    client("events").put_rule(Name=rule["Name"], EventPattern=rule["EventPattern"], Description="a hotfix at 2 a.m.")
    before = snapshot(account)
    ended = runbook(account, "rollback", record.run_id)
    assert ended.code == 3
    assert "somebody else changed rule Your6-CrisisProtocolRule since run" in ended.complained
    assert differences(before, snapshot(account)) == set()
    assert not [row for row in record.rows("changes.jsonl") if row["undoes"]]
