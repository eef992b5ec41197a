"""Where JupyterLab keeps a checkpoint of a run's notebook."""

from lib.cli.lab import jupyter


def test_a_checkpoint_is_kept_beside_the_runs_each_runs_apart(tmp_path):
    kept = jupyter.LabCheckpoints(root_dir=str(tmp_path))
    paths = [kept.checkpoint_path("checkpoint", f"local/{run}/03.ipynb") for run in ("r1", "r2")]
    assert paths == [str(tmp_path / "local" / ".checkpoints" / run / "03-checkpoint.ipynb") for run in ("r1", "r2")]
