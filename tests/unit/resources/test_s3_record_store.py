"""A record and its store, over an S3 in a dictionary: written ahead, handed over, one machine at a time."""

import contextlib
import fcntl
import json
import re
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from buckets import RUN, FakeS3, Machine, a_run, in_store, row, run_says
from fakes import World
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from waiting import until

from lib.changes import engine
from lib.errors import Altered, Refused, Superseded, Unrecorded
from lib.phases import session
from lib.record import records, sealing
from lib.record.records import CALLS, LOG, MANIFEST, VERDICT, Record, Run
from lib.record.seals import seal_chain
from lib.settings import load


def names(s3):
    return {key.removeprefix(f"p/local/{RUN}/") for key in s3.objects}


# Written ahead


@pytest.fixture
def settings(tmp_path):
    return load("local", {"mode": "apply", "outputs_dir": str(tmp_path), "may_replace": 9})


def test_the_store_has_the_intended_row_before_the_thing_is_written(s3, ours, settings):
    world, at_write = World({"old": 1}), []
    world.at_write = lambda label: at_write.append([json.loads(line) for line in in_store(s3).splitlines()])
    engine.carry_out(engine.plan("01", world.wanted(new="born", old=2)), world.run(settings, ours.record))
    last = [(rows[-1]["name"], rows[-1]["state"], rows[-1]["before"]) for rows in at_write]
    assert last == [("thing new", "intended", None), ("thing old", "intended", 1)]
    assert in_store(s3) == ours.file(LOG)


def test_a_store_that_drops_rows_is_noticed_by_the_check_above(s3, ours, settings):
    world, at_write = World(), []
    s3.lost = "row"
    world.at_write = lambda label: at_write.append(in_store(s3))
    engine.carry_out(engine.plan("01", world.wanted(new="born")), world.run(settings, ours.record))
    assert at_write == [b""]
    assert in_store(s3) != ours.file(LOG)


def test_nothing_is_written_once_the_store_does_not_answer(s3, ours, settings):
    world = World()
    world.at_write = lambda label: setattr(s3, "down", True)
    with pytest.raises(Unrecorded, match=f"store.*nothing more is written; .*`runbook status local {RUN}"):
        engine.carry_out(engine.plan("01", world.wanted(a=1, b=2)), world.run(settings, ours.record))
    assert world.live == {"a": 1}
    assert [found["state"] for found in ours.record.rows(LOG)] == ["intended", "applied"]
    s3.down = False
    assert ours.again().rows(LOG)[-1]["state"] == "applied"
    assert in_store(s3) == ours.file(LOG)


def test_an_undo_stops_as_well(s3, ours, settings):
    world = World()
    outcome = engine.carry_out(engine.plan("01", world.wanted(a=1, b=2)), world.run(settings, ours.record))
    s3.down = True
    done = [one.change for one in outcome.results]
    undo = engine.Plan("90", tuple(engine.Change(one.resource, one.after, one.before) for one in done))
    with pytest.raises(Unrecorded):
        engine.roll_back(undo, world.run(settings, ours.record))
    assert world.live == {"a": 1, "b": 2}


# One machine at a time


def test_of_two_machines_one_is_refused_and_writes_nothing(s3, ours, theirs, settings):
    ours.record.append(LOG, row("a"))
    theirs.again().append(LOG, row("b"))
    before, world = in_store(s3), World()
    for _ in range(2):  # and goes on being refused
        with pytest.raises(Superseded, match=f"another machine went on with run {RUN}: {LOG} in s3://bucket/p/local"):
            engine.carry_out(engine.plan("01", world.wanted(a=1)), world.run(settings, ours.record))
    assert world.writes == []
    assert in_store(s3) == before
    with pytest.raises(Superseded):
        sealing.seal(ours.record)
    assert names(s3) == {LOG}


def test_a_verdict_of_another_machine_is_not_replaced(s3, ours, theirs):
    ours.record.write_json(VERDICT, {"verdict": "running"})
    sealing.seal(ours.record)
    theirs.again().write_json(VERDICT, {"verdict": "succeeded"})
    sealing.seal(theirs.record)
    ours.record.write_json(VERDICT, {"verdict": "failed"})
    with pytest.raises(Superseded):
        sealing.seal(ours.record)
    assert json.loads(in_store(s3, VERDICT)) == {"verdict": "succeeded"}


def test_two_of_one_machine_add_to_the_same_log(s3, ours):
    ours.record.append("checks.jsonl", {"n": 1})
    kernel = Machine(s3, ours.folder)
    kernel.again().append("checks.jsonl", {"n": 2})
    ours.record.append("checks.jsonl", {"n": 3})
    kernel.record.append("checks.jsonl", {"n": 4})
    assert in_store(s3, "checks.jsonl") == ours.file("checks.jsonl")


def test_who_only_looks_at_a_run_that_is_going_on_does_not_stop_it(s3, ours, theirs):
    first = a_run(ours)
    before = dict(s3.objects)
    looking = theirs.again()
    looking.log_call({"time": "T2", "operation": "looked"})
    theirs.again()
    assert s3.objects == before  # refused there for whatever reason, it leaves no trace here
    looking.append("checks.jsonl", {"n": "theirs"})
    looking.keep_json("evidence/review.json", {})
    sealing.seal(looking)
    first.log_call({"time": "T3", "operation": "B"})
    first.append("checks.jsonl", {"n": "ours"})
    assert {found["n"] for found in map(json.loads, in_store(s3, "checks.jsonl").splitlines())} == {1, "ours", "theirs"}
    first.append(LOG, row("b"))
    first.write_json(VERDICT, {"verdict": "succeeded", "ended": "T3"})
    sealing.seal(first)
    for machine in (ours, theirs, ours):
        sealing.seal(machine.again())
    for name, expected in (("checks.jsonl", {1, "ours", "theirs"}), (CALLS, {"A", "B", "looked"})):
        assert {next(reversed(found.values())) for found in first.rows(name)} == expected
        assert sorted(in_store(s3, name).splitlines()) == sorted(theirs.file(name).splitlines())
    assert theirs.record.read_json(VERDICT)["verdict"] == "succeeded"
    assert records.unsealed_differences(ours.folder) == []


def test_a_notebook_that_is_running_is_not_stored(s3, ours):
    record = a_run(ours)
    (ours.folder / f"03_y{records.RUNNING}").write_text("with an address")
    sealing.seal(record)
    assert f"03_y{records.RUNNING}" not in names(s3)


def test_bringing_together_waits_for_a_row_that_is_being_added(ours, monkeypatch):
    record, order, lock = a_run(ours), [], fcntl.flock
    with record.held():
        monkeypatch.setattr(fcntl, "flock", lambda *asked: (order.append("asked"), lock(*asked)))
        coming = threading.Thread(target=lambda: (ours.again(), order.append("together")))
        coming.start()
        until(lambda: order)
        order.append("added")
    coming.join()
    assert order[:2] == ["asked", "added"]
    assert order[-1] == "together"


def test_a_put_whose_answer_was_lost_and_that_was_repeated_is_our_own(s3, ours):
    ours.record.append(LOG, row("a"))
    s3.lost = "answer"
    ours.record.append(LOG, row("b"))
    ours.record.append(LOG, row("c"))
    assert in_store(s3) == ours.file(LOG)


def test_a_file_that_somebody_deleted_is_stored_again(s3, ours):
    ours.record.append(LOG, row("a"))
    s3.objects.clear()
    ours.record.append(LOG, row("b"))
    assert in_store(s3) == ours.file(LOG)


def test_what_is_stored_as_it_is_is_not_put_again(s3, ours):
    ours.record.append(LOG, row("a"))
    ours.record.write_json("evidence/a.json", {})
    sealing.seal(ours.record)
    s3.puts.clear()
    sealing.seal(ours.record)
    assert s3.puts == []
    ours.record.append(LOG, row("b"))
    sealing.seal(ours.record)
    assert s3.puts == [LOG, MANIFEST]


# Handed over


def test_a_machine_without_the_folder_gets_all_of_it(s3, ours, theirs):
    a_run(ours)
    theirs.again()
    here, there = ({str(p.relative_to(m.folder)) for p in m.folder.rglob("*") if p.is_file()} for m in (ours, theirs))
    assert here == there == names(s3)
    assert all(ours.file(name) == theirs.file(name) == in_store(s3, name) for name in here - {MANIFEST})
    assert records.unsealed_differences(theirs.folder) == []


def test_the_first_machine_comes_back_and_sees_what_the_second_did(s3, ours, theirs):
    a_run(ours)
    (ours.folder / "03_y.ipynb").write_text("cut in the middle")
    ours.record.log_call({"time": "T2", "operation": "B"})
    with (ours.folder / LOG).open("ab") as file:
        file.write(b'{"name": "b", "sta')
    second = theirs.again()
    second.log_call({"time": "T3", "operation": "C"})
    second.append(LOG, row("b"))
    second.write_json(VERDICT, {"verdict": "succeeded", "ended": "T3"})
    (theirs.folder / "03_y.ipynb").write_text("complete")
    sealing.seal(second)
    first = ours.again()
    assert first.rows(LOG) == second.rows(LOG)
    assert first.read_json(VERDICT)["verdict"] == "succeeded"
    assert ours.file("03_y.ipynb") == b"complete"
    assert ours.file("03_y.unstored.ipynb") == b"cut in the middle"
    assert [found["operation"] for found in first.rows(CALLS)] == ["A", "C", "B"]  # as the store has them
    first.append(LOG, row("c"))
    sealing.seal(first)
    assert names(s3) >= {"03_y.unstored.ipynb"}
    assert records.unsealed_differences(ours.folder) == []


def test_a_row_that_never_reached_the_store_stays_beside_it(s3, ours, theirs):
    a_run(ours)
    s3.down = True
    with pytest.raises(Unrecorded):
        ours.record.append(LOG, row("b"))
    s3.down = False
    theirs.again().append(LOG, row("other"))
    assert ours.again().rows(LOG) == theirs.record.rows(LOG)
    assert ours.record.rows("changes.unstored.jsonl")[-1] == row("b")
    assert in_store(s3, "changes.unstored.jsonl") == b"" and ours.again()  # it goes along the next time
    assert in_store(s3, "changes.unstored.jsonl") == ours.file("changes.unstored.jsonl")


@pytest.mark.parametrize("answers", range(1, 14))
def test_a_handover_that_was_cut_anywhere_is_completed_by_the_next(answers, s3, ours, theirs):
    a_run(ours)
    (ours.folder / "03_y.ipynb").write_text("cut in the middle")
    second = theirs.again()
    second.append(LOG, row("b"))
    second.append("checks.jsonl", {"n": 2})
    second.keep_json("evidence/a.json", {})
    (theirs.folder / "03_y.ipynb").write_text("complete")
    second.write_json(VERDICT, {"verdict": "succeeded", "ended": "T3"})
    sealing.seal(second)
    s3.answers = answers
    with contextlib.suppress(Unrecorded):
        ours.again()
    s3.answers = 10**6
    first = ours.again()
    assert (first.rows(LOG), first.rows("checks.jsonl")) == (second.rows(LOG), second.rows("checks.jsonl"))
    assert first.read_json(VERDICT) == second.read_json(VERDICT)
    assert ours.file("03_y.ipynb") == b"complete"
    assert ours.file("03_y.unstored.ipynb") == b"cut in the middle"


def test_a_write_that_the_store_was_never_told_of_is_refused(s3, ours, theirs):
    a_run(ours)
    alone = Record(ours.folder, RUN)
    alone.append(LOG, row("b"))
    alone.append(LOG, row("b", "applied"))
    theirs.again().append(LOG, row("other"))
    kept = ours.file(LOG)
    with pytest.raises(
        Refused, match=r"two machines wrote under this run: .*\(\d+ bytes\) tells of b, .*record_store="
    ):
        ours.again()
    assert ours.file(LOG) == kept


def test_what_a_machine_did_without_the_store_is_stored_when_nobody_else_went_on(s3, ours):
    a_run(ours)
    alone = Record(ours.folder, RUN)
    alone.append(LOG, row("b"))
    alone.append(LOG, row("b", "applied"))
    alone.write_json(VERDICT, {"verdict": "failed", "ended": "T0"})
    ours.again()
    assert in_store(s3) == ours.file(LOG)
    assert json.loads(in_store(s3, VERDICT))["verdict"] == "failed"


def test_of_two_equal_logs_the_later_verdict_counts(ours, theirs):
    a_run(ours)
    theirs.again().write_json(VERDICT, {"verdict": "interrupted", "ended": "T2"})
    sealing.seal(theirs.record, closing=False)
    assert ours.again().read_json(VERDICT)["verdict"] == "interrupted"
    theirs.start()
    Record(theirs.folder, RUN).write_json(VERDICT, {"verdict": "failed", "ended": "T9"})
    theirs.again()
    assert theirs.record.read_json(VERDICT)["verdict"] == "failed"
    assert ours.again().read_json(VERDICT)["verdict"] == "failed"


def test_a_file_that_is_never_written_twice_and_differs_is_refused(ours):
    a_run(ours)
    (ours.folder / "backup/workflow.json").write_text("edited")
    with pytest.raises(Refused, match=r"backup/workflow\.json: edited"):
        ours.again()


def test_a_notebook_that_is_worked_on_stays_and_is_stored_when_sealed(s3, ours):
    a_run(ours)
    (ours.folder / "01_x.by-hand.ipynb").write_text("stepped through")
    sealing.seal(ours.again())
    assert in_store(s3, "01_x.by-hand.ipynb") == b"stepped through"


@pytest.mark.parametrize("name", ["../up", "a/../../b", "/etc/x", "a//b", "./a", "a\\..\\b", ".."])
def test_a_name_that_leaves_the_folder_is_refused_before_anything_is_read(name, s3, ours):
    s3.objects[f"p/local/{RUN}/{LOG}"] = b"{}\n"
    s3.objects[f"p/local/{RUN}/{name}"] = b"x"
    with pytest.raises(Refused, match="which no record holds"):
        ours.again()
    assert [path.name for path in ours.folder.iterdir()] == [MANIFEST]


def test_the_folders_of_the_console_are_no_files(s3, ours):
    s3.objects[f"p/local/{RUN}/"] = s3.objects[f"p/local/{RUN}/evidence/"] = b""
    ours.again()
    assert [path.name for path in ours.folder.iterdir()] == [MANIFEST]


# Whatever happens in whatever order


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "come", "go down", "cut", "come", "add", "add"]), st.integers(0, 1)), max_size=25
)


@given(steps=STEPS, kms=st.booleans())
@examples(max_examples=50, deadline=None)
def test_no_row_is_lost_whatever_two_machines_do(steps, kms):
    with tempfile.TemporaryDirectory() as folder:
        s3 = FakeS3(kms)
        machines = [Machine(s3, Path(folder) / name / "local" / RUN) for name in ("a", "b")]
        announced, on_disk = [], [[], []]
        for number, (step, at) in enumerate(steps):
            machine, found = machines[at], row(f"{at}-{number}", why="ü" * (number % 3))
            if step == "come":
                machine.again()
            elif step == "cut" and (machine.folder / LOG).exists():
                # A kill in the middle of a row that nobody was told of yet.
                with (machine.folder / LOG).open("ab") as file:
                    file.write(b'{"name": "cut')
                machine.start()
            elif step != "cut":
                s3.down = step == "go down"
                on_disk[at].append(found)
                try:
                    machine.record.append(LOG, found)
                    announced.append(found)
                except (Unrecorded, Superseded):
                    pass
                s3.down = False
            stored = [json.loads(line) for line in in_store(s3).split(b"\n") if line.endswith(b"}")]
            assert [one for one in stored if one in announced] == announced  # all of them, in order, once
            here = {
                json.dumps(one)
                for path in machine.folder.glob("changes*.jsonl")
                for one in machine.record.rows(path.name)
            }
            assert {json.dumps(one) for one in on_disk[at]} <= here
        ends = [machine.again().rows(LOG) for machine in (*machines, *machines)]
        assert ends[-1] == ends[-2]
        assert [one for one in ends[-1] if one in announced] == announced


# What comes from a store is read against its seals, and no seal is replaced


@pytest.mark.parametrize("name", ["backup/workflow.json", LOG, "checks.jsonl", VERDICT])
def test_what_somebody_changed_in_the_store_is_taken_by_no_machine(name, s3, ours, theirs):
    a_run(ours)
    key = f"p/local/{RUN}/{name}"
    s3.objects[key] = s3.objects[key].replace(b'"', b"'", 1)
    before = {path: path.read_bytes() for path in theirs.folder.rglob("*.[jt]*l*")}
    with pytest.raises(Altered, match=f"the store holds is not as it was sealed: {name}: edited"):
        theirs.again()
    assert not (theirs.folder / name).exists()
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", ["evidence/planted.json", "changes.jsonl", "run.json"])
def test_what_somebody_added_in_the_store_to_a_run_that_ended_is_taken_by_no_machine(name, s3, ours, theirs):
    sealing.seal(a_run(ours))
    key = f"p/local/{RUN}/{name}"
    s3.objects[key] = s3.objects.get(key, b"") + b'{"kind": "topic", "state": "intended"}\n'
    with pytest.raises((Altered, Unrecorded, Refused), match=name):
        theirs.again()
        records.verify(Run(load("local"), theirs.record))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: b"{}", "none that this runbook wrote"),
        (lambda text: text.replace(b'"state": "going on"', b'"state": "closed"'), "the chain does not close"),
        (lambda text: text.replace(RUN.encode(), b"20270101T000000Z-ffff"), "chain does not close|is of run"),
    ],
)
def test_a_manifest_that_somebody_changed_in_the_store_is_refused(edit, said, s3, ours, theirs):
    a_run(ours)
    key = f"p/local/{RUN}/{MANIFEST}"
    s3.objects[key] = edit(s3.objects[key])
    with pytest.raises(Altered, match=said):
        theirs.again()


def test_a_run_without_its_seals_in_the_store_is_taken_by_no_machine(s3, ours, theirs):
    a_run(ours)
    del s3.objects[f"p/local/{RUN}/{MANIFEST}"]
    with pytest.raises(Altered, match=r"holds a run without its MANIFEST\.json"):
        session._require_sealed(theirs.record, theirs.shelf)
    session._require_sealed(ours.record, ours.shelf)  # who sealed it knows what it is, and stores it again


def newest_seals_cut_off(s3, keep):
    """Leave of the stored seals those that come first, chained as the runbook chains them."""
    key = f"p/local/{RUN}/{MANIFEST}"
    stored = seal_chain.from_text(s3.objects[key].decode())
    s3.objects[key] = replace(stored, seals=stored.seals[:keep]).to_text().encode()


LOSSES = {
    "its manifest removed": lambda s3: s3.objects.pop(f"p/local/{RUN}/{MANIFEST}"),
    "its last seal cut off": lambda s3: newest_seals_cut_off(s3, -1),
}
PLANTED = {
    "evidence/criteria.attempt-9.json": lambda data: b'[{"name": "1", "status": "passed"}]',
    "signatures.jsonl": lambda data: data + b'{"decision": "accept"}\n',
    "checks.jsonl": lambda data: data + b'{"n": 9}\n',
    LOG: lambda data: data + b'{"name": "z", "state": "intended"}\n',
    VERDICT: lambda data: data.replace(b"running", b"succeeded").replace(b"T1", b"T9"),
    "backup/workflow.json": lambda data: data.replace(b'"definition"', b'"another"'),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", PLANTED)
def test_who_cuts_seals_off_in_the_store_does_not_open_again_what_this_machine_closed(name, loss, s3, ours):
    """`attach` says that the run is open before it asks the store, so that this must not count."""
    sealing.seal(a_run(ours))
    key = f"p/local/{RUN}/{name}"
    s3.objects[key] = PLANTED[name](s3.objects.get(key, b""))
    LOSSES[loss](s3)
    before = {path: path.read_bytes() for path in ours.folder.rglob("*") if path.is_file() and path.name != MANIFEST}
    for _ in range(2):  # nor when it is asked once more, as a command that was refused leaves it
        with pytest.raises(Altered, match=f"not as it was sealed: {re.escape(name)}: "):
            ours.again()
    assert {path: path.read_bytes() for path in before} == before
    assert not (ours.folder / "evidence/criteria.attempt-9.json").exists()


@pytest.mark.parametrize("loss", LOSSES)
def test_nor_what_it_sealed_of_a_run_that_is_open(loss, s3, ours):
    a_run(ours)
    key = f"p/local/{RUN}/backup/workflow.json"
    s3.objects[key] = s3.objects[key].replace(b'"definition"', b'"another"')
    s3.objects[f"p/local/{RUN}/{LOG}"] += b'{"name": "z", "state": "intended"}\n'  # so that the store is further
    LOSSES[loss](s3)
    with pytest.raises(Altered, match=r"not as it was sealed: backup/workflow\.json: |changes\.jsonl: "):
        ours.again()
    assert json.loads(ours.file("backup/workflow.json")) == {"definition": "ü"}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_store_that_only_lags_behind_what_was_closed_here_is_brought_up_to_it(loss, s3, ours, theirs):
    record = a_run(ours)
    lagging = dict(s3.objects)
    record.append(LOG, row("b"))
    record.keep_json("evidence/a.json", {})
    run_says(record, "T2", closing=True)
    s3.objects = lagging
    LOSSES[loss](s3)
    sealing.seal(ours.again())
    assert faults(theirs.again() and theirs) == () and theirs.record.rows(LOG) == record.rows(LOG)
    assert theirs.record.verdict()["ended"] == "T2"


def test_what_another_machine_did_and_was_killed_at_is_taken_of_a_run_that_was_closed_here(s3, ours, theirs):
    sealing.seal(a_run(ours))
    second = theirs.again()
    theirs.shelf.put(MANIFEST, theirs.folder / MANIFEST)  # as whoever opens a run does
    second.append(LOG, row("b"))
    second.keep_json("evidence/criteria.json", [])
    first = ours.again()
    assert (first.rows(LOG), first.latest("evidence/criteria.json")) == (second.rows(LOG), [])


def test_the_seals_of_two_machines_at_once_are_both_kept(s3, ours, theirs):
    first = a_run(ours)
    second = theirs.again()
    second.keep_json("evidence/theirs.json", {})
    sealing.seal(second)
    first.keep_json("evidence/ours.json", {})
    sealing.seal(first, closing=False)
    sealed = seal_chain.from_text(in_store(s3, MANIFEST).decode())
    assert {"evidence/theirs.json", "evidence/ours.json"} <= set(sealed.claims)
    assert sealed.open  # the first still writes
    assert sealed.trouble == ()
    sealing.seal(ours.again())
    assert records.unsealed_differences(ours.folder) == []
    assert records.unsealed_differences(theirs.again().folder) == []


def test_what_was_found_wrong_on_one_machine_is_said_on_the_other(s3, ours, theirs):
    record = a_run(ours)
    (ours.folder / "more").symlink_to("/etc/passwd")
    sealing.seal(record)
    theirs.again()
    sealing.seal(theirs.record)
    assert any(one.startswith("more: a symbolic link") for one in records.unsealed_differences(theirs.folder))


# A verdict's seal goes ahead of it, on both sides, and never without it for good


def test_what_a_killed_machine_kept_and_had_not_sealed_in_the_store_is_taken_by_the_other(ours, theirs):
    a_run(ours).keep_json("evidence/a.json", {"n": 1})
    assert theirs.again().read_json("evidence/a.json") == {"n": 1}


@pytest.mark.parametrize("answers", range(9))
@pytest.mark.parametrize("closing", [True, False])
def test_a_verdict_whose_storing_was_cut_anywhere_is_taken_by_the_other_machine(closing, answers, s3, ours, theirs):
    record = a_run(ours)
    s3.down = True
    for ended in ("T2", "T3", "T4"):  # several that the store never sees
        with pytest.raises(Unrecorded):
            run_says(record, ended, closing=False)
    s3.down, s3.answers = False, answers
    with contextlib.suppress(Unrecorded):
        run_says(record, "T5", closing)
    s3.answers = 10**6
    told = theirs.again().verdict()["ended"]
    assert told == json.loads(in_store(s3, VERDICT))["ended"] in ("T1", "T5")
    assert faults(theirs) == ()
    run_says(theirs.record, "T9", closing)
    assert ours.again().verdict()["ended"] == "T9"
    assert faults(ours) == ()


def test_a_kernel_that_only_says_that_it_writes_puts_no_seal_of_its_own_between(s3, ours):
    record = a_run(ours)
    for ended in ("T2", "T3"):
        run_says(record, ended, closing=False)
    kernel = Machine(s3, ours.folder)
    kernel.again()
    kernel.shelf.put(MANIFEST, ours.folder / MANIFEST)
    assert in_store(s3, MANIFEST) == ours.file(MANIFEST)
    run_says(record, "T4", closing=True)
    assert in_store(s3, MANIFEST) == ours.file(MANIFEST)


def test_two_machines_that_both_go_on_leave_a_store_that_a_third_can_use(s3, ours, theirs, tmp_path):
    first, second = a_run(ours), theirs.again()
    run_says(second, "T2", closing=False)
    for ended in ("T3", "T4", "T5"):
        with pytest.raises(Superseded):
            run_says(first, ended, closing=False)
    run_says(second, "T6", closing=True)
    third = Machine(s3, tmp_path / "third" / "local" / RUN)
    assert third.again().verdict()["ended"] == "T6"
    assert faults(third) == ()


def faults(machine):
    return records.verify(Run(load("local"), machine.record)).wrong


VERDICTS = st.lists(
    st.tuples(st.sampled_from(["say", "say", "end", "come", "come", "die"]), st.integers(0, 1), st.integers(0, 12)),
    max_size=14,
)


@given(steps=VERDICTS, kms=st.booleans())
@example(steps=[("say", 0, 0), ("say", 0, 4), ("come", 1, 2)], kms=False)  # the store missed the first of two verdicts
@examples(max_examples=25, deadline=None)
def test_no_verdict_is_taken_for_edited_whatever_two_machines_do(steps, kms):
    with tempfile.TemporaryDirectory() as folder:
        s3 = FakeS3(kms)
        machines = [Machine(s3, Path(folder) / name / "local" / RUN) for name in ("a", "b")]
        for number, (step, at, answers) in enumerate(steps):
            machine = machines[at]
            s3.answers = 10**6 if answers > 9 else answers
            with contextlib.suppress(Unrecorded, Superseded):
                if step == "come":
                    machine.again()
                elif step == "die":  # between the seal and the verdict, on this machine
                    machine.record._sealed(VERDICT, b"never written %d" % number)
                    machine.start()
                else:
                    records.open_to_write(Run(load("local"), machine.record))  # which a command that ended closed
                    run_says(machine.record, f"T{number:02}", step == "end")
            s3.answers = 10**6
            assert [one for one in faults(machine) if one.startswith(VERDICT)] == []
        for machine in (*machines, *machines):
            machine.again()
            with contextlib.suppress(Superseded):
                sealing.seal(machine.record, closing=False)
            assert faults(machine) == ()
        assert machines[0].record.verdict() == machines[1].record.verdict()
