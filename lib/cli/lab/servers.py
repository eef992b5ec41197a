"""The one JupyterLab of an outputs folder: found where it still answers, started otherwise, and opened. No AWS."""

import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from lib.display import page
from lib.errors import BadParameters, NotAsWanted
from lib.record import files, origin
from lib.settings import Settings
from lib.values import processes
from lib.wait import FOR_EVER, Patience, until

FOLDER = ".lab"  # in the outputs folder: what tells of the server, for its owner alone
IP = "--ServerApp.ip=127.0.0.1"
ADDRESS = IP.partition("=")[2]
TOKEN = "token"  # the file that holds it: on a command line everybody on the machine could read it
STATE, LOG, WAY = "server.json", "server.log", "open.html"
PORTS = range(8888, 8988)  # the first that is free, so that a tunnel to it can be used again
START = Patience(seconds=120, pause=0.2)
END = Patience(seconds=20, pause=0.2)


@dataclass(frozen=True)
class Server:
    """A JupyterLab that runs, by its process and not by a number that another may have by now."""

    pid: int
    born: str
    port: int
    root: str

    @property
    def folder(self) -> Path:
        """Where its token and its log are."""
        return Path(self.root) / FOLDER

    @property
    def lives(self) -> bool:
        """Whether its process is still the one that was started."""
        return bool(self.born) and processes.born(self.pid) == self.born

    def url(self, place: str) -> str:
        """An address of it, with its token."""
        token = (self.folder / TOKEN).read_text(encoding="ascii")
        return f"http://{ADDRESS}:{self.port}/{place}?token={token}"

    def notebook_url(self, path: Path, mode: str) -> str:
        """Where a notebook is opened: a run has tabs of its own in each mode, since the same names stand in all."""
        tabs = f"{path.parent.name}-{mode}"
        return self.url(f"lab/workspaces/{quote(tabs)}/tree/{quote(path.relative_to(self.root).as_posix())}")

    def answers(self) -> bool:
        """Whether it is there, and takes the token."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with suppress(OSError, ValueError), direct.open(self.url("api/status"), timeout=10) as answer:
            return int(answer.status) == 200
        return False


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Server, bool]]:
    """The server of these parameters' outputs folder, and whether it was started here: then it ends at the end."""
    root = settings.runs_folder.parent
    files.make_folder(root / FOLDER)
    descriptor = os.open(root / FOLDER, os.O_RDONLY)
    try:
        files.lock(descriptor)  # of two commands at once, one starts it and the other finds it
        remembered = _running(root)
        server, child = (remembered, None) if remembered else _start(root)
    finally:
        os.close(descriptor)
    try:
        yield server, child is not None
    finally:
        if child:
            _end(child)


def is_running(settings: Settings) -> bool:
    """Whether JupyterLab runs on these parameters' outputs folder."""
    return _running(settings.runs_folder.parent) is not None


def _running(root: Path) -> Server | None:
    """The server that is remembered, where it runs and answers."""
    try:
        server = Server(**json.loads(files.read(root / FOLDER / STATE)))
    except (OSError, ValueError, TypeError):  # none, or one that cannot be told of
        return None
    return server if server.root == str(root) and server.lives and server.answers() else None


def _start(root: Path) -> tuple[Server, "subprocess.Popen[bytes]"]:
    """A new server, which answers. It gets no Ctrl-C of the terminal: who started it ends it."""
    folder, port = root / FOLDER, _free_port()
    files.replace(folder / TOKEN, secrets.token_hex(24).encode())
    words = [f"--ServerApp.root_dir={root}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--no-browser"]
    command = origin.command("lib.cli.lab.jupyter", str(folder), *words)
    with files.reserve(folder / LOG).open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, umask=0o077
        )
    server = Server(child.pid, processes.born(child.pid), port, str(root))
    try:
        if not until(lambda: child.poll() is not None or server.answers(), bool, START) or child.poll() is not None:
            raise NotAsWanted(f"JupyterLab did not start on port {port}; see what it says in {folder / LOG}")
        files.replace(folder / STATE, json.dumps(asdict(server)).encode())
    except BaseException:  # an interrupt as well: nobody else would end it
        _end(child)
        raise
    return server, child


def _free_port() -> int:
    for port in PORTS:
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((ADDRESS, port))
            return port
    raise BadParameters(f"no port is free from {PORTS[0]} to {PORTS[-1]} for JupyterLab; end what listens there")


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    if not until(lambda: child.poll() is not None, bool, END):
        child.kill()
    child.wait()


def stay(server: Server) -> None:
    """Return when the server has ended, or with an interrupt, which is how a person ends it."""
    with suppress(KeyboardInterrupt):
        until(lambda: server.lives, lambda lives: not lives, Patience(FOR_EVER, 1))


def show_in_browser(server: Server, url: str) -> bool:
    """Open an address in this machine's browser; whether there is a screen to do so on.

    By way of a file that is its owner's alone: a command line with the token could be read by everybody.
    """
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if is_remote() or not screen:
        return False
    files.replace(server.folder / WAY, page.forwarding_page(url).encode())
    return webbrowser.open((server.folder / WAY).as_uri())


def is_remote() -> bool:
    """Whether whoever types this sits at another machine."""
    return bool(os.environ.get("SSH_CONNECTION"))
