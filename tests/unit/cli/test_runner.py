"""The runner's own verdict, from what really ran; which phases run; and that notebooks carry exactly our parameters."""

from contextlib import ExitStack, nullcontext
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lib.cli import runner
from lib.cli.interrupts import Interrupted
from lib.cli.notebooks import _verdict, declared_parameters
from lib.errors import BadParameters, Refused, Unrecorded
from lib.phases.parameters_cell import ALWAYS
from lib.record import records, run_phases, run_verdict
from lib.record.records import Run
from lib.record.run_phases import Phase, numbers
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings, load

ERROR = new_output("error", ename="NotAsWanted", evalue="no", traceback=[])
TEXT = new_output("stream", text="fine")


def ran(count, *outputs, **metadata):
    return new_code_cell("step()", execution_count=count, outputs=list(outputs), metadata=metadata)


def never(source="step()", **metadata):
    return new_code_cell(source, execution_count=None, metadata=metadata)


@pytest.fixture
def judged(tmp_path):
    """`judged(cells)`: the verdict on a notebook of these cells."""

    def judge(*cells, error="", interrupted=False):
        path = tmp_path / "03_state_machine.ipynb"
        nbformat.write(new_notebook(cells=[new_markdown_cell("# 03"), *cells]), path)
        return _verdict(Phase("03", "03_state_machine", error=error), path, interrupted)

    return judge


def test_all_cells_ran(judged):
    found = judged(ran(1), ran(2, TEXT), new_markdown_cell("end"))
    assert (found.verdict, found.cells_run, found.cells_failed, found.cells_not_run) == ("succeeded", 2, 0, 0)
    assert (found.error, found.planned_minutes) == ("", 20)


def test_a_cell_that_papermill_calls_completed_but_never_ran(judged):
    done = {"papermill": {"status": "completed", "exception": None}}
    found = judged(ran(1, **done), never(**done), never(**done))
    assert (found.verdict, found.cells_run, found.cells_not_run) == ("failed", 1, 2)
    assert found.error == "0 cells failed, 2 never ran"


def test_a_dead_kernel_is_told_in_its_own_words(judged):
    assert judged(ran(1), never(), error="Kernel died").error == "Kernel died"


def test_a_cell_with_an_error(judged):
    found = judged(ran(1), ran(2, TEXT, ERROR), never())
    assert (found.verdict, found.cells_run, found.cells_failed, found.cells_not_run) == ("failed", 1, 1, 1)


def test_an_error_in_the_last_cell_although_everything_ran(judged):
    assert judged(ran(1), ran(2, ERROR)).verdict == "failed"


def test_everything_ran_but_papermill_raised(judged):
    assert judged(ran(1), error="OSError: disk full").verdict == "failed"


def test_an_interrupted_run_says_so_whatever_ran(judged):
    assert judged(ran(1), never(), error="interrupted", interrupted=True).verdict == "interrupted"


def test_papermills_own_cell_about_the_error_is_not_counted(judged):
    found = judged(never(tags=["papermill-error-cell-tag"]), ran(1, ERROR))
    assert (found.cells_failed, found.cells_not_run) == (1, 0)


def test_an_empty_cell_is_not_expected_to_run(judged):
    assert judged(ran(1), never(source=" ")).verdict == "succeeded"


def test_a_notebook_without_code_did_nothing_and_has_failed(judged):
    assert judged().verdict == "failed"


def notebook(folder, names):
    source = "\n".join(f"{name} = 1  # help" for name in names)
    path = folder / "03.ipynb"
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]})]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path


@pytest.mark.parametrize("names", [ALWAYS, ("review_minutes", *ALWAYS), Settings.model_fields])
def test_a_notebook_declares_as_many_of_our_parameters_as_it_likes(names, tmp_path):
    assert declared_parameters(notebook(tmp_path, names)) == list(names)


def test_a_notebook_that_declares_what_is_no_parameter_is_refused(tmp_path):
    with pytest.raises(BadParameters, match=r"03\.ipynb: its parameters cell declares extra, which is no parameter;"):
        declared_parameters(notebook(tmp_path, [*ALWAYS, "extra"]))


def test_a_notebook_that_lacks_parameters_is_refused_with_their_names(tmp_path):
    with pytest.raises(BadParameters, match="does not declare environment; does not declare mode;"):
        declared_parameters(notebook(tmp_path, ["run_id", "region"]))


def test_a_notebook_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadParameters, match="no notebook"):
        declared_parameters(tmp_path / "99.ipynb")


@pytest.mark.parametrize("given", [{"first": "3"}, {"last": "99"}, {"only": "90"}, {"only": "03_state_machine"}])
def test_a_phase_that_does_not_exist_is_refused_with_those_that_do(given):
    with pytest.raises(BadParameters, match=r"no phase '\w+'; expected one of 00, 01"):
        numbers(**given)


def test_the_first_phase_must_come_before_the_last():
    with pytest.raises(BadParameters, match="phase 05 runs after 01"):
        numbers(first="05", last="01")


def test_the_verdict_on_disk_is_sealed_and_holds_no_address(tmp_path):
    prod = load("prod", {"outputs_dir": str(tmp_path)})
    record = records.open_run(prod)
    run_verdict.write_verdict(
        Run(prod, record), [Phase("00", "00_preflight", "succeeded")], runner.datetime.now(runner.UTC), None
    )
    assert run_phases.status(record)["verdict"] == "succeeded (00 alone)"
    assert prod.ops_subscription_endpoint not in (record.folder / "run.json").read_text()
    assert records.unsealed_differences(record.folder) == []


def attached(run):
    """The run with a connection of nobody's."""
    return ConnectedRun(run.settings, run.record, None, None, SimpleNamespace(identity=None))


@pytest.fixture
def driven(tmp_path, monkeypatch):
    """`driven(execute)`: two phases in plan mode whose notebooks are executed so; gives the run's verdict then."""
    chosen = load("local", {"outputs_dir": str(tmp_path)})
    record = records.open_run(chosen)
    monkeypatch.setattr(runner.session, "attach", attached)

    def drive(execute, told=lambda phase: None, begin=lambda *given: None):
        raised = []
        with ExitStack() as stack:
            stack.push(lambda kind, error, trace: not raised.append(error))
            runner.phases(Run(chosen, record), ["00", "01"], told, begin, execute=execute)
        return record.read_json("run.json"), raised[0]

    return drive


def fine(run, number, notebook):
    return Phase(number, notebook, "succeeded")


def raising(error):
    def execute(*given):
        raise error

    return execute


@pytest.mark.parametrize(
    "error",
    [
        OSError(24, "Too many open files"),
        FileNotFoundError("No usable temporary directory found"),
        Unrecorded("no room"),
        BadParameters("no notebook"),
        MemoryError(),
        SystemExit(3),
        AssertionError("whatever a library thinks of"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_keeps_a_notebook_from_running_becomes_a_verdict(error, driven):
    found, raised = driven(raising(error))
    assert raised is error
    assert (found["verdict"], found["phases"][0]["verdict"], found["phases"][1]["verdict"]) == (
        "failed",
        "failed",
        "not_run",
    )
    assert found["phases"][0]["error_class"] == type(error).__name__


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted()])
def test_an_interrupt_at_any_moment_becomes_a_verdict(error, driven):
    for found, raised in (
        driven(fine, begin=raising(error)),
        driven(raising(error)),
        driven(fine, told=raising(error)),
    ):
        assert raised is error
        assert (found["verdict"], found["phases"][0]["error"]) == ("interrupted", "interrupted")


@pytest.mark.parametrize(
    "error", [OSError(5, "Input/output error"), Refused("not approved"), RuntimeError("no thread")]
)
def test_whatever_keeps_a_run_from_beginning_becomes_a_verdict(error, driven):
    found, raised = driven(fine, begin=raising(error))
    assert raised is error
    assert found["verdict"] == "refused"
    assert str(error) in found["refused"]


def test_a_rollback_that_breaks_off_is_in_the_verdict_of_its_run(tmp_path, monkeypatch):
    chosen = load("local", {"outputs_dir": str(tmp_path), "mode": "apply"})
    record = records.open_run(chosen)
    run_verdict.write_verdict(
        Run(chosen, record), [Phase("01", "01_infrastructure", "succeeded")], runner.datetime.now(runner.UTC), None
    )
    monkeypatch.setattr(runner.session, "attach", attached)
    monkeypatch.setattr(runner, "locked", lambda *given: nullcontext())
    with pytest.raises(OSError, match="Too many"):
        runner.roll_back(Run(chosen, record), lambda phase: None, raising(OSError(24, "Too many open files")))
    assert run_phases.status(record)["verdict"] == "succeeded (01 alone); rollback failed"
