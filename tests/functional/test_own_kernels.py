"""Notebooks in real kernels: nothing of the operator's machine in them, and no reason of a failure lost. No AWS."""

import asyncio
import hashlib
import json
import shutil
import signal
import sys
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import new_code_cell, new_notebook

from lib.cli import app, notebook_engine, notebooks, output_limits, runner
from lib.cli.lab.jupyter import LabKernels
from lib.cli.notebook_engine import Kernels
from lib.display import console
from lib.errors import BadParameters, Refused, RunbookError, Superseded, Unreachable, Unrecorded
from lib.record import records, sealing
from lib.record.records import Run
from lib.record.run_phases import Phase
from lib.settings import load

NOTEBOOK = "00_preflight"
WAITS = "import threading\nthreading.Event().wait()"
SWALLOWS = "import threading\ntry:\n    threading.Event().wait()\nexcept KeyboardInterrupt:\n    print('swallowed')"
NEVER_ENDS = (
    "import threading\nwhile True:\n    try:\n        threading.Event().wait()\n    except BaseException:\n        pass"
)


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """`executed(cell, ...)`: the phase of a notebook of these cells, its record, and what its cells showed."""
    sources = tmp_path / "notebooks"
    sources.mkdir()
    monkeypatch.setattr(notebooks, "RUNBOOKS", sources)

    def execute(*cells, **overrides):
        settings = load("local", {"outputs_dir": str(tmp_path / "outputs"), **overrides})
        first = 'environment = "local"\nmode = "plan"\nrun_id = ""\nreview_minutes = None'
        kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        whole = [new_code_cell(first, metadata={"tags": ["parameters"]}), *map(new_code_cell, cells)]
        nbformat.write(new_notebook(cells=whole, metadata=kernel), sources / f"{NOTEBOOK}.ipynb")
        record = records.open_run(settings)
        done = notebooks.execute(Run(settings, record), "08", NOTEBOOK)  # a phase without a check of its own
        kept = nbformat.read(record.folder / done.output, as_version=4).cells if done.output else []
        return done, record, "".join(str(out.get("text", "")) for cell in kept for out in cell.get("outputs", ()))

    return execute


NOTES = "import sys\nget_ipython().kernel.saved_sigint_handler = lambda *_: open({path!r}, 'a').write('interrupted')"


@pytest.mark.parametrize(("last", "verdict"), [("print('done')", "succeeded"), ("raise ValueError('no')", "failed")])
def test_a_kernel_that_executes_nothing_is_ended_without_an_interrupt_of_which_it_would_tell(
    last, verdict, executed, tmp_path
):
    done, _, _ = executed(NOTES.format(path=str(tmp_path / "noted")), last)
    assert done.verdict == verdict
    assert not (tmp_path / "noted").exists()


@pytest.mark.parametrize(
    ("busy", "ending", "interrupted"),
    [(True, True, True), (True, False, True), (False, False, True), (False, True, False)],
)
def test_every_other_kernel_is_interrupted(busy, ending, interrupted, monkeypatch):
    told = []

    async def interrupt(self):
        told.append(self)

    monkeypatch.setattr(AsyncKernelManager, "_async_interrupt_kernel", interrupt)
    kernels = Kernels()
    assert kernels.busy  # as long as nobody knows better
    kernels.busy, kernels.shutting_down = busy, ending
    asyncio.run(kernels._async_interrupt_kernel())
    assert bool(told) is interrupted


def test_how_far_a_cell_is_reaches_a_terminal_that_is_watched_and_no_record(executed, monkeypatch):
    shown = []
    monkeypatch.setattr(console, "is_watched", lambda: True)
    monkeypatch.setattr(console, "overwrite", shown.append)
    cell = """
from lib.display.interactive import pass_progress
from lib.record.records import Record, Run
from lib.settings import load
from pathlib import Path
watch = pass_progress.of(Run(load("local"), Record(Path("none"), "none")), "check-ins")
watch(1, 2)
print("counted")
"""
    done, record, text = executed(cell)
    assert (done.verdict, text) == ("succeeded", "counted\n")
    assert any("] 1 of 2 check-ins" in line for line in shown)
    assert "vnd.runbook" not in (record.folder / done.output).read_text(encoding="utf-8")


@pytest.fixture
def operator(tmp_path, monkeypatch):
    """An operator's machine: start-up files, kernels and a profile of their own, a TMPDIR of 90 letters and more."""
    home, python = tmp_path / "home", tmp_path / "python"
    startup = home / ".ipython" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("DEBUG = True\ncrisis_risk_abvoe = 1\n", encoding="utf-8")
    (startup.parent.parent / "ipython_config.py").write_text(
        "get_config().InteractiveShellApp.exec_lines = ['EXEC = 1']\n", encoding="utf-8"
    )
    (home / "startup.py").write_text("STARTED = 1\n", encoding="utf-8")
    (python / "lib").mkdir(parents=True)
    (python / "lib" / "__init__.py").write_text("raise SystemExit('theirs')\n", encoding="utf-8")
    (python / "boto3.py").write_text("raise SystemExit('theirs')\n", encoding="utf-8")
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "theirs", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    (tmp_path / ("t" * 90)).mkdir()
    for name, value in {
        "HOME": home,
        "IPYTHONDIR": home / ".ipython",
        "PYTHONSTARTUP": home / "startup.py",
        "PYTHONPATH": python,
        "PYTHONHASHSEED": "no number",
        "JUPYTER_PATH": tmp_path / "jupyter",
        "JUPYTER_DATA_DIR": tmp_path / "jupyter",
        "MPLBACKEND": "agg",
        "TMPDIR": tmp_path / ("t" * 90),
        "AWS_SESSION_TOKEN": "theirs-and-needed",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("tempfile.tempdir", None)  # TMPDIR is looked at once
    return home


def test_nothing_of_the_operators_machine_is_in_a_kernel(operator, executed):
    done, record, shown = executed(
        "import sys, os\nprint(sys.executable, sys.flags.isolated, sys.flags.utf8_mode)",
        "print([name for name in ('DEBUG', 'EXEC', 'STARTED', 'crisis_risk_abvoe') if name in globals()])",
        "print(get_ipython().history_manager.enabled, os.environ['AWS_SESSION_TOKEN'])",
        "from lib.record import origin; from lib.changes import persons",
        "from lib.phases import parameters_cell\nimport boto3",
        "print(parameters_cell.read(globals()).environment, persons.__file__)",
        "import matplotlib.pyplot as plt\nfrom lib.display import show",
        "figure, axes = plt.subplots()",
        "show.figure(figure)",
    )
    assert (done.verdict, done.error) == ("succeeded", "")
    assert shown.splitlines() == [
        f"{sys.executable} 1 1",
        "[]",
        "False theirs-and-needed",
        f"local {sys.modules['lib.changes.persons'].__file__}",
    ]
    assert "image/png" in (record.folder / done.output).read_text(encoding="utf-8")
    left = [path for path in operator.rglob("*") if path.is_file() and path.suffix not in (".py", ".json")]
    assert left == []


def test_a_kernel_goes_by_every_parameter_of_its_run_and_its_notebook_shows_the_few_that_matter(executed):
    other = {"mode": "apply", "crisis_risk_above": 96, "success_rate_error": 0.00001, "approval": "required"}
    paged = {"ops_subscription_protocol": "sms", "ops_subscription_endpoint": "+15550100100"}
    done, record, shown = executed(
        "from lib.phases import parameters_cell\nimport hashlib, json",
        "found = parameters_cell.read(globals()).model_dump()",
        "print(hashlib.sha256(json.dumps(found).encode()).hexdigest())",
        **other, **paged, not_exercised_here=[],
    )  # fmt: skip
    folder = str(record.folder.parent.parent)
    given = load("local", {**other, **paged, "not_exercised_here": [], "outputs_dir": folder, "run_id": record.run_id})
    assert (done.verdict, done.error) == ("succeeded", "")
    assert shown.strip() == hashlib.sha256(json.dumps(given.model_dump()).encode()).hexdigest()
    kept = nbformat.read(record.folder / done.output, as_version=4).cells
    (cell,) = [cell.source for cell in kept if "injected-parameters" in cell.metadata.get("tags", [])]
    named = ["environment", "mode", "run_id", "outputs_dir", "review_minutes", "not_exercised_here", *other, *paged]
    assert {line.split(" = ")[0] for line in cell.splitlines()[1:]} == set(named)
    assert "5550100" not in (record.folder / done.output).read_text(encoding="utf-8")


def test_no_other_value_than_the_runs_is_taken_from_a_cell(executed):
    read = "from lib.phases import parameters_cell\nparameters_cell.read(globals())"
    done, _, _ = executed("review_minutes = 9", read)
    assert (done.verdict, done.error_class) == ("failed", "BadParameters")
    assert "review_minutes: the notebook says another value than its run" in done.error
    done, _, _ = executed("crisis_risk_abvoe = 90", read)
    assert "unknown parameter 'crisis_risk_abvoe'; did you mean crisis_risk_above?" in done.error


def test_a_cell_that_an_error_above_keeps_from_running_says_so_and_which():
    async def asked_at_once(*cells):
        """The text of each of these cells, all asked for before one has run, as JupyterLab's Run All does."""
        kernels = Kernels()
        await kernels.start_kernel()
        client = kernels.client()
        client.start_channels()
        try:
            await client.wait_for_ready()
            asked = {client.execute(cell): "" for cell in cells}
            left = set(asked)
            while left:
                message = await client.get_iopub_msg()
                which, content = message["parent_header"].get("msg_id"), message["content"]
                if which in asked and message["msg_type"] == "stream":
                    asked[which] += content["text"]
                if content.get("execution_state") == "idle":
                    left.discard(which)
            return list(asked.values())
        finally:
            client.stop_channels()
            await kernels.shutdown_kernel(now=True)

    cells = ("print('ran')", "raise ValueError('who: ' + 'x' * 9)", "print('never')", "")
    ran, failed, *others = asyncio.run(asked_at_once(*cells))
    said = "Not run. A cell above this one ended with:\nValueError: who: xxxxxxxxx [...]\n"
    assert (ran, failed, others) == ("ran\n", "", [said, said])


def test_by_hand_in_jupyterlab_the_kernel_is_started_as_in_a_run():
    assert (
        LabKernels().kernel_spec.argv
        == Kernels().kernel_spec.argv
        == [*notebook_engine.origin.command("lib.cli.kernel"), "-f", "{connection_file}"]
    )


@pytest.mark.parametrize("folder", ["t" * 90, "größe"])
def test_the_sockets_lie_where_their_path_is_short_enough(folder, tmp_path, monkeypatch):
    (tmp_path / folder).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    with notebook_engine.sockets() as found:
        assert len(str(found / "kernel-ipc-5").encode()) <= notebook_engine.LONGEST
        assert found.stat().st_mode & 0o777 == 0o700
    assert not found.exists()


def test_where_no_folder_can_hold_them_the_phase_says_so(executed, monkeypatch, tmp_path):
    monkeypatch.setattr(notebook_engine, "ELSEWHERE", (str(tmp_path / "gone"),))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("t" * 90)))
    done, _, _ = executed("1")
    assert (done.verdict, done.error_class) == ("failed", "BadParameters")
    assert "no folder for the sockets of a kernel" in done.error


@pytest.mark.parametrize("cell", [WAITS, SWALLOWS, NEVER_ENDS], ids=["obeys", "swallows", "never ends"])
def test_a_limit_that_was_passed_fails_the_phase_and_is_told_as_such(cell, executed):
    done, record, _ = executed(cell, "print('after')", cell_timeout_seconds=10)
    assert (done.verdict, done.error_class, done.cells_not_run) == ("failed", "CellTimeoutError", 1)
    assert (
        "the cell `import threading` ran longer than cell_timeout_seconds, which is 10, and was interrupted"
        in done.error
    )
    assert ("its kernel was stopped" in done.error) == (cell == NEVER_ENDS)
    assert not [word for word in ("make room", "KeyboardInterrupt") if word in done.error]
    assert (record.folder / done.output).exists()


def test_output_without_end_is_cut_and_the_number_is_said(executed, monkeypatch):
    monkeypatch.setattr(output_limits.Bound.__init__, "__defaults__", (100_000, 0, 0))
    done, record, shown = executed("for _ in range(20):\n    print('x' * 99_999)", "print('after')")
    assert done.verdict == "succeeded"
    assert "[cut: of 2000000 characters of output, 1900000 are not kept]" in shown
    assert shown.endswith("after\n")
    assert (record.folder / done.output).stat().st_size < 150_000


def test_an_error_of_any_length_is_told_in_a_bounded_sentence(executed):
    done, record, _ = executed("raise ValueError('y' * 3_000_000)")
    assert done.error.startswith("ValueError: yyy")
    assert len(done.error) <= output_limits.LINE
    assert (record.folder / done.output).stat().st_size < 150_000


@pytest.mark.parametrize(
    "cell",
    [
        "print('half \\ud800 a character')",
        "import sys; print('half \\ud800 a character', file=sys.stderr)",
        "from IPython.display import display, Markdown; display(Markdown('half \\ud800 a character'))",
        "'half \\ud800 a character'.join(('', ''))",
    ],
)
def test_output_that_is_no_whole_text_is_shown_as_its_escape(cell, executed):
    done, record, _ = executed(cell)
    assert done.verdict == "succeeded"
    assert r"half \\ud800 a character" in (record.folder / done.output).read_text(encoding="utf-8")


def test_an_error_that_is_no_whole_text_fails_with_its_own_class(executed):
    done, _, _ = executed("raise ValueError('half \\ud800 a character')")
    assert (done.error_class, done.error) == ("ValueError", r"ValueError: half \ud800 a character")


@pytest.mark.parametrize("error", [BadParameters, Refused, RunbookError, Superseded, Unreachable, Unrecorded])
def test_every_error_of_ours_keeps_its_exit_code_through_the_kernel(error, executed):
    done, _, _ = executed(f"from lib.errors import {error.__name__}\nraise {error.__name__}('so it is')")
    assert (done.error_class, done.error) == (error.__name__, f"{error.__name__}: so it is")
    assert app.exit_code([done]) == error.exit_code


def test_an_error_of_another_family_that_ends_like_one_of_ours_is_a_failure(executed):
    done, _, _ = executed("class NotRefused(Exception): ...\nraise NotRefused('x')")
    assert (done.error_class, app.exit_code([done])) == ("NotRefused", 1)


def test_a_kernel_that_is_killed_is_told_as_such(executed):
    done, _, _ = executed(f"import os\nos.kill(os.getpid(), {int(signal.SIGKILL)})", "print('after')")
    assert (done.verdict, done.error_class, done.error) == ("failed", "DeadKernelError", "Kernel died")


def test_a_folder_that_is_deleted_in_mid_run_is_said_and_never_made_anew(executed, tmp_path):
    gone = "import shutil\nfrom lib.record import records\nfrom lib.phases import parameters_cell\n"
    gone += "record = records.open_run(parameters_cell.read(globals()))\n"
    done, record, _ = executed(f"{gone}shutil.rmtree(record.folder)", "record.append('changes.jsonl', {'a': 1})")
    assert (done.verdict, done.error_class) == ("failed", "Unrecorded")
    assert "is gone" in done.error
    assert not record.folder.exists()
    for keep in (
        lambda: record.append("changes.jsonl", {"a": 1}),
        lambda: record.write_json("run.json", {}),
        lambda: record.keep_json("evidence/x.json", {}),
        lambda: sealing.seal(record),
    ):
        with pytest.raises(Unrecorded, match="bring it back"):
            keep()
    assert not record.folder.exists()


def test_another_folder_in_its_place_is_not_sealed_as_this_run(tmp_path):
    record = records.open_run(load("local", {"outputs_dir": str(tmp_path)}))
    run = SimpleNamespace(record=record, may_close=lambda: True)
    with pytest.raises(Unrecorded, match="another folder lies in its place"), runner.sealed_run(run):
        shutil.rmtree(record.folder)
        record.folder.mkdir()
    assert list(record.folder.iterdir()) == []


def test_a_phase_names_the_class_that_ended_it_also_where_its_text_says_another():
    assert app.exit_code([Phase("03", "03_x", "failed", error="Refused: no", error_class="NotAsWanted")]) == 1
    assert app.exit_code([Phase("03", "03_x", "failed", error="whatever", error_class="Superseded")]) == 3
