"""Exit codes, and one clear sentence for each way of asking wrongly. Nothing here reaches an account."""

import socket

import pytest
from botocore.retries.standard import ExponentialBackoff
from click.testing import CliRunner

from lib.cli import notebooks, runner
from lib.cli.app import overridden
from lib.cli.change_commands import carry_out, main
from lib.cli.read_commands import run_again
from lib.errors import BadParameters
from lib.phases import session
from lib.record import records, sealing
from lib.record.run_phases import Phase
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings, load


@pytest.fixture(autouse=True)
def retries_come_at_once(monkeypatch):
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)


@pytest.fixture
def runbook(tmp_path):
    """`runbook("plan", "local")`: exit code and what was said on stderr, in one line."""

    def invoke(*words, **options):
        taken = [*words, "--set", f"outputs_dir={tmp_path}"] if "local" in words else list(words)
        taken += ["--yes"] if words[0] == "apply" else []  # nobody sits at a terminal here
        result = CliRunner().invoke(main, taken, **options)
        assert "Traceback" not in result.output
        return result.exit_code, " ".join(result.stderr.split())

    return invoke


@pytest.fixture
def nobody():
    """An endpoint at which nothing listens: the port is ours, and closed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"endpoint_url=http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def sealed(tmp_path):
    record = records.open_run(load("local", {"outputs_dir": str(tmp_path)}))
    record.write_text("evidence.txt", "as it was")
    sealing.seal(record)
    return record


@pytest.mark.parametrize("more", [[], ["--only", "04"], ["--to", "03"], ["--only", "03", "--rollback-on-failure"]])
def test_a_candidate_alone_is_a_part_of_phase_03(more, runbook):
    code, said = runbook("apply", "local", "--candidate-only", *more)
    assert (code, said.partition(" goes with ")[0]) == (2, "BadParameters: --candidate-only")


def test_an_unknown_parameter_is_bad_usage_with_a_hint(runbook):
    code, said = runbook("plan", "local", "--set", "acount_id=1")
    assert (code, said) == (2, "BadParameters: unknown parameter 'acount_id'; did you mean account_id?")


@pytest.mark.parametrize("run_id", ["drills", "Drills", "../elsewhere", "/", "{here}", ".stored"])
@pytest.mark.parametrize(
    "words",
    [
        ("status", "local", "{}"),
        ("rollback", "local", "{}"),
        ("restore", "local", "{}"),
        ("review", "local", "{}"),
        ("tune", "local", "--run-id", "{}"),
        ("open", "local", "01", "--run-id", "{}"),
        ("apply", "local", "--resume", "{}"),
        ("apply", "local", "--set", "run_id={}"),
        ("plan", "local", "--set", "run_id={}"),
        ("drill", "local", "--set", "run_id={}"),
    ],
    ids=lambda words: " ".join(words),
)
def test_no_command_takes_what_names_something_else_for_a_run(words, run_id, runbook, sealed, tmp_path):
    here = run_id.format(here=sealed.folder)
    code, said = runbook(*(word.format(here) for word in words))
    assert (code, said.startswith("BadParameters: parameter run_id: found ")) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["local"]


@pytest.mark.parametrize(
    "option",
    ["approval=none", "lock_name=x", "state_machine_name=x", "account_id=444455556666", "environment=staging"],
)
@pytest.mark.parametrize("words", [("plan",), ("apply",), ("rollback", "r1"), ("lock",), ("drill",), ("open", "01")])
def test_no_command_takes_an_option_that_lifts_a_guard(words, option, runbook):
    code, said = runbook(words[0], "prod", *words[1:], "--set", option)
    assert (code, said.startswith(f"Refused: {option.partition('=')[0]} ")) == (3, True)


@pytest.mark.parametrize("words", [("plan",), ("apply",), ("status",), ("review", "r1"), ("tune",), ("rollback", "r1")])
def test_every_command_checks_its_parameters(words, runbook):
    code, said = runbook(words[0], "local", *words[1:], "--set", "region=nowhere")
    assert code == 2
    assert said.startswith("BadParameters: parameter region: found 'nowhere'")


def test_the_mode_is_not_a_switch(runbook):
    code, said = runbook("status", "local", "--set", "mode=true")
    assert (code, said[:40]) == (2, "BadParameters: parameter mode: found Tru")


@pytest.mark.parametrize("pair", ["mode", "", "not_exercised_here=[a", "crisis_risk_above={"])
def test_a_setting_that_cannot_be_read_is_bad_usage(pair, runbook):
    code, said = runbook("plan", "local", "--set", pair)
    assert code == 2
    assert said.startswith("BadParameters: --set ")


@pytest.mark.parametrize("option", ["--from", "--to", "--only"])
def test_an_unknown_phase_is_bad_usage(option, runbook):
    code, said = runbook("apply", "local", option, "17")
    assert code == 2
    assert said.startswith("BadParameters: no phase '17'; expected one of 00, 01")


def test_opening_an_unknown_phase_is_bad_usage(runbook):
    code, said = runbook("open", "local", "17", "--no-browser")
    assert (code, said[:29]) == (2, "BadParameters: no phase '17';")


def test_an_unknown_environment_is_bad_usage(runbook):
    code, said = runbook("plan", "production")
    assert code == 2
    assert "no parameters for environment 'production'; expected one of local, prod, staging" in said


def test_an_unknown_command_is_bad_usage(runbook):
    assert runbook("destroy", "local")[0] == 2


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_an_endpoint_that_does_not_answer_is_told_in_one_sentence(command, runbook, nobody):
    code, said = runbook(command, "local", "--set", nobody)
    assert code == 2
    assert said.startswith("Unreachable: no answer while connecting (")
    assert said.count("Unreachable") == 1


def test_no_credentials_are_told_in_one_sentence(runbook, tmp_path):
    code, said = runbook("plan", "prod", "--set", f"outputs_dir={tmp_path}")
    assert code == 2
    assert said.startswith("Unreachable: no usable AWS credentials while connecting")


@pytest.mark.parametrize("words", [("rollback", "local", "r0"), ("status", "local", "r0"), ("review", "local", "r0")])
def test_an_unknown_run_is_bad_usage(words, runbook):
    code, said = runbook(*words)
    assert (code, said) == (2, "BadParameters: no run 'r0' of environment local; the latest are: none yet")


def test_a_run_id_that_leaves_the_folder_is_bad_usage(runbook):
    assert runbook("rollback", "local", "../elsewhere")[0] == 2


def test_a_sealed_run_verifies(runbook, sealed):
    assert runbook("verify", str(sealed.folder)) == (0, "")


def test_a_tampered_run_does_not_verify(runbook, sealed):
    (sealed.folder / "evidence.txt").write_text("as it should have been")
    code, said = runbook("verify", str(sealed.folder))
    assert code == 1
    assert said.endswith("is not as it was sealed: evidence.txt: edited")


def test_a_folder_that_is_no_run_cannot_be_verified(runbook, tmp_path):
    code, said = runbook("verify", str(tmp_path))
    assert code == 2
    assert "holds no MANIFEST.json" in said


def test_status_lists_the_runs(sealed, tmp_path):
    result = CliRunner().invoke(main, ["status", "local", "--set", f"outputs_dir={tmp_path}"])
    assert result.exit_code == 0
    assert sealed.run_id in result.output
    assert "did not start" in result.output


def decided(*statuses):
    return [{"name": f"{at} So", "status": status, "found": "so"} for at, status in enumerate(statuses, 1)]


EARLIER = decided(*["passed"] * 5)
LATER = decided("passed", "cannot tell", "passed", "cannot tell", "failed")
SAID = ["✓ passed: criterion 1 So: so", "Success criteria: 2 of 5 passed, 2 cannot tell, 1 failed"]


def ended(tmp_path, monkeypatch, verdict, found):
    """A run that has criteria of an earlier attempt, and whose phase 07 ends so now; its settings and said lines."""
    chosen = load("local", {"outputs_dir": str(tmp_path), "run_id": "r1"})
    record = records.open_run(chosen)
    record.keep_json(records.CRITERIA, EARLIER)

    def phase(*_):
        if found:
            record.keep_json(records.CRITERIA, found)
        return Phase("07", "07_post_implementation_review", verdict, output="07.ipynb")

    monkeypatch.setattr(notebooks, "execute", phase)
    monkeypatch.setattr(runner, "phases", lambda *_: [Phase("05", "05_validation", "failed"), phase()])
    run = ConnectedRun(chosen, record, None, None, None)
    monkeypatch.setattr(session, "reopen_with", lambda _: run)
    return chosen


@pytest.mark.parametrize("verdict", ["succeeded", "failed"])
@pytest.mark.parametrize("command", ["carry_out", "again"])
def test_what_a_review_decided_is_said_with_a_headline(command, verdict, tmp_path, monkeypatch, capsys):
    chosen = ended(tmp_path, monkeypatch, verdict, LATER)
    carry_out(chosen, ["05", "07"], lasting=False) if command == "carry_out" else run_again(chosen, "07")
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line in SAID] == SAID
    marks = [line.partition(" ")[0] for line in said if ": criterion " in line]
    assert marks == ["✗", "?", "?", "✓", "✓"]  # what failed is read first


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("passed", "✓ passed: criterion 1 So: 6 of 6"),
        ("cannot tell", "? cannot tell: criterion 1 So: too early, so wait; 6 of 6"),
        ("failed", "✗ failed: criterion 1 So: too early, so wait; this is passed; that, too"),
    ],
)
def test_of_a_criterion_its_value_is_said_and_what_decides_and_of_one_that_failed_all(
    status, said, tmp_path, monkeypatch, capsys
):
    why = "too early, so wait; this is passed; that, too"
    row = {"name": "1 So", "status": status, "value": "6 of 6", "found": why}
    run_again(ended(tmp_path, monkeypatch, "succeeded", [row]), "07")
    assert said in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("verdict", "headline"), [("not_run", []), ("failed", ["Success criteria: none decided"])])
@pytest.mark.parametrize("command", ["carry_out", "again"])
def test_what_an_earlier_attempt_decided_is_no_result_of_this_one(
    command, verdict, headline, tmp_path, monkeypatch, capsys
):
    chosen = ended(tmp_path, monkeypatch, verdict, None)
    carry_out(chosen, ["05", "07"], lasting=False) if command == "carry_out" else run_again(chosen, "07")
    assert [line for line in capsys.readouterr().out.splitlines() if "riteri" in line] == headline


def test_settings_from_the_command_line_keep_text_as_text_and_numbers_as_numbers():
    found = overridden(
        ["account_id=000000000000", "crisis_risk_above=96", "not_exercised_here=[]", "profile=1e5", "run_id="]
    )
    assert found == {
        "account_id": "0" * 12,
        "crisis_risk_above": 96,
        "not_exercised_here": [],
        "profile": "1e5",
        "run_id": "",
    }


def test_every_parameter_that_is_text_stays_text():
    textual = [name for name, field in Settings.model_fields.items() if field.annotation is str]
    assert overridden([f"{name}=0123" for name in textual]) == dict.fromkeys(textual, "0123")


def test_a_setting_without_a_value_is_refused():
    with pytest.raises(BadParameters, match="expected KEY=VALUE"):
        overridden(["mode"])


def test_the_command_explains_itself(runbook):
    assert runbook("--help")[0] == 0
    known = {"plan", "apply", "rollback", "status", "verify", "open", "review", "tune", "rehearse"}
    assert set(main.list_commands(None)) >= known
