"""What in a test depends on how fast the machine is, found in its source. Reads text, runs nothing."""

import ast
import re
from collections.abc import Iterator

# A limit in seconds, by the names of the standard library, botocore and our own code.
LIMITS = {
    "timeout", "within", "deadline", "patience", "max_wait", "read_timeout", "connect_timeout", "deadline_seconds",
    "WaitTimeSeconds", "timeout_seconds",
}  # fmt: skip
# Of what waits: a number as its argument is a limit as well.
WAITS = {"wait", "wait_for", "join", "communicate", "acquire", "result", "select", "poll", "settimeout"}
CLOCKS = {"time", "monotonic", "perf_counter", "process_time", "time_ns", "monotonic_ns", "perf_counter_ns"}
NOWS = {"now", "utcnow", "today"}
ALARMS = {"Timer", "alarm", "setitimer", "wait_for_timeout"}
ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
# A sleep in the source of a child, a cell, a function or a shell.
SLEEPS = re.compile(r"\bsleep\(|\.sleep\b|(?:^|[;&\n]|\bexec\s)\s*sleep\s+[\d.]")


def found(source: str) -> list[tuple[int, str]]:
    """`(line, what)` of everything that lets a clock decide, or waits for one."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    modules = {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return sorted(set(_of(tree, modules, docs)) | set(_compared(tree)))


def _of(tree: ast.AST, modules: dict[str, str | None], docs: set[int]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _called(node, modules))
        elif id(node) not in docs and SLEEPS.search(_text(node)):
            yield node.lineno, "a sleep in a text"


def _called(node: ast.Call, modules: dict[str, str | None]) -> Iterator[str]:
    owner, _, name = ast.unparse(node.func).rpartition(".")
    if name == "sleep":
        yield "a sleep"
    if name in CLOCKS and (owner == "time" or modules.get(name) == "time"):
        yield "a clock"
    if name in ALARMS:
        yield "an alarm"
    if any(word.arg in LIMITS and not _is_none(word.value) for word in node.keywords):
        yield "a limit"
    if owner and name in WAITS and node.args and _number(node.args[-1]):
        yield "a limit"


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What is ordered against this moment, also by a name that holds it."""
    for scope in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        held = {
            target.id
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign) and _is_now(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(scope):
            if isinstance(node, ast.Compare) and any(isinstance(one, ORDERED) for one in node.ops):
                inside = list(ast.walk(node))
                if any(_is_now(one) or (isinstance(one, ast.Name) and one.id in held) for one in inside):
                    yield node.lineno, "a comparison with this moment"


def _is_now(node: ast.AST) -> bool:
    """Whether an expression is this moment, or one that is so far from it."""
    if isinstance(node, ast.BinOp):
        return _is_now(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in NOWS or _is_now(node.func.value)
    return False


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
