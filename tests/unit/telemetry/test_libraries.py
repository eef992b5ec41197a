"""What a command and a notebook load before anything asks for it; and that what is loaded late is none of ours."""

import ast
import json
import subprocess
import sys

from lib.record import origin
from lib.settings import ROOT

# Each takes a tenth of a second or more at every start of a command and of a kernel.
HEAVY = {"duckdb", "matplotlib", "nbconvert", "numpy", "pandas", "pyarrow", "scipy", "statelint"}
WITHOUT = (
    "00_preflight",
    "01_infrastructure",
    "02_iam_permissions",
    "04_event_rules",
    "06_documentation",
    "90_rollback",
)
LOADED = "import atexit, json, sys; atexit.register(lambda: print(json.dumps([*sys.modules]), file=sys.stderr))"
COMMAND = "sys.argv = ['runbook']; from lib.record import origin; origin._run(['lib.cli.__main__', '--help'])"
LATE = """
from lib import settings
from lib.changes import approval
from lib.cli import change_commands
from lib.record import origin
from lib.telemetry import libraries
def code():
    return approval.made_from(settings.load("local"))["code"], origin.imported_sources()
before = code(), "pandas" in sys.modules, "scipy.stats" in sys.modules
libraries.pandas.DataFrame(), libraries.numpy.arange(2), libraries.scipy.stats.beta
print(before == (code(), False, False), {"numpy", "pandas", "scipy.stats"} <= set(sys.modules))
"""


def isolated(code):
    """What an isolated Python of this checkout says, and what it loaded."""
    line = [sys.executable, *origin.ISOLATED, "-c", f"{LOADED}; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    ended = subprocess.run(line, capture_output=True, text=True, check=True)
    return ended.stdout, {name.partition(".")[0] for name in json.loads(ended.stderr)}


def imports(notebook):
    """Every import of a notebook's cells."""
    cells = json.loads((ROOT / "runbooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in ast.parse("".join(cell["source"])).body]
    return [ast.unparse(line) for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]


def test_a_command_starts_without_what_only_some_of_them_use():
    said, loaded = isolated(COMMAND)
    assert "plan" in said
    assert "lib" in loaded
    assert loaded & {*HEAVY, "IPython"} == set()


def test_the_phases_that_compute_nothing_start_without_what_the_others_compute_and_draw_with():
    found = [line for notebook in WITHOUT for line in imports(notebook)]
    assert len(found) > len(WITHOUT)
    _, loaded = isolated("; ".join(["import lib.cli.kernel", *found]))
    assert {"ipykernel", "boto3"} <= loaded
    assert loaded & HEAVY == set()


def test_what_is_loaded_late_is_none_of_ours_and_changes_no_digest_of_the_code():
    said, _ = isolated(f"exec({LATE!r})")
    assert said == "True True\n"
