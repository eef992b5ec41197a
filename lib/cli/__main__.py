"""`python -m lib.cli`, and what the `runbook` command runs: the whole command, in an isolated interpreter."""

import sys

from lib.record import origin


def main() -> None:
    """The whole command: imported only here, since what goes on as another process needs none of it."""
    from lib.cli import change_commands

    change_commands.main()


if __name__ == "__main__":
    origin.become("lib.cli.__main__", sys.argv[1:])
