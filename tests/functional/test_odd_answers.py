"""Answers of AWS that lack something, or hold what nobody expects: a sentence of ours each time, and never a traceback.

Every place at which an answer of the embedded account holds a member is left out once, and every JSON text in it is
replaced by others, for everything that reads: whatever comes of it, it is an answer or an error of our family.
"""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from waiting import FOR_EVER

from lib.aws import connect
from lib.changes import engine
from lib.errors import NotAsWanted, Refused, RunbookError
from lib.phases import (
    event_rules,
    iam_permissions,
    infrastructure,
    preflight,
    restore,
    restore_plan,
    rollback,
    state_machine,
)
from lib.phases.proofs import encryption, ownership, way_in
from lib.record import records
from lib.resources import connected_run, desired, resource_kinds, run_lock
from lib.resources.existing import baseline_pieces
from lib.resources.existing.subscriptions import subscriptions
from lib.telemetry import checkins, continuity, cutover, executions, metrics, workflow_log

ODD_TEXTS = ("", "not JSON", "null", "[]", "{}", '"{}"', '{"Statement": 1, "widgets": 1}', '{"Statement": [1, null]}',
             '{"widgets": [1, null, {}, {"properties": null}, {"properties": {"title": 7}}]}')  # fmt: skip

PLANNED = ("01", "02", "03", "04")


READS = ("Describe", "Get", "List", "Simulate", "Test")


class Odd:
    """A connection whose answers are changed before anybody sees them.

    What reads is asked of the account once, and then answered as the account did: it is the same account all along.
    Of IAM, in whose answers botocore has read the JSON texts by then, it is asked each time.
    """

    def __init__(self, settings):
        self.live = connect(settings)
        self.live.session.events.register("before-call", self.asked)
        self.live.session.events.register("after-call", self.answered)
        self.change, self.seen, self.kept = None, set(), {}

    def asked(self, model, params, context, **_):
        context["asked"] = (model.name, params["url"], repr(params["body"]))
        if answer := self.kept.get(context["asked"]):
            http, parsed = answer
            return http, deepcopy(parsed)
        return None

    def answered(self, http_response, parsed, model, context, **_):
        if "Error" in parsed:
            return
        service = model.service_model.service_name
        if model.name.startswith(READS) and not model.has_streaming_output and service != "iam":
            self.kept.setdefault(context["asked"], (http_response, deepcopy(parsed)))
        self.seen |= {(model.name, *place) for place in places(parsed)}
        if self.change and self.change[0][0] == model.name:
            put(parsed, self.change[0][1:], self.change[1])

    def oddities(self, step):
        """What to change, from what the answers of this step hold."""
        self.change, self.seen = None, set()
        step(self.live)
        for place in sorted(self.seen, key=str):
            yield place, None
            if place[-1] == "{text}":
                yield from ((place, text) for text in ODD_TEXTS)

    def tried(self, step, oddity):
        self.change = oddity
        try:
            step(self.live)
        except RunbookError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - any other one is what must not be
            return f"TRACEBACK {type(error).__name__}: {error}"
        return ""


def places(value, place=()):
    """Where an answer holds something: keys, `*` for any element; `{text}` behind a JSON text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "ResponseMetadata":
                yield (*place, key)
                yield from places(inner, (*place, key))
    elif isinstance(value, list):
        yield (*place, "[]")
        for inner in value:
            yield from places(inner, (*place, "*"))
    elif isinstance(value, str) and value[:1] == "{":
        yield (*place, "{text}")


def put(value, place, text):
    """Take the member at this place out, empty the list there, or put another text there."""
    key, rest = place[0], place[1:]
    if key == "[]":
        if isinstance(value, list):
            value.clear()
    elif key == "*":
        for inner in value:
            put(inner, rest, text)
    elif isinstance(value, dict) and key in value:
        if rest == ("{text}",):
            value[key] = value[key] if text is None else text
        elif rest:
            put(value[key], rest, text)
        else:
            del value[key]


@pytest.fixture(scope="module")
def applied(module_account):
    settings = module_account.model_copy(update={"mode": "apply", "settle_seconds": 0, "may_replace": 100})
    record, live = records.open_run(settings), connect(settings)
    arn = executions.start(live, "real-one", {"userId": "user-001", "text": "Slept well.", "timestamp": "2026-01-01"})
    executions.wait_until_ended(live, arn, FOR_EVER, with_output=False)
    state_machine.backup(connected_run.of(live, record))
    for number, wanted in desired.PHASES.items():
        engine.carry_out(engine.plan(number, wanted(live)), connected_run.of(live, record))
    with run_lock.locked(live, record.run_id):
        yield settings.model_copy(update={"verify_timeout_seconds": 0.1}), record


def things(live):
    return [item.resource for number in PLANNED for item in desired.PHASES[number](live)]


def window():
    now = datetime.now(UTC)
    return now - timedelta(hours=1), now + timedelta(minutes=1)


def pairs(live):
    return {
        "the pieces": lambda: baseline_pieces.pieces(live),
        "phase 3": lambda: preflight.phase_3(live),
        "the owners": lambda: ownership.owners(live),
        "the keys": lambda: encryption.existing_destinations(live),
        "the ways in": lambda: [way_in.rows(live), way_in.checks(live)],
        "the baseline": lambda: preflight.baseline(live),
        "the counts": lambda: preflight.counts(live, []),
        **{f"the plan of {number}": lambda number=number: desired.PHASES[number](live) for number in PLANNED},
        "the environment": lambda: infrastructure.nothing_lost(live, ["DYNAMODB_TABLE"]),
        "the audience": lambda: infrastructure.drill_audience(live),
        "the permissions": lambda: iam_permissions.checks(live),
        "the proof": lambda: state_machine.definition_checks(live, desired.workflow(live)["definition"]),
        "the rules": lambda: state_machine.event_listeners(live),
        "the versions": lambda: state_machine.publication(replace(live, sleep=lambda seconds: None)),
        "the patterns": lambda: event_rules.patterns(live),
        "the executions": lambda: executions.list_executions(live, window()[0], 100),
        "an execution": lambda: [executions.describe(live, arn(live)), executions.revision(live, arn(live)),
                                 executions.path(live, arn(live))],
        "the update": lambda: continuity.updated_at(live),
        "the check-ins": lambda: checkins.history(checkins.outlook(live, *window())),
        "the log": lambda: workflow_log.read(live, *window()),
        "the metrics": lambda: metrics.executions(live, *window()),
        "the window": lambda: cutover.window(live),
        "the lock": lambda: run_lock.read_lock(live),
        "the subscribers": lambda: subscriptions(live, live.settings.ops_topic_name),
    }  # fmt: skip


def arn(live):
    return live.settings.arn("states", f"execution:{live.settings.state_machine_name}:real-one")


@pytest.mark.parametrize("name", list(pairs(None)))
def test_whatever_an_answer_lacks_is_one_sentence(name, applied):
    odd = Odd(applied[0])

    def step(live):
        pairs(live)[name]()

    found = {oddity: odd.tried(step, oddity) for oddity in list(odd.oddities(step))}
    assert {oddity: said for oddity, said in found.items() if said.startswith("TRACEBACK")} == {}
    assert found


def test_whatever_an_answer_about_a_thing_of_the_plan_lacks_is_one_sentence(applied):
    odd, found = Odd(applied[0]), {}
    for thing in things(odd.live):

        def step(live, thing=thing):
            thing.read()
            thing.kept_because()

        for oddity in list(odd.oddities(step)):
            if (thing.kind, oddity) not in found:
                found[thing.kind, oddity] = odd.tried(step, oddity)
        odd.change = None
    assert {oddity: said for oddity, said in found.items() if said.startswith("TRACEBACK")} == {}
    assert {kind for kind, _ in found} == {thing.kind for thing in things(odd.live)}


def test_a_rule_without_a_state_and_a_pattern_without_a_result_are_one_sentence(applied):
    odd = Odd(applied[0])
    said = odd.tried(
        lambda live: resource_kinds.Rule(live, "Your6-HighRiskRule").read(), (("DescribeRule", "State"), None)
    )
    assert said.startswith("the answer to DescribeRule holds no State; expected one")
    said = odd.tried(event_rules.patterns, (("TestEventPattern", "Result"), None))
    assert said.startswith("the answer to TestEventPattern holds no Result; expected one")
    odd.change = (("DescribeRule", "State"), None)
    (check,) = [check for check in baseline_pieces.pieces(odd.live) if check.name == "rule Your6-LowSentimentRule"]
    assert (check.status, "holds no State" in check.found) == ("failed", True)


def test_a_nested_member_is_told_with_its_place(applied):
    odd = Odd(applied[0])
    said = odd.tried(lambda live: preflight.counts(live, []), (("DescribeTable", "Table"), None))
    assert said.startswith("the answer to DescribeTable holds no Table")
    odd.change = (("DescribeTable", "Table", "TableStatus"), None)
    (check,) = [check for check in baseline_pieces.pieces(odd.live) if check.name.startswith("table")]
    assert "the answer to DescribeTable (Table) holds no TableStatus" in check.found


def test_what_runs_is_counted_as_it_is_named(applied):
    rows = preflight.counts(connect(applied[0]), ["one", "two", "three"])
    assert rows[0] == {"what": "executions that run now, by name below", "count": 3}
    assert not [row for row in rows if "RUNNING" in row["what"]]


def named(row, *columns):
    """The things that a row of what the plan has still to make names, in these columns or in all."""
    cells = [row[column] for column in columns or ("missing", "not as wanted", "as wanted")]
    return {f"{row['what']} {name}" for cell in cells for name in cell.split(", ")}


def test_what_the_plan_has_still_to_make_is_all_that_it_wants_by_what_is_so_now(applied):
    live = connect(applied[0].model_copy(update={"verify_timeout_seconds": 1.0}))
    rows = preflight.missing_pieces(live)
    wanted = [one for plan in desired.plan_all(live) for one in plan.changes]
    of_the_plan = [row for row in rows if row["what"] != "who is paged"]
    assert {(row["made by"][-2:], row["what"]) for row in of_the_plan} == {
        (plan.phase, one.resource.kind) for plan in desired.plan_all(live) for one in plan.changes
    }
    columns = {"create": "missing", "update": "not as wanted", "none": "as wanted"}
    for one in wanted:
        (row,) = [row for row in of_the_plan if row["what"] == one.resource.kind and one.resource.name in named(row)]
        assert one.resource.name in named(row, columns[one.action])
    rule = resource_kinds.Rule(live, "Your6-HighRiskRule")
    before = rule.read()
    rule.write({**before, "State": "DISABLED"})
    (row,) = [row for row in preflight.missing_pieces(live) if row["what"] == "rule"]
    assert (row["not as wanted"], "Your6-HighRiskRule" in row["as wanted"]) == ("Your6-HighRiskRule", False)
    rule.write(before)


def test_a_phase_whose_things_cannot_be_compared_says_why_and_the_others_are_told(applied):
    odd = Odd(applied[0])
    odd.change = (("DescribeRule", "State"), None)
    rows = preflight.missing_pieces(odd.live)
    (row,) = [row for row in rows if row["made by"] == "phase 04"]
    assert row["not as wanted"].startswith("cannot tell: the answer to DescribeRule holds no State")
    assert {row["made by"] for row in rows} == {f"phase {number}" for number in desired.PHASES}


def test_without_a_revision_the_environment_is_told_and_never_written(applied):
    odd = Odd(applied[0])
    odd.change = (("GetFunctionConfiguration", "RevisionId"), None)
    variable = resource_kinds.EnvironmentVariable(odd.live, applied[0].processor_function_name, "OPS_SNS_TOPIC_ARN")
    before = variable.read()
    with pytest.raises(NotAsWanted, match="AWS tells no revision of Your6-CheckinProcessor"):
        variable.write("another")
    odd.change = None
    assert variable.read() == before is not None


def test_a_refused_target_is_told_also_when_aws_does_not_say_which(applied):
    odd = Odd(applied[0])
    refusals = [{"FailedEntryCount": 1}, {"FailedEntryCount": 1, "FailedEntries": []}]
    said = list(refusals)
    odd.live.session.events.register("after-call.events.PutTargets", lambda parsed, **_: parsed.update(said.pop()))
    target = resource_kinds.Target(odd.live, "Your6-LowSentimentRule", "AlertDispatcherTarget")
    for _ in refusals:
        with pytest.raises(NotAsWanted, match="EventBridge refused rule target"):
            target.write(target.read())


def test_one_odd_answer_keeps_a_rollback_from_nothing_else(applied):
    settings, record = applied
    odd = Odd(settings)
    for oddity in [
        (("DescribeRule", "State"), None),
        (("GetPolicy", "Policy", "{text}"), "not JSON"),
        (("GetDashboard", "DashboardBody", "{text}"), "[]"),
        (("GetItem", "Item", "drill", "BOOL"), None),
    ]:
        odd.change = oddity
        undo = rollback.plan(connected_run.of(odd.live, record))
        troubled = [change.resource.name for change in undo.changes if change.trouble]
        assert 0 < len(troubled) < len(undo.changes) / 2, oddity
        planned = engine.roll_back(
            undo, replace(connected_run.of(odd.live, record), settings=settings.model_copy(update={"mode": "plan"}))
        )
        assert len(planned.states) == len(undo.changes)


def test_the_emergency_path_says_what_an_odd_backup_lacks(applied, tmp_path):
    settings, record = applied
    other = records.Record(tmp_path, record.run_id)
    for text, said in (("[]", "is a JSON list"), ("{", "is no JSON"), ("{}", "holds no stateMachineArn")):
        (tmp_path / "backup").mkdir(exist_ok=True)
        (tmp_path / "backup" / "stepfunctions-backup-20260101.json").write_text(text)
        with pytest.raises(Refused, match=f"the backup stepfunctions-backup-20260101.json of run .* {said}"):
            restore.restore(restore_plan.plan_restore(connected_run.of(connect(settings), other)), other)
