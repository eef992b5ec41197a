"""A person in JupyterLab: cells of a notebook run one by one, each with its id, in a kernel as it has them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from lib.cli import notebook_engine
from lib.record import origin


class Kernel(KernelManager):
    """As JupyterLab starts one of this checkout."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return notebook_engine.kernel()


@dataclass
class ByHand:
    """One open notebook and its kernel."""

    notebook: Path
    folder: Path

    def __enter__(self) -> "ByHand":
        self.cells = [cell for cell in nbformat.read(self.notebook, as_version=4).cells if cell.cell_type == "code"]
        self._start()
        return self

    def _start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.kernel = Kernel(transport="ipc", connection_file=str(self.folder / "k.json"))
        self.kernel.start_kernel(env=origin.environment(os.environ), cwd=str(self.notebook.parent))
        self.client = self.kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready()

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self.kernel.shutdown_kernel()

    def restart(self) -> None:
        """A new kernel for the same notebook."""
        self.__exit__()
        self._start()

    @property
    def ids(self) -> list[str]:
        """The ids of the code cells, in their order."""
        return [str(cell.id) for cell in self.cells]

    def run(self, cell_id: str, source: str | None = None, told: bool = True) -> tuple[str, str]:
        """Run a cell, edited where its source is given; the class of its error or "", and all that it showed.

        Not `told` is a program that names no cell's id.
        """
        text = next((cell.source for cell in self.cells if cell.id == cell_id), "") if source is None else source
        content: dict[str, Any] = {"code": text, "silent": False, "store_history": True, "stop_on_error": False}
        content |= {"user_expressions": {}, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id} if told else {})
        self.client.shell_channel.send(message)
        asked, shown, error = message["header"]["msg_id"], list[str](), ""
        while True:
            found = self.client.get_iopub_msg()
            if found["parent_header"].get("msg_id") != asked:
                continue
            if found["msg_type"] == "status" and found["content"]["execution_state"] == "idle":
                break
            error = found["content"]["ename"] if found["msg_type"] == "error" else error
            shown.append(str(found["content"]))
        while self.client.get_shell_msg()["parent_header"].get("msg_id") != asked:
            pass
        return error, "\n".join(shown)

    def run_all(self, first: str = "", last: str = "") -> None:
        """Run the cells from one to another, each of which must end well."""
        ids = self.ids
        chosen = ids[ids.index(first) if first else 0 : ids.index(last) + 1 if last else len(ids)]
        for one in chosen:
            error, shown = self.run(one)
            assert not error, (one, shown)
            assert "Error in callback" not in shown, (one, shown)
