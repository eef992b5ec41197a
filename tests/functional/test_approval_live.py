"""Whatever somebody edits between a plan's approval and its apply is refused by name: each live thing of each phase.

The edits are made with plain clients, as a person or another tool would make them.
"""

import dataclasses
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import papermill
import pytest
import yaml
from accounts import differences, fresh, nowhere, snapshot, started_by_alias
from click.testing import CliRunner
from papermill.exceptions import PapermillExecutionError

from lib.aws import Live, connect
from lib.changes import approval, engine, kept_plans, plan_data, second_person
from lib.changes.plans import Plan, Wanted, entry, row_digest
from lib.cli import change_commands, runner
from lib.definitions import loader
from lib.errors import Refused
from lib.phases import rollback, state_machine
from lib.record import records, sealing
from lib.record.records import LOG, Record
from lib.resources import connected_run, desired
from lib.resources.account_guards import AccountGuards
from lib.resources.resource_kinds import KINDS, Candidate
from lib.settings import ROOT, Settings, load
from rehearsal.account import clients
from rehearsal.account.calls import READING

CALLER = "arn:aws:iam::000000000000:user/operator"
SOMEBODYS = "somebody's"
NOTHING_APPLIED, APPLIED = "with nothing applied", ("01", "02", "04")


def things(live: Live) -> dict[str, tuple[str, Wanted]]:
    """Every live thing of the plan by name, with its phase."""
    return {item.resource.name: (phase, item) for phase, wanted in desired.PHASES.items() for item in wanted(live)}


# What is wanted is computed from the parameters alone.
ALIAS = "workflow alias Your6-CheckinWorkflow / live"
# What the plan wants everywhere, and the alias by which the stages' check-ins come.
NAMES = [*things(nowhere(load("local"))), ALIAS]
ALARMS = [name for name in NAMES if name.startswith("alarm ")]
# Alarms are alike, each written by one call: the first and the last stand for those between.
EDITED = [name for name in NAMES if name not in ALARMS[1:-1]]


@dataclass(frozen=True)
class Edit:
    """What somebody does to one thing. `aws("sqs")` is a plain client; `now` is its value, None where there is none."""

    aws: Callable[[str], Any]
    settings: Settings
    thing: Any
    now: Any

    def topic(self) -> None:
        arn = self.aws("sns").create_topic(Name=self.thing.topic)["TopicArn"]
        if self.now:
            self.aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue=SOMEBODYS)

    def queue(self) -> None:
        url = self.aws("sqs").create_queue(QueueName=self.thing.queue)["QueueUrl"]
        self.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "600"})

    def queue_policy(self) -> None:
        url = self.aws("sqs").get_queue_url(QueueName=self.thing.queue)["QueueUrl"]
        statement = {"Sid": self.thing.sid, "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def subscription(self) -> None:
        arn = self.settings.arn("sns", self.thing.topic)
        answer = self.aws("sns").subscribe(
            TopicArn=arn, Protocol="sqs", Endpoint=self.thing.address, ReturnSubscriptionArn=True
        )
        if self.now:
            self.aws("sns").set_subscription_attributes(
                SubscriptionArn=answer["SubscriptionArn"], AttributeName="FilterPolicy", AttributeValue='{"a": ["b"]}'
            )

    def environment_variable(self) -> None:
        function = self.thing.function
        found = self.aws("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        self.aws("lambda").update_function_configuration(
            FunctionName=function, Environment={"Variables": {**found, self.thing.variable: SOMEBODYS}}
        )

    def drill_user(self) -> None:
        item = {"userId": {"S": self.thing.user}, "alertThreshold": {"N": "99"}}
        self.aws("dynamodb").put_item(TableName=self.thing.table, Item=item)

    def role_policy(self) -> None:
        statement = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.aws("iam").put_role_policy(RoleName=self.thing.role, PolicyName=self.thing.policy, PolicyDocument=document)

    def function_permission(self) -> None:
        named = {"FunctionName": self.thing.function, "StatementId": self.thing.sid}
        if self.now:
            self.aws("lambda").remove_permission(**named)
        self.aws("lambda").add_permission(**named, Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")

    def rule(self) -> None:
        pattern = json.dumps({"source": [SOMEBODYS]})
        self.aws("events").put_rule(Name=self.thing.rule, EventPattern=pattern, State="DISABLED")

    def rule_target(self) -> None:
        target = {"Id": self.thing.target, "Arn": self.settings.processor_arn}
        self.aws("events").put_targets(Rule=self.thing.rule, Targets=[target])

    def log_group(self) -> None:
        self.aws("logs").put_retention_policy(logGroupName=self.thing.group, retentionInDays=1)

    def metric_filter(self) -> None:
        named = {"logGroupName": self.thing.group, "filterName": self.thing.filter}
        counted = {"metricName": SOMEBODYS, "metricNamespace": SOMEBODYS, "metricValue": "1"}
        self.aws("logs").put_metric_filter(**named, filterPattern="ERROR", metricTransformations=[counted])

    def alarm(self) -> None:
        metric = {"Namespace": "AWS/States", "MetricName": "ExecutionsFailed", "Statistic": "Sum", "Period": 60}
        limit = {"EvaluationPeriods": 1, "Threshold": 999.0, "ComparisonOperator": "GreaterThanThreshold"}
        self.aws("cloudwatch").put_metric_alarm(AlarmName=self.thing.alarm, **metric, **limit)

    def state_machine(self) -> None:
        definition = json.dumps({**self.now["definition"], "Comment": SOMEBODYS})
        self.aws("stepfunctions").update_state_machine(stateMachineArn=self.thing.arn, definition=definition)

    def workflow_alias(self) -> None:
        states, machine = self.aws("stepfunctions"), self.settings.state_machine_arn
        version = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
        states.update_state_machine_alias(
            stateMachineAliasArn=self.thing.arn,
            routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}],
        )

    def dashboard_widgets(self) -> None:
        named = {"DashboardName": self.thing.dashboard}
        body = json.loads(self.aws("cloudwatch").get_dashboard(**named)["DashboardBody"])
        ours = {"type": "text", "properties": {"title": f"{self.thing.prefix} {SOMEBODYS}", "markdown": "edited"}}
        body["widgets"].append(ours)
        self.aws("cloudwatch").put_dashboard(**named, DashboardBody=json.dumps(body))

    def documentation_section(self) -> None:
        mark = f"<!-- your6-phase3:{self.thing.section}:"
        text = self.thing.path.read_text(encoding="utf-8")
        if f"{mark}begin -->" in text:
            text = text.replace(f"{mark}end -->", f"{SOMEBODYS}\n{mark}end -->")
        else:
            text += f"\n{mark}begin -->\n{SOMEBODYS}\n{mark}end -->\n"
        self.thing.path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Stage:
    """An account at some point of the plan, and the parameters of a run whose plan was approved there."""

    live: Live
    settings: Settings
    record: Record
    calls: list[dict[str, Any]] = field(default_factory=list)
    as_it_was: dict[str, Any] = field(default_factory=dict)

    @property
    def plans(self) -> list[Plan]:
        return runner.plan_all(self.live)

    def aws(self, service: str) -> Any:
        return clients.client(self.settings.endpoint_url, service)

    def written(self) -> list[str]:
        """Every call so far that changes something, made by the product."""
        return [call["operation"] for call in self.calls if not call["operation"].startswith(READING)]

    @contextmanager
    def edited(self, name: str) -> Iterator[str]:
        """One thing edited by somebody, and as before afterwards; gives its phase."""
        phase, item = things(self.live)[name]
        thing = item.resource
        now, file = thing.read(), thing.path.read_bytes() if thing.kind == "documentation section" else b""
        getattr(Edit(self.aws, self.settings, thing, now), thing.kind.replace(" ", "_"))()
        assert thing.read() != now
        yield phase
        if file:
            thing.path.write_bytes(file)
        else:
            thing.write(now)
        assert thing.read() == now


def approved(settings: Settings) -> Stage:
    """Plan, approve what was planned, and begin a run with it; nothing is applied yet."""
    asked = {"approval": "required", "not_exercised_here": [], "mode": "apply", "may_replace": 50}
    asked = settings.model_copy(update=asked)
    live = connect(asked)
    planned = plan_data.plan_data(runner.plan_all(live), connected_run.of(live, None))
    records.open_run(asked).keep_json(approval.PLAN, planned)  # as `runbook plan` keeps it
    people = {"approved_by": "reviewer", "change_ticket": "CHG-7", "approved_plan": planned["fingerprint"]}
    asked, calls = asked.model_copy(update=people), list[dict[str, Any]]()
    record, live = records.open_run(asked), connect(asked, calls.append)
    runner.begin_approved(connected_run.of(live, record), ["00", *desired.PHASES])
    return Stage(live, asked, record, calls)


@pytest.fixture(scope="module", params=[NOTHING_APPLIED, "with phases 01, 02 and 04 applied"])
def stage(request, server, tmp_path_factory) -> Stage:
    """An account that the tests of a stage share; each leaves it as it was."""
    settings = fresh(server, tmp_path_factory.mktemp("stage"))
    before = Stage(connect(settings), settings, None)
    started_by_alias(settings, "live")
    if request.param == NOTHING_APPLIED:
        # What the others are part of, so that each can be edited alone: they stand there before the plan is made.
        before.aws("sns").create_topic(Name=settings.ops_topic_name)
        before.aws("logs").create_log_group(logGroupName=settings.log_group_name)
        for queue in (settings.ops_dead_letter_queue_name, settings.events_dead_letter_queue_name):
            before.aws("sqs").create_queue(QueueName=queue)
        for rule in loader.rules():
            pattern = json.dumps({"source": ["nobody"]})
            before.aws("events").put_rule(Name=rule["name"], EventPattern=pattern, State="DISABLED")
    made = approved(settings)
    for phase in () if request.param == NOTHING_APPLIED else APPLIED:
        wanted = desired.PHASES[phase](made.live)
        engine.carry_out(engine.plan(phase, wanted), connected_run.of(made.live, made.record))
    return dataclasses.replace(made, as_it_was=snapshot(settings))


def test_there_is_an_edit_for_every_kind_and_no_two_things_share_a_name():
    of_the_plan = {*KINDS} - {Candidate.kind}  # what is there for a while is no part of a plan
    assert {kind.replace(" ", "_") for kind in of_the_plan} <= set(vars(Edit))
    every = [item.resource.name for wanted in desired.PHASES.values() for item in wanted(nowhere(load("local")))]
    assert len(every) == len(set(every)) == len(NAMES) - 1 >= 27


@pytest.mark.parametrize("name", EDITED)
def test_an_edit_of_any_thing_is_refused_by_its_name_and_nothing_is_written(stage, name):
    with stage.edited(name) as phase:
        written, plans, rows = stage.written(), stage.plans, stage.record.rows(LOG)
        with pytest.raises(Refused, match=f"{re.escape(name)}[ ;)]") as refused:
            approval.require_whole(connected_run.of(stage.live, None), plans, CALLER)
        assert refused.value.exit_code == 3
        with pytest.raises(Refused, match=rf"changed since: {re.escape(name)}( \(\S.*\))?\. Find"):
            approval.require_resumable(connected_run.of(stage.live, stage.record), plans, CALLER)
        plan = next(plan for plan in plans if plan.phase == phase)
        with pytest.raises(Refused, match=rf"changed since: {re.escape(name)}( \(\S.*\))?\. Plan") as refused:
            engine.carry_out(plan, connected_run.of(stage.live, stage.record))
        assert refused.value.exit_code == 3
        assert (stage.record.rows(LOG), stage.written()) == (rows, written)


def test_with_the_edits_taken_back_it_is_as_approved_again(stage):
    # What taking an edit back leaves: another revision, and another ARN of a subscription.
    left = differences(stage.as_it_was, snapshot(stage.settings))
    assert all(name.startswith(("versions of ", "subscription ")) for name in left), left
    if stage.record.rows(LOG):
        approval.require_resumable(connected_run.of(stage.live, stage.record), stage.plans, CALLER)
    else:
        approval.require_whole(connected_run.of(stage.live, None), stage.plans, CALLER)


def test_what_somebody_took_away_again_is_refused_by_its_name(stage):
    """Back at the value before the plan is not where the run left it."""
    kinds = ("role policy", "rule target", "drill user", "environment") if stage.record.rows(LOG) else ("queue Your6",)
    for name in (name for name in NAMES if name.startswith(kinds)):
        thing = things(stage.live)[name][1].resource
        now = thing.read()
        thing.write(None)
        with pytest.raises(Refused, match=f"changed since: {re.escape(name)}"):
            approval.require_resumable(connected_run.of(stage.live, stage.record), stage.plans, CALLER)
        thing.write(now)


def begun_anew(stage, name):
    """A record of another run by the same approval that is about to write this thing; with its row, not yet kept."""
    phase, _ = things(stage.live)[name]
    run_id, account = records.new_run_id(), AccountGuards(stage.live)
    record = Record(stage.record.folder.parent / run_id, run_id)
    record.folder.mkdir()
    for path in stage.record.folder.glob("*.json*"):
        (record.folder / path.name).write_bytes(path.read_bytes())
    account.keep_begun(run_id, kept_plans.digest(record.read_json(approval.PLAN)))
    change = next(change for plan in stage.plans for change in plan.changes if change.resource.name == name)
    begun = entry(phase, change, "intended")
    account.keep_written(run_id, [*account.wrote(stage.record.run_id), row_digest(begun)])
    return record, begun


def refused_as_changed(stage, record):
    with pytest.raises(Refused, match="changed since"):
        approval.require_resumable(connected_run.of(stage.live, record), stage.plans, CALLER)


def test_of_what_is_written_in_one_call_nothing_is_half_the_runs(stage):
    name = next(name for name in NAMES if name.startswith("dashboard"))
    record, begun = begun_anew(stage, name)
    with stage.edited(name):
        refused_as_changed(stage, record)
        record.append(LOG, begun)
        refused_as_changed(stage, record)


@pytest.mark.parametrize("stage", [NOTHING_APPLIED], indirect=True)
def test_what_the_run_left_half_written_is_its_own_where_it_writes_in_parts(stage):
    name = next(name for name in NAMES if name.startswith("subscription"))
    record, begun = begun_anew(stage, name)
    with stage.edited(name):  # it subscribes, and sets nothing: what a write leaves that is cut after its first call
        refused_as_changed(stage, record)
        record.append(LOG, begun)
        approval.require_resumable(connected_run.of(stage.live, record), stage.plans, CALLER)
        thing = things(stage.live)[name][1].resource
        Edit(stage.aws, stage.settings, thing, thing.read()).subscription()
        refused_as_changed(stage, record)  # no write of ours leaves that


# The command, on an account of its own.


NAMED = ("endpoint_url", "outputs_dir", "docs_dir", "poll_seconds", "verify_timeout_seconds", "settle_seconds")


def said(settings: Settings, command: str, *more: str, **other: Any) -> tuple[int, str, str]:
    """Exit code, output and complaint of `runbook`, in this process."""
    given = {key: getattr(settings, key) for key in NAMED} | {"approval": "required", "not_exercised_here": "[]"}
    sets = [word for key, value in {**given, **other}.items() for word in ("--set", f"{key}={value}")]
    ended = CliRunner().invoke(change_commands.main, [command, "local", *more, *sets])
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


def newest(settings: Settings) -> Record:
    folder = Path(settings.outputs_dir) / "local"
    found = max(folder.iterdir(), key=lambda path: path.stat().st_ctime)
    return Record(found, found.name)


def planned(settings: Settings, **other: Any) -> list[str]:
    """`runbook plan`, and the options that approve what it said."""
    code, out, _ = said(settings, "plan", **other)
    assert code == 0
    assert "cannot tell: approval: root is nobody's name, so that approver and caller differ cannot be told" in out
    fingerprint = re.search(r"Plan: (plan-[0-9a-f]{16})", out)[1]
    return ["--approved-plan", fingerprint, "--approved-by", "reviewer", "--change-ticket", "CHG-7"]


def test_an_approval_from_plan_to_rollback_and_once_only(account, client):
    options = planned(account)
    fingerprint = options[1]
    code, _, err = said(account, "apply", "--only", "01", *options, "--approved-by", "Root <root@example.org>")
    assert (code, "who is also the caller" in err) == (3, True)
    code, _, err = said(account, "apply", "--only", "01", *options, crisis_risk_above=96)
    assert (code, "parameter crisis_risk_above: 95, now 96" in err) == (3, True)
    before = snapshot(account)
    client("sns").create_topic(Name=account.ops_topic_name)
    code, _, err = said(account, "apply", "--only", "01", *options)
    assert (code, f"topic {account.ops_topic_name}" in err, len(err.strip().splitlines())) == (3, True, 1)
    client("sns").delete_topic(TopicArn=account.ops_topic_arn)
    assert differences(before, snapshot(account)) == set()
    code, out, err = said(account, "apply", "--only", "01", *options)
    assert (code, err) == (0, "")
    first = newest(account)
    doubt = "root is nobody's name, so that approver and caller differ cannot be told"
    assert f"cannot tell: approval: {doubt}" in out
    rows = [row for row in first.rows("checks.jsonl") if row["name"] == second_person.TWO_PERSONS]
    assert [(row["status"], row["found"]) for row in rows] == [("cannot tell", doubt)]
    assert doubt in (first.folder / "01_infrastructure.ipynb").read_text(encoding="utf-8")
    kept = first.read_json("run.json")["parameters"]
    assert (kept["approved_by"], kept["change_ticket"], kept["approved_plan"]) == ("reviewer", "CHG-7", fingerprint)
    assert records.unsealed_differences(first.folder) == []
    code, _, err = said(account, "apply", "--only", "01", *options)
    assert (code, f"{fingerprint} was applied by run {first.run_id} of " in err) == (3, True)
    chosen = account.model_copy(update={"mode": "apply"})
    with runner.sealed_run(connected_run.of(connect(chosen), first)):
        engine.roll_back(
            rollback.plan(connected_run.of(connect(chosen), first)), connected_run.of(connect(chosen), first)
        )
    # The account's plan is the approved one again; the approval is spent all the same, also for the run itself.
    place = AccountGuards(connect(chosen)).place
    kept = {f"parameter {place}/approval", f"parameter {place}/used/{fingerprint}"}
    when = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    used = rf"{fingerprint} was applied by run {first.run_id} of arn:aws:iam::000000000000:root at {when} already"
    for more in ([], ["--set", f"run_id={first.run_id}"]):
        code, _, err = said(account, "apply", "--only", "01", *options, *more)
        assert (code, bool(re.search(used, err)), "an approval is good for one run" in err) == (3, True, True)
    code, _, err = said(account, "apply", "--resume", first.run_id)
    assert (code, "was rolled back, and its approval with it" in err) == (3, True)
    assert differences(before, snapshot(account)) == kept  # no rollback takes them away
    # Nor does another folder, one without any record, or the run's own record taken away.
    shutil.rmtree(first.folder)
    for folder in (account.outputs_dir, f"{account.outputs_dir}-elsewhere"):
        code, _, err = said(account, "apply", "--only", "01", *options, outputs_dir=folder)
        assert (code, bool(re.search(used, err))) == (3, True)
    again = planned(account)
    assert again[1] != fingerprint
    code, _, err = said(account, "apply", "--only", "01", *again)
    assert (code, err) == (0, "")


def test_once_approval_was_required_no_file_and_no_notebook_goes_without(account, tmp_path):
    """Neither the file that says none, nor a copy of it, nor a notebook by hand, whatever its parameters cell says."""
    changes_before = snapshot(account)
    live = connect(account)
    AccountGuards(live).use("plan-0123456789abcdef", "r7")
    place = AccountGuards(live).place
    kept = {f"parameter {place}/approval", f"parameter {place}/used/plan-0123456789abcdef"}
    since = (
        "approval none: the account keeps that Your6-CheckinWorkflow (since run r7 of arn:aws:iam::000000000000:root"
    )
    copy = tmp_path / "copy.yaml"
    own = {"environment": "elsewhere", "endpoint_url": account.endpoint_url, "outputs_dir": str(tmp_path / "outputs")}
    copy.write_text(yaml.safe_dump({**account.model_dump(), **own}), encoding="utf-8")
    names = ("endpoint_url", "outputs_dir", "docs_dir")
    line = [word for key in names for word in ("--set", f"{key}={getattr(account, key)}")]
    for words in (["local", *line], [str(copy)]):
        ended = CliRunner().invoke(change_commands.main, ["apply", words[0], "--yes", "--only", "01", *words[1:]])
        assert (ended.exit_code, since in ended.stderr) == (3, True), ended.stderr
    by_hand = {**account.model_dump(), "mode": "apply", "approval": "none"}
    with pytest.raises(PapermillExecutionError, match=re.escape(since)):
        papermill.execute_notebook(
            str(ROOT / "runbooks/01_infrastructure.ipynb"), str(tmp_path / "out.ipynb"), by_hand, cwd=str(ROOT),
            progress_bar=False,
        )  # fmt: skip
    assert differences(changes_before, snapshot(account)) == kept


def test_a_notebook_of_an_environment_that_no_file_names_does_not_go_without_approval(account, tmp_path):
    before = snapshot(account)
    by_hand = {**account.model_dump(), "mode": "apply", "environment": "elsewhere"}
    with pytest.raises(PapermillExecutionError, match=r"approval none: no file in parameters/ says so"):
        papermill.execute_notebook(
            str(ROOT / "runbooks/01_infrastructure.ipynb"), str(tmp_path / "out.ipynb"), by_hand, cwd=str(ROOT),
            progress_bar=False,
        )  # fmt: skip
    assert differences(before, snapshot(account)) == set()


def by_hand(settings: Settings, number: str, tmp_path: Path) -> None:
    """A phase's notebook as somebody runs it with papermill, with whatever parameters they like."""
    notebook = {"01": "01_infrastructure", "04": "04_event_rules"}[number]
    papermill.execute_notebook(
        str(ROOT / f"runbooks/{notebook}.ipynb"), str(tmp_path / "out.ipynb"), settings.model_dump(), cwd=str(ROOT),
        progress_bar=False,
    )  # fmt: skip


def test_a_phase_by_hand_goes_on_with_a_run_that_a_command_began_and_with_no_file_that_says_so(account, tmp_path):
    options = planned(account)
    people = {"approved_plan": options[1], "approved_by": options[3], "change_ticket": options[5]}
    asked = {"approval": "required", "not_exercised_here": [], "mode": "apply", "run_id": "forged", **people}
    forged = load("local", {key: getattr(account, key) for key in NAMED} | asked)
    before, live, record = snapshot(account), connect(forged), records.open_run(forged)
    record.keep_json(
        approval.PLAN,
        plan_data.begun_plan(runner.plan_all(live), connected_run.of(live, record), CALLER),
    )
    sealing.seal(record)
    with pytest.raises(PapermillExecutionError, match="the account keeps none that a command began it with"):
        by_hand(forged, "01", tmp_path)
    assert differences(before, snapshot(account)) == set()
    assert said(account, "apply", "--only", "01", *options)[0] == 0
    begun = forged.model_copy(update={"run_id": newest(account).run_id})
    before = snapshot(account)
    for other, why in (({"approved_by": "eve"}, "another approved_by"), ({"approved_by": "root"}, "also the caller")):
        with pytest.raises(PapermillExecutionError, match=why):
            by_hand(begun.model_copy(update=other), "04", tmp_path)
    assert differences(before, snapshot(account)) == set()
    by_hand(begun, "04", tmp_path)
    assert differences(before, snapshot(account)) != set()


@pytest.mark.parametrize("way", ["rollback", "restore"])
def test_a_folder_of_before_its_first_write_put_back_after_the_undo_applies_nothing(way, account, tmp_path):
    begun = approved(account)
    with runner.sealed_run(connected_run.of(begun.live, begun.record)):
        state_machine.backup(connected_run.of(begun.live, begun.record))
    shutil.copytree(begun.record.folder, tmp_path / "kept")
    plan = engine.plan("01", desired.PHASES["01"](begun.live))
    if way == "rollback":
        engine.carry_out(plan, connected_run.of(begun.live, begun.record))
        engine.roll_back(
            rollback.plan(connected_run.of(begun.live, begun.record)), connected_run.of(begun.live, begun.record)
        )
    else:
        # Of a run that has not written the workflow.
        assert said(account, "restore", begun.record.run_id, "--unverified")[0] == 0
    shutil.rmtree(begun.record.folder)
    (tmp_path / "kept").rename(begun.record.folder)
    before = snapshot(account)
    with pytest.raises(
        Refused, match=rf"run {begun.record.run_id} was rolled back, .* \(by arn:aws:iam::0.*root at 20"
    ):
        engine.carry_out(
            engine.plan("01", desired.PHASES["01"](begun.live)), connected_run.of(begun.live, begun.record)
        )
    assert differences(before, snapshot(account)) == set()
