"""A notebook's parameters: its cells over its environment's file, whatever was mistyped, edited or run again."""

import ast

import nbformat
import pytest
import yaml
from kernels import DECLARED, ran

from lib import settings as parameters
from lib.cli.lab import copies
from lib.errors import BadParameters, Refused
from lib.phases import parameters_cell
from lib.phases.parameters_cell import HANDED_ON, injected_values, kernel_variables, read
from lib.record.records import Run, open_run
from lib.record.run_phases import NOTEBOOKS, ROLLBACK
from lib.settings import ROOT, load


def values(environment="local"):
    return yaml.safe_load((ROOT / "parameters" / f"{environment}.yaml").read_text(encoding="utf-8"))


def injected(**given):
    """The cell that papermill adds."""
    return "# Parameters\n" + "\n".join(f"{name} = {value!r}" for name, value in given.items())


def test_a_notebook_of_which_nothing_was_changed_is_as_its_environments_file_says():
    found = read(ran())
    assert found == load("local")
    assert found._file == load("local")._file


@pytest.mark.parametrize("environment", ["local", "staging", "prod"])
def test_the_name_of_an_environment_is_enough(environment):
    assert read(ran(injected(environment=environment))) == load(environment)


@pytest.mark.parametrize("environment", ["local", "staging", "prod"])
def test_so_is_its_file_whatever_the_notebook_declares(environment):
    assert read(ran(injected(**values(environment)))) == load(environment)


def test_a_file_from_elsewhere_that_says_every_parameter_needs_no_other():
    given = {**values(), "environment": "mine", "table_name": "another", "review_minutes": 9}
    found = read(ran(injected(**given)))
    assert (found.environment, found.table_name, found.review_minutes, found._file) == ("mine", "another", 9, "")


def test_what_a_file_from_elsewhere_does_not_say_is_as_the_file_of_its_environment_says():
    found = read(ran(injected(environment="prod", table_name="another")))
    assert found == load("prod", {"table_name": "another"})


@pytest.mark.parametrize(
    "name", ["porduction", "mine", "", "../parameters/prod", "prod.yaml", "p" * 999, "a\0", 5, True, ["prod"]]
)
def test_an_environment_without_a_file_is_refused_unless_every_parameter_is_given(name):
    with pytest.raises(BadParameters, match=r"no parameters for environment .* expected one of local, prod, staging"):
        read(ran(injected(environment=name, mode="apply")))


def test_a_value_counts_though_the_notebook_does_not_declare_it():
    assert read(ran("table_name = 'another'")) == load("local", {"table_name": "another"})
    assert read(ran(injected(review_minutes=9, table_name="another"))).table_name == "another"


@pytest.mark.parametrize(
    "cell",
    [
        "# Parameters\nenviroment = 'prod'",
        "# Parameters\ncrisis_risk_abvoe = 90\npoll_seconds = 0.1",
        "# Parameters\ncrisis_risk_abvoe = None",
        "# Parameters\nunheard_of = float('nan')\nenviroment = 'prod'",
        "# Parameters\nsettings = {'a': 1}",
        "apply = False",
        "crisis_risk_abvoe = -1.5",
        "Mode = ['apply']",
        f"{DECLARED}\nenviroment = 'prod'",
    ],
)
def test_an_unknown_name_in_any_parameters_cell_is_refused(cell):
    names = [line.split(" = ")[0] for line in cell.splitlines() if " = " in line]
    wrong = [name for name in names if name not in values()]
    with pytest.raises(BadParameters, match=f"unknown parameter '({'|'.join(wrong)})'"):
        read(ran(cell))


def test_the_nearest_name_is_said():
    with pytest.raises(BadParameters, match=r"^unknown parameter 'enviroment'; did you mean environment\?$"):
        read(ran(injected(enviroment="prod")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "aply"}, "parameter mode: found 'aply'"),
        ({"mode": True}, "parameter mode: found True"),
        ({"run_id": 5}, "parameter run_id: found 5"),
        ({"environment": "prod", "account_id": 205930636302}, "parameter account_id: found 205930636302"),
        ({"review_minutes": "60"}, "parameter review_minutes: found '60'"),
        ({"review_minutes": 1.5}, "parameter review_minutes: found 1.5"),
        ({"review_minutes": None}, "parameter review_minutes: found None"),  # an empty line of a file
        ({"not_exercised_here": "[permission_simulation]"}, "parameter not_exercised_here"),
        ({"approved_plan": "none"}, "parameter approved_plan: found 'none'"),
        ({"crisis_risk_above": 40}, "thresholds out of order"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_else_is_said(given, said):
    with pytest.raises(BadParameters) as refused:
        read(ran(injected(**given)))
    assert str(refused.value).startswith(said)
    assert "missing" not in str(refused.value) and "; parameter" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [{"approval": "none"}, {"lock_name": "/x"}, {"account_id": "111122223333"}, {"state_machine_name": "X"}],
)
@pytest.mark.parametrize("strict", [True, False])
def test_no_value_lifts_a_guard_of_the_file_that_it_is_given_over(given, strict):
    with pytest.raises(Refused, match=rf"^{next(iter(given))} .*: (parameters/)?prod\.yaml says"):
        read(ran(injected(environment="prod", **given)), strict)


def test_nor_one_of_a_notebook_that_says_every_parameter():
    with pytest.raises(Refused, match=r"^approval none: parameters/prod\.yaml says"):
        read(ran(injected(**{**values("prod"), "approval": "none"})))


def test_a_parameters_cell_counts_as_it_was_when_it_last_ran():
    """A kernel forgets nothing: what was set by a line that is gone is still among its names."""
    assert read(ran(f"{DECLARED}\ntable_name = 'another'")).table_name == "another"
    assert read(ran(f"{DECLARED}\ntable_name = 'another'", DECLARED)) == load("local")
    assert read(ran(f"{DECLARED}\nenviroment = 'prod'", DECLARED)) == load("local")
    assert read(ran(injected(table_name="another", run_id="r1"), injected(run_id="r2"))) == load(
        "local", {"run_id": "r2"}
    )


def test_a_value_is_what_was_set_last_in_whichever_cell():
    assert read(ran("review_minutes = 9", "review_minutes = 8")).review_minutes == 8
    assert read(ran(injected(mode="apply"), DECLARED)).mode == "plan"
    assert read(ran(injected(review_minutes=9), "review_minutes = 8")).review_minutes == 8
    assert read(ran("poll_seconds = 1 / 4")).poll_seconds == 0.25
    assert read(ran("table_name = 'another'", DECLARED)).table_name == "another"


@pytest.mark.parametrize("name", ["DEBUG", "STARTED", "modes", "_x", "table_name"])
def test_what_a_start_up_file_set_is_no_parameter(name):
    assert read(ran(**{name: 1})) == load("local")


@pytest.mark.parametrize(
    "cell", ["rows = [1]; print(rows)", "%pip list", "from lib import settings", "a, b = 1, 2", "x = 1\nx += 1"]
)
def test_a_cell_that_does_anything_else_sets_no_parameter(cell):
    assert read(ran(cell)) == load("local")


@pytest.mark.parametrize(
    "more", ["print(mode)", "import os", "region: str = 'us-east-1'", "import os\nDEBUG = os.getpid()"]
)
def test_a_parameters_cell_that_does_more_sets_its_parameters_all_the_same(more):
    assert read(ran(f"{DECLARED}\n{more}\nreview_minutes = 9")).review_minutes == 9


def test_outside_of_a_notebook_every_plain_value_is_taken_for_one():
    assert read({**values(), "__name__": "__main__", "yaml": yaml, "_x": 1}) == load("local")
    with pytest.raises(BadParameters, match="unknown parameter 'Mode'"):
        read({**values(), "Mode": "apply"})


def test_a_broken_file_of_another_account_keeps_no_undo_waiting(tmp_path, monkeypatch):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "local.yaml").write_text(yaml.safe_dump(values()), encoding="utf-8")
    (tmp_path / "parameters" / "other.yaml").write_text("{", encoding="utf-8")
    for module in (parameters, parameters_cell):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    with pytest.raises(BadParameters, match=r"other\.yaml may guard this account"):
        read(ran())
    assert read(ran(injected(run_id="r1")), strict=False).run_id == "r1"


@pytest.fixture
def kernel(monkeypatch):
    """Makes this process a kernel of the runner's, of a run with these parameters."""

    def of(chosen, run_id="r1"):
        for name, value in kernel_variables(chosen, run_id).items():
            monkeypatch.setenv(name, value)

    return of


PAGED = {"ops_subscription_protocol": "email", "ops_subscription_endpoint": "jane@example.org"}


def test_a_kernel_of_a_run_goes_by_the_runs_parameters_whatever_the_file_says_by_now(kernel, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({**values(), **PAGED, "environment": "mine"}), encoding="utf-8")
    chosen = load(str(file), {"mode": "apply", "success_rate_error": 0.00001, "table_name": "another"})
    kernel(chosen)
    shown = injected_values(chosen, "r1", ["environment", "mode", "run_id", "review_minutes"])
    file.write_text("an edit: between two phases\n", encoding="utf-8")
    found = read(ran(injected(**shown)))
    assert found == parameters.with_changes(chosen, run_id="r1")
    assert (found.ops_subscription_endpoint, found._file) == ("jane@example.org", str(file))


@pytest.mark.parametrize("cell", ["review_minutes = 9", injected(environment="prod"), injected(run_id="r2"), DECLARED])
def test_a_kernel_of_a_run_refuses_another_value_than_the_runs(kernel, cell):
    chosen = load("local", {"mode": "apply"})
    kernel(chosen)
    with pytest.raises(BadParameters, match="the notebook says another value than its run"):
        read(ran(injected(**injected_values(chosen, "r1", ["environment", "mode", "run_id"])), cell))


@pytest.mark.parametrize("told", ["parameters/prod.yaml", "[]", "{}", '{"values": 1, "file": ""}'])
def test_the_variable_of_the_runner_set_by_somebody_else_is_refused(monkeypatch, told):
    monkeypatch.setenv(HANDED_ON, told)
    with pytest.raises(BadParameters, match=f"the variable {HANDED_ON} is the runner's to set, .*unset it"):
        read(ran())


def test_a_notebook_shows_what_it_declares_and_what_is_not_as_its_file_says():
    chosen = load("staging", {"mode": "apply", "table_name": "another", "may_replace": 2})
    shown = injected_values(chosen, "r1", ["environment", "mode", "run_id", "review_minutes"])
    assert shown == {
        "environment": "staging", "mode": "apply", "run_id": "r1", "may_replace": 2, "table_name": "another",
        "review_minutes": chosen.review_minutes,
    }  # fmt: skip


def test_of_an_environment_without_a_file_it_shows_every_parameter(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({**values(), "environment": "mine"}), encoding="utf-8")
    assert injected_values(load(str(file)), "r1", []) == {**load(str(file)).model_dump(), "run_id": "r1"}


@pytest.mark.parametrize("name", [*NOTEBOOKS.values(), ROLLBACK])
@pytest.mark.parametrize("of", ["local", "elsewhere"])
def test_the_copy_of_a_notebook_to_step_through_gives_the_parameters_that_it_was_made_with(name, of, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({**values(), "environment": "mine", "burst_drills": 3}), encoding="utf-8")
    folder = {"outputs_dir": str(tmp_path / "outputs"), "mode": "apply", "crisis_risk_above": 96}
    chosen = load(str(file) if of == "elsewhere" else "local", folder)
    record = open_run(chosen)
    copy = nbformat.read(copies.working_copy(Run(chosen, record), name), as_version=4)
    cells = [
        cell.source for cell in copy.cells if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", []))
    ]
    names = {}
    for cell in cells:
        exec(cell, names)
    assert read({**names, "In": ["", *cells]}) == parameters.with_changes(chosen, run_id=record.run_id)
    lines = [len(ast.parse(cell).body) for cell in cells]
    assert len(cells) == 1 and (of == "elsewhere" or max(lines) <= 14)


@pytest.mark.parametrize("name", [*NOTEBOOKS.values(), ROLLBACK])
def test_the_cell_that_begins_a_run_can_be_run_again_when_every_other_has_run(name):
    cells = nbformat.read(ROOT / "runbooks" / f"{name}.ipynb", as_version=4).cells
    declared, *rest = [cell.source for cell in cells if cell.cell_type == "code"]
    names = {}
    exec(declared, names)
    ours = {"run": object(), "plan": object(), "before": {}, "rows": [], "routes": "x"}
    assert read({**names, **ours, "In": ["", declared, *rest, rest[0]]}) == load("local")
