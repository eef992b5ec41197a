"""One run at a time per environment: an SSM parameter that only one run can create. Never writes to anything else.

It names its holder and for how long it holds, and is renewed while its run lives. Who writes under it shows a token, of
which it holds a hash alone. A renewal may write over a successor's lock: whose it is, its earlier versions tell. One
whose lease has lapsed, or whose process on this machine is gone, is stale; even so it is only taken away by somebody
who says so. Its age is AWS's word: when it was last written, and what time it is now. No machine's own clock is asked.
"""

import json
import os
import platform
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import TRY_AGAIN, absent_is_none, error_code, is_throttled, readable
from lib.changes.account import EnvironmentLock
from lib.errors import NotAsWanted, Refused, RunbookError, Superseded, Throttled, Unanswered
from lib.record import command_lines, run_phases
from lib.resources.account_guards import GONE, TAKEN, AccountGuards
from lib.resources.lock_value import Lock, age_told, digest, somebody_elses
from lib.values import processes
from lib.values.foreign import foreign_json
from lib.wait import attempts

# The runner's kernels inherit it, and so write under its lock; a command of its own does not.
TOKEN = "RUNBOOK_LOCK_TOKEN"
CONNECTING_SECONDS = 5
# Seconds before giving the lock back, or taking one that was just given back, is tried again, and then no more.
WAITS = (0.5, 1.0, 2.0)
LOOKED_BACK = 50  # versions; AWS keeps a parameter's last hundred
DENIED, AT_ONCE, NO_VERSION = "AccessDeniedException", "TooManyUpdates", "ParameterVersionNotFound"


def of(live: Live) -> EnvironmentLock:
    """The lock of this environment, for whoever writes to its things."""
    return partial(locked, live)


@contextmanager
def locked(live: Live, run_id: str) -> Iterator[Callable[[], None]]:
    """Hold the lock for the length of a block, or join the one that this process or its runner holds for this run.

    Gives what raises Superseded as soon as the lock is no longer ours: to be asked before each write. Raises Superseded
    where another run holds it, Refused where nobody can.
    """
    joined = os.environ.get(TOKEN, "")
    if joined:
        _confirm(live, run_id, joined)
        yield lambda: _confirm(live, run_id, joined)
        return
    token, ended = secrets.token_hex(16), threading.Event()
    live.once().client("ssm")  # made here, since two threads may not make clients at once
    renewing = threading.Thread(target=_keep_renewing, args=(live.once(), run_id, token, ended), daemon=True)
    try:
        # AWS lets one caller alone create a parameter: that, and no reading of it before, is what makes it a lock.
        _take(live, run_id, token)
        AccountGuards(live).keep_lock(run_id)
        os.environ[TOKEN] = token
        renewing.start()
        yield lambda: _confirm(live, run_id, token)
    finally:
        os.environ.pop(TOKEN, None)
        ended.set()
        if renewing.ident is not None:  # a read and a write of it may still be under way
            renewing.join(2 * (CONNECTING_SECONDS + live.settings.answer_timeout_seconds))
        # It must not put back what is released. What cannot be released lapses by itself, and an error here would hide
        # the one that ended the run.
        if not renewing.is_alive():
            with suppress(RunbookError):
                _remove(live, digest(token))


def read_lock(live: Live) -> Lock | None:
    """The lock as it is now. Read-only. Raises Refused where something else is in its place."""
    read = _read(live)
    return read and read[0]


def break_lock(live: Live, run_id: str, force: bool = False) -> Lock:
    """Take the lock of a run away. Raises Refused unless that run holds it and is gone, or `force`."""
    name, lock = live.settings.environment, read_lock(live)
    if lock is None:
        raise Refused(f"nobody holds the lock of {name}, so there is none to break; leave that out, and go on")
    if lock.run_id != run_id:
        raise Refused(
            f"the lock of {name} is held by {lock.said}, not by run {run_id or '(none)'}; nothing was broken. See "
            f"`{command_lines.runbook(live.settings, 'lock')}`"
        )
    if not lock.stale and not force:
        raise Refused(
            f"the lock is held by {lock.said}; stop that run, or wait for its lease. Only when you know that it is "
            f"dead, `{command_lines.runbook(live.settings, 'lock', '--break', run_id, '--force')}`"
        )
    _remove(live, lock.token_sha256)
    return lock


def _read(live: Live, version: int | None = None) -> tuple[Lock, int] | None:
    """The lock, and how often it was written since it was taken; or as an earlier version of it was."""
    name = live.settings.lock_name + (f":{version}" if version else "")
    with readable(f"reading the lock {name}"), absent_is_none(GONE, NO_VERSION):
        whole = live.client("ssm").get_parameter(Name=name)
        answer = whole["Parameter"]
        try:
            lock = Lock.from_row(foreign_json.loads(answer["Value"]), name)
            return replace(lock, age=age_told(whole)), int(answer["Version"])
        except ValueError as error:
            raise Refused(
                f"parameter {name} holds {len(answer['Value'])} characters that are no lock of this runbook, and "
                f"nothing was written; see what it is, then set lock_name, or "
                f"`{command_lines.aws(live.settings, 'ssm', 'delete-parameter', '--name', name)}`"
            ) from error
    return None


def _take(live: Live, run_id: str, token: str) -> None:
    lock = Lock(
        token_sha256=digest(token),
        run_id=run_id,
        owner=live.identity.caller,
        host=platform.node(),
        pid=os.getpid(),
        born=processes.born(os.getpid()),
        taken=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z",
        lease_seconds=live.settings.lock_lease_seconds,
    )
    if lifted := AccountGuards(live).lock_lifted():
        raise Refused(lifted)
    for last in attempts(WAITS, live.sleep):
        if _put_where_none_is(live, lock):
            return
        held = _read(live)
        if held and held[0].opened_by(token):
            return  # a repeated call finds the lock that its first attempt took
        # One that was in the way and is not there now was given back just now.
        if held or last:
            raise Superseded(somebody_elses(live.settings, held and held[0], run_id))


def _put_where_none_is(live: Live, lock: Lock) -> bool:
    name = live.settings.lock_name
    try:
        with readable("taking the lock"), absent_is_none(TAKEN):
            value = json.dumps(lock.to_row())
            live.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=False)
            return True
        return False
    except NotAsWanted as error:
        said = f"the lock cannot be taken, so nothing was written ({error})"
        if is_throttled(error):
            raise Throttled(f"{said}; {TRY_AGAIN}") from error
        raise Refused(
            f"{said}; the caller needs ssm:GetParameter, ssm:PutParameter and ssm:DeleteParameter on {name}"
        ) from error


def _ours(live: Live, run_id: str, token: str) -> Lock:
    """The lock that this process or its runner took for this run. Raises Superseded where it is not there any more."""
    read = _read(live)
    if read is not None and not read[0].opened_by(token):
        raise Superseded(somebody_elses(live.settings, read[0], run_id))
    if read is None or not _is_ours_throughout(live, *read):
        tells, on = command_lines.runbook(live.settings, "status", run_id), run_phases.way_on(live.settings, run_id)
        then = "" if on == tells else f", then `{on}`"
        raise Superseded(f"the lock of run {run_id} was taken away; nothing more was written. See `{tells}`{then}")
    if read[0].run_id != run_id:
        raise Superseded(
            f"this process holds the lock for run {read[0].run_id}, not for run {run_id}; nothing was written by that. "
            "Run it on its own, afterwards"
        )
    return read[0]


def _is_ours_throughout(live: Live, lock: Lock, version: int) -> bool:
    """Whether what it was renewed over was ours as well, back to when it was taken.

    A renewal writes over whatever is there, also over the lock of who took it after it was broken, and over none; then
    versions begin at 1 again. The first one is made by who takes it, and by nobody else.
    """
    first = max(1, version - LOOKED_BACK)
    try:
        earlier = (lock, version) if first == version else _read(live, first)
    except NotAsWanted as error:
        # Who may read the lock alone is judged by its numbers: it was written once more than it was renewed, at least.
        if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == DENIED:
            return version > lock.renewals
        raise
    was_taken = first > 1 or (earlier is not None and earlier[0].renewals == 0)
    return earlier is not None and earlier[0].token_sha256 == lock.token_sha256 and was_taken


def _confirm(live: Live, run_id: str, token: str) -> None:
    lock = _ours(live, run_id, token)
    # The thread may have been kept from renewing, by a stopped machine or a debugger; what writes must not rely on it.
    if lock.age is None or lock.age > lock.lease_seconds * 2 / 3:
        _renew(live, lock, token)


def _renew(live: Live, lock: Lock, token: str) -> None:
    """Write it again with a new lease, by one call: one that is repeated later may meet another's lock."""
    value = json.dumps(replace(lock, renewals=lock.renewals + 1).to_row())
    with readable("renewing the lock"), absent_is_none(AT_ONCE):  # the other thread of this run is renewing it now
        live.once().client("ssm").put_parameter(
            Name=live.settings.lock_name, Value=value, Type="String", Overwrite=True
        )
    try:
        _ours(live, lock.run_id, token)
    except Superseded:
        # Taken away between the read and the write. What was put in its place goes again, and nobody writes.
        _remove(live, lock.token_sha256)
        raise


def _keep_renewing(live: Live, run_id: str, token: str, ended: threading.Event) -> None:
    # A third of the lease, so that two renewals may fail before anybody may call the lock stale.
    while not ended.wait(live.settings.lock_lease_seconds / 3):
        # One that cannot be renewed now is tried again; the next write finds out for itself.
        with suppress(RunbookError):
            lock = _ours(live, run_id, token)
            if not ended.is_set():
                _renew(live, lock, token)


def _remove(live: Live, token_sha256: str) -> None:
    """Take away the lock of this token; each attempt reads it again just before.

    AWS removes nothing on condition either: one that is broken and taken in that moment goes as well, and its run then
    writes no more.
    """
    for last in attempts(WAITS, live.sleep):
        lock = read_lock(live)
        if lock is None or lock.token_sha256 != token_sha256:
            return
        try:
            with readable("releasing the lock", writing=True), absent_is_none(GONE):
                live.once().client("ssm").delete_parameter(Name=live.settings.lock_name)
            return
        except (Throttled, Unanswered):
            if last:
                raise
