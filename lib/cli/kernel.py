"""The kernel in which a notebook's cells run, with no file of the operator's in it. Run by `record/origin.py`; no AWS.

What IPython would read when it starts (a profile, start-up files, PYTHONSTARTUP, the machine's configuration) it does
not read, and its history is not kept.
"""

import json
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import json_packer
from traitlets import Type
from traitlets.config import Config

from lib.values.exact_json import map_parts


class Shell(ZMQInteractiveShell):
    """IPython's, in which an error is a sentence, with its traceback folded behind it."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        """Tell of an error: its class and its text as ever, for whoever executes notebooks."""
        # Nothing of these is needed by a cell that ends well.
        from lib.cli.lab import sections
        from lib.display import cell_errors

        missing = evalue.name if isinstance(evalue, NameError) else None
        made_under = sections.heading_of(missing, str(self.user_ns.get("_ih", [""])[-1])) if missing else ""
        said = cell_errors.sentence(evalue, made_under)
        kernel: CellsKernel = self.kernel
        kernel.error = said
        super()._showtraceback(etype, evalue, [said])
        cell_errors.show_traceback(stb)


class CellsKernel(IPythonKernel):
    """ipykernel's, with that shell."""

    shell_class = Type(Shell)
    error = ""  # the sentence of the last one

    def _send_abort_reply(self, stream: Any, msg: dict[str, Any], idents: Any) -> None:  # noqa: ANN401 - ipykernel's own
        """Answer for a cell that an error above it keeps from running, and say so below it.

        JupyterLab asks for all cells at once, and leaves the last one on the screen, the error a page or ten above.
        """
        from lib.display import cell_errors

        if self.session and msg["header"]["msg_type"] == "execute_request":
            content = {"name": "stderr", "text": cell_errors.not_run(self.error)}
            self.session.send(self.iopub_socket, "stream", content, parent=msg, ident=self._topic("stream"))
        super()._send_abort_reply(stream, msg, idents)


class KernelOfOurs(IPKernelApp):
    """ipykernel's, which reads nothing but its connection."""

    kernel_class = Type(CellsKernel)

    def load_config_file(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - IPython's own
        """None is read."""

    def _run_startup_files(self) -> None:
        """None is run."""


def pack(message: Any) -> bytes:  # noqa: ANN401 - whatever a cell shows
    """A message as bytes. What UTF-8 does not know (half a character) is shown as its escape; it would be dropped."""
    try:
        json.dumps(message, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        message = map_parts(message, lambda _, part: _whole(part), _whole)
    except (TypeError, ValueError):  # left to what jupyter_client makes of it
        pass
    return json_packer(message)


def _whole(value: Any) -> Any:  # noqa: ANN401
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def main() -> None:
    """Serve the connection that the command line names."""
    # A parent's signals are not ours: one that is blocked or ignored here could not be used to stop a cell.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    charts = find_spec("matplotlib")
    if charts and charts.origin:  # its own style, and not that of a file in somebody's home
        os.environ["MATPLOTLIBRC"] = str(Path(charts.origin).parent / "mpl-data" / "matplotlibrc")
    own = {"HistoryManager": {"enabled": False}, "Session": {"packer": "lib.cli.kernel.pack"}}
    app = KernelOfOurs.instance(config=Config(own))
    app.initialize(sys.argv[1:])
    app.start()
