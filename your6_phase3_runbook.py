"""Where the `runbook` command begins: under a name that no other folder of a path has, as many have one called lib."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Go on in an isolated interpreter, in which no folder of PYTHONPATH counts."""
    origin = Path(__file__).resolve().with_name("lib") / "record" / "origin.py"
    os.execv(sys.executable, [sys.executable, "-I", "-X", "utf8", str(origin), "lib.cli.__main__", *sys.argv[1:]])


if __name__ == "__main__":
    main()
