"""The command `runbook doctor`: what stands in the way of a run, before it begins. It reads, and changes nothing."""

from collections.abc import Callable

import click

from lib.checks import Status
from lib.cli import notebook_engine
from lib.cli.app import exits_with_code, main, parameters, takes_json
from lib.definitions.access_policies import Whose, access_policy
from lib.display import terminal
from lib.errors import BadParameters, RunbookError, exit_code_of
from lib.phases.doctor import account, findings, machine
from lib.phases.doctor.findings import Finding, Question
from lib.settings import Settings, file_of

KERNEL_SECONDS = 60.0  # a machine that does much else takes half a minute
WHOSE = click.Choice([whose.value for whose in Whose])


@main.command()
@parameters
@click.option("--policy", "printed", type=WHOSE, help="Print this policy for ENV as JSON, and nothing else.")
@click.option("--as", "whose", type=WHOSE, help="Who you are to be; operator without it.")
@takes_json
@exits_with_code
def doctor(given: Callable[..., Settings], printed: str | None, whose: str | None) -> int:
    """Look at this machine, the account and your permissions. Changes nothing.

    1 says that something failed, 2 that parameters or credentials cannot be used, 3 that it is another account or that
    parameters lift a guard, as every other command would refuse them.

    \b
    Examples:
      runbook doctor prod
      runbook doctor prod --policy operator > policy.json
    """
    if printed and whose:
        raise BadParameters(f"--policy {printed} prints a policy, --as {whose} asks whether you have one; one of them")
    if printed:
        terminal.data(access_policy(given(), Whose(printed)), always=True)
        return 0
    answers = _answers(given, Whose(whose or Whose.OPERATOR))
    terminal.data([one.to_row() for one in answers])
    terminal.findings(answers)
    return max(one.exit_code for one in answers)


def _answers(given: Callable[..., Settings], whose: Whose) -> list[Finding]:
    """Every answer, in the order in which they depend on each other."""
    here = [machine.python_version(), code := machine.code(), machine.packages(), _kernel()]
    asked = Question(
        "parameters", "a file that says every parameter, and nothing else", "mend the file, or name another"
    )
    try:
        settings = given()
    except (RunbookError, OSError) as error:
        bad = Finding(asked, Status.FAILED, str(error), exit_code_of(error))
        return [*here, bad, *account.without_answers(account.NO_PARAMETERS)]
    read = Finding(asked, Status.PASSED, f"{file_of(settings) or 'no file'}, of {settings.environment}")
    mine = [*here, read, machine.disk(settings)]
    if code.status == Status.FAILED:  # then nothing of ours connects
        return [*mine, *account.without_answers(account.OTHER_CODE)]
    return [*mine, *account.findings(settings, whose)]


def _kernel() -> Finding:
    question = Question("kernel", f"starts within {KERNEL_SECONDS:.0f} s", machine.REMAKE)
    return findings.find_out(question, _start, KERNEL_SECONDS * 2)


def _start() -> tuple[Status, str]:
    try:
        notebook_engine.start_once(KERNEL_SECONDS)
    except RuntimeError as error:  # jupyter_client's, of a kernel that died or does not answer
        return Status.FAILED, f"no kernel: {error}"
    return Status.PASSED, "starts, and answers"
