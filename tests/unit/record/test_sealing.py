"""A record is verified before anything is made of it, and a seal adds to those before: nothing altered is laundered."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from fakes import World

from lib.changes import engine, loss_guard, plans
from lib.cli.change_commands import main
from lib.errors import Altered, Refused
from lib.phases import session
from lib.record import files, records, run_index, sealing, writers
from lib.record.records import LOG, MANIFEST, VERDICT, Record, Run
from lib.record.seals import manifest
from lib.record.seals.manifest import Binding
from lib.record.seals.seal_chain import Claim, Manifest, Seal, State
from lib.settings import ROOT, load

BACKUP = "backup/stepfunctions-backup-20260101.json"
EDITED = f"{BACKUP}: edited"


@pytest.fixture
def ended(settings):
    """A run that ended, with a backup, a log and a verdict; no process writes to it any more."""
    record = records.open_run(settings)
    record.append(LOG, {"n": 1})
    record.keep_json(BACKUP, {"definition": "as it was"})
    record.write_json(VERDICT, {"run_id": record.run_id, "environment": "local", "verdict": "succeeded"})
    sealing.seal(record)
    assert records.unsealed_differences(record.folder) == []
    return record


def wrong(record):
    return records.unsealed_differences(record.folder)


def killed(record):
    """As the system leaves it when the process that writes to it is gone."""
    writers.leave(record.folder)


def open_again(settings, record, unverified=""):
    return records.open_to_write(Run(settings, record), unverified)


# Every command reads it against its seals first


@pytest.fixture
def runbook(settings, tmp_path):
    """`runbook("restore", run_id)`: exit code and stderr, of an account at which nothing listens."""

    def invoke(command, *words):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            sets = [f"outputs_dir={tmp_path}", f"endpoint_url=http://127.0.0.1:{taken.getsockname()[1]}"]
            line = [command, "local", *words, *(word for value in sets for word in ("--set", value))]
            result = CliRunner().invoke(main, line)
        assert "Traceback" not in result.output
        return result.exit_code, " ".join(result.stderr.split())

    return invoke


COMMANDS = {
    "rollback": lambda run_id: ["rollback", run_id],
    "rollback that only looks": lambda run_id: ["rollback", run_id, "--dry-run"],
    "restore": lambda run_id: ["restore", run_id],
    "resume": lambda run_id: ["apply", "--yes", "--resume", run_id],
    "apply into it": lambda run_id: ["apply", "--yes", "--set", f"run_id={run_id}"],
    "plan into it": lambda run_id: ["plan", "--set", f"run_id={run_id}"],
    "review": lambda run_id: ["review", run_id],
    "tune": lambda run_id: ["tune", "--run-id", run_id],
    "drill into it": lambda run_id: ["drill", "--set", f"run_id={run_id}"],
    "open": lambda run_id: ["open", "03", "--run-id", run_id, "--no-browser"],
    "status": lambda run_id: ["status", run_id],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_an_altered_record_by_the_files_name_before_it_calls_anything(command, ended, runbook):
    (ended.folder / BACKUP).write_text('{"definition": "another"}')
    before = {path: path.read_bytes() for path in ended.folder.rglob("*") if path.is_file()}
    code, said = runbook(*COMMANDS[command](ended.run_id))
    assert (code, EDITED in said) == (3, True), said
    assert said.startswith("Altered: the record of run ")
    assert {path: path.read_bytes() for path in ended.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", ["rollback", "restore", "resume", "review", "status"])
@pytest.mark.parametrize("name", [LOG, VERDICT])
def test_a_row_added_to_the_log_or_another_verdict_is_refused_as_well(name, command, ended, runbook):
    with (ended.folder / name).open("a") as file:
        file.write('{"kind": "topic", "state": "intended"}\n')
    code, said = runbook(*COMMANDS[command](ended.run_id))
    assert (code, f"{name}: " in said) == (3, True), said


@pytest.mark.parametrize("command", ["rollback", "restore"])
def test_in_an_emergency_it_is_used_all_the_same_which_is_said_and_recorded_for_ever(command, ended, runbook):
    (ended.folder / BACKUP).write_text('{"definition": "another"}')
    code, said = runbook(*COMMANDS[command](ended.run_id), "--unverified")
    assert code == {"rollback": 2, "restore": 1}[command], said  # on to the account, where nothing answers
    assert "--unverified: the record of run" in said
    assert {"rollback": "Unreachable", "restore": "STS does not tell"}[command] in said
    killed(ended)
    found = wrong(ended)
    assert EDITED in found
    assert any(one.startswith(f"used by {command} --unverified at ") for one in found)
    assert runbook(*COMMANDS[command](ended.run_id))[0] == 3  # the next one must be told again


def test_the_notebooks_of_a_command_that_goes_on_unverified_do_so_too(ended, settings):
    (ended.folder / BACKUP).write_text("another")
    open_again(settings, ended, "rollback --unverified")
    given = {"outputs_dir": settings.outputs_dir}
    other = f"from lib.record import records, run_index; from lib.settings import load; s = load('local', {given!r}); "
    run = f"records.open_to_write(records.Run(s, run_index.find_run(s, {ended.run_id!r})))"
    kernel = [sys.executable, "-c", other + run]
    assert subprocess.run(kernel, check=False, capture_output=True).returncode == 0
    (ended.folder / "more.txt").symlink_to("/etc/passwd")
    refused = subprocess.run(kernel, check=False, capture_output=True, text=True)
    assert "more.txt: a symbolic link" in refused.stderr.splitlines()[-1]
    assert EDITED not in refused.stderr
    (ended.folder / "more.txt").unlink()
    killed(ended)
    assert "edited" in subprocess.run(kernel, check=False, capture_output=True, text=True).stderr


def test_no_rollback_believes_what_another_command_was_told_to_believe(ended, settings, monkeypatch):
    open_again(settings, ended, "rollback --unverified")
    monkeypatch.setattr(session, "reopen_with", lambda *_, **__: Run(settings, ended))
    line = ["rollback", "local", ended.run_id, "--set", f"outputs_dir={settings.outputs_dir}"]
    result = CliRunner().invoke(main, line)
    assert (result.exit_code, "has run" in result.stderr and "open with --unverified" in result.stderr) == (3, True)


def test_a_notebook_that_is_only_prepared_leaves_the_record_closed_so_that_nothing_comes_besides(ended, runbook):
    code, _ = runbook("open", "03", "--run-id", ended.run_id, "--no-browser")
    found = manifest.read(ended.folder)
    assert (code, found.seals[-1].state, found.open) == (0, State.CLOSED, False)
    (ended.folder / "backup" / "a.json").write_text('{"definition": "evil"}')
    for command in ("restore", "rollback"):
        code, said = runbook(*COMMANDS[command](ended.run_id))
        assert (code, "backup/a.json: not in the manifest" in said) == (3, True), said
    assert wrong(ended) == ["backup/a.json: not in the manifest"]


def test_status_of_all_runs_says_of_an_altered_one_only_that_it_is(ended, runbook, settings):
    (ended.folder / VERDICT).write_text('{"verdict": "succeeded", "phases": []}')
    shown = CliRunner().invoke(main, ["status", "local", "--set", f"outputs_dir={settings.outputs_dir}"])
    assert "NOT AS SEALED: run.json: edited" in " ".join(shown.output.split())
    assert "succeeded" not in shown.output


# A seal adds


def alterations():
    return {
        "edited": lambda folder: (folder / BACKUP).write_text("another"),
        "removed": lambda folder: (folder / BACKUP).unlink(),
        "added": lambda folder: (folder / "evidence.json").write_text("{}"),
        "hidden": lambda folder: (folder / ".hidden").write_text("x"),
        "renamed": lambda folder: (folder / BACKUP).rename(folder / "backup/other.json"),
        "log edited": lambda folder: (folder / LOG).write_text('{"n": 2}\n'),
        "log cut": lambda folder: (folder / LOG).write_text(""),
        "log added to": lambda folder: (folder / LOG).write_text('{"n": 1}\n{"n": 2}\n'),
        "verdict": lambda folder: (folder / VERDICT).write_text("{}"),
        "link": lambda folder: (folder / "link").symlink_to(folder / BACKUP),
        "folder that is a link": lambda folder: (folder / "evidence").symlink_to(folder / "backup"),
        "pipe": lambda folder: os.mkfifo(folder / "pipe"),
        "pipe in its place": lambda folder: ((folder / BACKUP).unlink(), os.mkfifo(folder / BACKUP)),
        "pipe for the manifest": lambda folder: ((folder / MANIFEST).unlink(), os.mkfifo(folder / MANIFEST)),
        "socket": lambda folder: socket.socket(socket.AF_UNIX).bind(os.path.relpath(folder / "s")),
        "no manifest": lambda folder: (folder / MANIFEST).unlink(),
        "another manifest": lambda folder: (folder / MANIFEST).write_text("{}"),
        "a manifest in hiding": lambda folder: (folder / ".MANIFEST.json").write_text("{}"),
    }


@pytest.mark.parametrize("alteration", alterations())
def test_whatever_was_altered_is_refused_and_no_seal_makes_it_whole(alteration, ended, settings, monkeypatch):
    monkeypatch.chdir(ended.folder)  # a socket's path is short
    alterations()[alteration](ended.folder)
    with pytest.raises(Altered):
        open_again(settings, ended)
    open_again(settings, ended, "restore --unverified")
    for _ in range(2):
        sealing.seal(ended)
        assert wrong(ended) != []
    with (ended.folder / LOG).open("a") as file:
        file.write('{"n": 3}\n')
    sealing.seal(ended)
    assert any("so it was sealed at" in one for one in wrong(ended))


def test_what_was_put_back_stays_said(ended, settings):
    kept = (ended.folder / BACKUP).read_bytes()
    (ended.folder / BACKUP).write_text("another")
    open_again(settings, ended, "restore --unverified")
    sealing.seal(ended)
    (ended.folder / BACKUP).write_bytes(kept)
    found = wrong(ended)
    assert EDITED not in found
    assert any(one.startswith(f"{EDITED} (so it was sealed at ") for one in found)
    open_again(settings, ended)  # and it may be used again


def test_seals_are_added_and_never_replaced(ended, settings):
    before = json.loads((ended.folder / MANIFEST).read_text())["seals"]
    open_again(settings, ended)
    ended.append(LOG, {"n": 2})
    ended.write_json(VERDICT, {"run_id": ended.run_id, "verdict": "rolled back"})
    sealing.seal(ended)
    after = json.loads((ended.folder / MANIFEST).read_text())["seals"]
    assert after[: len(before)] == before
    assert [[row["path"] for row in seal["files"]] for seal in after[len(before) :]] == [[], [VERDICT], [LOG]]
    assert wrong(ended) == []
    assert len([row for seal in after for row in seal["files"] if row["path"] == VERDICT]) == 3


# A kill leaves it open, not edited


def test_a_killed_run_is_not_sealed_since_and_not_edited(ended, settings):
    open_again(settings, ended)
    ended.append(LOG, {"n": 2})
    ended.keep_json("evidence/a.json", {})
    ended.write_json(VERDICT, {"run_id": ended.run_id, "verdict": "running"})
    (ended.folder / "03_x.running.ipynb").write_text("half")
    (ended.folder / ".draft-x").write_text("half")
    killed(ended)
    found = wrong(ended)
    assert {one.partition(": not sealed since ")[0] for one in found} == {
        LOG, "03_x.running.ipynb", ".draft-x",
    }  # fmt: skip
    assert manifest.findings(ended.folder, Binding(ended.run_id)).wrong == ()
    open_again(settings, ended)
    sealing.seal(ended)  # while something half written is there, it is not closed
    assert {one.partition(":")[0] for one in wrong(ended)} == {"03_x.running.ipynb", ".draft-x"}
    for name in ("03_x.running.ipynb", ".draft-x"):
        (ended.folder / name).unlink()
    sealing.seal(ended)
    assert wrong(ended) == []


def test_what_was_sealed_before_the_kill_is_edited_all_the_same(ended, settings):
    open_again(settings, ended)
    killed(ended)
    (ended.folder / BACKUP).write_text("another")
    with pytest.raises(Altered, match=EDITED):
        open_again(settings, ended)


@pytest.mark.parametrize("size", [0, 1, 5, 9])
def test_a_log_keeps_the_beginning_that_was_sealed(size, ended, settings):
    open_again(settings, ended)
    killed(ended)
    data = bytearray((ended.folder / LOG).read_bytes() + b'{"n": 2}\n')
    data[size if size < 9 else 8] ^= 1
    (ended.folder / LOG).write_bytes(data)
    with pytest.raises(Altered, match=f"{LOG}: edited"):
        open_again(settings, ended)


def test_a_command_within_another_does_not_close_it(ended, settings):
    open_again(settings, ended)
    with sealing.sealed_at_end(ended):
        with sealing.sealed_at_end(ended):
            ended.append(LOG, {"n": 2})
        ended.log_call({"operation": "DeleteParameter"})
        assert manifest.read(ended.folder).open
    assert not manifest.read(ended.folder).open


def test_another_process_that_still_writes_keeps_it_open(ended, settings):
    writing = "import sys; from pathlib import Path; from lib.record import writers; writers.join(Path(sys.argv[1])); "
    line = [sys.executable, "-c", writing + "print(1, flush=True); input()", str(ended.folder)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        open_again(settings, ended)
        sealing.seal(ended)
        assert manifest.read(ended.folder).open
        other.stdin.close()
        other.wait()
    sealing.seal(ended)
    assert not manifest.read(ended.folder).open


def test_of_two_that_end_at_once_the_last_one_closes_the_record(ended, settings):
    """Each saw the other still there: nobody closed it, and what somebody put there then was only not sealed yet."""
    given = {"outputs_dir": settings.outputs_dir}
    writing = "from lib.record import records, run_index, sealing; from lib.settings import load; "
    writing += f"s = load('local', {given!r}); r = run_index.find_run(s, {ended.run_id!r}); "
    writing += "records.open_to_write(records.Run(s, r)); print(1, flush=True); input(); sealing.seal(r)"
    open_again(settings, ended)
    with subprocess.Popen([sys.executable, "-c", writing], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        sealing.seal(ended)
        assert manifest.read(ended.folder).open
        other.stdin.write(b"\n")
        other.stdin.close()
        assert other.wait() == 0
    # This process did not end, nor write, since.
    assert not manifest.read(ended.folder).open


# The verdict is sealed before it is written, whatever is written of it next


def verdict(record, said, **more):
    return {"run_id": record.run_id, "environment": "local", "verdict": said, "phases": [], **more}


@pytest.fixture
def cut(ended, settings):
    """A run that was killed while it went on, with a verdict of its own."""
    open_again(settings, ended)
    ended.write_json(VERDICT, verdict(ended, "running"))
    killed(ended)
    return ended


@pytest.fixture
def dying(monkeypatch):
    """`dying()`: who writes the next verdict is killed after its seal, before it is there."""

    def arm():
        replace = files.replace

        def once(path, data):
            if path.name == VERDICT:
                monkeypatch.setattr(files, "replace", replace)
                raise KeyboardInterrupt
            replace(path, data)

        monkeypatch.setattr(files, "replace", once)

    return arm


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_killed_run_whose_verdict_somebody_edited(command, cut, runbook):
    done = [{"number": "05", "notebook": "05_validation", "verdict": "succeeded"}]
    (cut.folder / VERDICT).write_text(json.dumps(verdict(cut, "running", phases=done)))
    code, said = runbook(*COMMANDS[command](cut.run_id))
    assert (code, f"{VERDICT}: edited" in said) == (3, True), said


def test_no_seal_makes_an_edited_verdict_whole_and_neither_does_the_next_that_is_written(cut, settings):
    (cut.folder / VERDICT).write_text(json.dumps(verdict(cut, "succeeded")))
    sealing.seal(cut)
    with pytest.raises(Altered, match=f"{VERDICT}: edited"):
        open_again(settings, cut)
    open_again(settings, cut, "rollback --unverified")
    cut.write_json(VERDICT, verdict(cut, "rolled back"))
    sealing.seal(cut)
    (found,) = [one for one in wrong(cut) if one.startswith(VERDICT)]
    assert found.startswith(f"{VERDICT}: edited (so it was sealed at ")


def test_a_kill_between_its_seal_and_itself_leaves_the_one_before_and_the_next_seal_says_so(cut, settings, dying):
    before = (cut.folder / VERDICT).read_bytes()
    for _ in range(2):  # and again, by the command that goes on
        open_again(settings, cut)
        dying()
        with pytest.raises(KeyboardInterrupt):
            cut.write_json(VERDICT, verdict(cut, "succeeded"))
        killed(cut)
        assert (cut.folder / VERDICT).read_bytes() == before
        assert [one.partition(" since")[0] for one in wrong(cut)] == [f"{VERDICT}: not sealed"]
    open_again(settings, cut)
    sealing.seal(cut)
    assert wrong(cut) == []
    open_again(settings, cut)
    cut.write_json(VERDICT, verdict(cut, "failed"))
    killed(cut)
    assert wrong(cut) == []


def test_two_other_verdicts_in_a_row_that_were_never_written_leave_the_one_that_is_there(cut, settings, dying):
    for said in ("succeeded", "failed"):
        open_again(settings, cut)
        dying()
        with pytest.raises(KeyboardInterrupt):
            cut.write_json(VERDICT, verdict(cut, said))
        killed(cut)
    assert manifest.findings(cut.folder, Binding(cut.run_id)).wrong == ()


def test_an_older_verdict_put_back_is_edited(cut, settings):
    older = (cut.folder / VERDICT).read_bytes()
    open_again(settings, cut)
    for said in ("failed", "interrupted"):
        cut.write_json(VERDICT, verdict(cut, said))
    killed(cut)
    (cut.folder / VERDICT).write_bytes(older)
    with pytest.raises(Altered, match=f"{VERDICT}: edited"):
        open_again(settings, cut)


def test_of_a_run_that_ended_only_its_last_verdict_counts(ended, settings):
    older = (ended.folder / VERDICT).read_bytes()
    open_again(settings, ended)
    ended.write_json(VERDICT, verdict(ended, "failed"))
    sealing.seal(ended)
    (ended.folder / VERDICT).write_bytes(older)
    with pytest.raises(Altered, match=f"{VERDICT}: "):
        open_again(settings, ended)


def test_a_verdict_that_somebody_gave_a_killed_run_which_had_none_is_refused(settings, record):
    killed(record)
    (record.folder / VERDICT).write_text(json.dumps(verdict(record, "succeeded")))
    with pytest.raises(Altered, match=f"{VERDICT}: sealed by nobody"):
        open_again(settings, record)


def test_a_run_that_is_being_written_is_never_taken_for_an_edited_one(cut, settings, monkeypatch):
    open_again(settings, cut)
    listed, later = files.list_folder, iter(["failed", "interrupted", "succeeded"])

    def slowly(folder):
        for said in [*later][:3]:  # three more of them since the seals were read
            cut.write_json(VERDICT, verdict(cut, said))
        return listed(folder)

    monkeypatch.setattr(files, "list_folder", slowly)
    assert manifest.findings(cut.folder, Binding(cut.run_id)).wrong == ()


@pytest.mark.parametrize("name", ["plan.json", BACKUP, "evidence/validated.json", "evidence/definition.diff"])
def test_what_is_kept_is_sealed_as_soon_as_it_is_there(name, settings, record):
    record.keep_text(name, "{}")
    killed(record)
    assert wrong(record) == []
    (record.folder / name).write_text('{"another": 1}')
    with pytest.raises(Altered, match=f"{name}: edited"):
        open_again(settings, record)
    (record.folder / name).unlink()
    with pytest.raises(Altered, match=f"{name}: missing"):
        open_again(settings, record)


def test_what_is_written_once_a_record_is_closed_is_not_sealed_by_itself(ended):
    ended.keep_json("evidence/late.json", {})
    assert wrong(ended) == ["evidence/late.json: not in the manifest"]


# Whose it is


def test_a_copy_under_another_name_or_environment_or_account_is_refused(ended, settings):
    copy = ended.folder.with_name("20270101T000000Z-ffff")
    shutil.copytree(ended.folder, copy)
    with pytest.raises(Altered, match=f"it is the record of run {ended.run_id}, not {copy.name}"):
        open_again(settings, Record(copy, copy.name))
    assert any(f"run {ended.run_id}, not {copy.name}" in one for one in records.unsealed_differences(copy))
    elsewhere = settings.model_copy(update={"environment": "other"})
    shutil.copytree(ended.folder, settings.path(settings.outputs_dir) / "other" / ended.run_id)
    with pytest.raises(Altered, match="it is the record of environment local, not other"):
        open_again(elsewhere, run_index.find_run(elsewhere, ended.run_id))
    with pytest.raises(Altered, match="it is the record of account 000000000000, not 123456789012"):
        open_again(settings.model_copy(update={"account_id": "123456789012"}), ended)


def test_the_folder_itself_may_not_be_a_link(ended, settings):
    moved = ended.folder.with_name("elsewhere")
    ended.folder.rename(moved)
    ended.folder.symlink_to(moved)
    with pytest.raises(Altered, match="a symbolic link"):
        open_again(settings, ended)


def test_a_copy_that_an_auditor_was_given_verifies_as_that_of_the_run_that_they_name(ended, tmp_path):
    copy = tmp_path / "audit" / "evidence of monday"
    shutil.copytree(ended.folder, copy)
    verify = CliRunner().invoke(main, ["verify", str(copy), "--copy-of", ended.run_id])
    assert verify.exit_code == 0, verify.output
    assert f"of run {ended.run_id} of environment local, account {'0' * 12}" in " ".join(verify.output.split())
    assert CliRunner().invoke(main, ["verify", str(copy)]).exit_code == 1
    assert CliRunner().invoke(main, ["verify", str(copy), "--copy-of", "20270101T000000Z-ffff"]).exit_code == 1


def test_the_verdict_of_another_run_is_found_also_where_a_kill_left_it_unsealed(ended, settings):
    open_again(settings, ended)
    killed(ended)
    ended.write_json(VERDICT, {"run_id": "20270101T000000Z-ffff", "environment": "local"})
    with pytest.raises(Altered, match=f"{VERDICT}: of run 20270101T000000Z-ffff"):
        open_again(settings, ended)


def test_nothing_is_read_outside_the_folder_whatever_a_manifest_names(ended, monkeypatch):
    claims = (Claim("/etc/hostname", "0", 1), Claim("../../x", "0", 1))
    found, opened = manifest.read(ended.folder), files.open_to_read
    made = Manifest(found.run_id, found.environment, found.account, (*found.seals, Seal(State.CLOSED, "T", claims)))
    (ended.folder / MANIFEST).write_text(made.to_text())
    read = []
    monkeypatch.setattr(files, "open_to_read", lambda path: (read.append(path), opened(path))[1])
    assert {"/etc/hostname: missing", "../../x: missing"} <= {*wrong(ended)}
    assert all(path.parent == ended.folder or path.parent.parent == ended.folder for path in read)


@pytest.mark.parametrize("key", ["note", "approved_by", "Seals", "state", "files"])
def test_a_key_that_no_chain_holds_is_refused_by_its_name(key, ended, settings):
    text = (ended.folder / MANIFEST).read_text()
    (ended.folder / MANIFEST).write_text(text.replace("{", f'{{"{key}": "another",', 1))
    with pytest.raises(Altered, match=f"{MANIFEST}: '{key}': a key that no manifest has"):
        open_again(settings, ended)
    assert wrong(ended) == [f"{MANIFEST}: '{key}': a key that no manifest has"]


@pytest.mark.parametrize("name", [BACKUP, VERDICT, LOG, MANIFEST, "evidence/more.bin"])
def test_a_file_of_any_size_is_verified_in_little_memory(name, ended):
    """Of one that is larger than this machine's memory nobody reads the whole."""
    (ended.folder / name).parent.mkdir(exist_ok=True)
    with (ended.folder / name).open("ab") as file:
        file.truncate(2 * 10**11)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)); "
    limited += "from lib.cli.change_commands import main; "
    line = [sys.executable, "-c", limited + "main(sys.argv[1:])", "verify", str(ended.folder)]
    done = subprocess.run(line, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, "Traceback" in done.stderr, name in done.stderr) == (1, False, True), done.stderr


def test_a_key_that_the_manifest_says_twice_is_none_that_we_wrote(ended, settings):
    text = (ended.folder / MANIFEST).read_text()
    (ended.folder / MANIFEST).write_text(text.replace('"run_id"', '"run_id": "other",\n "run_id"', 1))
    with pytest.raises(Altered, match="says a key twice"):
        open_again(settings, ended)


# Other runs' records count only where they are as they were sealed


def test_a_loss_is_not_excused_by_what_somebody_wrote_into_another_runs_log(settings, record):
    told = {"time": "2026-01-01T00:00:00+00:00", "phase": "01", "name": "thing x", "kind": "thing", "before": None}
    other = records.open_run(settings)
    row = {**told, "identity": {"label": "x"}, "state": "intended", "undoes": False, "after": "theirs"}
    other.append(LOG, row)
    sealing.seal(other)
    world = World({"x": "theirs"}).believing(other)
    world.keep_written(other.run_id, [plans.row_digest({**row, "after": "planted"})])
    lost = loss_guard.losses([engine.plan("01", world.wanted(x="wanted"))], loss_guard.Ours())
    assert list(loss_guard.ours(lost, (world).run(settings, record)).written.values()) == [["theirs"]]
    with (other.folder / LOG).open("a") as file:
        file.write(json.dumps({**row, "after": "planted"}) + "\n")
    assert loss_guard.ours(lost, (world).run(settings, record)).written == {}


# Nobody else's to read


def test_an_audit_of_a_new_run_begins_with_a_seal_before_anything_is_written(settings):
    record = records.open_run(settings)
    assert [path.name for path in record.folder.iterdir()] == [MANIFEST]
    found = manifest.read(record.folder)
    assert (found.run_id, found.environment, found.account) == (record.run_id, "local", settings.account_id)
    assert found.open


def test_the_engine_itself_leaves_a_record_that_verifies(settings):
    record, world = records.open_run(settings), World()
    engine.carry_out(engine.plan("01", world.wanted(a=1)), world.run(settings, record))
    sealing.seal(record)
    assert wrong(record) == []
    assert isinstance(Altered("x"), Refused) and session.Altered is Altered and load("local").environment == "local"


def test_the_sample_that_is_shown_is_a_whole_run_as_it_was_sealed():
    sample = ROOT / "outputs" / "sample"
    ended = json.loads((sample / VERDICT).read_text(encoding="utf-8"))
    assert (ended["verdict"], [phase["verdict"] for phase in ended["phases"]]) == ("succeeded", ["succeeded"] * 9)
    assert records.unsealed_differences(sample, Binding(ended["run_id"])) == []
    # Of another name it is somebody's copy, which whoever verifies it has to say.
    assert records.unsealed_differences(sample) != []


# Where machines keep what is somebody's.
FOLDER = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users|mnt|var/folders)/\S{0,60}")


def test_the_sample_names_no_folder_of_the_machine_that_made_it():
    parameters = json.loads((ROOT / "outputs" / "sample" / VERDICT).read_text(encoding="utf-8"))["parameters"]
    named = {key: value for key, value in parameters.items() if key.endswith(("_dir", "_file"))}
    assert {"outputs_dir", "outcomes_file"} <= set(named)
    assert {key: value for key, value in named.items() if str(value).startswith(("/", "~"))} == {}
    for path in (ROOT / "outputs" / "sample").rglob("*.*"):
        assert FOLDER.findall(path.read_text(encoding="utf-8")) == [], path.name
