"""A run that is stepped through by hand, and its notebooks as they lie in its folder."""

import nbformat

from lib.record import records
from lib.record.records import Run
from lib.settings import load


def run_of(tmp_path, mode="plan", name="local", run_id="r1", **other):
    chosen = load(name, {"outputs_dir": str(tmp_path), "mode": mode, "run_id": run_id, **other})
    return Run(chosen, records.open_run(chosen))


def read(path):
    return nbformat.read(path, as_version=4)
