"""What the command would take from a line that somebody types."""

import shlex

import click

from lib.cli.app import given_and_decided
from lib.cli.change_commands import main
from lib.settings import load
from lib.values.modes import OF_THE_RUN


def taken(command, where=None):
    """What the `runbook` command would take from this line: its name, its words and its parameters. Runs nothing."""
    program, *words = shlex.split(command, comments=True)
    assert program == "runbook"
    named = main.get_command(click.Context(main), words[0])
    context = named.make_context(words[0], list(words[1:]), resilient_parsing=False)
    given = context.params
    if "environment" not in given:
        return words[0], given, None
    return words[0], given, load(given["environment"], given_and_decided(given["overrides"], {}))


def same(one, other):
    return {key for key, value in one.model_dump().items() if getattr(other, key) != value and key not in OF_THE_RUN}
