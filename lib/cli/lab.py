"""JupyterLab on this checkout's notebooks, its kernels as those of a run. Run by lib/record/origin.py; no AWS."""

import os
import sys

from jupyter_client.kernelspec import KernelSpec
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from jupyterlab.labapp import LabApp

from lib.cli import notebook_engine


class LabKernels(ServerKernelManager):
    """Starts the kernels of notebooks that are stepped through by hand."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Ours, whatever a notebook or a folder of kernels names."""
        return notebook_engine.kernel()


def main() -> None:
    """Serve JupyterLab with the words of the command line."""
    own = ["--ServerApp.ip=127.0.0.1", f"--MultiKernelManager.kernel_manager_class={__name__}.{LabKernels.__name__}"]
    # Jupyter refuses to run as root unless told so; it listens on loopback only, and asks for its token.
    root = ["--allow-root"] if os.geteuid() == 0 else []
    LabApp.launch_instance([*own, *root, *sys.argv[1:]])
