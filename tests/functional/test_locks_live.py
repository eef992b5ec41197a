"""One run at a time on the embedded account: two commands at once, many processes at once, and what needs no lock."""

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from accounts import differences, snapshot
from click.testing import CliRunner
from waiting import until

from lib.aws import Live, connect
from lib.changes import engine
from lib.changes.plans import Plan
from lib.cli import change_commands
from lib.errors import Refused, Superseded
from lib.record import records, run_index
from lib.record.records import LOG, Record
from lib.resources import connected_run, desired, run_lock
from lib.resources.lock_value import Lock, digest
from lib.resources.run_lock import TOKEN
from lib.settings import ROOT, Settings
from rehearsal.account import clients

RUNBOOK = Path(sys.executable).with_name("runbook")
BOB = "arn:aws:iam::000000000000:user/bob"
AT_ONCE = 16


def words(settings: Settings, command: str, *more: str) -> list[str]:
    names = ("endpoint_url", "outputs_dir", "docs_dir", "poll_seconds", "settle_seconds", "verify_timeout_seconds")
    return [
        command,
        "local",
        *(["--yes"] if command == "apply" else []),
        *more,
        *(word for key in names for word in ("--set", f"{key}={getattr(settings, key)}")),
    ]


def said(settings: Settings, command: str, *more: str) -> tuple[int, str, str]:
    """Exit code, output and complaint of `runbook`, in this process."""
    ended = CliRunner().invoke(change_commands.main, words(settings, command, *more))
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert TOKEN not in os.environ
    return ended.exit_code, ended.stdout, ended.stderr


def started(settings: Settings, command: str, *more: str) -> subprocess.Popen[str]:
    """The same as a process of its own."""
    line, pipe = [str(RUNBOOK), *words(settings, command, *more)], subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(line, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def writes(record: Record) -> list[dict[str, Any]]:
    return [row for row in record.rows(LOG) if row["state"] == "intended"]


def put(settings: Settings, **values: Any) -> Lock:
    """The lock of a run on another machine."""
    usual = {
        "token_sha256": digest("theirs"), "run_id": "r9", "owner": BOB, "host": "elsewhere", "pid": 7, "born": "b 1",
        "taken": "2026-01-01T00:00:00Z", "lease_seconds": 600,
    }  # fmt: skip
    lock = Lock(**{**usual, **values})
    ssm = clients.client(settings.endpoint_url, "ssm")
    ssm.put_parameter(Name=settings.lock_name, Value=json.dumps(lock.to_row()), Type="String", Overwrite=True)
    return lock


@pytest.fixture
def free(module_account):
    """An account whose lock nobody holds, before and afterwards; parameters in apply mode."""
    chosen = module_account.model_copy(update={"mode": "apply"})
    live = connect(chosen)
    assert run_lock.read_lock(live) is None
    yield chosen
    clients.client(chosen.endpoint_url, "ssm").delete_parameters(Names=[chosen.lock_name])
    assert TOKEN not in os.environ


def test_it_is_renewed_beyond_its_lease_and_gone_at_the_end(free):
    live = connect(free.model_copy(update={"lock_lease_seconds": 3}))
    with run_lock.locked(live, "r1") as still_ours:
        first = run_lock.read_lock(live)
        second = until(lambda: renewed(live, first))
        assert second.age is not None  # by the account's clock: its answers tell both times
        assert replace(second, renewals=0) == replace(first, renewals=0)
        still_ours()
    assert run_lock.read_lock(live) is None


def renewed(live: Live, first: Lock) -> Lock | None:
    """The lock once it was renewed."""
    now = run_lock.read_lock(live)
    return now if now and now.renewals > first.renewals else None


def test_one_that_was_broken_and_taken_while_it_is_first_renewed_is_nobodys_to_write_under(free):
    live = connect(free)
    ssm = live.once().client("ssm")
    live.single["ssm"] = Renewing(ssm, lambda: (ssm.delete_parameter(Name=free.lock_name), put(free)))
    with run_lock.locked(live, "r1") as still_ours:
        token = os.environ[TOKEN]
        with pytest.raises(Superseded, match="the lock of run r1 was taken away"):
            run_lock._renew(live, run_lock._ours(live, "r1", token), token)
        assert run_lock.read_lock(live) is None  # theirs went with it: who finds it gone writes no more either
        with pytest.raises(Superseded, match="the lock of run r1 was taken away"):
            still_ours()


@dataclass
class Renewing:
    """SSM, in which something else happens before the lock is first renewed."""

    ssm: Any
    then: Callable[[], object] | None

    def put_parameter(self, **given: Any) -> Any:
        if given["Overwrite"] and self.then:
            self.then()
            self.then = None
        return self.ssm.put_parameter(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ssm, name)


def test_a_lock_is_told_by_its_first_version_also_after_it_was_renewed(free):
    ssm = clients.client(free.endpoint_url, "ssm")
    put(free)
    put(free, renewals=1)
    first = ssm.get_parameter(Name=f"{free.lock_name}:1")["Parameter"]
    assert (json.loads(first["Value"])["renewals"], first["Version"]) == (0, 1)


def test_of_many_processes_at_once_one_holds_it(free):
    fork, live = multiprocessing.get_context("fork"), connect(free)
    live.client("ssm"), live.once().client("ssm")  # made once for all; each process connects for itself
    start, ended, told = fork.Barrier(AT_ONCE), fork.Event(), fork.SimpleQueue()

    def race(number: int) -> None:
        start.wait()
        try:
            with run_lock.locked(live, f"r{number}"):
                told.put((number, "holds it"))
                ended.wait()
        except Superseded as error:
            told.put((number, str(error)))
        os._exit(0)

    racers = [fork.Process(target=race, args=(number,)) for number in range(AT_ONCE)]
    for racer in racers:
        racer.start()
    found = dict(told.get() for _ in racers)
    ended.set()
    for racer in racers:
        racer.join()
    winners = [number for number, what in found.items() if what == "holds it"]
    assert len(winners) == 1
    assert sum(f"another run may write now: run r{winners[0]} of" in what for what in found.values()) == AT_ONCE - 1


def test_what_only_reads_needs_no_lock(free):
    put(free)
    before = snapshot(free)
    code, out, err = said(free, "plan")
    assert (code, err) == (0, "")
    code, out, err = said(free, "status")
    assert (code, err) == (0, "")
    code, out, err = said(free, "lock")
    assert (code, err) == (0, "")
    assert out.startswith(f"Held by run r9 of {BOB}, process 7 on elsewhere, since ")
    assert differences(before, snapshot(free)) == set()


def test_a_run_is_refused_in_one_sentence_that_names_the_holder_and_writes_nothing(free):
    lock = put(free)
    before = snapshot(free)
    code, _, err = said(free, "apply", "--only", "01")
    assert (code, len(err.strip().splitlines())) == (3, 1)
    way_out = "Wait until it ends, or stop it; `runbook lock local"
    for part in ("run r9", BOB, "process 7 on elsewhere", f"for {lock.lease_seconds} s", way_out):
        assert part in err
    record = run_index.all_records(free)[-1]
    assert (record.rows(LOG), record.read_json("run.json")["verdict"]) == ([], "refused")
    assert differences(before, snapshot(free)) == set()


def test_the_command_shows_breaks_and_says_what_to_type(free):
    assert said(free, "lock") == (0, "Nobody holds the lock.\n", "")
    code, _, err = said(free, "lock", "--break", "r9")
    assert (code, err.startswith("Refused: nobody holds the lock of local, so there is ")) == (3, True)
    put(free)
    code, _, err = said(free, "lock", "--break", "r1")
    assert (code, "not by run r1; nothing was broken. See `runbook lock local" in err) == (3, True)
    code, _, err = said(free, "lock", "--break", "r9")
    assert (code, "`runbook lock local --break r9 --force" in err, len(err.splitlines())) == (3, True, 1)
    code, out, err = said(free, "lock", "--break", "r9", "--force")
    assert (code, out.startswith("Lock broken: run r9 of "), err) == (0, True, "")
    put(free, lease_seconds=-5)
    code, out, _ = said(free, "lock")
    assert (code, "(STALE: its lease of -5 s lapsed " in out) == (0, True)
    code, _, err = said(free, "apply", "--only", "01")
    assert (code, "`runbook lock local --break r9" in err) == (3, True)
    code, out, err = said(free, "lock", "--break", "r9")
    assert (code, "STALE" in out, err) == (0, True, "")
    assert said(free, "lock") == (0, "Nobody holds the lock.\n", "")


def test_no_option_no_copy_and_no_clock_puts_a_run_beside_another(free, tmp_path):
    copied = yaml.safe_load((ROOT / "parameters" / "local.yaml").read_text(encoding="utf-8")) | {"lock_name": "/beside"}
    file = tmp_path / "copy.yaml"
    file.write_text(yaml.safe_dump(copied), encoding="utf-8")
    for taken in ("1999-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):  # by a clock that is wrong by years
        put(free, taken=taken)
        before = snapshot(free)
        code, _, err = said(free, "apply", "--only", "01", "--set", "lock_name=/beside")
        assert (code, "lock_name /beside: parameters/local.yaml says" in err, len(err.splitlines())) == (3, True, 1)
        ended = CliRunner().invoke(
            change_commands.main, ["apply", str(file), "--yes", "--set", f"endpoint_url={free.endpoint_url}"]
        )
        assert (ended.exit_code, "lock_name /beside: parameters/local.yaml says" in ended.stderr) == (3, True)
        code, _, err = said(free, "lock", "--break", "r9")
        assert (code, "in force for 600 s each time that it is renewed, last " in err) == (3, True)
        assert differences(before, snapshot(free)) == set()


def test_something_else_in_its_place_stops_whoever_would_write(free):
    ssm = clients.client(free.endpoint_url, "ssm")
    ssm.put_parameter(Name=free.lock_name, Value="a colleague's note", Type="String")
    for command in (("apply", "--only", "01"), ("lock",), ("lock", "--break", "r9", "--force")):
        code, _, err = said(free, *command)
        assert (code, len(err.splitlines())) == (3, 1)
        assert "holds 18 characters that are no lock of this runbook" in err
        assert "colleague" not in err
        where = f"--region us-east-1 --endpoint-url {free.endpoint_url}"
        assert f"`aws ssm delete-parameter --name {free.lock_name} {where}`" in err
    ssm.delete_parameter(Name=free.lock_name)


@dataclass(frozen=True)
class Meanwhile:
    """A live thing at whose write something else happens."""

    thing: Any
    then: Callable[[], object]

    def write(self, value: Any) -> None:
        self.thing.write(value)
        self.then()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.thing, name)


def test_a_run_whose_lock_is_broken_after_its_first_write_does_not_make_the_second(free):
    live, record = connect(free), records.open_run(free)
    before, plan = snapshot(free), engine.plan("01", desired.infrastructure(live))

    def broken() -> None:
        run_lock.break_lock(live, record.run_id, force=True)
        put(free)

    first = plan.changes[0]
    watched = Plan("01", (replace(first, resource=Meanwhile(first.resource, broken)), *plan.changes[1:]))
    with pytest.raises(Superseded, match="another run may write now: run r9 of"):
        engine.carry_out(watched, connected_run.of(live, record))
    assert [row["name"] for row in writes(record)] == [first.resource.name]
    assert differences(before, snapshot(free)) == {
        first.resource.name,
        f"tags of {first.resource.name}",
        f"parameter {free.lock_name}",
    }
    assert run_lock.read_lock(live).opened_by("theirs")
    with pytest.raises(Refused):
        engine.carry_out(engine.plan("01", desired.infrastructure(live)), connected_run.of(live, record))


def test_of_two_applies_started_together_one_writes_and_the_other_is_refused(free):
    earlier = run_index.runs(free)
    both = [started(free, "apply", "--only", "01") for _ in range(2)]
    ended = [process.communicate() for process in both]
    assert sorted(process.returncode for process in both) == [0, 3], ended
    refused = next(err for process, (_, err) in zip(both, ended, strict=True) if process.returncode == 3)
    assert "another run may write now: run " in refused
    every = [record for record in run_index.all_records(free) if record.run_id not in earlier]
    wrote = [record for record in every if writes(record)]
    assert (len(every), len(wrote)) == (2, 1)
    assert [record.read_json("run.json")["verdict"] for record in every if not writes(record)] == ["refused"]
    assert [records.unsealed_differences(record.folder) for record in every] == [[], []]
    # And an apply beside the undo of that run: one of them alone, whichever was first.
    before, earlier = snapshot(free), run_index.runs(free)
    both = [started(free, "rollback", wrote[0].run_id), started(free, "apply", "--only", "02")]
    ended = [process.communicate() for process in both]
    assert sorted(process.returncode for process in both) == [0, 3], ended
    undone = any(row["undoes"] for row in wrote[0].rows(LOG))
    applied = [record for record in run_index.all_records(free) if record.run_id not in earlier and writes(record)]
    assert (undone, len(applied)) in ((True, 0), (False, 1))
    policy = f"policy {free.execution_role_name}/{free.execution_policy_name}"
    assert (policy in differences(before, snapshot(free))) is not undone
    assert run_lock.read_lock(connect(free)) is None
