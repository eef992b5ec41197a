"""JupyterLab on the runs of this checkout, its kernels as those of a run. Run by lib/record/origin.py; no AWS.

It serves the folder of the records and nothing of `runbooks/`: what is stepped through are copies, and no template can
be opened in it, or saved.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from jupyterlab.labapp import LabApp

from lib.cli import notebook_engine
from lib.cli.lab.servers import IP, TOKEN
from lib.record import files

CHECKPOINTS = ".checkpoints"  # beside the runs of an environment: what JupyterLab keeps of notebooks, no part of a run
WIDGET = "application/vnd.jupyter.widget-view+json"
# No news, no look for newer versions, nothing to install: a machine in a change window asks nobody on the network.
QUIET = (
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/filebrowser-extension:browser": {"showLastModifiedColumn": False},  # so that names can be read
}


def drop_widgets(model: dict[str, Any], **_: object) -> None:
    """What JupyterLab is about to save, without the views of widgets, whose kernel will be gone when it is read.

    A saved view is an error to whoever opens the notebook; without it they see what stands there instead. In the open
    window the widget stays.
    """
    cells = model["content"].get("cells", ()) if model.get("type") == "notebook" else ()
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    for output in shown:
        if len(output) > 1:  # nothing is taken away in whose place nothing would stand
            output.pop(WIDGET, None)


class LabKernels(ServerKernelManager):
    """Starts the kernels of notebooks that are stepped through by hand."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Ours, whatever a notebook or a folder of kernels names."""
        return notebook_engine.kernel()


class LabCheckpoints(AsyncFileCheckpoints):
    """Keeps JupyterLab's checkpoints beside the runs, each run's apart: no notebook goes back to another run's."""

    def checkpoint_path(self, checkpoint_id: str, path: str) -> str:
        """Where the checkpoint of a notebook is."""
        file = Path(self._get_os_path(path))
        folder = file.parent.parent / CHECKPOINTS / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{file.stem}-{checkpoint_id}{file.suffix}")


def main() -> None:
    """Serve JupyterLab: the folder that holds its token and settings, then further words of a command line."""
    folder = Path(sys.argv[1])
    settings = folder / "settings"
    own = [
        IP,
        f"--MultiKernelManager.kernel_manager_class={__name__}.{LabKernels.__name__}",
        f"--ContentsManager.pre_save_hook={__name__}.{drop_widgets.__name__}",
        f"--ContentsManager.checkpoints_class={__name__}.{LabCheckpoints.__name__}",
        f"--LabApp.app_settings_dir={settings}",
        f"--LabApp.workspaces_dir={folder / 'workspaces'}",
        *QUIET,
    ]
    # Jupyter refuses to run as root unless told so; it listens on loopback only, and asks for its token.
    root = ["--allow-root"] if os.geteuid() == 0 else []
    files.replace(settings / "overrides.json", json.dumps(SETTINGS).encode())
    os.environ["JUPYTER_TOKEN_FILE"] = str(folder / TOKEN)
    LabApp.launch_instance([*own, *root, *sys.argv[2:]])
