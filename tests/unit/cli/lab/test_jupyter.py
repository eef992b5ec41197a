"""Where JupyterLab keeps a checkpoint of a run's notebook, and what of a widget it saves."""

from lib.cli.lab import jupyter


def test_a_checkpoint_is_kept_beside_the_runs_each_runs_apart(tmp_path):
    kept = jupyter.LabCheckpoints(root_dir=str(tmp_path))
    paths = [kept.checkpoint_path("checkpoint", f"local/{run}/03.ipynb") for run in ("r1", "r2")]
    assert paths == [str(tmp_path / "local" / ".checkpoints" / run / "03-checkpoint.ipynb") for run in ("r1", "r2")]


def saved(*outputs):
    cells = [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": list(outputs)}]
    model = {"type": "notebook", "content": {"cells": cells}}
    jupyter.drop_widgets(model=model, path="08.ipynb", contents_manager=None)
    return cells[1]["outputs"]


def test_of_a_widget_what_stands_in_its_place_is_saved_alone():
    view, instead = {"model_id": "1"}, {"text/html": "<p>Five sliders</p>", "text/plain": "Five sliders"}
    assert saved({"data": {jupyter.WIDGET: view, **instead}}) == [{"data": instead}]


def test_all_else_is_saved_as_it_is():
    alone, stream = {"data": {jupyter.WIDGET: {"model_id": "1"}}}, {"output_type": "stream", "text": "said"}
    assert saved(alone, stream) == [alone, stream]
    for model in ({"type": "file", "content": "text"}, {"type": "directory", "content": []}):
        before = dict(model)
        jupyter.drop_widgets(model=model, path="x")
        assert model == before
