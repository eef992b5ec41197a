"""The `runbook` command itself: its errors as one sentence and an exit code, its ENV argument, its help. No AWS."""

import functools
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points, version
from typing import Any

import click
from click.shell_completion import CompletionItem

from lib import errors, settings
from lib.cli import interrupts
from lib.display import console, terminal
from lib.display.console import Volume
from lib.errors import BadParameters, RunbookError, exit_code_of
from lib.record import run_index, run_phases, software_versions
from lib.record.run_phases import Phase
from lib.settings import Settings
from lib.values.subscriber_addresses import hide_address
from lib.values.verdicts import Verdict
from lib.values.yaml_text import read

INTERRUPTED = 130
PACKAGE = "your6-phase3-runbook"
EXIT_CODES = (
    ("0", "all succeeded"),
    ("1", "a phase failed, or what was watched broke; the record says where and why"),
    (
        "2",
        "bad parameters or usage, nobody to ask, no credentials, or nothing answers; where a phase had begun, see its "
        "record",
    ),
    (
        "3",
        "refused: not approved or agreed to, another account, drifted, locked, or it would lose what is not ours",
    ),
    (str(INTERRUPTED), "interrupted; the record says what had been done"),
)
ENV, RUN_ID = "environment", "run_id"
ADDED = "runbook.commands"  # the entry points by which a package adds its commands


def exits_with_code(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turn our errors into one sentence and an exit code, and a returned number into an exit code."""

    @functools.wraps(command)
    def inner(*args: Any, **options: Any) -> None:  # noqa: ANN401 - click passes what the command declares
        try:
            with interrupts.taking_interrupts():
                code = command(*args, **options) or 0
        except KeyboardInterrupt:
            terminal.say("Interrupted.")
            code = INTERRUPTED
        except (RunbookError, OSError) as error:  # of ours, or of this machine: a file, a program, a terminal
            terminal.complain(error)
            code = exit_code_of(error)
        sys.exit(code)

    return quieter(inner)


def _volume_option(*names: str, volume: Volume, says: str) -> Callable[..., Any]:
    """A switch that decides how much is said; the command itself does not hear of it."""

    def chosen(context: click.Context, parameter: click.Parameter, on: bool) -> None:
        if on:
            console.say_no_more_than(volume)
            context.call_on_close(lambda: console.set_volume(Volume.ALL))

    return click.option(*names, is_flag=True, expose_value=False, callback=chosen, help=says)


quieter = _volume_option(
    "-q", "--quiet", volume=Volume.RESULT, says="Say only what came of it, what went wrong, and the next command."
)
takes_json = _volume_option(
    "--json", volume=Volume.DATA, says="Print one JSON text, and nothing else, on standard output."
)


def parameters(command: Callable[..., Any], load: Callable[..., Any] = settings.load) -> Callable[..., Any]:
    """The ENV argument and `--set`, as one argument named `given`, which gives `Settings`, or what another `load` does.

    What is decided by the command it takes by name.
    """

    @click.argument(ENV, metavar="ENV", shell_complete=_complete_environment)
    @click.option("overrides", "--set", multiple=True, metavar="KEY=VALUE", help="Another value for one parameter.")
    @functools.wraps(command)
    def inner(environment: str, overrides: Sequence[str], **options: Any) -> Any:  # noqa: ANN401
        return command(lambda **more: load(environment, given_and_decided(overrides, more)), **options)

    return inner


def given_and_decided(pairs: Sequence[str], decided: dict[str, Any]) -> dict[str, Any]:
    """`--set` pairs and what the command itself decides. Raises BadParameters where the two differ."""
    values = overridden(pairs)
    for key in values.keys() & decided.keys():
        if values[key] != decided[key]:
            takes = str(decided[key] or "none")
            raise BadParameters(
                f"--set {key}={values[key]} does not go with this command, which takes {takes!r}; "
                "leave it out, or use the command or option that means it"
            )
    return {**values, **decided}


def overridden(pairs: Sequence[str]) -> dict[str, Any]:
    """`--set` pairs as parameters: numbers and lists as YAML has them, but text stays text."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise BadParameters(f"--set {hide_address(pair)!r}: expected KEY=VALUE")
        name = key.strip()
        if name in values:
            raise BadParameters(f"--set says {hide_address(name)} twice; leave one of them")
        field = Settings.model_fields.get(name)
        textual = field is not None and field.annotation is str
        values[name] = text if textual else read(text, f"--set {hide_address(name)}")
    return values


def _environments() -> list[str]:
    """The names of the parameters files of this checkout."""
    return sorted(path.stem for path in (settings.ROOT / "parameters").glob("*.yaml"))


def _begun(names: Sequence[str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def _complete_environment(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For a shell: the environments that begin so; and a file may be named by its path."""
    return _begun(_environments(), typed) or [CompletionItem(typed, type="file")]


def _complete_run(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """For a shell: the runs of this machine that begin so, newest first. What cannot be read completes nothing."""
    try:
        return _begun(run_index.runs(settings.load(context.params[ENV], {}, strict=False))[::-1], typed)
    except (RunbookError, OSError, LookupError):
        return []


class Command(click.Command):
    """One command, whose help says what ENV may be and what its exit codes mean, and which a shell can complete."""

    def __init__(self, *given: Any, **options: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*given, **options)
        for parameter in self.params:
            if parameter.name == RUN_ID:
                parameter._custom_shell_complete = _complete_run

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What ENV may be, and the exit codes."""
        if any(parameter.name == ENV for parameter in self.params):
            with formatter.section("ENV"):
                said = f"{', '.join(_environments())}: a file of parameters/ by its name, or any by its path"
                formatter.write_text(said)
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


def _say_version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    """Which version of which checkout this is."""
    if asked:
        terminal.say(f"runbook {version(PACKAGE)}, commit {software_versions.git_commit()}")
        context.exit()


class Commands(click.Group):
    """The commands of lib, and those that other packages add, which are loaded when they are asked for."""

    command_class = Command

    def make_context(self, *given: Any, **options: Any) -> click.Context:  # noqa: ANN401 - click's own
        """Begin a command line, as loud as any."""
        console.set_volume(Volume.ALL)
        return super().make_context(*given, **options)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes of all of them."""
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in order."""
        return sorted({*super().list_commands(ctx), *(added.name for added in entry_points(group=ADDED))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, or None."""
        added = entry_points(group=ADDED, name=cmd_name)
        return super().get_command(ctx, cmd_name) or next((point.load() for point in added), None)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_say_version,
    help="Say which version and commit this is.",
)
def main() -> None:
    """Carry the Your6 Phase 3 plan out, and prove that it worked.

    \b
    Examples:
      runbook plan staging              what would change; writes nothing
      runbook apply staging             carry it out; asks once
      runbook status staging            the runs, and what can be undone
      runbook rollback staging RUN_ID   everything that a run changed, back
      runbook restore staging RUN_ID    EMERGENCY: the workflow alone, at once

    `runbook COMMAND --help` says more of each.
    """
    sys.excepthook = console.say_unexpected


def exit_code(done: Sequence[Phase]) -> int:
    """0, 130 for an interruption, otherwise that of the error that ended a phase: 3 where it was refused."""
    failed = [errors.class_of(phase.error_class).exit_code for phase in done if phase.verdict == Verdict.FAILED]
    well = dict.fromkeys(run_phases.WELL, 0)
    return {**well, Verdict.INTERRUPTED: INTERRUPTED}.get(run_phases.overall(done), max(failed, default=1))
