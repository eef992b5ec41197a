"""`python -m lib.cli`, and what the `runbook` command runs: the whole command, in an isolated interpreter."""

import sys

from lib.cli.change_commands import main as main
from lib.record import origin

if __name__ == "__main__":
    origin.become("lib.cli.__main__", sys.argv[1:])
