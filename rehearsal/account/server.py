"""Starts, finds and stops the embedded AWS account (ministack) to practise on. Never talks to AWS itself.

It listens on loopback only and sees nothing of our environment: its Lambda functions inherit whatever it has.
"""

import contextlib
import ipaddress
import json
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from lib.errors import Refused, Unreachable
from lib.record import files
from lib.wait import Patience, until
from rehearsal.account import child_processes
from rehearsal.account.child_processes import Child

HOST = "127.0.0.1"
READY_SECONDS = 30.0
ATTEMPTS = 5
STATE_FILE = "account.json"
# Of `options`: who calls, by name. Then the account answers what one that needs approval is asked (missing_answers.py).
PERSON = "REHEARSAL_PERSON"
# Of `options`: set to anything, each task of a workflow is asked whether its role allows it (task_roles.py).
ROLES = "REHEARSAL_ROLES"


@dataclass(frozen=True)
class Account:
    """A running embedded account."""

    endpoint: str
    pid: int
    folder: Path
    server: Child


def loopback_only(endpoint: str) -> str:
    """`endpoint`, if it is on this machine. Raises Refused for any other: the rehearsal writes only there."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local or parts.scheme not in ("http", "https"):
        raise Refused(
            f"the rehearsal writes only to an embedded account on this machine; found endpoint {endpoint!r}, "
            "expected http://127.0.0.1:<port>. Nothing was changed"
        )
    return endpoint


def free_port(preferred: int | None = None) -> int:
    """A port of loopback on which nothing listens: the preferred one if it is free."""
    for candidate in ([preferred] if preferred else []) + [0]:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, candidate))
                return int(probe.getsockname()[1])
    raise Unreachable("no free port on 127.0.0.1 for the embedded account; close some programs and try again")


def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether an HTTP server answers 200 at this loopback address. Read-only; no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(loopback_only(url), timeout=timeout) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until(ready: Callable[[], bool], child: Child, what: str) -> bool:
    """True when ready, False when the process ended first. Raises Unreachable after thirty seconds."""

    def look() -> str:
        return "ended" if not child_processes.alive(child) else "ready" if ready() else ""

    if waited := until(look, bool, Patience(READY_SECONDS, 0.03)):
        return waited.seen == "ready"
    raise Unreachable(f"{what} did not answer within {READY_SECONDS:.0f} s; the end of {child.log}:\n{child.tail()}")


def _settings_for_ministack(port: int, folder: Path, persist: bool) -> dict[str, str]:
    kept = {
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": "000000000000",
        "MINISTACK_REGION": "us-east-1",
        "LOG_LEVEL": "INFO",
        **(kept if persist else {}),
    }


def start(
    folder: Path,
    port: int | None = None,
    persist: bool = False,
    detached: bool = False,
    options: Mapping[str, str] | None = None,
) -> Account:
    """Start the account in `folder`, on the preferred port or a free one, with ministack's own `options`.

    The caller stops it.
    Tries other ports when somebody takes ours between the choice and the start. Raises Unreachable with the end of
    the server's log when it does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tail = ""
    for _ in range(ATTEMPTS):
        chosen = free_port(port)
        extra = {**_settings_for_ministack(chosen, folder, persist), **(options or {})}
        child = child_processes.start("rehearsal.account.embedded_account", [], folder, extra, detached=detached)
        account = Account(f"http://{HOST}:{chosen}", child.pid, folder, child)
        try:
            health = f"{account.endpoint}/_ministack/health"
            if wait_until(partial(is_listening, child, health), child, "the embedded account"):
                return account
        except BaseException:
            child_processes.stop(child)
            raise
        tail = child.tail()
        child_processes.stop(child)
    raise Unreachable(f"the embedded account did not start in {ATTEMPTS} attempts; the end of its log:\n{tail}")


def is_listening(child: Child, url: str) -> bool:
    """Whether this very process answers at the address. Read-only."""
    # Its own log must say so: what answers on the port may be somebody else who took it a moment earlier.
    log = child.log.read_text(encoding="utf-8", errors="replace").lower()  # each server has its own way to spell it
    said = f"running on http://{urlsplit(url).netloc}" in log
    return said and answers(url)


@contextlib.contextmanager
def running_account(
    port: int | None = None, folder: Path | None = None, persist: bool = False, options: Mapping[str, str] | None = None
) -> Iterator[Account]:
    """A running account that ends with the block, with an error, with Ctrl-C, and if this process is killed."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True))
            )
        account = start(folder, port, persist, options=options)
        stack.callback(child_processes.stop, account.server)
        yield account


def reset(endpoint: str) -> None:
    """Empty the account: everything in it is gone."""
    asked = urllib.request.Request(f"{loopback_only(endpoint)}/_ministack/reset", method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=30):
        pass


def start_detached(state_folder: Path, preferred_port: int) -> Account:
    """Start an account that outlives this command, and write `account.json`; one that runs already is returned."""
    running = kept_account(state_folder)
    if running:
        return running
    account = start(state_folder.resolve() / "server", preferred_port, detached=True)
    _remember(state_folder, {"server": account.server}, account.endpoint)
    return account


def kept_account(state_folder: Path) -> Account | None:
    """The account that `--keep` left running: its process is the one we started, and it answers. Read-only."""
    state = _recall(state_folder)
    if not state:
        return None
    server = _child(state["server"])
    if not child_processes.alive(server) or not answers(f"{state['endpoint']}/_ministack/health"):
        return None
    return Account(str(state["endpoint"]), server.pid, server.log.parent, server)


def stop_kept(state_folder: Path) -> list[int]:
    """Stop the kept account and what was started beside it, newest first, by their own ids. Returns the ids stopped."""
    state = _recall(state_folder)
    stopped = []
    for name in reversed([key for key, value in state.items() if isinstance(value, dict)]):
        child = _child(state[name])
        if child_processes.alive(child):
            child_processes.stop(child)
            stopped.append(child.pid)
    (state_folder / STATE_FILE).unlink(missing_ok=True)
    return stopped


def keep_beside(state_folder: Path, name: str, child: Child) -> None:
    """Note a detached process (the bridge) in `account.json`, so that `stop_kept` stops it before the account."""
    state = _recall(state_folder)
    before = {key: _child(value) for key, value in state.items() if isinstance(value, dict)}
    _remember(state_folder, {**before, name: child}, str(state["endpoint"]))


def kept_beside(state_folder: Path, name: str) -> Child | None:
    """The process noted under this name, if it still runs. Read-only."""
    state = _recall(state_folder)
    child = _child(state[name]) if name in state else None
    return child if child and child_processes.alive(child) else None


def _remember(state_folder: Path, processes: dict[str, Child], endpoint: str) -> None:
    state: dict[str, object] = {
        "endpoint": endpoint,
        "pid": processes["server"].pid,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    for name, child in processes.items():
        state[name] = {"pid": child.pid, "born": child.born, "log": str(child.log)}
    files.replace(state_folder / STATE_FILE, f"{json.dumps(state, indent=2)}\n".encode())


def _recall(state_folder: Path) -> dict:
    path = state_folder / STATE_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _child(state: dict) -> Child:
    return Child(int(state["pid"]), str(state["born"]), Path(state["log"]))
