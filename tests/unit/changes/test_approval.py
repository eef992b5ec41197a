"""What an approval covers, whose it is, and how often: over things in a dictionary."""

import json
import shutil
from contextlib import nullcontext
from dataclasses import replace

import pytest
from approvals import CALLER, begun, needing_approval, other_value, planned
from fakes import FakeResource, run_of

from lib import settings as parameters
from lib.changes import approval, drift, engine, kept_plans, plan_data, undo_plan
from lib.changes.account import Use
from lib.changes.approval import require, require_resumable, require_whole
from lib.changes.plans import UNKNOWN, Change, Plan, Wanted, entry
from lib.errors import BadParameters, Refused
from lib.phases import rollback
from lib.record import records, run_index, sealing
from lib.record.records import LOG, Record
from lib.settings import OF_THE_RUN, Settings, load
from lib.values import run_names


@pytest.fixture
def settings(tmp_path) -> Settings:
    return needing_approval(tmp_path)


def test_the_approved_plan_may_be_carried_out(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    require(plan, run_of(asked, record, plan))
    require_resumable(run_of(asked, record, plan), [plan], CALLER)


def test_what_speaks_against_a_proposal_goes_from_the_approved_plan_into_the_run_that_carries_it_out(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan, run_id="r1")
    reviewed = Record(asked.runs_folder / "r1", "r1")
    against = ["the tuning says not to follow it: people are few"]
    reviewed.keep_json(approval.PLAN, reviewed.read_json(approval.PLAN) | {kept_plans.DOUBTS: against})
    sealing.seal(reviewed)
    record = begun(asked, plan)
    assert kept_plans.doubts(record) == against
    assert record.read_json(approval.PLAN)["fingerprint"] == asked.approved_plan


def test_without_a_proposal_nothing_is_said_against_a_plan_nor_by_what_nobody_sealed(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan, run_id="r1")
    reviewed = Record(asked.runs_folder / "r1", "r1")
    sealing.seal(reviewed)
    edited = reviewed.read_json(approval.PLAN) | {kept_plans.DOUBTS: ["none of the tuning's"]}
    (reviewed.folder / approval.PLAN).write_text(json.dumps(edited), encoding="utf-8")
    record = begun(asked, plan)
    assert kept_plans.doubts(record) == [] and kept_plans.DOUBTS not in record.read_json(approval.PLAN)


@pytest.mark.parametrize("key", [key for key in Settings.model_fields if key not in OF_THE_RUN])
def test_another_value_of_any_parameter_that_decides_is_refused_by_its_name(settings, wanted, key):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    other = asked.model_copy(update={key: other_value(key, getattr(asked, key))})
    found = drift.other_parameters(record.read_json(approval.PLAN), plan_data.made_from(other))
    assert found[0].startswith(f"parameter {key}")
    if key in ("environment", "approval"):
        return  # they decide already where the record lies, and whether anything is compared
    # A record of another account is none of this one's to compare with.
    whole = "no record of it" if key == "account_id" else f"parameter {key}"
    for attempt, said in (
        (lambda: require_whole(run_of(other, record, plan), [plan], CALLER), whole),
        (lambda: require(plan, run_of(other, record, plan)), f"parameter {key}"),
        (lambda: require_resumable(run_of(other, record, plan), [plan], CALLER), f"parameter {key}"),
    ):
        with pytest.raises(Refused, match=said) as refused:
            attempt()
        assert refused.value.exit_code == 3
        assert "example.org" not in str(refused.value).replace("j***@example.org", "")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("runbooks/03_state_machine.ipynb", "notebook 03_state_machine"),
        ("runbooks/99_new.ipynb", "notebook 99_new"),
        ("lib/changes/engine.py", "the code in lib/"),
        ("lib/resources/rules.py", "the code in lib/"),
        ("lib/definitions/stepfunctions-phase3-definition.json", "the code in lib/"),
        ("lib/new.py", "the code in lib/"),
    ],
)
def test_an_edited_notebook_or_other_code_is_refused_by_its_name(settings, wanted, checkout, path, named):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    edited, source = checkout / path, '"source": ['
    before = edited.read_text(encoding="utf-8") if edited.exists() else ""
    edited.write_text(
        before.replace(source, f'{source}"x", ', 1) if source in before else f"{before} ", encoding="utf-8"
    )
    for attempt in (
        lambda: require_whole(run_of(asked, record, plan), [plan], CALLER),
        lambda: require(plan, run_of(asked, record, plan)),
        lambda: require_resumable(run_of(asked, record, plan), [plan], CALLER),
    ):
        with pytest.raises(Refused, match=rf"{named}[);. ]"):
            attempt()
    free = asked.model_copy(update={"approval": "none"})
    require(plan, run_of(free, record, plan))


@pytest.mark.parametrize(
    "left",
    [
        "lib/.ipynb_checkpoints/changes-checkpoint.py",
        "lib/resources/.ipynb_checkpoints/rules-checkpoint.py",
        "lib/definitions/rules/.ipynb_checkpoints/crisis-checkpoint.json",
        "lib/.#changes.py",
        "lib/.~changes.py",
        "runbooks/.ipynb_checkpoints/03_state_machine-checkpoint.ipynb",
        "lib/__pycache__/changes.cpython-311.pyc",
    ],
)
def test_what_looking_at_a_file_leaves_beside_it_invalidates_no_approval(settings, wanted, checkout, left):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    (checkout / left).parent.mkdir(exist_ok=True)
    (checkout / left).write_text("anything = 1", encoding="utf-8")
    require(plan, run_of(asked, begun(asked, plan), plan))


@pytest.mark.parametrize(
    "person",
    [
        CALLER, CALLER.upper(), f"  {CALLER}/ ", "jane.doe", " Jane.Doe ", "jane.doe@example.org",
        "JANE.DOE@OTHER.EXAMPLE.ORG", "Jane Doe <jane.doe@example.org>", "jane.doe+approvals@example.org",
        "arn:aws:iam::205930636302:user/jane.doe", "arn:aws:iam::205930636302:user/team/jane.doe", "bob, jane.doe",
        "jane.doe\u200b", "jane.doe\u00a0", "\uff4aane.doe", "Operations", "arn:aws:iam::205930636302:role/Operations",
        "Jane Doe", "jane_doe", "JANE.DOE", "jane.doe+x", "jane-doe", "JaneDoe", "Doe, Jane", "doe.jane@example.org",
        "jan\u00e9.doe", "jane d0e", "\uff2a\uff21\uff2e\uff25 doe", "\U0001d4bfane.doe", "operations+x",
    ],
)  # fmt: skip
def test_nobody_approves_their_own_run_however_they_write_their_name(settings, wanted, person):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan).model_copy(update={"approved_by": person})
    with pytest.raises(Refused, match=r"who is also the caller .*expected another person's approval"):
        require_whole(run_of(asked, None, plan), [plan], CALLER)


@pytest.mark.parametrize(
    "person",
    ["bob", "bob@example.org", "Bob Doe", "doe", "arn:aws:sts::205930636302:assumed-role/Operations/bob", "jane.doe2"],
)
def test_somebody_else_does_also_in_the_same_role(settings, wanted, person):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan).model_copy(update={"approved_by": person})
    require_whole(run_of(asked, None, plan), [plan], CALLER)


def test_of_the_whole_account_it_is_the_root(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan).model_copy(update={"approved_by": "Root"})
    with pytest.raises(Refused, match="who is also the caller"):
        require_whole(run_of(asked, None, plan), [plan], "arn:aws:iam::000000000000:root")


@pytest.mark.parametrize(
    ("key", "said"),
    [("change_ticket", "needs a change ticket"), ("approved_by", r"needs to know who approved|holds no letter")],
)
@pytest.mark.parametrize("value", ["", "  ", "\u200b", "-"])
def test_without_ticket_or_approver_it_is_refused(settings, wanted, key, said, value):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan).model_copy(update={key: value})
    with pytest.raises(Refused, match=said):
        require_whole(run_of(asked, None, plan), [plan], CALLER)


def test_the_approver_does_not_go_on_with_the_run(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    with pytest.raises(Refused, match="approved by bob, who is also the caller"):
        require_resumable(run_of(asked, record, plan), [plan], "arn:aws:iam::205930636302:user/bob")


def test_without_approval_or_in_plan_mode_nothing_is_asked(settings, wanted):
    plan = engine.plan("01", wanted)
    for free in ({"approval": "none"}, {"mode": "plan"}):
        chosen = settings.model_copy(update={**free, "approved_by": "", "change_ticket": ""})
        require_whole(run_of(chosen, None, plan), [plan], CALLER)


def test_an_approval_without_anything_left_to_change_is_refused(settings, world):
    plan = engine.plan("01", world.wanted(equal="as wanted"))
    asked = planned(settings, plan)
    with pytest.raises(Refused, match="is carried out already, or was never this account's"):
        require_whole(world.run(asked, None), [plan], CALLER)
    free = settings.model_copy(update={"approved_plan": ""})
    require_whole(world.run(free, None), [plan], CALLER)


def test_a_plan_that_nobody_kept_is_refused_without_a_guess_at_what_differs(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = settings.model_copy(update={"approved_plan": "plan-0123456789abcdef"})
    with pytest.raises(Refused, match="no record of it, as it was sealed, is here to compare with"):
        require_whole(run_of(asked, None, plan), [plan], CALLER)


@pytest.mark.parametrize("copied", [False, True])
def test_a_plan_that_was_altered_in_its_record_or_in_a_copy_of_it_names_no_difference(copied, settings, world, wanted):
    approved = planned(settings, engine.plan("01", wanted))
    (kept,) = run_index.all_records(settings)
    sealing.seal(kept)
    if copied:
        (kept.folder.parent / run_names.COPIES).mkdir()
        kept.folder.rename(kept.folder.parent / run_names.COPIES / kept.run_id)
    (kept,) = run_index.all_records(settings)
    world.live["old"] = {"size": 5}
    plan = engine.plan("01", wanted)
    with pytest.raises(Refused, match="thing old"):
        require_whole(world.run(approved, None), [plan], CALLER)
    path = kept.folder / approval.PLAN
    path.write_text(path.read_text().replace('"size": 1', '"size": 7', 1))
    with pytest.raises(Refused, match="no record of it, as it was sealed, is here to compare with"):
        require_whole(world.run(approved, None), [plan], CALLER)


def refused_whole(settings, plans, *approved) -> str:
    asked = planned(settings, *approved)
    with pytest.raises(Refused) as refused:
        require_whole(run_of(asked, None, *plans), plans, CALLER)
    return str(refused.value)


def test_a_phase_or_thing_that_came_or_went_and_another_order_are_named(settings, wanted):
    first, second = engine.plan("01", wanted[:2]), engine.plan("02", wanted[2:])
    assert "(thing equal (not planned any more))" in refused_whole(settings, [first], first, second)
    assert "(thing equal (not in the approved plan))" in refused_whole(settings, [first, second], first)
    moved = [Plan("01", first.changes[::-1]), second]
    assert "(the order of its changes)" in refused_whole(settings, moved, first, second)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (UNKNOWN, "x"),
        ("x", UNKNOWN),
        ({"a": UNKNOWN}, {"a": "x"}),
        (True, 1),
        (1, True),
        ({}, None),
        ([], {}),
        ("1", 1),
    ],
)
def test_no_difference_is_too_small_also_not_one_in_what_could_not_be_read(settings, world, then, now):
    world.live["old"] = then
    approved = engine.plan("01", world.wanted(old="wanted", new="born"))
    asked = planned(settings, approved)
    record = begun(asked, approved)
    world.live["old"] = now
    if now is None:
        del world.live["old"]
    found = engine.plan("01", world.wanted(old="wanted", new="born"))
    with pytest.raises(Refused, match=r"\(thing old( \(\w+\))?\)\. Review"):
        require_whole(world.run(asked, record), [found], CALLER)
    with pytest.raises(Refused, match="changed since: thing old"):
        require(found, world.run(asked, record))
    with pytest.raises(Refused, match="changed since: thing old"):
        require_resumable(world.run(asked, record), [found], CALLER)


def test_a_thing_that_is_planned_twice_does_not_hide_behind_the_approved_one(settings, world, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    double = engine.plan("01", [Wanted(world.thing("new"), "smuggled"), *wanted])
    with pytest.raises(Refused, match=r"thing new \(planned twice\)"):
        require(double, world.run(asked, record))


def test_a_thing_of_another_phase_is_not_approved_in_this_one(settings, wanted):
    first, second = engine.plan("01", wanted[:1]), engine.plan("02", wanted[1:])
    asked = planned(settings, first, second)
    record = begun(asked, first, second)
    with pytest.raises(Refused, match=r"thing old \(not in the approved plan\)"):
        require(Plan("01", (*first.changes, *second.changes)), run_of(asked, record, first))
    with pytest.raises(Refused, match=r"thing new \(not planned any more\)"):
        require(Plan("01", ()), run_of(asked, record))


def test_a_record_without_the_approved_plan_lets_nothing_be_written(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    with pytest.raises(Refused, match="was not begun with plan-"):
        require(plan, run_of(asked, records.open_run(asked), plan))
    with pytest.raises(BadParameters, match="kept no plan to go on with"):
        require_resumable(run_of(asked, records.open_run(asked), plan), [plan], CALLER)


def test_what_was_only_planned_is_not_carried_out_in_its_own_record(settings, wanted):
    """Else a notebook opened there would write with no approver, no ticket, and as often as one likes."""
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan, run_id="planned")
    record = records.open_run(asked.model_copy(update={"run_id": "planned"}))
    with pytest.raises(Refused, match="was not begun with plan-"):
        require(plan, run_of(asked, record, plan))
    begun(asked, plan, run_id="planned")
    require(plan, run_of(asked, record, plan))


# Once, and for one run.


def applied(settings, world, wanted, run_id="") -> Record:
    plan = engine.plan("01", wanted)
    record = begun(settings, plan, run_id=run_id)
    assert engine.carry_out(plan, world.run(settings, record)).applied == 2
    return record


def rolled_back(settings, world, record) -> None:
    engine.roll_back(undo_plan.plan(record.rows(LOG), world.reopen), world.run(settings, record))


def test_an_applied_plan_is_not_applied_again(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    with pytest.raises(Refused, match="is carried out already"):
        begun(asked, engine.plan("01", wanted))
    rolled_back(asked, world, record)
    used = rf"{asked.approved_plan} was applied by run {record.run_id} of somebody at 12:00 already; .* for one run"
    for run_id in ("", record.run_id):
        with pytest.raises(Refused, match=used):
            begun(asked, engine.plan("01", wanted), run_id=run_id)
    with pytest.raises(Refused, match=rf"run {record.run_id} was rolled back, and its approval with it"):
        engine.carry_out(engine.plan("01", wanted), world.run(asked, record))
    with pytest.raises(Refused, match=rf"run {record.run_id} was rolled back, and its approval with it"):
        require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)


def test_after_a_rollback_it_takes_a_new_review_each_time(settings, world, wanted):
    fingerprints = []
    for _ in range(3):
        asked = planned(settings, engine.plan("01", wanted))
        fingerprints.append(asked.approved_plan)
        rolled_back(asked, world, applied(asked, world, wanted))
        for earlier in fingerprints:
            with pytest.raises(Refused, match="an approval is good for one run"):
                begun(parameters.with_changes(asked, approved_plan=earlier), engine.plan("01", wanted))
    assert len(set(fingerprints)) == 3


def test_neither_another_folder_nor_another_clock_makes_a_used_approval_work_again(settings, world, wanted, tmp_path):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    rolled_back(asked, world, record)
    shutil.rmtree(record.folder)
    again = parameters.with_changes(asked, outputs_dir=str(tmp_path / "elsewhere"))
    ahead = plan_data.plan_data([engine.plan("01", wanted)], world.run(again, record)) | {
        "made": "2099-01-01T00:00:00+00:00"
    }
    records.open_run(again).keep_json(approval.PLAN, ahead)
    records.open_run(again).keep_json(approval.PLAN, ahead | {"fingerprint": asked.approved_plan})
    for chosen in (asked, again):
        with pytest.raises(Refused, match="an approval is good for one run"):
            begun(chosen, engine.plan("01", wanted))


def test_the_account_is_told_of_the_use_before_the_first_write_and_nothing_is_written_where_another_used_it(
    settings, world, wanted
):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    world.uses[asked.approved_plan] = Use("r9", "jim", "11:00")
    with pytest.raises(Refused, match="was applied by run r9 of jim at 11:00"):
        engine.carry_out(plan, world.run(asked, record))
    assert (world.writes, record.rows(LOG)) == ([], [])
    world.uses.clear()
    seen = []
    world.at_write = lambda label: seen.append(dict(world.uses))
    engine.carry_out(plan, world.run(asked, record))
    assert [list(uses) for uses in seen] == [[asked.approved_plan]] * 2
    assert world.uses[asked.approved_plan].run_id == record.run_id


@pytest.mark.parametrize("free", [{"approval": "none"}, {"mode": "plan"}])
def test_nothing_is_kept_of_what_needs_no_approval_or_writes_nothing(settings, world, wanted, free):
    chosen = parameters.with_changes(settings, **free)
    engine.carry_out(engine.plan("01", wanted), world.run(chosen, records.open_run(chosen)))
    assert world.uses == {}


# Begun by a command, and by no file.


def forged(settings, record, *plans, **more) -> None:
    """What somebody writes into a run's folder who would have its plan taken for an approved one."""
    record.keep_json(approval.PLAN, plan_data.begun_plan(plans, run_of(settings, record, *plans), CALLER) | more)


def refused_everywhere(said, settings, world, wanted, record) -> None:
    """A phase that writes, the same without its rest, and going on with the run; nothing is written."""
    plan, writes, rows = engine.plan("01", wanted), list(world.writes), record.rows(LOG)
    for attempt in (
        lambda: engine.carry_out(plan, world.run(settings, record)),
        lambda: require(plan, world.run(settings, record)),
        lambda: require_resumable(world.run(settings, record), [plan], CALLER),
    ):
        with pytest.raises(Refused, match=said):
            attempt()
    assert (world.writes, record.rows(LOG)) == (writes, rows)


def test_a_plan_that_somebody_wrote_into_the_folder_of_a_run_that_no_command_began_lets_nothing_be_written(
    settings, world, wanted
):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = records.open_run(asked)
    forged(asked, record, plan)
    refused_everywhere(
        rf"plan.json of run {record.run_id} says that it was begun with {asked.approved_plan}, and the account keeps "
        "none that a command began it with; nothing was written",
        asked, world, wanted, record,
    )  # fmt: skip
    assert (world.began, world.uses) == ({}, {})


def test_nor_does_the_plan_of_a_run_that_was_begun_in_the_folder_of_another(settings, world, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    copied = records.open_run(parameters.with_changes(asked, run_id="copied"))
    copied.keep_json(approval.PLAN, begun(asked, plan).read_json(approval.PLAN))
    refused_everywhere("the account keeps none that", asked, world, wanted, copied)


def test_nor_one_of_another_fingerprint_beside_the_one_that_the_run_was_begun_with(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = begun(asked, engine.plan("01", wanted))
    other = [Wanted(world.thing("more"), "smuggled"), *wanted]
    unreviewed = planned(asked, engine.plan("01", other))
    forged(unreviewed, record, engine.plan("01", other))
    refused_everywhere("the account keeps another plan that", unreviewed, world, other, record)
    assert engine.carry_out(engine.plan("01", wanted), world.run(asked, record)).applied == 2


@pytest.mark.parametrize(
    "edit",
    [
        {"rows_before": 1},
        {"made": "2099-01-01T00:00:00+00:00"},
        {"approval": {"approved_by": "jim", "change_ticket": "CHG-7"}},
        {"changes": []},
        {"format": 1},
        {"parameters": ["odd"]},
        {"more": None},
    ],
)
def test_nor_one_that_was_edited_in_anything(settings, world, wanted, edit):
    asked = planned(settings, engine.plan("01", wanted))
    record = begun(asked, engine.plan("01", wanted))
    kept = record.read_json(approval.PLAN)
    record.write_json(approval.PLAN, kept | edit)
    refused_everywhere("the account keeps another plan that", asked, world, wanted, record)
    record.write_json(approval.PLAN, kept)
    forged(asked, record, engine.plan("01", wanted), **edit)  # beside the true one, it is passed over
    assert engine.carry_out(engine.plan("01", wanted), world.run(asked, record)).applied == 2


def test_what_cannot_be_asked_lets_nothing_be_written(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = begun(asked, engine.plan("01", wanted))
    world.mute = "what the account keeps cannot be asked"
    refused_everywhere(world.mute, asked, world, wanted, record)


def test_a_phase_by_hand_goes_on_within_a_run_that_was_begun_also_where_it_was_begun_twice(settings, world, wanted):
    """A first phase that only reads failed, say; nothing was written, so the approval is as it was."""
    asked = planned(settings, engine.plan("01", wanted))
    begun(asked, engine.plan("01", wanted), run_id="r1")
    record = begun(asked, engine.plan("01", wanted), run_id="r1")
    assert len(world.began["r1"]) == 2
    assert engine.carry_out(engine.plan("01", wanted), world.run(asked, record)).applied == 2
    require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)


def test_a_run_that_was_cut_between_its_record_and_the_account_is_begun_anew(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    world.deaf = "the account cannot be added to"
    with pytest.raises(Refused, match=world.deaf):
        begun(asked, engine.plan("01", wanted), run_id="r1")
    record = records.open_run(parameters.with_changes(asked, run_id="r1"))
    refused_everywhere("the account keeps none that", asked, world, wanted, record)
    world.deaf = ""
    begun(asked, engine.plan("01", wanted), run_id="r1")
    assert engine.carry_out(engine.plan("01", wanted), world.run(asked, record)).applied == 2


@pytest.mark.parametrize("free", [{"approval": "none"}, {"mode": "plan"}, {"approved_plan": ""}])
def test_of_a_run_that_uses_no_approval_the_account_keeps_no_begin(settings, world, wanted, free):
    plan = engine.plan("01", wanted)
    chosen = planned(settings, plan).model_copy(update=free)
    record = records.open_run(chosen)
    approval.keep_begun_plan([plan], world.run(chosen, record), CALLER)
    assert (record.kept_as(approval.PLAN), world.began) == ([approval.PLAN], {})


def test_a_phase_with_nothing_planned_asks_nobody(settings, world, wanted):
    plan, nothing = engine.plan("01", wanted), Plan("06", ())
    asked = planned(settings, plan, nothing)
    record = begun(asked, plan, nothing)
    world.mute = "what the account keeps cannot be asked"
    require(nothing, world.run(asked, record))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"approved_by": "eve"}, "begun with another approved_by; nothing was written"),
        ({"change_ticket": "CHG-8"}, "begun with another change_ticket; nothing was written"),
        ({"approved_by": "eve", "change_ticket": "CHG-8"}, "begun with another approved_by and change_ticket"),
        ({"approved_by": "jane.doe"}, "approved by jane.doe, who is also the caller"),
        ({"approved_by": "Jane Doe"}, "approved by Jane Doe, who is also the caller"),
        ({"approved_by": ""}, "needs to know who approved the plan"),
        ({"approved_by": "j\u0430ne"}, "expected one person's name in one script"),
        ({"change_ticket": ""}, "needs a change ticket"),
        ({"change_ticket": " - "}, "needs a change ticket"),
    ],
)
def test_no_notebook_names_other_people_than_the_run_was_begun_with(settings, world, wanted, other, said):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    refused_everywhere(said, parameters.with_changes(asked, **other), world, wanted, record)
    require(plan, world.run(asked, record))


def test_nor_does_the_approver_carry_out_by_hand_what_another_began(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = begun(asked, engine.plan("01", wanted))
    world.caller = "arn:aws:iam::205930636302:user/bob"
    with pytest.raises(Refused, match="approved by bob, who is also the caller"):
        engine.carry_out(engine.plan("01", wanted), world.run(asked, record))
    assert world.writes == []


def as_before_its_first_write(record, settings) -> Record:
    """The run's folder as it was once it was begun, put back."""
    kept = record.read_json(approval.PLAN)
    shutil.rmtree(record.folder)
    again = records.open_run(parameters.with_changes(settings, run_id=record.run_id))
    again.write_json(approval.PLAN, kept)
    return again


def test_a_folder_of_before_its_first_write_put_back_after_the_rollback_applies_nothing_again(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    rolled_back(asked, world, record)
    again = as_before_its_first_write(record, asked)
    said = rf"run {record.run_id} was rolled back, and its approval with it \(by somebody at 13:00\); review"
    refused_everywhere(said, asked, world, wanted, again)


@pytest.mark.parametrize("refuses", [{"new", "old"}, {"new"}])
def test_nor_after_one_that_failed_or_came_to_a_part(settings, world, wanted, refuses):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    world.refuses = refuses
    rolled_back(asked, world, record)
    assert "failed" in {row["state"] for row in record.rows(LOG) if row["undoes"]}
    world.refuses, world.live["new"] = set(), "born"
    refused_everywhere(f"run {record.run_id} was rolled back", asked, world, wanted, record)
    del world.live["new"]
    world.live["old"] = {"size": 1}
    again = as_before_its_first_write(record, asked)
    refused_everywhere(f"run {record.run_id} was rolled back", asked, world, wanted, again)


def test_the_account_is_told_of_the_rollback_before_its_first_write(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    seen = []
    world.at_write = lambda label: seen.append({run_id for run_id, _ in world.over})
    rolled_back(asked, world, record)
    assert seen == [{record.run_id}] * 2


def test_an_account_that_cannot_be_told_keeps_no_rollback_from_going_on_and_it_is_said(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    world.deaf = "no permission"
    outcome = engine.roll_back(undo_plan.plan(record.rows(LOG), world.reopen), world.run(asked, record))
    assert outcome.states == ("applied", "applied")
    assert world.live == {"old": {"size": 1}, "equal": "as wanted"}
    said = (
        f"the account does not keep that run {record.run_id} is undone, so that its approval is over only as long as "
        "its record says so (no permission)"
    )
    assert outcome.not_kept == said
    assert rollback.ledger(outcome)[2:] == [{"what": "approval of the run", "outcome": said, "value": ""}]
    refused_everywhere(f"run {record.run_id} was rolled back", asked, world, wanted, record)  # its record says so


def test_an_undo_of_nothing_that_lasts_or_that_can_be_read_ends_no_approval(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = begun(asked, engine.plan("01", wanted))
    with engine.temporary_things(world.wanted(ear="listens"), "05", world.run(settings, record)):
        engine.roll_back(undo_plan.plan(record.rows(LOG), world.reopen), world.run(asked, record))

    def unknown(kind, identity):
        raise BadParameters("of a kind that this version does not know")

    rows = [entry("01", engine.plan("01", wanted).changes[0], "intended")]
    outcome = engine.roll_back(undo_plan.plan(rows, unknown), world.run(asked, record))
    assert outcome.states == ("failed",)
    assert (world.over, outcome.not_kept) == (set(), "")
    assert engine.carry_out(engine.plan("01", wanted), world.run(asked, record)).applied == 2


def test_a_rollback_that_is_only_planned_ends_no_approval(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    rolled_back(parameters.with_changes(asked, mode="plan"), world, record)
    assert world.over == set()


def test_after_a_rollback_the_same_run_goes_on_with_a_plan_that_is_approved_anew(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    rolled_back(asked, world, record)
    again = planned(settings, engine.plan("01", wanted))
    begun(again, engine.plan("01", wanted), run_id=record.run_id)
    assert engine.carry_out(engine.plan("01", wanted), world.run(again, record)).applied == 2
    refused_everywhere("was rolled back", asked, world, wanted, record)


# No approval where one is needed.


def test_what_the_account_keeps_of_approval_no_file_and_no_notebook_lifts(settings, world, wanted):
    world.lifted = "approval none: the account keeps that it needs approval"
    free = parameters.with_changes(settings, approval="none")
    record, plan = records.open_run(free), engine.plan("01", wanted)
    for attempt in (
        lambda: require_whole(world.run(free, record), [plan], CALLER),
        lambda: engine.carry_out(plan, world.run(free, record)),
    ):
        with pytest.raises(Refused, match="the account keeps"):
            attempt()
    assert world.writes == []
    engine.carry_out(plan, world.run(parameters.with_changes(free, mode="plan"), record))


def test_a_notebook_does_without_approval_only_where_a_file_or_its_run_says_so(settings, world, wanted):
    own = parameters.with_changes(settings, environment="elsewhere", approval="none")
    plan = engine.plan("01", wanted)
    with pytest.raises(
        Refused, match=r"approval none: no file in parameters/ says so, .* lift the approval of account 0"
    ):
        engine.carry_out(plan, world.run(own, records.open_run(own)))
    by_hand = parameters.with_changes(settings, approval="none")  # of `local`, whose file says none
    edited = records.open_run(parameters.with_changes(by_hand, run_id="edited"))
    edited.write_json("run.json", {"parameters": {"approval": "required"}})
    with pytest.raises(Refused, match=r"approval none: run edited was begun with required, .*Nothing was written"):
        engine.carry_out(plan, world.run(by_hand, edited))
    assert world.writes == []
    begun_so = records.open_run(parameters.with_changes(own, run_id="begun"))
    begun_so.write_json("run.json", {"parameters": {"approval": "none"}})
    engine.carry_out(plan, world.run(own, begun_so))
    engine.carry_out(engine.plan("01", wanted), world.run(by_hand, records.open_run(by_hand)))


def test_a_copy_says_of_no_account_that_parameters_do_not_name_that_it_needs_no_approval(settings, world, wanted):
    """Before any approved run the account keeps nothing; a copied file, an option and a record are anybody's word."""
    elsewhere = {"account_id": "444455556666", "environment": "elsewhere", "endpoint_url": ""}
    theirs = parameters.with_changes(settings, approval="none", **elsewhere)
    plan, record = engine.plan("01", wanted), records.open_run(theirs)
    told = records.open_run(parameters.with_changes(theirs, run_id="told"))
    told.write_json("run.json", {"parameters": {"approval": "none"}})
    told.keep_json(approval.PLAN, plan_data.begun_plan([plan], world.run(theirs, told), CALLER))
    for attempt in (
        lambda: require_whole(world.run(theirs, record), [plan], CALLER),
        lambda: engine.carry_out(plan, world.run(theirs, told)),
        lambda: require_resumable(world.run(theirs, told), [plan], CALLER),
    ):
        with pytest.raises(Refused, match=r"no file in parameters/ says so of account 444455556666.*Nothing was writ"):
            attempt()
    with pytest.raises(Refused, match=r"approval none: no file in parameters/ says so"):
        engine.carry_out(plan, world.run(theirs, record))
    assert world.writes == []
    require_whole(world.run(parameters.with_changes(theirs, mode="plan"), record), [plan], CALLER)  # looking needs none
    nothing = engine.plan("01", world.wanted(equal="as wanted"))
    require_whole(world.run(theirs, record), [nothing], CALLER)


# Who approves.


@pytest.mark.parametrize(
    "person", ["j\u0430ne.doe", "jane.do\u0435", "\U0001f179ane.doe", "\u202eeod.enaj", ".", "\u200b-"]
)
def test_a_name_that_only_looks_like_one_approves_nothing(settings, wanted, person):
    plan = engine.plan("01", wanted)
    asked = parameters.with_changes(planned(settings, plan), approved_by=person)
    with pytest.raises(Refused, match=r"^approved by '.*expected one person's name in one script") as refused:
        require_whole(run_of(asked, None, plan), [plan], "arn:aws:iam::205930636302:user/somebody.else")
    assert str(refused.value).isascii()


# By counters, and by no clock.


def test_a_later_plan_in_the_same_record_does_not_hide_that_the_first_was_applied(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    more = [*wanted, Wanted(world.thing("more"), 1)]
    again = planned(settings, engine.plan("01", more))
    begun(again, engine.plan("01", more), run_id=record.run_id)
    record.write_json("run.json", {"parameters": {"approved_plan": again.approved_plan}})
    rolled_back(asked, world, record)
    with pytest.raises(Refused, match="an approval is good for one run"):
        begun(asked, engine.plan("01", wanted))


def test_a_run_that_wrote_nothing_that_lasts_has_used_nothing(settings, world, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = begun(asked, plan)
    told = {
        "time": plan_data.plan_data([], world.run(asked, record))["made"],
        "phase": "05",
        "kind": "queue",
        "name": "q",
        "identity": {},
    }
    record.append(LOG, {**told, "before": None, "after": {}, "state": "intended", "temporary": True})
    begun(asked, plan)
    begun(asked, plan, run_id=record.run_id)


def test_what_a_resumed_run_noted_of_its_rest_was_reviewed_by_nobody(settings, world, wanted):
    asked = planned(settings, engine.plan("01", wanted))
    record = applied(asked, world, wanted)
    rolled_back(asked, world, record)
    noted = plan_data.plan_data([engine.plan("01", wanted)], world.run(asked, record))
    record.keep_json(approval.PLAN, noted | {"resumed": True})
    with pytest.raises(Refused, match="an approval is good for one run"):
        begun(asked, engine.plan("01", wanted))


def test_a_plan_file_of_something_else_is_passed_over(settings, wanted):
    records.open_run(settings).write_json(approval.PLAN, [])
    records.open_run(settings).write_json(approval.PLAN, {})
    asked = planned(settings, engine.plan("01", wanted))
    begun(asked, engine.plan("01", wanted))


def test_what_is_no_plan_or_only_what_a_resumed_run_noted_lets_nothing_be_written(settings, wanted):
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    record = records.open_run(parameters.with_changes(asked, run_id="r1"))
    record.keep_json(approval.PLAN, [])
    record.keep_json(approval.PLAN, plan_data.plan_data([plan], run_of(asked, record, plan)) | {"resumed": True})
    with pytest.raises(Refused, match="was not begun with plan-"):
        require(plan, run_of(asked, record, plan))


# What the run itself has written.


def test_what_the_run_wrote_is_no_drift(half, world, wanted):
    asked, record = half
    require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)
    require(engine.plan("01", wanted), world.run(asked, record))


def test_a_phase_in_which_nothing_is_planned_asks_the_account_for_nothing(half):
    asked, record = half
    require(Plan("02", ()), run_of(asked, record))


@pytest.mark.parametrize("states", [("intended",), ("intended", "failed"), ("intended", "applied")])
def test_only_an_undo_that_was_applied_ends_the_approval(states, half, world, wanted):
    asked, record = half
    back = Change(world.thing("new"), "born", None)
    for state in states:
        record.append(LOG, entry("90", back, state, undoes=True))
    over = "applied" in states
    with pytest.raises(Refused, match="was rolled back, and its approval with it") if over else nullcontext():
        require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)


@pytest.mark.parametrize("state", ["intended", "applied", "not applied"])
def test_a_row_that_the_account_does_not_keep_excuses_no_drift(half, world, wanted, state):
    asked, record = half
    world.live["old"] = {"size": 7}
    forged = replace(engine.plan("01", wanted).changes[1], before={"size": 7}, after={"size": 7})
    record.append(LOG, entry("01", forged, state))
    for attempt in (
        lambda: require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER),
        lambda: require(engine.plan("01", wanted), world.run(asked, record)),
    ):
        with pytest.raises(Refused, match="changed since: thing old"):
            attempt()


def test_a_run_goes_on_after_a_drill_whose_things_are_gone_again(half, world, wanted):
    """What was there for a while was taken away by an undo, which is no rollback of the run."""
    asked, record = half
    with engine.temporary_things(world.wanted(ear="listens"), "05", world.run(load("local"), record)):
        assert world.live["ear"] == "listens"
    assert {row["state"] for row in record.rows(LOG) if row["undoes"]} == {"intended", "applied"}
    require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)
    assert engine.carry_out(engine.plan("01", wanted), world.run(asked, record)).applied == 1


@pytest.mark.parametrize("label", ["new", "old", "equal"])
@pytest.mark.parametrize("value", ["theirs", None])
def test_what_others_did_to_it_or_to_the_rest_is_also_when_they_took_it_back(half, world, wanted, label, value):
    asked, record = half
    world.live[label] = value
    for attempt in (
        lambda: require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER),
        lambda: require(engine.plan("01", wanted), world.run(asked, record)),
    ):
        with pytest.raises(Refused, match=f"changed since: thing {label}"):
            attempt()


@pytest.mark.parametrize("state", ["intended", "unknown", "put off", "failed", "half done"])
def test_what_it_began_to_write_in_parts_is_its_own_as_a_cut_write_leaves_it(half, world, wanted, state, monkeypatch):
    asked, record = half
    record.append(LOG, entry("01", engine.plan("01", wanted).changes[1], state))
    world.live["old"] = {"size": None}
    with pytest.raises(Refused, match=r"thing old \(size\)"):  # no single call leaves a third value: somebody else's
        require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)
    monkeypatch.setattr(FakeResource, "in_parts", True)
    require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)
    world.live["old"] = {"size": 1.5}
    with pytest.raises(Refused, match=r"thing old \(size\)"):  # neither before, nor after, nor empty
        require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)
    world.live["old"] = {"size": None}
    with pytest.raises(Refused, match=r"thing old \(size\)"):
        require(
            engine.plan("01", [wanted[0], replace(wanted[1], value={"size": 3}), wanted[2]]), world.run(asked, record)
        )


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("state", ["intended", "unknown", "put off", "failed"])
def test_a_write_of_which_the_record_tells_no_end_may_have_been_carried_out_or_not(
    half, world, wanted, state, carried_out
):
    asked, record = half
    record.append(LOG, entry("01", engine.plan("01", wanted).changes[1], state))
    world.live["old"] = {"size": 2 if carried_out else 1}
    require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)


def test_what_was_read_back_as_never_carried_out_is_as_it_was_before(half, world, wanted):
    asked, record = half
    for state in ("intended", "not applied"):
        record.append(LOG, entry("01", engine.plan("01", wanted).changes[1], state))
    require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)
    world.live["old"] = {"size": 1.5}
    with pytest.raises(Refused, match=r"changed since: thing old \(size\)"):
        require_resumable(world.run(asked, record), [engine.plan("01", wanted)], CALLER)


def test_what_was_reviewed_after_the_run_wrote_it_counts_as_it_was_reviewed(half, settings, world, wanted):
    _, record = half
    world.live["new"] = "theirs"
    plan = engine.plan("01", wanted)
    asked = planned(settings, plan)
    begun(asked, plan, run_id=record.run_id)
    require(plan, world.run(asked, record))
    world.live["new"] = "born"  # what the run once left there is not what was reviewed
    with pytest.raises(Refused, match="changed since: thing new"):
        require(engine.plan("01", wanted), world.run(asked, record))


def test_without_approval_only_the_parameters_must_be_the_same(settings, world, wanted, checkout):
    free = settings.model_copy(update={"approval": "none"})
    plan = engine.plan("01", wanted)
    record = records.open_run(free)
    record.keep_json(approval.PLAN, plan_data.plan_data([plan], world.run(free, record)))
    world.live["old"] = "theirs"
    (checkout / "lib" / "changes" / "engine.py").write_text("# other code")
    require_resumable(world.run(free, record), [engine.plan("01", wanted)], CALLER)
    other = free.model_copy(update={"crisis_risk_above": 97})
    with pytest.raises(Refused, match="begun with something else: parameter crisis_risk_above: 95, now 97"):
        require_resumable(world.run(other, record), [plan], CALLER)


def test_an_undo_goes_by_the_address_that_its_run_had(settings, wanted):
    """The subscription is looked for by it; of another one nothing would be found, and nothing said."""
    plan = engine.plan("01", wanted)
    record = begun(planned(settings, plan), plan)
    other = settings.model_copy(update={"ops_subscription_endpoint": "jim@example.org"})
    approval.require_same_subscriber(run_of(settings, record))
    with pytest.raises(
        Refused, match=r"another ops_subscription_endpoint than run .* use that run's address"
    ) as refused:
        approval.require_same_subscriber(run_of(other, record))
    assert "example.org" not in str(refused.value)


def test_an_undo_of_a_run_that_tells_of_no_address_or_of_several_waits_for_none(settings, wanted):
    other = settings.model_copy(update={"ops_subscription_endpoint": "jim@example.org"})
    record = records.open_run(settings)
    approval.require_same_subscriber(run_of(other, record))
    record.keep_json(approval.PLAN, {"changes": []})
    approval.require_same_subscriber(run_of(other, record))
    plan = engine.plan("01", wanted)
    for asked in (settings, other):
        record.keep_json(approval.PLAN, plan_data.plan_data([plan], run_of(asked, record, plan)))
        approval.require_same_subscriber(run_of(asked, record))
    approval.require_same_subscriber(run_of(settings, record))


def test_a_plan_that_is_none_stops_an_undo_that_was_not_told_to_go_on(settings):
    record = records.open_run(settings)
    record.keep_json(approval.PLAN, {"format": 999})
    with pytest.raises(Refused):
        approval.require_same_subscriber(run_of(settings, record))
    records.open_to_write(run_of(settings, record), "by --unverified")
    approval.require_same_subscriber(run_of(settings, record))
