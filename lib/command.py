"""The `runbook` command itself: its errors as one sentence and an exit code, its ENV argument and `--set`. No AWS.

Exit codes: 0 all succeeded, 1 a phase failed, 2 bad parameters or usage, 3 refused, 130 interrupted.
"""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from lib import run, settings, terminal
from lib.display import console
from lib.errors import BadParameters, Refused, RunbookError
from lib.phases import Phase
from lib.settings import Settings
from lib.subscriber import shown
from lib.yaml_text import read

INTERRUPTED = 130


def told(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turn our errors into one sentence and an exit code, and a returned number into an exit code."""

    @functools.wraps(command)
    def inner(*args: Any, **options: Any) -> None:  # noqa: ANN401 - click passes what the command declares
        try:
            code = command(*args, **options) or 0
        except RunbookError as error:
            terminal.complain(error)
            code = error.exit_code
        except KeyboardInterrupt:
            terminal.say("Interrupted.")
            code = INTERRUPTED
        sys.exit(code)

    return inner


def parameters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The ENV argument and `--set`, as one `Settings` argument named `given`."""

    @click.argument("environment", metavar="ENV")
    @click.option("overrides", "--set", multiple=True, metavar="KEY=VALUE", help="Another value for one parameter.")
    @functools.wraps(command)
    def inner(environment: str, overrides: Sequence[str], **options: Any) -> Any:  # noqa: ANN401
        return command(lambda **more: settings.load(environment, given_and_decided(overrides, more)), **options)

    return inner


def given_and_decided(pairs: Sequence[str], decided: dict[str, Any]) -> dict[str, Any]:
    """`--set` pairs and what the command itself decides. Raises BadParameters where the two differ."""
    values = overridden(pairs)
    for key in values.keys() & decided.keys():
        if values[key] != decided[key]:
            raise BadParameters(
                f"--set {key}={values[key]} does not go with this command, which takes {decided[key] or 'none'!r}; "
                "leave it out, or use the command or option that means it"
            )
    return {**values, **decided}


def overridden(pairs: Sequence[str]) -> dict[str, Any]:
    """`--set` pairs as parameters: numbers and lists as YAML has them, but text stays text."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise BadParameters(f"--set {shown(pair)!r}: expected KEY=VALUE")
        name = key.strip()
        if name in values:
            raise BadParameters(f"--set says {shown(name)} twice; leave one of them")
        field = Settings.model_fields.get(name)
        textual = field is not None and field.annotation is str
        values[name] = text if textual else read(text, f"--set {shown(name)}")
    return values


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Carry the Your6 Phase 3 plan out, and prove that it worked."""
    sys.excepthook = console.unexpected


def exit_code(done: Sequence[Phase]) -> int:
    """0, 130 for an interruption, 3 where a phase was refused, 1 for any other failure."""
    refused = any(phase.verdict == "failed" and phase.error.startswith("Refused:") for phase in done)
    return {"succeeded": 0, "interrupted": INTERRUPTED}.get(run.overall(done), Refused.exit_code if refused else 1)
