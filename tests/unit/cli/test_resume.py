"""Going on with a run that stopped: what AWS holds is not done again, and what differs is. No AWS."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from accounts import nowhere
from fakes import World
from machines import StepFunctions, connected, described, kept

from lib.changes import approval, engine, kept_plans, loss_guard, plan_data, second_person
from lib.changes.plans import Change, Plan, entry
from lib.cli import resume, runner
from lib.errors import BadParameters, Refused
from lib.phases import validity
from lib.phases.validity import Validity
from lib.record import records, run_index, run_phases, run_verdict
from lib.record.records import LOG, VERDICT, Run
from lib.record.run_phases import NOTEBOOKS, Phase
from lib.resources import connected_run, desired
from lib.resources.resource_kinds import Workflow
from lib.settings import load
from lib.telemetry.configuration.facts import Difference, Meaning
from lib.values.verdicts import Verdict

JANE = "arn:aws:iam::000000000000:user/jane.doe"
LABELS = {"01": "a", "04": "b", "03": "c"}


@pytest.fixture
def world():
    """An account that holds nothing yet of what three phases want."""
    return World({"a": 0, "b": 0, "c": 0})


@pytest.fixture
def live(settings, world, monkeypatch):
    """The connection, where each phase wants one thing of that account."""

    def wants(label):
        return lambda live, known=None: world.wanted(**{label: 1})

    monkeypatch.setattr(desired, "PHASES", {number: wants(label) for number, label in LABELS.items()})
    monkeypatch.setattr(connected_run, "AccountGuards", lambda live: world)
    found = nowhere(settings)
    return replace(found, identity=replace(found.identity, caller=JANE))


def begun(live, record, **verdicts):
    """The run as it was begun, and what became of its phases: `_01="succeeded"`. Their things are written."""
    keep_plan(live, record)
    for number in (name[1:] for name, verdict in verdicts.items() if verdict == "succeeded"):
        for item in desired.PHASES.get(number, lambda live: [])(live):
            changes_of(connected_run.of(live, record), number, item.resource, item.value)
    ended(live, record, **verdicts)


def keep_plan(live, record):
    approval.keep_begun_plan(runner.plan_all(live), connected_run.of(live, record), live.identity.caller)


def changes_of(run, number, thing, value):
    """Write a thing as the run did, with its rows."""
    change = Change(thing, thing.read(), value)
    loss_guard.keep(Plan(number, (change,)), run)
    thing.write(value)
    for state in ("intended", "applied"):
        run.record.append(LOG, entry(number, change, state))


def ended(live, record, **verdicts):
    done = [Phase(name[1:], NOTEBOOKS[name[1:]], verdict) for name, verdict in verdicts.items()]
    run_verdict.write_verdict(Run(live.settings, record), done, datetime.now(UTC), live.identity)


# Which run, and with whose approval


APPROVED = {"approved_plan": f"plan-{1:016}", "approved_by": "bob", "change_ticket": "CHG-7"}
ANOTHERS = {"approved_plan": f"plan-{2:016}", "approved_by": "eve", "change_ticket": "CHG-8", "poll_seconds": 7}


def test_a_run_goes_on_with_the_approval_that_it_was_begun_with_and_with_nobody_elses(live, record):
    ended(replace(live, settings=live.settings.model_copy(update=APPROVED)), record, _01="failed")
    found = resume.with_its_approval(Run(load("local", ANOTHERS), record))
    assert {key: getattr(found, key) for key in APPROVED} == APPROVED
    assert found.poll_seconds == 7  # whether that may be another one is asked later


def test_who_is_paged_may_approve_and_is_known_again_though_no_record_names_the_address(live, record):
    pager = {"ops_subscription_protocol": "email", "ops_subscription_endpoint": "Bob.Doe@example.org"}
    by = "Bob Doe <bob.doe@example.org>"
    chosen = load("local", pager | APPROVED | {"approved_by": by})
    ended(replace(live, settings=chosen), record, _01="failed")
    assert record.verdict()["parameters"]["approved_by"] == "Bob Doe <B***@example.org>"
    found = resume.with_its_approval(Run(load("local", pager), record))
    made = plan_data.begun_plan([], replace(connected_run.of(live, record), settings=chosen), JANE)
    assert "bob.doe@" not in str(made).casefold()
    second_person.require(found, JANE)
    second_person.require_same(found, record.run_id, made)
    with pytest.raises(Refused, match="who is also the caller"):
        second_person.require(found, JANE.replace("jane.doe", "bob.doe"))
    with pytest.raises(Refused, match="begun with another approved_by"):
        second_person.require_same(found.model_copy(update={"approved_by": "Bob Doe"}), record.run_id, made)


def test_a_verdict_that_tells_of_no_approval_gives_none(live, record):
    ended(live, record, _01="failed")
    told = record.verdict()
    kept = {key: value for key, value in told["parameters"].items() if key not in APPROVED}
    record.write_json(VERDICT, {**told, "parameters": kept})
    found = resume.with_its_approval(Run(load("local", ANOTHERS), record))
    assert (found.approved_plan, found.approved_by, found.change_ticket) == ("", "", "")


@pytest.mark.parametrize("told", [None, {}, {"parameters": None}, {"parameters": ["approved_plan"]}])
def test_there_is_nothing_to_go_on_with_where_no_phase_began(told, settings, record):
    if told is not None:
        record.write_json(VERDICT, told)
    with pytest.raises(BadParameters, match=f"run {record.run_id} began no phase; there is nothing to go on with"):
        resume.with_its_approval(Run(settings, record))


@pytest.mark.parametrize(
    ("told", "usable"),
    [
        ({"mode": "apply", "verdict": "failed"}, True),
        ({"mode": "apply", "verdict": "succeeded"}, True),
        ({"mode": "apply", "verdict": "refused"}, False),
        ({"mode": "plan", "verdict": "succeeded"}, False),
        ({}, False),
        (None, False),
        (["apply"], False),
        ("{", False),
    ],
)
def test_only_a_run_that_began_phases_in_apply_mode_is_offered(told, usable, record):
    if told == "{":
        record.write_text(VERDICT, "{")
    elif told is not None:
        record.write_json(VERDICT, told)
    assert run_phases.resumable(record) is usable


def test_a_run_whose_verdict_cannot_be_read_keeps_no_other_from_being_offered(settings):
    for run_id, text in (("r1", '{"mode": "apply", "verdict": "failed"}'), ("r2", "{"), ("r3", '{"mode": "plan"}')):
        records.open_run(settings.model_copy(update={"run_id": run_id})).write_text(VERDICT, text)
    with pytest.raises(BadParameters, match=r"no run 'typo' of environment local; the latest are: r1$"):
        run_index.find_run(settings, "typo", run_phases.resumable)


# What AWS says of a write that was cut short


@pytest.mark.parametrize(
    ("holds", "state", "said"),
    [
        ("after", "applied", "carried out"),
        ("before", "not applied", "not carried out"),
        ("theirs", "not applied", "not carried out"),
    ],
)
def test_a_write_that_was_cut_short_is_told_by_aws_and_added_to_the_record(holds, state, said, settings, record):
    arn = settings.state_machine_arn
    aws = StepFunctions(arn, {arn: described("before")})
    live = connected(settings, stepfunctions=aws)
    machine = Workflow(live, settings.state_machine_name)
    before = machine.read()
    aws.held[arn] = described("after")
    record.append(LOG, entry("03", Change(machine, before, machine.read()), "intended"))
    kept(live, record)
    aws.held[arn] = described(holds)
    assert resume.read_back(connected_run.of(live, record)) == [{"what": machine.name, "found": said}]
    assert (record.rows(LOG)[-1]["state"], record.rows(LOG)[-1]["why"]) == (state, "read back from AWS")
    assert resume.read_back(connected_run.of(live, record)) == []
    assert aws.wrote == []


def test_a_write_of_a_kind_that_this_version_does_not_know_is_said(world, settings, record):
    record.append(LOG, entry("03", Change(world.thing("a"), 0, 1), "intended"))
    live = connected(settings)
    kept(live, record)
    (row,) = resume.read_back(connected_run.of(live, record))
    assert row["found"].startswith("cannot tell: the record names a 'thing'")


# Its validation


def test_a_validation_that_did_not_succeed_stands_for_nothing_and_is_run_anyhow(live, record):
    assert resume.validation_stands(connected_run.of(live, record)) is None
    for verdicts in ({"_05": "failed"}, {"_05": "running"}, {"_03": "succeeded", "_05": "interrupted"}):
        ended(live, record, **verdicts)
        assert resume.validation_stands(connected_run.of(live, record)) is None


def test_a_validation_that_succeeded_and_of_which_nothing_was_kept_does_not_hold(live, record):
    ended(live, record, _05="succeeded")
    found = resume.validation_stands(connected_run.of(live, record))
    assert (found.why, found.holds) == (validity.NOT_KEPT, False)


# Where it goes on


def test_what_aws_holds_is_not_done_again(live, record):
    begun(live, record, _01="succeeded", _04="succeeded", _03="failed", _06="not_run")
    assert resume.remaining_phases(connected_run.of(live, record), None) == ["03", "06"]


@pytest.mark.parametrize("verdict", ["failed", "interrupted", "running", "not_run"])
def test_it_goes_on_with_the_first_phase_that_did_not_succeed_in_the_order_in_which_they_run(verdict, live, record):
    begun(live, record, _01="succeeded", _03="not_run", _04=verdict)
    assert resume.remaining_phases(connected_run.of(live, record), None) == ["04", "03"]


def test_a_run_of_which_aws_holds_everything_is_complete(live, record):
    begun(live, record, _01="succeeded", _04="succeeded", _03="succeeded")
    assert resume.remaining_phases(connected_run.of(live, record), None) == []


def test_a_phase_that_succeeded_is_planned_again_where_aws_does_not_hold_its_things_any_more(live, world, record):
    begun(live, record, _01="succeeded", _04="succeeded", _03="succeeded")
    world.live["b"] = 0
    assert resume.remaining_phases(connected_run.of(live, record), None) == ["04", "03"]


def test_a_phase_that_the_run_never_had_is_not_added_to_it(live, record):
    begun(live, record, _03="succeeded")
    assert resume.remaining_phases(connected_run.of(live, record), None) == []


OTHER = Validity("r1", "monday", "tuesday", [Difference("a", "1", Meaning.FAILED, "2")])
CAME_BESIDES = Validity("r1", "monday", "tuesday", [Difference("a", "1", Meaning.TOLD, "2")])
UNKNOWN_NOW = Validity("r1", "", "", why=validity.NOT_KEPT)


@pytest.mark.parametrize(
    ("valid", "left"), [(None, []), (CAME_BESIDES, []), (OTHER, ["05", "06"]), (UNKNOWN_NOW, ["05", "06"])]
)
def test_what_was_validated_and_is_not_live_or_cannot_be_told_is_validated_again(valid, left, live, record):
    begun(live, record, _03="succeeded", _05="succeeded", _06="succeeded")
    assert resume.remaining_phases(connected_run.of(live, record), valid) == left


# What it refuses


@pytest.mark.parametrize(
    ("key", "value"),
    [("environment", "staging"), ("account_id", "111122223333"), ("region", "eu-west-1"), ("crisis_risk_above", 90)],
)
def test_a_run_of_another_environment_account_or_threshold_is_not_gone_on_with(key, value, live, record):
    begun(live, record, _01="failed")
    other = live.settings.model_copy(update={key: value})
    for go_on in (
        lambda there: resume.remaining_phases(connected_run.of(there, record), None),
        lambda there: resume.begin_resumed(connected_run.of(there, record), ["01"]),
    ):
        with pytest.raises(Refused, match=f"run {record.run_id} was begun with something else: parameter {key}"):
            go_on(replace(live, settings=other))
    assert len(record.kept_as(approval.PLAN)) == 1


def test_a_run_without_a_plan_is_not_gone_on_with(live, record):
    ended(live, record, _01="failed")
    with pytest.raises(BadParameters, match=f"run {record.run_id} kept no plan to go on with"):
        resume.remaining_phases(connected_run.of(live, record), None)


@pytest.fixture
def approved(world, live, tmp_path):
    """The connection of a run whose plan was reviewed by bob."""
    asked = {"approval": "required", "not_exercised_here": [], "approved_by": "bob", "change_ticket": "CHG-7"}
    chosen = load("local", {"mode": "apply", "outputs_dir": str(tmp_path), **asked})
    chosen = chosen.model_copy(update={"may_replace": 9})
    fingerprint = plan_data.plan_data(runner.plan_all(live), world.run(chosen, None))["fingerprint"]
    return replace(live, settings=chosen.model_copy(update={"approved_plan": fingerprint}))


def test_with_an_approval_the_runs_own_writes_are_no_drift_and_anybody_elses_is(approved, world, record):
    begun(approved, record, _01="succeeded", _04="failed", _03="not_run")
    assert resume.remaining_phases(connected_run.of(approved, record), None) == ["04", "03"]
    world.live["c"] = "somebody's"
    with pytest.raises(Refused, match=f"not as run {record.run_id} left it; changed since: thing c"):
        resume.remaining_phases(connected_run.of(approved, record), None)


def test_who_approved_it_may_not_go_on_with_it(approved, record):
    begun(approved, record, _01="failed")
    bob = replace(approved, identity=replace(approved.identity, caller=JANE.replace("jane.doe", "bob")))
    for go_on in (
        lambda: resume.remaining_phases(connected_run.of(bob, record), None),
        lambda: resume.begin_resumed(connected_run.of(bob, record), ["01"]),
    ):
        with pytest.raises(Refused, match="approved by bob, who is also the caller"):
            go_on()


def test_a_run_that_was_rolled_back_is_over(approved, world, record):
    begun(approved, record, _01="succeeded", _04="failed")
    engine.roll_back(engine.undo_plan.plan(record.changes(), world.reopen), world.run(approved.settings, record))
    with pytest.raises(Refused, match=f"run {record.run_id} was rolled back, and its approval with it"):
        resume.remaining_phases(connected_run.of(approved, record), None)


# How a run begins, and its rest


def test_the_account_keeps_that_a_run_is_begun_once_nothing_refuses_it(approved, world, record):
    careful = approved.settings.model_copy(update={"may_replace": 0})
    fingerprint = plan_data.plan_data(runner.plan_all(approved), world.run(careful, record))["fingerprint"]
    careful = careful.model_copy(update={"approved_plan": fingerprint})
    for refused in (careful, approved.settings.model_copy(update={"approved_by": "jane.doe"})):
        with pytest.raises(Refused, match=r"would replace 1 value|who is also the caller"):
            runner.begin_approved(connected_run.of(replace(approved, settings=refused), record), ["01"])
    assert (world.began, record.kept_as(approval.PLAN)) == ({}, [])
    runner.begin_approved(connected_run.of(approved, record), ["01"])
    assert world.began == {record.run_id: {kept_plans.digest(record.read_json(approval.PLAN))}}
    resume.begin_resumed(connected_run.of(approved, record), ["01"])
    assert len(world.began[record.run_id]) == 1  # going on relies on the first


def test_the_rest_is_kept_beside_the_plan_of_the_run_which_stays_the_approved_one(approved, world, record):
    begun(approved, record, _01="succeeded", _04="failed", _03="not_run")
    resume.begin_resumed(connected_run.of(approved, record), ["04", "03"])
    first, rest = record.attempts(approval.PLAN)
    assert (rest["resumed"], rest["phases"], rest["approval"]["caller"]) == (True, ["04", "03"], JANE)
    assert "resumed" not in first
    assert kept_plans.begun_with(record, approved.settings.approved_plan, world).plan == first
    (people,) = record.rows("checks.jsonl")
    assert (people["name"], people["status"], people["phase"]) == (second_person.TWO_PERSONS, "passed", "approval")


def test_without_approval_nobody_is_asked_who_approved(live, record):
    begun(live, record, _01="failed")
    resume.begin_resumed(connected_run.of(live, record), ["01"])
    assert record.rows("checks.jsonl") == []
    assert record.latest(approval.PLAN)["phases"] == ["01"]


def test_what_somebody_made_meanwhile_is_not_lost_by_going_on_and_only_the_rest_is_asked(live, world, record):
    careful = live.settings.model_copy(update={"may_replace": 0})
    there = replace(live, settings=careful)
    world.live["b"] = ""  # to fill what is empty loses nothing
    begun(there, record, _01="succeeded", _04="failed")
    world.live |= {"a": "somebody's", "b": ""}
    resume.begin_resumed(connected_run.of(there, record), ["04"])
    world.live["b"] = "somebody's"
    with pytest.raises(Refused, match="this plan would replace 1 value that no recorded run wrote: thing b"):
        resume.begin_resumed(connected_run.of(there, record), ["04"])
    assert [plan.get("phases") for plan in record.attempts(approval.PLAN)] == [None, ["04"]]


@pytest.mark.parametrize(("ran", "part"), [(["00", "01"], " (00, 01 alone)"), (list(NOTEBOOKS), "")])
def test_a_run_that_did_a_part_is_complete_in_that_alone(ran, part, record):
    phases = [Phase(number, NOTEBOOKS[number], Verdict.SUCCEEDED).to_row() for number in ran]
    record.write_json("run.json", {"mode": "apply", "verdict": "succeeded", "phases": phases})
    said = resume.nothing_left(Run(load("local"), record), None)
    assert said == f"Run {record.run_id} is complete{part}: AWS holds everything it wanted. Nothing was written."
