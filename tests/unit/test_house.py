"""The rules of the house, as checks on the code itself: what may import what, who writes, who prints, who waits."""

import ast
import functools
import re
import tomllib

import clocks
import compared
import pytest

from lib.record.change_rows import Action, WriteState
from lib.settings import ROOT
from lib.values.check_registry import Id

LIB = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "lib").rglob("*.py"))
}
REHEARSAL = sorted((ROOT / "rehearsal").rglob("*.py"))
ALL = [*LIB.values(), *REHEARSAL]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FUNCTIONS = ROOT / "rehearsal" / "account" / "functions"
SHARED = [path for path in TESTS if not path.name.startswith("test_")]  # what tests share
# Where a test waits for a clock all the same: file, what, and why there is no other way.
BY_A_CLOCK = {
    ("tests/bench.py", "a clock"): "it measures how long something takes, and judges none of it",
    ("tests/bench_pass.py", "a clock"): "likewise",
    ("tests/accounts.py", "a sleep"): "the embedded account tells of no event that is on its way to a function",
    ("tests/functional/test_faults.py", "a limit"): "a caller who loses patience, with what is never answered",
    (
        "tests/functional/workbench.py",
        "a sleep in a text",
    ): "a function that is slower than its state allows; busy, slower",
    ("tests/mutation_run.py", "a clock"): "a mutant that never ends is given up, and counted apart",
    ("tests/runbooks/test_sabotages.py", "a sleep in a text"): "an alert that comes too late; on a busy machine, later",
    ("tests/unit/clocks.py", "a sleep in a text"): "the rule itself",
    ("tests/unit/test_house.py", "a sleep in a text"): "the rule itself, and its proof",
    ("tests/unit/test_notebooks_style.py", "a sleep in a text"): "the same rule for notebooks",
    ("tests/waiting.py", "a limit"): "the pause between two looks, which decides nothing",
}
# Words of ours that mean something else as well, where code compares them: file, word, and what it is there.
OTHERWISE = {
    ("lib/display/charts/alert_charts.py", "topic"): "a column",
    ("lib/drills/subscribers.py", "rule"): "a key",
    ("lib/phases/proofs/route_tests.py", "events"): "a key",
    ("rehearsal/account/server.py", "http"): "the scheme of a URL",
    ("rehearsal/account/server.py", "https"): "the scheme of a URL",
}
ENVIRONMENTS = {path.stem for path in (ROOT / "parameters").glob("*.yaml")}
APART = {"startswith", "endswith", "partition", "rpartition", "removeprefix", "find", "index"}
# Who goes through plain data by a recursion of its own, and why `exact_json.parts_of` and `map_parts` are not it.
BY_RECURSION = {
    "lib/aws_answers.py answer": "says of each object where in the answer it stood",
    "lib/asl/grammar.py _template": "a field and its neighbour in one object",
    "lib/asl/intrinsics.py _spoken": "writes another language",
    "lib/asl/intrinsics.py _to_string": "writes another language",
    "lib/values/exact_json.py in_order": "an object's keys among each other",
    "lib/values/exact_json.py map_parts": "it is this one",
    "lib/changes/loss_guard.py _differing": "two values at once",
    "lib/asl/payload_templates.py fill": "renames the key by which it decides",
    "lib/changes/plans.py differences": "two values at once",
    "lib/changes/plans.py same": "two values at once",
    "lib/values/json_rows.py _layout": "writes text, a row a line",
    "lib/cli/notebook_text.py _layout": "writes text, as a notebook is laid out",
    "lib/definitions/templates.py _compact": "writes text as wide as a line",
    "lib/definitions/templates.py _sorted": "an object's keys among each other",
    "lib/resources/users.py to_typed": "writes another language",
    "lib/telemetry/configuration/patterns.py could_take": "a pattern's alternatives",
    "lib/definitions/thresholds.py _aligned": "two values at once",
}
# Of one word, and neither the noun of what is given nor the verb of what is done; `-ed` and `-ing` are seen besides.
BARE = {
    "found", "told", "given", "heard", "known", "held", "left", "kept", "said", "made", "seen", "taken", "written",
    "sent", "begun", "built", "bound", "broken", "chosen", "done", "drawn", "gone", "lost", "met", "shown", "spoken",
    "again", "ahead", "already", "apart", "away", "before", "behind", "beside", "between", "every", "fit", "instead",
    "least", "most", "since", "temporarily", "together", "whole", "within", "without",
}  # fmt: skip
# A run and its parts (lib/changes/guarded_run.py): who asks for two of them asks for the run.
OF_A_RUN = {"Settings", "Record", "Live", "Run", "GuardedRun", "ConnectedRun"}
IN_PARTS = {
    "lib/resources/connected_run.py of": "makes the run",
    "lib/phases/proofs/backtest.py reading_ahead": "a record, where there is one to keep what is read in",
    "lib/telemetry/checkin_reading.py outlook": "likewise",
}
# Who takes the text that a check found.
TAKES_FOUND = {"Check", "answer", "_answer", "cls"}
BANNED = {"manager", "util", "utils", "helper", "helpers", "handle", "data2", "process"}
# What keeps the house one that a stranger can find his way in.
MOST_ROOMS, MOST_AT_THE_TOP, MOST_IN_A_ROOM, LONGEST = 11, 8, 20, 250


def name(path):
    return path.relative_to(ROOT).as_posix()


def asked_of_each(paths):
    """One test of a rule over many files: it names each file that breaks the rule, with what was found there."""

    def of(rule):
        def asked():
            broken = {}
            for path in paths:
                try:
                    rule(path)
                except AssertionError as found:
                    broken[name(path)] = str(found)
            if broken:
                pytest.fail("\n".join(f"{file}: {found}" for file, found in broken.items()))

        return asked

    return of


def test_a_rule_names_every_file_that_breaks_it():
    @asked_of_each([ROOT / "lib" / "routes.py", ROOT / "lib" / "wait.py", ROOT / "lib" / "errors.py"])
    def rule(path):
        assert path.stem != "wait" and path.stem != "errors"

    with pytest.raises(pytest.fail.Exception, match=r"(?s)^lib/wait\.py: .*\nlib/errors\.py: "):
        rule()


@functools.cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imported(path):
    """The modules that a file imports; `from lib import x` is `lib.x`."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {module for module in inside if module in LIB} or {node.module}
            if node.module in LIB and node.module != "lib":
                found.add(node.module)
    return found


@functools.cache
def calls(path):
    """(dotted name of what is called, line) for every call in a file."""
    return [(ast.unparse(node.func), node.lineno) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


@asked_of_each(ALL)
def test_parameters_are_never_changed_past_their_checks(path):
    assert re.findall(r"model_copy|model_construct|object\.__setattr__", path.read_text(encoding="utf-8")) == []


@asked_of_each(LIB.values())
def test_lib_never_imports_the_rehearsal(path):
    assert not [found for found in imported(path) if found.split(".")[0] in ("rehearsal", "tests")]


@asked_of_each(LIB.values())
def test_lib_has_no_word_of_the_rehearsal(path):
    # JupyterLab must listen on this machine only; that is the one address that lib names.
    text = path.read_text(encoding="utf-8").replace("--ServerApp.ip=127.0.0.1", "")
    assert re.findall(r"rehears|ministack|localhost|127\.0\.0\.1|parameters/local", text, re.IGNORECASE) == []


@asked_of_each(LIB.values())
def test_no_environment_is_a_special_case(path):
    constants = [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)]
    assert [found for found in constants if isinstance(found, str) and found in ENVIRONMENTS] == []


@functools.cache
def homes():
    """The modules that define each word by which code decides. The ids of checks have a rule of their own."""
    every = [(path, words) for path in ALL for enum, words in compared.words_of(tree(path)).items() if enum != "Id"]
    return {word: {path for path, words in every if word in words} for _, words in every for word in words}


@asked_of_each([*ALL, *SHARED])
def test_a_word_by_which_code_decides_is_compared_as_its_member(path):
    # A function is deployed alone, without anything of ours.
    alone = path.is_relative_to(FUNCTIONS)
    typed = {word for _, word in compared.compared(tree(path)) if not alone and path not in homes().get(word, {path})}
    mine = {word for file, word in OTHERWISE if file == name(path)}
    assert typed == mine  # and what stands there without need is taken out


@asked_of_each(ALL)
def test_nobody_types_the_id_of_a_check(path):
    if path != LIB["lib.values.check_registry"]:
        texts = {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)}
        assert texts & {str(one) for one in Id if "." in one} == set()


@pytest.mark.parametrize(
    "source",
    [
        "good = check.status == 'passed'",
        "good = 'passed' != check.status",
        "open_ones = [one for one in found if one.status in ('waiting', 'passed')]",
        "good = verdicts <= {'passed'}",
        "match check.status:\n    case 'failed' | 'passed':\n        pass",
        "good = frame[frame['verdict'].isin(['passed'])]",
        "good = frame['verdict'].eq('passed')",
    ],
)
def test_that_rule_sees_every_way_to_compare(source):
    assert "passed" in {word for _, word in compared.compared(ast.parse(source))}
    assert LIB["lib.checks"] in homes()["passed"]


@pytest.mark.parametrize(
    "source",
    ["row = {'passed': 1, 'status': 'passed'}", "words = f'{count} passed'", "found = row['passed']", "say('passed')"],
)
def test_a_word_that_is_only_said_is_no_fault_by_that_rule(source):
    assert [*compared.compared(ast.parse(source))] == []


@asked_of_each(LIB.values())
def test_only_changes_writes_to_live_things(path):
    if path.name != "writer.py":
        writes = [(called, line) for called, line in calls(path) if called.endswith(".write")]
        assert [call for call in writes if call[0] not in ("file.write", "os.write")] == []


@asked_of_each(ALL)
def test_nothing_renders_but_the_one_place_that_escapes(path):
    display = ROOT / "lib" / "display"
    if path.parent in (display, display / "interactive"):
        return
    renders = re.compile(r"(IPython|ipywidgets|rich|html|markdown|mistune|bleach|pyplot)\b|matplotlib\.pyplot")
    # A parser of HTML entities is no renderer: `subscriber` looks for an address in what others wrote.
    allowed = {"html"} if path.stem in ("escape", "subscriber_addresses") else set()
    assert {module for module in imported(path) if renders.match(module)} <= allowed
    names = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert names & {"style", "to_html", "to_markdown", "to_latex", "echo", "secho", "_repr_html_"} == set()
    printing = ("print", "sys.stdout.write", "sys.stderr.write", "pprint", "pprint.pprint", "display")
    assert [call for call in calls(path) if call[0] in printing] == []


def sleeps(source):
    """The lines on which something sleeps, whoever's sleep it is."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [node.lineno for node in found if re.search(r"\bsleep$", ast.unparse(node.func))]


@asked_of_each(ALL)
def test_nothing_sleeps_but_by_the_one_place_that_says_whether_it_became_so(path):
    # The leash runs by its path, and the function is deployed on its own: neither has a lib.
    if path.stem not in ("wait", "parent_watchdog", "checkin_processor"):
        assert sleeps(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["live.sleep(2)", "sleep(pause)", "time.sleep(1)", "self.live.sleep(s)", "from time import sleep\nsleep(1)"],
)
def test_that_rule_can_fail_as_well(source):
    assert sleeps(source) != []


@asked_of_each(ALL)
def test_no_limit_of_a_wait_is_by_a_clock_that_nobody_can_inject(path):
    # These two only measure how long a call or a notebook took.
    if path.name not in ("calls.py", "notebooks.py") and path.is_relative_to(ROOT / "lib"):
        assert [call for call in calls(path) if call[0] in ("time.monotonic", "time.time", "monotonic")] == []


WRITES_WHOLE = re.compile(r"\.(NamedTemporaryFile|mkstemp)\b|\bos\.(replace|rename)\b|/proc\b")


@asked_of_each(ALL)
def test_a_file_is_replaced_and_what_the_system_tells_of_processes_is_read_in_one_place_each(path):
    inside = " ".join(ast.unparse(node) for node in tree(path).body if not _is_text(node))
    assert (path.stem in ("files", "processes")) == bool(WRITES_WHOLE.search(inside))


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def recursions(source):
    """The functions that call themselves for what lies in objects and lists."""
    for found in [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]:
        names = {node.id for node in ast.walk(found) if isinstance(node, ast.Name)}
        if {found.name, "isinstance", "list"} <= names and names & {"dict", "Mapping"}:
            yield found.name


def test_plain_data_is_walked_in_one_place():
    assert {f"{name(path)} {found}" for path in ALL for found in recursions(path.read_text(encoding="utf-8"))} == {
        *BY_RECURSION
    }


@asked_of_each(TESTS)
def test_no_test_waits_for_a_clock_or_lets_one_decide(path):
    seen = [(line, what) for line, what in clocks.found(path.read_text(encoding="utf-8"))]
    assert [(line, what) for line, what in seen if (name(path), what) not in BY_A_CLOCK] == []
    # And what stands there without need is taken out.
    assert {what for file, what in BY_A_CLOCK if file == name(path)} == {what for _, what in seen}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import time\ntime.sleep(1)", "a sleep"),
        ("from time import sleep\nsleep(seconds)", "a sleep"),
        ("live.sleep(2)", "a sleep"),
        ("import time\nbegan = time.monotonic()", "a clock"),
        ("from time import perf_counter\nbegan = perf_counter()", "a clock"),
        ("process.communicate(timeout=60)", "a limit"),
        ("subprocess.run(line, timeout=PATIENCE)", "a limit"),
        ("received('queue', within=15)", "a limit"),
        ("ended.wait(5)", "a limit"),
        ("thread.join(0.2)", "a limit"),
        ("changed.wait_for(lambda: done, 5)", "a limit"),
        ("threading.Timer(0.1, ended.set).start()", "an alarm"),
        ("signal.alarm(5)", "an alarm"),
        ("CHILD = 'import time; time.sleep(60)'", "a sleep in a text"),
        ("CHILD = f'import time; time.sleep({seconds})'", "a sleep in a text"),
        ("git('exec sleep 20')", "a sleep in a text"),
        ("git('sleep 20 & wait')", "a sleep in a text"),
        ("def test():\n    assert datetime.now(UTC) - end < timedelta(seconds=9)", "a comparison with this moment"),
        (
            "def test():\n    now = datetime.now(UTC)\n    work()\n    assert found > now",
            "a comparison with this moment",
        ),
    ],
)
def test_that_rule_can_fail(source, what):
    assert what in {kind for _, kind in clocks.found(source)}


@pytest.mark.parametrize(
    "source",
    [
        "slept = []\nwaited(sleep=slept.append)",
        "live = replace(live, clock=lambda: sum(slept), sleep=lambda seconds: None)",
        "process.communicate()\nended.wait()\nthread.join()",
        "', '.join(names)\nfound.get('x', 1)",
        "@settings(deadline=None)\ndef test():\n    subprocess.run(line, timeout=None)",
        "def test():\n    'Nobody sleeps here: no sleep(5).'\n    frame = recorded(datetime.now(UTC) - DAY)",
    ],
)
def test_an_injected_clock_or_an_event_is_no_fault_by_that_rule(source):
    assert clocks.found(source) == []


def by_its_sentence(module):
    """Where something is decided by what an error says, and not by its class: these parts of the source."""
    caught = {node.name for node in ast.walk(module) if isinstance(node, ast.ExceptHandler)}

    def says(node):
        made = isinstance(node, ast.Call) and ast.unparse(node.func) == "str" and node.args
        return (made and ast.unparse(node.args[0]) in caught) or (
            isinstance(node, ast.Attribute) and node.attr in ("error", "evalue", "refused")
        )

    for node in ast.walk(module):
        compared = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn)
        taken_apart = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in APART
        if (compared and says(node.comparators[0])) or (taken_apart and says(node.func.value)):
            yield ast.unparse(node)


@asked_of_each(ALL)
def test_nothing_is_decided_by_what_an_error_says(path):
    assert list(by_its_sentence(tree(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        'failed = [phase for phase in done if phase.error.startswith("Refused:")]',
        'word = phase.error.partition(":")[0]',
        "try:\n    begin()\nexcept Altered as error:\n    if way in str(error):\n        raise",
        'try:\n    begin()\nexcept Exception as e:\n    again = str(e).endswith("again")',
    ],
)
def test_a_decision_by_what_an_error_says_is_found(source):
    assert list(by_its_sentence(ast.parse(source)))


@asked_of_each([path for path in ALL if path.read_text(encoding="utf-8").strip()])
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(tree(path))


@asked_of_each(ALL)
def test_no_module_is_too_long_to_read(path):
    most = LONGEST if path.is_relative_to(ROOT / "lib") else 300
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


def in_parts(module):
    """The functions that ask for two parts of a run, or for a run and a part of it."""
    found = []
    for node in [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]:
        asked = [one.annotation for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        plain = {ast.unparse(one).removesuffix(" | None").strip("'") for one in asked if one}
        if len(plain & OF_A_RUN) > 1:
            found.append(node.name)
    return found


def test_no_function_asks_for_a_run_in_parts():
    found = {f"{name(path)} {function}" for path in ALL for function in in_parts(tree(path))}
    assert found == set(IN_PARTS)


def test_a_run_in_parts_is_found_whatever_its_parts_are_called():
    for asked in ("chosen: Settings, told: Record", 'live: "Live", *, record: Record | None = None', "a: Run, b: Live"):
        assert in_parts(ast.parse(f"def begin({asked}): ...")) == ["begin"]
    for asked in ("run: ConnectedRun, record: str", "one: Record, other: Record", "live"):
        assert in_parts(ast.parse(f"def begin({asked}): ...")) == []


def test_a_count_of_checks_is_said_where_what_is_open_is_said_with_it():
    shares = re.compile(r"of \{len\([^}]*\)\} checks|checks passed")
    assert [str(path) for path in LIB.values() if shares.search(path.read_text(encoding="utf-8"))] == []


def test_the_house_has_few_rooms_and_none_is_crowded():
    rooms = {path.parent for path in LIB.values()}
    assert len([room for room in rooms if room.parent == ROOT / "lib"]) <= MOST_ROOMS
    at_the_top = [path for path in LIB.values() if path.parent == ROOT / "lib" and path.stem != "__init__"]
    assert len(at_the_top) <= MOST_AT_THE_TOP
    crowded = {name(room): len([*room.glob("*.py")]) for room in rooms}
    assert {room: number for room, number in crowded.items() if number > MOST_IN_A_ROOM} == {}


@asked_of_each(ALL)
def test_names_say_what_things_are(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [path.stem, *(node.name for node in ast.walk(tree(path)) if isinstance(node, kinds))]
    words = {word.lower() for found in names for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", found)}
    assert words & BANNED == set()


def bare_names(source):
    """The public functions that are named by a participle or an adverb alone; what begins a `with` may be one."""
    for node in [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]:
        begins = any("contextmanager" in ast.unparse(decorator) for decorator in node.decorator_list)
        if not begins and (node.name in BARE or re.fullmatch(r"[a-z]+(ed|ing)", node.name)):
            yield node.name


@asked_of_each(ALL)
def test_a_function_is_named_by_what_it_gives_or_does(path):
    assert [*bare_names(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", ["told", "counted", "calling", "without", "most"])
def test_a_name_that_says_neither_is_found(name):
    assert [*bare_names(f"def {name}(rows):\n    return rows")] == [name]
    assert [*bare_names(f"@contextmanager\ndef {name}(rows):\n    yield\ndef _{name}(): ...")] == []


def vague_names(source):
    """Each local, parameter and target that is called `found` or `told`, but for the text that a check found."""
    module = ast.parse(source)
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    checks = {id(part) for node in functions if _hands_on(node) for part in ast.walk(node)}
    classes = [node for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    fields = {id(part.target) for node in classes for part in node.body if isinstance(part, ast.AnnAssign)}
    for node in ast.walk(module):
        bound = isinstance(node, ast.arg | ast.ExceptHandler) or isinstance(getattr(node, "ctx", None), ast.Store)
        called = getattr(node, "arg", "") or getattr(node, "id", "") or getattr(node, "name", "")
        if bound and (called == "told" or (called == "found" and id(node) not in checks)) and id(node) not in fields:
            yield called


def _hands_on(function):
    """Whether a function gives its `found` to a check as what that found."""
    calls_of_it = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    given = [part for node in calls_of_it if ast.unparse(node.func) in TAKES_FOUND for part in node.args]
    plain = [one for part in given for one in ((part.body, part.orelse) if isinstance(part, ast.IfExp) else (part,))]
    return any(isinstance(one, ast.Name) and one.id == "found" for one in plain)


@asked_of_each(ALL)
def test_no_name_says_only_that_something_was_found_or_told(path):
    """It holds rows, a match, a policy: so it is called."""
    assert [*vague_names(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "def rows(live):\n    found = live.rows()\n    return found",
        "def rows(found): ...",
        "def rows(live, *told): ...",
        "read = lambda found: found.rows",
        "rows = [found.row for found in read()]",
        "if found := PATTERN.search(text): ...",
        "for name, told in rows.items(): ...",
        "with opened() as told: ...",
        "try:\n    read()\nexcept OSError as found: ...",
        "def check(key):\n    found: Key = read(key)\n    return Check(Id.KEY, key, found.status, found.said, 'a key')",
    ],
)
def test_a_name_that_says_only_that_is_seen_however_it_is_bound(source):
    assert [*vague_names(source)] in (["found"], ["told"])


@pytest.mark.parametrize(
    "source",
    [
        "def check(key):\n    found = read(key)\n    return Check(Id.KEY, key, Status.PASSED, found, 'a key')",
        "class Check:\n    found: str\n    told: bool = False",
        "said = check.found or row['found']",
        "answer = replace(answer, found=said)",
    ],
)
def test_what_a_check_found_is_called_so(source):
    assert [*vague_names(source)] == []


@asked_of_each(LIB.values())
def test_nothing_is_connected_at_import(path):
    connecting = {"connect", "client", "Session", "boto3.client", "boto3.session.Session"}
    top = [node for node in tree(path).body if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr)]
    found = [ast.unparse(node.func) for part in top for node in ast.walk(part) if isinstance(node, ast.Call)]
    assert set(found) & connecting == set()


def words_typed_again(source):
    """The texts with which a write's state or a change's action is compared, in place of the enum's member."""
    words = {*WriteState, *Action}
    about = re.compile(r"\b(row|change|one|result)(\.|\[['\"])(state|action)\b|\.(action|state)$|get\(['\"]state")
    compared = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare)]
    asked = [node for node in compared if about.search(ast.unparse(node.left))]
    texts = (part.value for node in asked for part in ast.walk(node) if isinstance(part, ast.Constant))
    return [text for text in texts if text in words]


@asked_of_each(ALL)
def test_how_far_a_write_has_come_is_compared_with_a_member_and_never_with_a_text(path):
    assert words_typed_again(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["row['state'] == 'applied'", "row.get('state') in ('applied', x)", "one.action != 'none'", "a.state in ['kept']"],
)
def test_a_text_in_place_of_that_member_is_found(source):
    assert words_typed_again(source) != []


def test_what_runs_left_is_taken_unverified_only_to_be_told_of():
    """Whoever decides by it takes `run_index.as_sealed`."""
    taken = re.compile(r"run_index\.(all_records|copies)\(")
    asking = {path.name for path in (ROOT / "lib").rglob("*.py") if taken.search(path.read_text(encoding="utf-8"))}
    assert asking == {"run_table.py", "session.py"}  # status; and one run, verified there


def test_every_package_of_ours_is_installed():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ours = {name(path.parent).replace("/", ".") for path in ALL if not path.is_relative_to(FUNCTIONS)}
    assert set(told["tool"]["setuptools"]["packages"]) == ours
