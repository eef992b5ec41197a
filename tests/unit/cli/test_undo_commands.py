"""What is said where there is nothing to undo."""

from lib.cli import undo_commands
from lib.errors import BadParameters
from lib.record import records, sealing
from lib.record.records import Run
from lib.settings import load


def test_a_run_whose_log_is_lost_did_not_change_nothing(tmp_path):
    chosen = load("local", {"outputs_dir": str(tmp_path)})
    record = records.open_run(chosen)
    (record.folder / "plan.json").write_text("{}")
    sealing.seal(record)
    (record.folder / "plan.json").unlink()
    assert isinstance(undo_commands.nothing_to_undo(Run(chosen, record)), BadParameters)
    record.append(records.LOG, {"n": 1})
    sealing.seal(record)
    (record.folder / records.LOG).unlink()
    assert f"({records.LOG}: missing)" in str(undo_commands.nothing_to_undo(Run(chosen, record)))
    (record.folder / records.MANIFEST).unlink()
    (record.folder / "plan.json").write_text("{}")
    assert f"({records.MANIFEST}: missing)" in str(undo_commands.nothing_to_undo(Run(chosen, record)))
