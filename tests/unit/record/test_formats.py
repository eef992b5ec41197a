"""What is on disk has a format: older ones open, newer ones are refused in a sentence, one row keeps no other back."""

import json
import shutil
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import World, run_of, said
from machines import StepFunctions, connected, described
from written_rows import TOLD, told

from lib.changes import approval, engine, kept_plans, plan_data, undo_plan
from lib.changes.plans import UNKNOWN, is_kept, row_digest
from lib.checks import Check
from lib.cli import resume
from lib.errors import Altered, BadParameters, NotAsWanted, Refused
from lib.phases import restore, restore_plan, rollback
from lib.record import change_rows, formats, records, run_phases, run_verdict, sealing, writers
from lib.record.change_rows import WriteState
from lib.record.records import LOG, MANIFEST, Record, Run
from lib.record.run_phases import Phase
from lib.record.seals import manifest
from lib.resources import connected_run, resource_kinds
from lib.resources.lock_value import Lock
from lib.settings import check, load
from lib.telemetry.configuration.facts import Fact, Sense
from lib.values.check_registry import Id

FIRST = Path(__file__).parents[2] / "records_of_format_1" / "local"
SECOND = Path(__file__).parents[2] / "records_of_format_2"
RUN = "20261127T061252Z-347f"
NEWER = "is of format 3, and this version knows 1 and 2"


@pytest.fixture
def first(tmp_path):
    """A record as the version wrote it that named no formats, with the parameters it was made with."""
    shutil.copytree(FIRST, tmp_path / "local")
    newer = load("local").model_dump()  # what that version did not know yet
    begun = json.loads((tmp_path / "local" / RUN / "run.json").read_text())["parameters"]
    return check({**newer, **begun, "outputs_dir": str(tmp_path), "run_id": RUN}), Record(tmp_path / "local" / RUN, RUN)


def test_a_record_of_the_first_format_opens_verifies_and_is_sealed_in_this_one(first):
    settings, record = first
    assert records.unsealed_differences(record.folder) == []
    records.open_to_write(Run(settings, record))
    record.append(LOG, record.rows(LOG)[0])
    record.write_json("run.json", {**record.verdict(), "verdict": "gone on with"})
    sealing.seal(record)
    assert records.unsealed_differences(record.folder) == []
    found = manifest.read(record.folder)
    assert (found.run_id, found.environment, found.account) == (RUN, "local", "000000000000")
    assert json.loads((record.folder / MANIFEST).read_text())["format"] == formats.FORMAT
    assert len(found.seals[0].files) == 6  # what had been sealed is there as it was


@pytest.mark.parametrize(
    "name", ["run.json", "plan.json", LOG, "checks.jsonl", "backup/stepfunctions-backup-20261127.json"]
)
def test_one_that_was_altered_is_refused_before_and_after_it_is_sealed_in_this_format(name, first):
    settings, record = first
    data = (record.folder / name).read_bytes()
    for sealed_here in (False, True):
        if sealed_here:
            (record.folder / name).write_bytes(data)
            records.open_to_write(Run(settings, record))
            sealing.seal(record)
        (record.folder / name).write_bytes(data.replace(b"e", b"f", 1))
        with pytest.raises(Altered, match=f"{name}: edited"):
            records.open_to_write(Run(settings, record))


@pytest.mark.parametrize("where", ["top", "row"])
def test_a_key_that_was_put_into_its_manifest_is_found(where, first):
    _, record = first
    made = json.loads((record.folder / MANIFEST).read_text())
    (made if where == "top" else made["files"][2])["approved_by"] = "somebody"
    (record.folder / MANIFEST).write_text(json.dumps(made))
    assert records.unsealed_differences(record.folder) == [f"{MANIFEST}: 'approved_by': a key that no manifest has"]


def test_a_row_added_to_one_that_ended_is_found_and_to_one_that_was_killed_is_only_not_sealed(first):
    _, record = first
    with (record.folder / LOG).open("a") as file:
        file.write("{}\n")
    assert records.unsealed_differences(record.folder) == [f"{LOG}: 3 bytes more than were sealed"]
    for path in ("run.json", MANIFEST):
        text = (record.folder / path).read_text()
        (record.folder / path).write_text(
            text.replace('"verdict": "succeeded",\n  "refused"', '"verdict": "running",\n  "refused"')
        )
    found = manifest.findings(record.folder, manifest.Binding(RUN))
    assert (found.wrong, found.unsealed) == ((), (LOG, "run.json"))


def test_its_resumption_is_planned_from_its_own_plan_and_verdict(first, monkeypatch):
    settings, record = first
    assert resume.with_its_approval(Run(settings, record)).approved_plan == settings.approved_plan
    added = {"second_alarm_action": "''", "no_checkin_hours": 24, "soak_minutes": 0}
    newer = "; ".join(f"parameter {name}: None, now {value}" for name, value in added.items())
    with pytest.raises(Refused, match=f"begun with something else: {newer}. Go on"):  # and nothing besides
        approval.require_resumable(run_of(settings, record), [], "anybody")
    assert [phase.verdict for phase in run_phases.recorded_phases(record)] == ["succeeded"] * 9
    assert run_phases.status(record)["verdict"] == "succeeded"
    (plan,) = kept_plans.load_plans(record)
    assert len(plan["changes"]) > 20


def test_its_rollback_is_planned_for_every_thing_that_it_wrote(first):
    _, record = first
    rows = record.changes()
    assert [row["trouble"] for row in rows if row["trouble"]] == []
    live = World(live={})
    plan = undo_plan.plan(rows, lambda kind, identity: live.thing(json.dumps([kind, identity])))
    written = {row["name"] for row in rows if row["state"] == "intended" and not row["temporary"]}
    assert len(plan.changes) >= len(written) > 20
    assert not [change for change in plan.changes if change.trouble]
    assert {row["kind"] for row in rows} <= set(resource_kinds.KINDS)
    assert restore.has_backup(record)


def test_of_a_run_that_an_earlier_version_began_each_row_is_one_that_its_account_knows():
    """By how a row is read and told, its run is undone; tests/runbooks/test_older_record.py does it."""
    (folder,) = (SECOND / "local").iterdir()
    guards = json.loads((SECOND / "guards.json").read_text())
    wrote = {one for name, kept in guards.items() if "/wrote/" in name for one in kept["wrote"]}
    rows = Record(folder, folder.name).changes()
    assert len(rows) == len((folder / LOG).read_text().splitlines())
    assert [row["name"] for row in rows if not is_kept(row, wrote)] == []
    assert {row_digest(row) for row in rows} == wrote  # and it misses none


# Newer ones


def test_what_is_written_names_its_format(settings, record):
    engine.carry_out(engine.plan("01", World().wanted(a=1)), run_of(settings, record))
    run_verdict.write_verdict(Run(settings, record), [Phase("01", "01_x")], datetime.now(UTC), None)
    made = plan_data.begun_plan([], run_of(settings, record), "me")
    lock = Lock("t", "r", "o", "h", 1, "b", "t", 60, 2).to_row()
    parts = [json.loads((record.folder / MANIFEST).read_text()), record.read_json("run.json"), made, made["approval"]]
    assert [part["format"] for part in [*parts, *record.rows(LOG), lock]] == [formats.FORMAT] * 7


@pytest.mark.parametrize("newer", [3, 99, "3", 2.5, True, None])
def test_a_newer_record_verdict_or_plan_is_refused_in_one_sentence(newer, settings, record):
    said = f"is of format {newer!r}, and this version knows 1 and 2; nothing was changed. Use the version"
    record.write_json("run.json", {"format": newer, "verdict": "succeeded"})
    with pytest.raises(Refused, match=f"run.json of {record.run_id} {said}"):
        record.verdict()
    record.write_json("plan.json", {"format": newer, "fingerprint": "plan-1"})
    with pytest.raises(Refused, match=f"plan.json of run {record.run_id} {said}"):
        kept_plans.load_plans(record)
    record.write_json("plan.json", {"approval": {"format": newer}})
    with pytest.raises(Refused, match=f"the approval of run {record.run_id} {said}"):
        kept_plans.load_plans(record)
    data = json.loads((record.folder / MANIFEST).read_text())
    (record.folder / MANIFEST).write_text(json.dumps({**data, "format": newer}))
    with pytest.raises(Refused, match=f"the manifest {said}"):
        records.open_to_write(Run(settings, record))


def test_one_more_key_of_this_format_is_left_alone():
    assert Phase.from_row({"number": "01", "notebook": "x", "more": 1}) == Phase("01", "x")
    assert (
        Check.from_row({"name": "a", "status": "passed", "found": "1", "expected": "1", "more": 1}).status == "passed"
    )
    row = Lock("t", "r", "o", "h", 1, "b", "t", 60, 2).to_row()
    assert Lock.from_row({**row, "more": 1}, "x").to_row() == row
    fact = Fact("a", "1", next(iter(Sense)), 1)
    assert Fact.from_row({**fact.to_row(), "more": 2}) == fact


def test_rows_are_written_and_read_by_name_and_hold_every_field():
    for thing in (Phase("01", "x", "failed", 1, 2, 3, 4.0, 5, "o", "e"), Check(Id.AS_WANTED, "a", "passed", "f", "e")):
        assert type(thing).from_row(thing.to_row()) == thing
        assert list(thing.to_row()) == [one.name for one in fields(thing)]
    lock = Lock("t", "r", "o", "h", 1, "b", "t", 60, 2)
    assert Lock.from_row(lock.to_row(), "x") == lock
    first = {one.name: getattr(lock, one.name) for one in fields(lock) if one.name != "token_sha256"}
    found = Lock.from_row({"token": "t", **first}, "x")
    assert (replace(found, token_sha256="t"), found.opened_by("t")) == (lock, False)


def test_a_phase_or_a_check_that_is_none_is_said_in_a_sentence():
    with pytest.raises(BadParameters, match="a phase without its number or notebook"):
        Phase.from_row({"verdict": "succeeded"})
    with pytest.raises(NotAsWanted, match="which is no answer to a check"):
        Check.from_row({"name": "a"})


# One row keeps no other from being undone


UNREADABLE = {
    "a kind of a later version": {"kind": "lake"},
    "a newer format": {"format": 3},
    "an identity that is none": {"identity": ["x"]},
    "an identity that its kind does not have": {"identity": {"x": "y"}},
    "no kind": {"kind": None},
    "a kind that is a list": {"kind": ["thing"]},
    "no name": {"name": 5},
    "a state of a later version": {"state": "put aside"},
    "a state that no row is written with": {"state": "not believed"},
    "a time that is none": {"time": "yesterday"},
    "a time without a zone": {"time": "2026-01-01T00:00:00"},
}


def reopen_in(world):
    def reopen(kind, identity):
        if kind != "thing":
            raise BadParameters(f"the record names a {kind!r}, which this version does not know")
        return world.thing(**identity)

    return reopen


@pytest.mark.parametrize("odd", UNREADABLE)
def test_one_row_that_cannot_be_read_keeps_no_other_from_being_undone(odd, settings, record):
    world = World({"a": 2, "b": 2})
    for row in [*told("a", 1, 2), *({**row, **UNREADABLE[odd]} for row in told("odd", 1, 2)), *told("b", 1, 2)]:
        record.append(LOG, row)
    plan = undo_plan.plan(record.changes(), reopen_in(world))
    outcome = engine.roll_back(plan, world.run(settings, record))
    assert world.live == {"a": 1, "b": 1}
    assert sorted(outcome.states)[:2] == ["applied", "applied"]
    assert set(sorted(outcome.states)[2:]) == {"failed"}
    assert len(outcome.states) > 2
    ledger = rollback.ledger(outcome)
    assert len([row for row in ledger if row["outcome"].startswith("failed: ")]) == len(outcome.states) - 2
    assert any(found.status == "failed" for found in engine.verify(outcome, Run(settings, record)))
    assert rollback.latest_rows(record.changes())


@pytest.mark.parametrize("odd", UNREADABLE)
def test_a_resumption_says_it_and_reads_the_rest_back(odd, record):
    world = World({"a": 2})
    for row in [*({**row, **UNREADABLE[odd]} for row in told("odd", 1, 2)[:1]), *told("a", 1, 2)[:1]]:
        record.append(LOG, row)
    known = [row for row in record.changes() if not row["trouble"]]
    world.keep_written(record.run_id, map(row_digest, known))
    found = resume.settle_unfinished(world.run(load("local"), record), reopen_in(world))
    assert {row["what"]: row["found"] for row in found}["thing a"] == "carried out"
    assert any(row["found"].startswith("cannot tell: ") for row in found)


def test_what_its_kind_cannot_take_keeps_no_other_from_being_undone(settings, record):
    world = World({"a": 2, "b": 2})

    def odd(label):
        if label == "a":
            raise KeyError("routes")

    world.at_write = odd
    for row in [*told("a", 1, 2), *told("b", 1, 2)]:
        record.append(LOG, row)
    outcome = engine.roll_back(undo_plan.plan(record.changes(), reopen_in(world)), world.run(settings, record))
    assert world.live["b"] == 1
    assert [state.startswith("failed: the record tells what it cannot take") for state in said(outcome)] == [
        False,
        True,
    ]


def test_a_thing_of_which_one_row_cannot_be_read_is_said_and_is_nobody_elses(settings, record):
    world = World({"a": 3, "b": 2})
    rows = [*told("a", 1, 2), *told("a", 2, 3, format=3), *told("b", 1, 2)]
    for row in rows:
        record.append(LOG, row)
    plan = undo_plan.plan(record.changes(), reopen_in(world))
    assert not any(change.foreign for change in plan.changes)
    engine.roll_back(plan, world.run(settings, record))
    assert world.live == {"a": 3, "b": 1}


def test_a_state_that_nobody_knows_is_no_end_of_a_write_and_what_it_may_have_left_is_left_alone():
    """Passed over, it would be one, and what the write left would be taken for somebody else's or for nobody's."""
    intended, odd = told("a", 1, 2)
    rows = [change_rows.from_row(row) for row in (intended, {**odd, "state": "put aside"})]
    assert [row["state"] for row in rows] == [WriteState.INTENDED, WriteState.UNREADABLE]
    assert "tells a state that this version does not know ('put aside')" in rows[1]["trouble"]
    found = undo_plan.plan(rows, reopen_in(World({"a": "third"}))).changes
    assert [change.trouble for change in found if change.before != UNKNOWN] == ["whose value it holds cannot be told"]
    assert [change.trouble for change in found if change.before == UNKNOWN] == [rows[1]["trouble"]]


def test_a_part_of_a_rollback_says_the_row_of_which_nobody_knows_the_phase(record):
    rows = [*told("a", 1, 2), {**told("odd", 1, 2)[0], "kind": None, "phase": None}]
    found = [change_rows.from_row(row) for row in rows]
    assert [row["name"] for row in rollback.rows_from_phase(found, "03")] == ["thing odd"]


def test_a_change_that_cannot_be_read_is_never_written_or_taken_for_agreement():
    (change,) = undo_plan.plan([change_rows.from_row({"format": 3})], None).changes
    assert (change.before, bool(change.trouble)) == (UNKNOWN, True)
    with pytest.raises(Refused):
        change.resource.write(1)


@pytest.fixture(autouse=True)
def no_writer_is_left(tmp_path):
    yield
    for folder in list(writers._held):
        if folder.is_relative_to(tmp_path):
            writers.leave(folder)


def test_the_emergency_path_moves_the_aliases_that_it_can_read_and_says_the_rest(first):
    settings, record = first
    machine = restore_plan.Workflow(None, "m")
    alias = {"kind": "workflow alias", "name": "alias", "before": {"routes": []}, "after": {}}
    rows = [
        {**TOLD, **alias, "state": "intended", "identity": {"machine": "m", "alias": "good"}},
        {**TOLD, **alias, "state": "intended", "identity": {"machine": "m", "alias": "odd"}, "before": {"other": 1}},
        {**TOLD, **alias, "state": "intended", "identity": {"machine": "m", "alias": "newer"}, "format": 3},
        {**TOLD, "kind": "lake", "state": "intended", "identity": None},
    ]
    for row in rows:
        record.append(LOG, row)
    kept = {"aliases": {"odd": {"arn:1": 100}, "newer": {"arn:2": 100}, "foreign": {"arn:3": 1}}}
    found = {alias: value["routes"] for alias, value in restore_plan._before(record.changes(), machine, kept).items()}
    assert set(found) == {"good", "odd", "newer"}
    assert found["newer"] == [{"version": "2", "runs": UNKNOWN, "weight": 100}]
    assert len(restore_plan._unread(restore_plan._log(record))) == 2
    assert load("local").environment == settings.environment


# Its restore


def running(record):
    """A record of the first format as a kill left it: its verdict says that it runs."""
    for path in ("run.json", MANIFEST):
        text = (record.folder / path).read_text()
        ended = '"verdict": "succeeded",\n  "refused"'
        (record.folder / path).write_text(text.replace(ended, ended.replace("succeeded", "running")))


@pytest.mark.parametrize("left", [running, lambda record: None])
def test_one_of_the_first_format_is_restored_only_where_it_is_told_to_be(left, first):
    settings, record = first
    left(record)
    aws = StepFunctions(settings.state_machine_arn, {settings.state_machine_arn: described("after")})
    live = connected(settings, stepfunctions=aws)
    with pytest.raises(Refused, match=r"the account does not keep .*--unverified restores it as it lies there"):
        restore_plan.plan_restore(connected_run.of(live, record))
    restore.restore(restore_plan.plan_restore(connected_run.of(live, record), "restore --unverified"), record)
    assert aws.runs() != "after"
