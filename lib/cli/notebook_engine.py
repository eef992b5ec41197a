"""Executes a notebook's cells in a kernel of ours: this interpreter, isolated, within limits that are told. No AWS.

Which Python runs a notebook is decided here, and by no folder, file or variable of the operator's.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

from lib.cli import output_limits
from lib.display.progress_bar import PROGRESS
from lib.errors import BadParameters
from lib.record import origin

NAME = "own-interpreter"
LONGEST = 100  # bytes in the path of a socket; Linux takes 107, others fewer
SOCKET = "your6-12345678/kernel-ipc-5"
ELSEWHERE = ("/tmp", "/var/tmp", "/dev/shm")  # a folder of our own is made in it
ARRIVAL_SECONDS = 60  # how long the output of a cell that has ended may take to come


def kernel() -> KernelSpec:
    """How a kernel is started, asked of no folder of kernels."""
    argv = [*origin.command(origin.KERNEL), "-f", "{connection_file}"]
    return KernelSpec(argv=argv, display_name="This checkout", language="python")


class Kernels(AsyncKernelManager):
    """Starts the kernels of a run, and ends them."""

    busy = True  # whether one may be executing a cell, as far as anybody knows

    @property
    def kernel_spec(self) -> KernelSpec:
        """Ours, whatever a notebook asks for."""
        return kernel()

    async def _async_interrupt_kernel(self) -> None:
        """Interrupt a kernel; also before it is ended, unless it is idle: it would tell of an error that is none."""
        if self.busy or not self.shutting_down:
            await super()._async_interrupt_kernel()


class Client(PapermillNotebookClient):
    """Executes cells. A limit that was passed fails the cell, whatever the cell made of its interrupt."""

    late = ""
    bound = output_limits.Bound()
    listener: Callable[[Sequence[Mapping[str, Any]], int], None] = staticmethod(lambda cells, index: None)
    counter: Callable[[Mapping[str, Any]], None] = staticmethod(lambda said: None)

    async def async_execute_cell(self, cell: NotebookNode, cell_index: int, **options: Any) -> NotebookNode:  # noqa: ANN401
        """Execute one cell. Raises CellTimeoutError where it ran longer than it may, also when it ended well."""
        self.bound = output_limits.Bound()
        self.listener(self.nb.cells, cell_index)
        self.km.busy = True
        try:
            done = await super().async_execute_cell(cell, cell_index, **options)
            self.km.busy = False
            return done
        except CellExecutionError:
            self.km.busy = False  # it has answered
            raise
        finally:
            if note := self.bound.note:
                cell.outputs.append(note)
            if self.late:
                raise CellTimeoutError(self.late) from None

    execute_cell = run_sync(async_execute_cell)

    async def _limit_passed(self, timeout: int, cell: NotebookNode | None = None) -> None:
        first = cell.source.strip().partition("\n")[0][:80] if cell else ""
        passed = f"the cell `{first}` ran longer than cell_timeout_seconds, which is {timeout}, and was interrupted"
        if self.late:
            self.late = f"{passed}; it did not end within as long again, and its kernel was stopped"
            raise CellTimeoutError(self.late)
        self.late = passed
        await super()._async_handle_timeout(timeout, cell)

    _async_handle_timeout = _limit_passed

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], *where: Any) -> NotebookNode | None:  # noqa: ANN401
        """Take what a cell shows, within bounds; how far it says that it is, is told and not kept."""
        if said := msg["content"].get("data", {}).get(PROGRESS):
            self.counter(said)
            return None
        return super().output(outs, msg, *where) if self.bound.takes(msg["msg_type"], msg["content"]) else None

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        if msg["msg_type"] != "update_display_data" or self.bound.takes(msg["msg_type"], msg["content"]):
            super()._update_display_id(display_id, msg)

    def clear_output(self, *given: Any) -> None:  # noqa: ANN401
        """The cell takes back what it showed."""
        self.bound.cleared()
        super().clear_output(*given)


class OwnInterpreter(Engine):
    """How papermill executes a notebook here."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,  # noqa: ANN401 - papermill's own, without types
        kernel_name: str,
        *,
        sockets: Path,
        variables: Mapping[str, str],
        listener: Callable[[Sequence[Mapping[str, Any]], int], None],
        counter: Callable[[Mapping[str, Any]], None],
        execution_timeout: int,
        start_timeout: int = 60,
        **_: Any,  # noqa: ANN401
    ) -> NotebookNode:
        """Execute every cell of papermill's notebook, in a kernel that is told `variables` as well.

        `listener` hears of each cell, all of them and its index, when it begins, and `counter` of how far one is.
        """
        client = Client(
            nb_man,
            kernel_name=kernel_name,
            kernel_manager_class=Kernels,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
            interrupt_on_timeout=True,
            iopub_timeout=ARRIVAL_SECONDS,
            store_widget_state=False,
            config=_configuration(sockets),
        )
        client.listener, client.counter = listener, counter
        return client.execute(env={**_environment(sockets), **variables})


papermill_engines.register(NAME, OwnInterpreter)


def _configuration(sockets: Path) -> Config:
    # Two kernels started at once can clash on TCP ports, and without a connection file of their own share sockets.
    own = {"transport": "ipc", "connection_file": str(sockets / "kernel.json")}
    return Config({"KernelManager": own, "KernelProvisionerFactory": {"default_provisioner_name": "local-provisioner"}})


def _environment(sockets: Path) -> dict[str, str]:
    folders = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    return {**origin.environment(os.environ), **dict.fromkeys(folders, str(sockets))}


async def _start_and_end(within: float) -> None:
    with sockets() as folder:
        manager = Kernels(config=_configuration(folder))
        await manager.start_kernel(env=_environment(folder))
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=within)
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)


def start_once(within: float) -> None:
    """Start a kernel, as a notebook's is started, and end it again. Raises RuntimeError where it does not answer."""
    run_sync(_start_and_end)(within)


@contextmanager
def sockets() -> Iterator[Path]:
    """A folder for a kernel's sockets, gone afterwards, whose path is short enough also where TMPDIR's is not."""
    with _folder() as folder:
        yield Path(folder)


def _folder() -> tempfile.TemporaryDirectory[str]:
    usual = []
    with suppress(OSError):  # none of the usual ones can be written
        usual = [tempfile.gettempdir()]
    for parent in (*usual, *ELSEWHERE):
        if parent.isascii() and len(f"{parent}/{SOCKET}") <= LONGEST:
            with suppress(OSError):
                return tempfile.TemporaryDirectory(prefix="your6-", dir=parent, ignore_cleanup_errors=True)
    raise BadParameters(
        f"no folder for the sockets of a kernel: expected one that can be written, with a path of at most "
        f"{LONGEST - len(SOCKET) - 1} characters, in TMPDIR or {', '.join(ELSEWHERE)}; set TMPDIR to one"
    )
