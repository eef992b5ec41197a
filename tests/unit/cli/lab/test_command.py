"""`runbook lab`: it begins no run that was mistyped, and its folder holds the run's own files."""

import stat

from click.testing import CliRunner

from lib.cli.change_commands import main
from lib.errors import BadParameters
from lib.record import records
from lib.settings import ROOT


def test_a_mistyped_run_begins_no_other(tmp_path):
    ended = CliRunner().invoke(main, ["lab", "local", "--run", "nosuch", "--set", f"outputs_dir={tmp_path}"])
    assert (ended.exit_code, "no run 'nosuch' of environment local" in ended.stderr) == (BadParameters.exit_code, True)
    assert not (tmp_path / "local" / "nosuch").exists()


def test_every_link_and_template_is_the_runs_own(tmp_path):
    before = {path: path.read_bytes() for path in (ROOT / "runbooks").iterdir() if path.is_file()}
    ended = CliRunner().invoke(main, ["lab", "local", "--no-browser", "--set", f"outputs_dir={tmp_path}"])
    assert ended.exit_code == 0, ended.stderr
    assert {path: path.read_bytes() for path in before} == before
    (folder,) = [path for path in (tmp_path / "local").iterdir() if not path.name.startswith(".")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert records.unsealed_differences(folder) == []
