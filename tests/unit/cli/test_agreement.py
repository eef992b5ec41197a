"""What `apply` asks before it writes: once, at a terminal, with account, mode and counts; else it is refused."""

import io
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest
from click.testing import CliRunner

from lib.changes import kept_plans
from lib.changes.plans import Plan
from lib.cli import change_commands, runner
from lib.cli.agreement import Agreement
from lib.cli.change_commands import carry_out, main
from lib.display import console
from lib.errors import BadParameters, Refused
from lib.record import run_phases
from lib.record.run_phases import Phase
from lib.resources import connected_run
from lib.settings import ROOT, load
from lib.values.modes import Mode


class Keys(io.StringIO):
    """A terminal at which this is typed; how often somebody waited for it."""

    asked = 0

    def isatty(self) -> bool:
        return True

    def readline(self, *_: int) -> str:
        self.asked += 1
        return super().readline()


@pytest.fixture
def typed(monkeypatch):
    """Somebody at a terminal who types this."""

    def types(text):
        keys = Keys(text)
        monkeypatch.setattr(sys, "stdin", keys)
        return keys

    return types


def test_it_asks_once_with_account_mode_and_counts(typed, planned, live, record, capsys):
    keys = typed("yes\n")
    agreed = Agreement.before(live.settings, ["02"], yes=False)
    agreed.ask(connected_run.of(live, record), ["02"])
    agreed.require_same(planned, ["02"])
    said = " ".join(capsys.readouterr().out.split())
    assert keys.asked == 1
    assert "Mode apply CHANGES account 000000000000 (local) in us-east-1: 1 to add, 1 to change, 0 to remove." in said
    assert said.endswith("Carry this out? Only `yes` is taken:")


def test_a_quiet_question_still_says_what_it_asks(typed, planned, live, record, capsys):
    typed("yes\n")
    console.set_volume(console.Volume.RESULT)
    try:
        Agreement.before(live.settings, ["02"], yes=False).ask(connected_run.of(live, record), ["02"])
    finally:
        console.set_volume(console.Volume.ALL)
    said = " ".join(capsys.readouterr().out.split())
    assert "CHANGES account 000000000000 (local)" in said and "1 to add, 1 to change" in said
    assert "thing old a: 1 -> 2" in said  # what it would change


@pytest.mark.parametrize("answer", ["no\n", "y\n", "\n", "", "YES\n", "yes please\n"])
def test_any_other_answer_is_none(answer, typed, planned, live, record):
    typed(answer)
    with pytest.raises(Refused, match=r"expected 'yes'; nothing was written"):
        Agreement.before(live.settings, ["02"], yes=False).ask(connected_run.of(live, record), ["02"])


def test_yes_is_said_to_the_plan_that_was_shown_and_to_no_other(typed, planned, live, record):
    typed("yes\n")
    agreed = Agreement.before(live.settings, ["02"], yes=False)
    agreed.ask(connected_run.of(live, record), ["02"])
    other = Plan("04", planned[0].changes)  # of a phase that nobody was asked about
    agreed.require_same([*planned, other], ["02"])
    changed = Plan("02", (replace(planned[0].changes[0], before={"a": 7}), *planned[0].changes[1:]))
    with pytest.raises(
        Refused, match="the account changed while the question was open: thing old; nothing was written"
    ):
        agreed.require_same([changed], ["02"])


def test_without_a_terminal_it_is_refused_in_one_sentence_and_nothing_is_written(tmp_path):
    for given in ("", "yes\n"):  # not even what is piped into it counts
        ended = CliRunner().invoke(main, ["apply", "local", "--set", f"outputs_dir={tmp_path}"], input=given)
        assert (ended.exit_code, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
        assert "Say --yes to do without the question; nothing was written" in ended.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("closed", [None, "closed"])
def test_a_standard_input_that_is_closed_is_no_terminal(closed, monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdin", stream if closed else None)
    with pytest.raises(BadParameters, match="nobody can answer"):
        Agreement.before(load("local", {"mode": "apply"}), ["01"], yes=False)


@pytest.mark.parametrize(
    ("parameters", "numbers", "yes"),
    [
        (("local", {"mode": Mode.APPLY}), ["01"], True),  # a script's word
        (("local", {"mode": Mode.APPLY}), ["00", "07", "08"], False),  # phases that only read
        (("local", {"mode": Mode.PLAN}), ["01"], False),
        (("prod", {"mode": Mode.APPLY}), ["01"], False),  # somebody else's approval is the answer
    ],
)
def test_what_asks_nothing(parameters, numbers, yes, typed, live, record):
    keys = typed("")
    chosen = load(*parameters)
    agreed = Agreement.before(chosen, numbers, yes)
    agreed.ask(connected_run.of(replace(live, settings=chosen), record), numbers)
    agreed.require_same([], numbers)
    assert keys.asked == 0


@pytest.mark.parametrize("numbers", [[one] for one in run_phases.NOTEBOOKS])
def test_every_phase_that_writes_or_drills_is_asked_about(numbers, typed):
    typed("")
    asks = Agreement.before(load("local", {"mode": "apply"}), numbers, yes=False).asks
    assert asks == (numbers[0] not in ("00", "07", "08"))


def test_it_is_asked_before_the_lock_is_taken_and_a_no_carries_nothing_out(
    typed, planned, live, record, monkeypatch, capsys
):
    typed("no\n")
    taken, chosen = [], live.settings
    monkeypatch.setattr(runner.session, "attach", lambda *_: connected_run.of(live, record))
    monkeypatch.setattr(runner, "locked", lambda *_: taken.append("lock"))
    with pytest.raises(Refused):
        carry_out(
            chosen, ["02"], execute=lambda *_: taken.append("phase"), agreed=Agreement.before(chosen, ["02"], False)
        )
    assert taken == []
    told = [*chosen.runs_folder.glob("*/run.json")]
    assert len(told) == 1 and '"verdict": "refused"' in told[0].read_text()


@pytest.mark.parametrize(("asks", "held"), [(True, ["taken", "given back", "asked"]), (False, ["taken", "asked"])])
def test_nobodys_rollback_waits_for_an_answer_about_a_run_that_is_gone_on_with(asks, held, live, record, monkeypatch):
    events = []

    @contextmanager
    def locked(*_):
        events.append("taken")
        yield
        events.append("given back")

    monkeypatch.setattr(runner, "locked", locked)
    monkeypatch.setattr(change_commands.resume, "read_back", lambda *_: [])
    monkeypatch.setattr(change_commands.resume, "validation_stands", lambda *_: None)
    monkeypatch.setattr(change_commands.resume, "remaining_phases", lambda *_: ["02"])
    monkeypatch.setattr(change_commands, "carry_out", lambda *_, **__: events.append("asked") or 0)
    change_commands._left_of(connected_run.of(live, record), False, False, None, Agreement(asks))
    assert events[: len(held)] == held


def test_who_rehearses_is_not_asked(typed, live, record, monkeypatch):
    keys = typed("")
    monkeypatch.setattr(runner, "phases", lambda *_: [Phase("02", "02_iam_permissions", "succeeded")])
    assert carry_out(live.settings, ["02"], lasting=False) == 0
    assert keys.asked == 0


def test_what_speaks_against_a_proposal_is_said_to_whoever_carries_its_plan_out(live, record, monkeypatch, capsys):
    def phases(run, numbers, listener, begin, *_):
        record.keep_json("plan.json", {"format": 2, kept_plans.DOUBTS: ["the tuning says not to follow it: why"]})
        begin(connected_run.of(live, record), numbers)
        return [Phase("02", "02_iam_permissions", "succeeded")]

    monkeypatch.setattr(runner, "phases", phases)
    assert carry_out(live.settings, ["02"], lasting=False, begin=lambda *_: []) == 0
    assert "the plan takes a tuning's proposal, and the tuning says not to follow it: why" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["rollback", "restore"])
def test_what_undoes_has_no_question_in_it(command):
    # Nothing of theirs may wait for an answer: check-ins fail meanwhile.
    assert "yes" not in {parameter.name for parameter in main.get_command(None, command).params}
    rooms = [ROOT / "lib" / "cli" / f"{name}.py" for name in ("undo_commands", "undo_opening")]
    assert [path for path in rooms if re.search(r"agreement|can_ask|ask_to_apply|\bstdin\b", path.read_text())] == []


def test_a_real_terminal_is_seen_as_one_and_a_pipe_as_none():
    source = "import sys; from lib.display import console; sys.exit(console.can_ask())"
    keys, terminal = os.openpty()
    try:
        for stdin, answer in ((terminal, 1), (subprocess.DEVNULL, 0)):
            assert subprocess.run([sys.executable, "-c", source], stdin=stdin, check=False).returncode == answer
    finally:
        os.close(keys)
        os.close(terminal)
