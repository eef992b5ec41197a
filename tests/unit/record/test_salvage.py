"""An emergency with this machine's disk lost: the record lies in the store alone, and something in it is not as it was.

Whatever that is, `restore --unverified` and `rollback --unverified` take the rest of it, go on, and say what is wrong.
"""

import functools
import json
import re
import shlex
import shutil
from collections import defaultdict
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import pytest
from buckets import FakeS3
from click.testing import CliRunner
from machines import GuardParameters, StepFunctions, connected, described, says

from lib.aws import Live
from lib.changes import engine
from lib.changes.plans import Change, entry, row_digest
from lib.cli import notebooks, undo_opening
from lib.cli.change_commands import main
from lib.errors import Altered, Refused
from lib.phases import rollback, session, state_machine
from lib.record import records, salvage, sealing, writers
from lib.record.change_rows import WriteState
from lib.record.folder import CHECKS
from lib.record.records import LOG, MANIFEST, VERDICT, Record, Run
from lib.record.run_phases import ROLLBACK, Phase
from lib.record.salvage import Salvage
from lib.record.seals import manifest, seal_chain
from lib.record.stored import sync
from lib.resources import record_stores
from lib.resources.account_guards import AccountGuards
from lib.resources.resource_kinds import Workflow, WorkflowAlias
from lib.settings import load

RUN = "20260101T000000Z-aaaa"
PLACE = f"p/local/{RUN}/"
EVIDENCE, PLAN = "evidence/permissions.json", "plan.json"


class Parameters(GuardParameters):
    """SSM as far as locks ask it, too."""

    def get_parameter(self, Name, **_):  # noqa: N803
        name, _, earlier = Name.partition(":")
        found = super().get_parameter(name)["Parameter"]
        found["Version"] = int(earlier or len(self.versions[name]))
        found["Value"] = self.versions[name][found["Version"] - 1] if self.versions[name] else found["Value"]
        return {"Parameter": found}

    def put_parameter(self, Name, Value, Overwrite=False, **_):  # noqa: N803
        if Name in self.kept and not Overwrite:
            raise says("ParameterAlreadyExists")
        super().put_parameter(Name, Value)
        self.versions[Name].append(Value)
        return {"Version": len(self.versions[Name])}

    def delete_parameter(self, Name):  # noqa: N803
        del self.kept[Name], self.versions[Name]
        return {}

    @functools.cached_property
    def versions(self):
        return defaultdict(list)


class Idle(StepFunctions):
    """A workflow that nobody starts."""

    def get_paginator(self, _):
        return SimpleNamespace(paginate=lambda **_: [{"executions": []}])


class Emergency:
    """An account, its store with one run that ended, and a machine that has nothing of it."""

    def __init__(self, folder, monkeypatch, before=None):
        self.folder, self.asked = folder, []
        arn, old = load("local").state_machine_arn, described("before")
        fresh = (FakeS3(), Parameters(), Idle(arn, {arn: old, f"{arn}:1": old}, {"live": {f"{arn}:1": 100}}))
        self.s3, self.ssm, self.aws = deepcopy((before.s3, before.ssm, before.aws)) if before else fresh
        for module in (session, record_stores, undo_opening):
            monkeypatch.setattr(module, "connect", self.connect)
        monkeypatch.setattr(Live, "waiting", lambda live, settings: replace(live, settings=settings))  # the same fakes
        monkeypatch.setattr(notebooks, "execute", self.by_notebook)
        monkeypatch.setenv("COLUMNS", "10000")
        self.here, self.sealed = "lost", before.sealed if before else ()

    def connect(self, settings, log=None, at_once=False):
        self.asked.append(settings)
        return connected(settings, stepfunctions=self.aws, ssm=self.ssm, s3=self.s3)

    def settings(self, **more):
        here = {"outputs_dir": str(self.folder / self.here), "record_store": "s3://bucket/p", "run_id": RUN}
        return load("local", {"mode": "apply", **here, **more})

    def run(self):
        """A run that replaced the workflow and moved an alias; the account keeps what it wrote."""
        run = session.begin_with(self.settings())
        record, live = run.record, run.live
        record.write_json(PLAN, {"subscriber": None})
        record.write_json(VERDICT, {"run_id": RUN, "environment": "local", "verdict": "running"})
        sealing.seal(record, closing=False)
        state_machine.backup(run)
        machine = Workflow(live, live.settings.state_machine_name)
        alias = WorkflowAlias(live, machine.machine, "live")
        before, routed = machine.read(), alias.read()
        self.aws.update_state_machine(stateMachineArn=self.aws.arn, publish=True, **described("after"))
        self.told(record, machine, before)
        self.aws.aliases["live"] = {f"{self.aws.arn}:2": 100}
        self.told(record, alias, routed)
        record.append(CHECKS, {"phase": "03", "attempt": "a"})
        record.write_json(EVIDENCE, {"permissions": []})
        record.write_json(VERDICT, {"run_id": RUN, "environment": "local", "verdict": "running", "phases": []})
        sealing.seal(record, closing=False)
        record.write_json(VERDICT, {"run_id": RUN, "environment": "local", "verdict": "failed", "phases": []})
        sealing.seal(record)
        self.sealed = self.seals
        assert not seal_chain.from_text(self.s3.objects[PLACE + MANIFEST].decode()).open

    def told(self, record, thing, before):
        for state in ("intended", "applied"):
            row = entry("03", Change(thing, before, thing.read()), state)
            AccountGuards(thing.live).keep_written(record.run_id, [row_digest(row)])
            record.append(LOG, row)

    def by_notebook(self, run, number, notebook):
        """What notebook 90 does, by the parameters that the runner gives it."""
        again = session.reopen_with(run.settings)
        outcome = engine.roll_back(rollback.plan(again), again)
        again.record.keep_json(rollback.LEDGER, rollback.ledger(outcome))
        failed = WriteState.FAILED in outcome.states
        return Phase("90", ROLLBACK, "failed" if failed else "succeeded")

    def typed(self, *words):
        """A command's words, typed: its exit code and all that it says, in one line."""
        ended = CliRunner().invoke(main, words)
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        writers.leave(self.settings().run_folder)  # as the process ends
        return ended.exit_code, " ".join(ended.output.split())

    def says(self, command, *words):
        sets = [f"outputs_dir={self.folder / self.here}", "record_store=s3://bucket/p"]
        return self.typed(command, "local", RUN, *words, *(word for one in sets for word in ("--set", one)))

    @property
    def backup(self):
        return next(key for key in self.s3.objects if "/backup/" in key and "-definition" not in key)

    @property
    def seals(self):
        """Those that the store has; where they were touched, what the touch left is compared elsewhere."""
        try:
            return seal_chain.from_text(self.s3.objects[PLACE + MANIFEST].decode()).seals
        except (KeyError, ValueError, Refused):
            return self.sealed

    @property
    def record(self):
        return Record(self.settings().run_folder, RUN)

    @property
    def back(self):
        """Whether check-ins run what they ran before."""
        return (self.aws.runs(), self.aws.runs(*self.aws.aliases["live"])) == ("before", "before")


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """What a run left in the account and in the store, once for all."""
    with pytest.MonkeyPatch.context() as patched:
        made = Emergency(tmp_path_factory.mktemp("first"), patched)
        made.run()
        yield made


@pytest.fixture
def lost(tmp_path, monkeypatch, ended):
    return Emergency(tmp_path, monkeypatch, ended)


def edited(name, old=b"before", new=b"BEFORE"):
    def act(lost):
        key = name(lost) if callable(name) else PLACE + name
        assert old in lost.s3.objects[key]
        lost.s3.objects[key] = lost.s3.objects[key].replace(old, new)

    return act


def put(name, data):
    def act(lost):
        lost.s3.objects[name(lost) if callable(name) else PLACE + name] = data

    return act


def added(name, data):
    return lambda lost: lost.s3.objects.update({PLACE + name: lost.s3.objects.get(PLACE + name, b"") + data})


def gone(name):
    return lambda lost: lost.s3.objects.pop(name(lost) if callable(name) else PLACE + name)


def closed(name):
    return lambda lost: lost.s3.refuses.add(name(lost) if callable(name) else PLACE + name)


def broken(name):
    return lambda lost: lost.s3.breaks.add(name(lost) if callable(name) else PLACE + name)


def the_backup(lost):
    return lost.backup


ROW = json.dumps({"kind": "topic", "state": "intended"}).encode() + b"\n"
JUNK = b"\xff\xfejunk"
MEMBERS = {
    "backup edited": (edited(the_backup), "backup/"),
    "backup junk": (put(the_backup, JUNK), "backup/"),
    "backup gone": (gone(the_backup), "backup/"),
    "backup closed": (closed(the_backup), "backup/"),
    "backup breaks off": (broken(the_backup), "backup/"),
    "another backup planted": (added("backup/00.json", b"{}"), "backup/00.json: not in the manifest"),
    "a file in place of a folder": (added("backup", b"x"), "backup: "),
    "log edited": (edited(LOG, b'"phase": "03"', b'"phase": "02"'), f"{LOG}: edited"),
    "log added to": (added(LOG, ROW), f"{LOG}: {len(ROW)} bytes more than were sealed"),
    "log of junk": (put(LOG, JUNK), f"{LOG}: cut"),
    "log gone": (gone(LOG), f"{LOG}: missing"),
    "log closed": (closed(LOG), f"{LOG}: cannot be taken"),
    "log breaks off": (broken(LOG), f"{LOG}: cannot be taken"),
    "verdict edited": (edited(VERDICT, b"failed", b"succeeded"), f"{VERDICT}: edited"),
    "verdict of junk": (put(VERDICT, JUNK), f"{VERDICT}: edited"),
    "verdict gone": (gone(VERDICT), f"{VERDICT}: missing"),
    "verdict closed": (closed(VERDICT), f"{VERDICT}: cannot be taken"),
    "verdict of a later version": (put(VERDICT, b'{"format": 99}'), f"{VERDICT}: edited"),
    "manifest edited": (edited(MANIFEST, b'"closed"', b'"opened"'), "the chain does not close"),
    "manifest of junk": (put(MANIFEST, JUNK), f"{MANIFEST} in the store is none that this runbook wrote"),
    "manifest of another run": (edited(MANIFEST, RUN.encode(), b"20260101T000000Z-bbbb"), f"{MANIFEST} in the store"),
    "manifest of a later version": (put(MANIFEST, b'{"format": 99}'), "is of format 99"),
    "manifest gone": (gone(MANIFEST), f"{MANIFEST}: missing in the store"),
    "manifest closed": (closed(MANIFEST), f"{MANIFEST}: cannot be taken"),
    "manifest breaks off": (broken(MANIFEST), f"{MANIFEST}: cannot be taken"),
    "evidence edited": (added(EVIDENCE, b"x"), f"{EVIDENCE}: edited"),
    "evidence gone": (gone(EVIDENCE), f"{EVIDENCE}: missing"),
    "evidence closed": (closed(EVIDENCE), f"{EVIDENCE}: cannot be taken"),
    "evidence breaks off": (broken(EVIDENCE), f"{EVIDENCE}: cannot be taken"),
    "evidence planted": (added("evidence/a.json", b"{}"), "evidence/a.json: not in the manifest"),
    "an odd attempt planted": (added("evidence/rollback.attempt-x.json", b"{}"), "attempt-x.json: not in the manifest"),
    "a junk ledger planted": (added(rollback.LEDGER, b"junk"), f"{rollback.LEDGER}: not in the manifest"),
    "plan edited": (put(PLAN, b"[junk"), f"{PLAN}: edited"),
    "checks edited": (put(CHECKS, b'{"attempt": [1], "phase": "90"}\n'), f"{CHECKS}: "),
    "a name that no record holds": (added("a//b", b"x"), "'a//b': a name that no record holds"),
    "a name that leaves the folder": (added("../up", b"x"), "'../up': a name that no record holds"),
    "a name that no disk holds": (added("e" * 300, b"x"), "eeee: "),
}


# Where the log itself cannot be had, there is nothing that a rollback could undo; restore has the backup.
NOT_UNDONE = ("log of junk", "log gone", "log closed", "log breaks off")


@pytest.mark.parametrize("command", ["restore", "rollback"])
@pytest.mark.parametrize("member", MEMBERS)
def test_whatever_lies_beside_it_the_emergency_goes_on_and_says_it_for_ever(member, command, lost):
    touch, said = MEMBERS[member]
    well = dict(lost.s3.objects)
    touch(lost)
    touched = {key: data for key, data in lost.s3.objects.items() if well.get(key) != data}
    code, refused = lost.says(command)
    assert code and not lost.back, refused
    (way,) = [found for found in re.findall(r"`(runbook [^`]+)`", refused) if "--unverified" in found]
    _, *words = shlex.split(way)
    assert words[:3] == [command, "local", RUN]
    code, told = lost.typed(*words)
    assert said in told
    if command == "rollback" and member in NOT_UNDONE:
        assert (code, lost.back) == (3, False), told
        (way,) = re.findall(r"`(runbook restore [^`]+)`", told)
        code, told = lost.typed(*shlex.split(way)[1:])
    # A row that somebody added is a thing that could not be undone.
    assert (code, lost.back) == (int((command, member) == ("rollback", "log added to")), True), told
    assert {key: lost.s3.objects[key] for key in touched} == touched
    assert PLACE + MANIFEST in touched or lost.seals[: len(lost.sealed)] == lost.sealed
    records.open_to_write(Run(lost.settings(), lost.record), "another")
    sealing.seal(lost.record)  # which makes nothing of it whole
    writers.leave(lost.record.folder)
    found = " ".join(records.unsealed_differences(lost.record.folder))
    assert f"used by {command} --unverified at " in found
    assert said in found


def test_of_a_store_that_is_well_it_is_all_taken_and_the_store_tells_of_the_restoration(lost):
    code, said = lost.says("restore")
    assert (code, lost.back, "Note" in said) == (0, True, False), said
    assert lost.s3.objects[PLACE + LOG] == (lost.record.folder / LOG).read_bytes()
    assert manifest.unsealed_differences(lost.record.folder) == []
    assert all(settings.answer_timeout_seconds <= undo_opening.ANSWER_SECONDS for settings in lost.asked[-4:])


def evil(kept):
    """The same backup with another definition."""
    return json.dumps(json.loads(kept) | described("evil")).encode()


def test_of_several_backups_it_is_the_one_that_the_account_confirms_and_that_is_said(lost):
    lost.s3.objects[f"{PLACE}backup/00.json"] = evil(lost.s3.objects[lost.backup])
    code, said = lost.says("restore", "--unverified")
    assert (code, lost.back) == (0, True), said
    assert re.search(r"Note: stepfunctions-backup-\d+\.json is used, which holds what the account keeps", said)


def test_where_the_backup_was_swapped_it_is_what_the_log_tells_and_the_account_confirms(lost):
    lost.s3.objects[lost.backup] = evil(lost.s3.objects[lost.backup])
    code, said = lost.says("restore", "--unverified")
    assert (code, lost.back) == (0, True), said
    assert f"Note: {LOG} is used, which the account confirms, and which no backup agrees with: stepfunctions-" in said


def test_where_neither_is_confirmed_it_is_the_first_backup_that_can_be_read_and_loudly(lost):
    lost.s3.objects[f"{PLACE}backup/00.json"] = JUNK
    lost.s3.objects[lost.backup] = evil(lost.s3.objects[lost.backup])
    lost.s3.refuses.add(PLACE + LOG)
    code, said = lost.says("restore", "--unverified")
    assert (code, lost.aws.runs()) == (0, "evil"), said
    assert re.search(r"UNCONFIRMED: stepfunctions-backup-\d+\.json is used as it lies there: 00\.json: ", said)


def test_where_the_account_cannot_be_asked_it_is_asked_once_and_the_first_backup_is_used(lost):
    lost.s3.objects[f"{PLACE}backup/zz.json"] = evil(lost.s3.objects[lost.backup])
    lost.ssm.fails = says("AccessDeniedException")
    code, said = lost.says("restore", "--unverified")
    assert (code, lost.back, said.count("UNCONFIRMED")) == (0, True, 2), said  # once more by the words of the reason


def test_without_backup_and_without_a_row_that_the_account_confirms_nothing_is_written(lost):
    lost.s3.refuses |= {lost.backup, PLACE + LOG}
    code, said = lost.says("restore", "--unverified")
    assert (code, lost.aws.runs()) == (2, "after")
    assert f"no backup of run {RUN} is to be had" in said
    assert "backup/stepfunctions" in said and f"{LOG}: cannot be taken from the store" in said


# What this machine has


def here(lost, ended):
    """This machine with its own record, as it was sealed."""
    shutil.copytree(ended.settings().run_folder, lost.settings().run_folder)
    writers.leave(lost.settings().run_folder)


def test_a_machine_that_has_the_record_undoes_by_it_whatever_the_seals_in_the_store_are(lost, ended):
    here(lost, ended)
    put(MANIFEST, JUNK)(lost)
    assert lost.says("rollback")[0] == 3
    code, said = lost.says("rollback", "--unverified")
    assert (code, lost.back) == (0, True), said
    assert f"{MANIFEST} in the store is none" in said
    assert lost.s3.objects[PLACE + MANIFEST] == JUNK


def test_what_this_machine_has_is_not_replaced_by_what_is_not_as_it_was_sealed(lost, ended):
    here(lost, ended)
    edited(LOG, b'"phase": "03"', b'"phase": "02"')(lost)
    added(EVIDENCE, b"x")(lost)
    kept = (lost.record.folder / LOG).read_bytes()
    code, said = lost.says("rollback", "--unverified")
    assert (code, lost.back) == (0, True), said
    for name in (LOG, EVIDENCE):
        assert f"{name}: edited, so that this machine's was kept" in said
    assert (lost.record.folder / LOG).read_bytes().startswith(kept)


def test_of_a_run_that_another_machine_went_on_with_its_rows_are_taken(lost, ended):
    here(lost, ended)
    whole = (lost.record.folder / LOG).read_bytes()
    (lost.record.folder / LOG).write_bytes(whole.splitlines(keepends=True)[0])
    (lost.record.folder / MANIFEST).unlink()
    added(EVIDENCE, b"x")(lost)
    code, said = lost.says("rollback", "--unverified")
    assert (code, lost.back) == (0, True), said


@pytest.mark.parametrize("command", ["restore", "rollback"])
def test_a_record_that_was_altered_here_names_what_and_the_command_that_goes_on_all_the_same(command, lost, ended):
    here(lost, ended)
    (lost.record.folder / EVIDENCE).write_text("x")
    code, refused = lost.says(command)
    assert (code, f"{EVIDENCE}: edited" in refused) == (3, True)
    (way,) = [found for found in re.findall(r"`(runbook [^`]+)`", refused) if "--unverified" in found]
    code, said = lost.typed(*shlex.split(way)[1:])
    assert (code, lost.back, f"{EVIDENCE}: edited" in said) == (0, True, True), said


@pytest.mark.parametrize("command", ["apply", "status"])
def test_the_other_commands_stay_strict_and_name_no_way(command, lost):
    edited(LOG, b'"phase": "03"', b'"phase": "02"')(lost)
    sets = ["--set", f"outputs_dir={lost.folder / 'lost'}", "--set", "record_store=s3://bucket/p"]
    code, said = lost.typed(command, "local", *(["--yes", "--resume", RUN] if command == "apply" else [RUN]), *sets)
    assert (code, f"{LOG}: edited" in said) == (3, True), said
    assert [way for way in re.findall(r"`(runbook [^`]+)`", said) if "--unverified" in way] == []


@pytest.mark.parametrize("command", ["restore", "rollback"])
def test_the_options_of_a_rollback_are_in_the_command_that_goes_on(command, lost):
    added(EVIDENCE, b"x")(lost)
    options = ["--overwrite", "--break-lock", "--to-phase", "03"] if command == "rollback" else []
    (way,) = [one for one in re.findall(r"`(runbook [^`]+)`", lost.says(command, *options)[1]) if "--unver" in one]
    assert shlex.split(way)[4 : 4 + len(options)] == options


# A store that may not be listed or written, or hangs


@pytest.mark.parametrize("command", ["restore", "rollback"])
def test_a_store_that_may_be_read_and_not_written_is_read(command, lost, monkeypatch):
    def refused(**_):
        raise says("AccessDenied")

    monkeypatch.setattr(lost.s3, "put_object", refused)
    before = dict(lost.s3.objects)
    code, said = lost.says(command, "--unverified")
    assert (code, lost.back, lost.s3.objects) == (0, True, before), said
    assert "Note: the record's store" in said


@pytest.mark.parametrize("command", ["restore", "rollback"])
def test_a_store_that_may_not_be_listed_is_read_by_what_its_seals_name(command, lost, monkeypatch):
    def refused(**_):
        raise says("AccessDenied")

    monkeypatch.setattr(lost.s3, "_pages", refused)
    code, said = lost.says(command)
    assert (code, "--unverified" in said) == (2, True), said
    code, said = lost.says(command, "--unverified")
    assert (code, lost.back) == (0, True), said
    assert "what the store holds cannot be listed" in said


def test_a_store_that_does_not_answer_is_given_up_at_its_first_call_and_names_no_way_that_is_none(lost):
    lost.s3.down, asked = True, lost.s3.answers
    code, said = lost.says("restore")
    assert (code, lost.s3.answers) == (2, asked - 1), said
    assert "does not answer" in said
    assert lost.says("restore", "--unverified")[0] == 2
    assert lost.s3.answers == asked - 2
    assert {settings.answer_timeout_seconds for settings in lost.asked} == {undo_opening.ANSWER_SECONDS}


def test_a_store_that_goes_away_meanwhile_keeps_the_last_seal_from_nothing_and_is_said(lost):
    def before(call, given):
        lost.s3.down = call == "update_state_machine" or lost.s3.down

    lost.aws.before = before
    code, said = lost.says("restore")
    assert (code, lost.back) == (0, True), said
    assert re.search(r"Note: the record's store does not tell of this yet, only \S+ does \(no answer", said)
    assert manifest.unsealed_differences(lost.record.folder) == []
    assert not manifest.read(lost.record.folder).open
    lost.s3.down = False
    assert lost.says("rollback")[0] == 0
    assert lost.s3.objects[PLACE + LOG] == (lost.record.folder / LOG).read_bytes()


class Slow:
    """A shelf of which each file takes ten seconds."""

    without_it = ""

    def __init__(self, shelf):
        self.shelf, self.now, self.asked = shelf, 0.0, []

    def stored(self):
        return self.shelf.stored()

    def read(self, name):
        self.now += 10
        self.asked.append(name)
        return self.shelf.read(name)


def test_of_a_slow_store_what_an_undo_needs_comes_first_and_what_was_not_asked_for_is_named(lost):
    settings = lost.settings()
    shelf = Slow(record_stores.shelves(settings).run(RUN))
    record = Record(settings.run_folder, RUN)
    records.open_run(settings)
    taken = Salvage(record, shelf, clock=lambda: shelf.now)
    told = taken.take(taken.stored())
    assert shelf.asked[0] == LOG
    assert [name.partition("/")[0] for name in shelf.asked[1:]] == ["backup", "backup", VERDICT, MANIFEST]
    assert f"{EVIDENCE}: not asked for, since the store took more than {salvage.PATIENCE_SECONDS} s by then" in told
    writers.leave(record.folder)


def test_what_was_taken_unverified_and_then_cut_off_is_never_told_as_it_was_sealed(lost, monkeypatch):
    added(LOG, ROW)(lost)
    with monkeypatch.context() as cut:
        cut.setattr(records, "seal_with_note", lambda *_: pytest.fail("cut"))
        with pytest.raises(pytest.fail.Exception):
            lost.says("restore", "--unverified")
    writers.leave(lost.settings().run_folder)
    assert any("used by restore --unverified" in one for one in records.unsealed_differences(lost.record.folder))
    code, said = lost.says("rollback", "--unverified")
    assert (code, f"{LOG}: {len(ROW)} bytes more than were sealed" in said) == (1, True), said


def test_a_strict_machine_takes_no_file_for_sealed_since_both_have_it(lost, ended):
    here(lost, ended)
    added(EVIDENCE, b"x")(lost)
    (lost.record.folder / EVIDENCE).write_bytes(lost.s3.objects[PLACE + EVIDENCE])
    (lost.record.folder / MANIFEST).unlink()
    record = lost.record
    with pytest.raises(Altered, match=f"the store holds is not as it was sealed: {EVIDENCE}: edited"):
        sync.synchronise(record, record_stores.shelves(lost.settings()).run(RUN))


def test_what_writes_nothing_takes_no_lock_away(lost):
    code, said = lost.says("rollback", "--dry-run", "--break-lock")
    assert (code, "expected one of them" in said) == (2, True)
