"""The core, changed in small ways by cosmic-ray: whether some unit test notices each of them. `make mutants`.

Which modules, operators and tests, and which mutants are the same to whoever uses it, is in `mutants.toml`. Only copies
of the checkout are changed, under `.rehearsal/mutants`.
"""

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import click
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from mutation_operators import OWN

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tests" / "mutants.toml"
LEAST = 0.95
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"

Span = tuple[tuple[int, int], tuple[int, int]]  # line and column where it begins, and where it ends


@dataclass(frozen=True)
class Mutant:
    """One small change of one module. `within` is the function, `line` and `becomes` its text before and after."""

    module: str
    at: int
    within: str
    line: str
    becomes: str
    code: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What finds it again in the list, wherever its line stands by then."""
        return self.module, self.within, self.line, self.becomes

    @property
    def said(self) -> str:
        return f"{self.module}:{self.at} in {self.within or 'the module'}\n      - {self.line}\n      + {self.becomes}"


def mutants(module: str, source: str, operators: Sequence[str]) -> list[Mutant]:
    """Every mutant of a module; none that cannot be compiled, or is the same code."""
    tree = ast.parse(source)
    nodes, unused, found = list(ast_nodes(get_ast(source))), list(_unused(tree)), dict[str, Mutant]()
    unchanged = _meaning(source)
    for name in operators:
        operator = OWN[name]() if name in OWN else get_operator(f"core/{name}")()
        positions = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            if any(first <= start < last for first, last in unused):
                continue
            code = _changed(source, operator, occurrence)
            meaning = _meaning(code)
            if meaning and meaning != unchanged:
                found.setdefault(meaning, _mutant(module, source, code, _within(tree, start[0])))
    return sorted(found.values(), key=lambda one: one.at)


def _changed(source: str, operator: Any, occurrence: int) -> str:
    try:
        return str(mutate_code(source, operator, occurrence))
    except AttributeError:  # the tool's, of an exception that is no plain name, such as `except (A, *OTHERS)`
        return ""


def _mutant(module: str, source: str, code: str, within: str) -> Mutant:
    old, new = source.splitlines(), code.splitlines()
    at = next(at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    if len(old) != len(new):  # a decorator is gone, whose line may have followed an empty one
        at = next(at for at, line in enumerate(old[at:], at) if line.strip())
    becomes = new[at].strip() if len(old) == len(new) else "(nothing)"
    return Mutant(module, at + 1, within, old[at].strip(), becomes, code)


class _Folded(ast.NodeTransformer):
    """`not a == b` as `a != b`, which is the same mutant."""

    PAIRS = ((ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn))
    OPPOSITE: ClassVar = {**dict(PAIRS), **{no: yes for yes, no in PAIRS}}

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            opposite = self.OPPOSITE.get(type(inner.ops[0]))
            return ast.Compare(inner.left, [opposite()], inner.comparators) if opposite else node
        return inner.operand if isinstance(node.op, ast.Not) and _is_not(inner) else node


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _meaning(code: str) -> str:
    try:
        return ast.dump(_Folded().visit(ast.parse(code))) if code else ""
    except SyntaxError:
        return ""


def _unused(tree: ast.AST) -> Iterator[Span]:
    """Where a change changes no behaviour: annotations, protocols, the sentence of an error."""
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            parts.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            parts.append(node.annotation)
        elif isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "Protocol" for base in node.bases):
            parts.append(node)
        elif isinstance(node, ast.Raise):
            parts += [part for part in ast.walk(node) if isinstance(part, ast.JoinedStr)]
        yield from (_span(part) for part in parts if part)


def _span(node: Any) -> Span:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, int, int]]:
    """Each outermost function with its class: its name, and its lines from the first decorator on."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield f"{inside}{node.name}", first, node.end_lineno or first
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{inside}{node.name}.")


def _within(tree: ast.AST, line: int) -> str:
    return next((name for name, first, last in functions(tree) if first <= line <= last), "")


@dataclass(frozen=True)
class Verdict:
    """What became of the mutants, held against the list of those that nobody can tell from the code."""

    found: Sequence[tuple[Mutant, str]]
    listed: Mapping[tuple[str, str, str, str], str]

    @property
    def survivors(self) -> list[Mutant]:
        return [mutant for mutant, state in self.found if state == SURVIVED]

    @property
    def share(self) -> float:
        """Killed, of all; one of which nobody knows is not among them."""
        return 1 - len(self.survivors) / len(self.found) if self.found else 0.0

    @property
    def wrong(self) -> list[str]:
        """Why this does not do; empty where it does."""
        alive, tried = {one.key for one in self.survivors}, {one.module for one, _ in self.found}
        unnamed = [f"survived, and nobody says why: {one.said}" for one in self.survivors if one.key not in self.listed]
        stale = [
            f"listed in {LIST.name}, and killed or gone by now: {' | '.join(key)}"
            for key in self.listed
            if key[0] in tried and key not in alive
        ]
        few = [f"{self.share:.1%} killed, expected at least {LEAST:.0%}"] if self.share < LEAST else []
        return [*unnamed, *stale, *few]

    def lines(self) -> Iterator[str]:
        """The report: each module's figures, each survivor with its reason, the whole."""
        yield f"{'module':<28}{'mutants':>9}{KILLED:>9}{TIMED_OUT:>11}{SURVIVED:>10}"
        for module in sorted({mutant.module for mutant, _ in self.found}):
            yield self._figures(module, [state for mutant, state in self.found if mutant.module == module])
        yield self._figures("all", [state for _, state in self.found])
        for mutant in self.survivors:
            yield f"\n  {mutant.said}\n      {self.listed.get(mutant.key, 'NOBODY SAYS WHY')}"
        yield f"\n{self.share:.1%} of {len(self.found)} mutants killed"

    def _figures(self, name: str, states: Sequence[str]) -> str:
        count = Counter(states)
        return f"{name:<28}{len(states):>9}{count[KILLED]:>9}{count[TIMED_OUT]:>11}{count[SURVIVED]:>10}"


def listed(data: Mapping[str, Any]) -> dict[tuple[str, str, str, str], str]:
    """The mutants that are known to survive, by key, each with its reason. Raises ValueError for one without."""
    for row in data.get("survivor", []):
        if not str(row.get("reason", "")).strip():
            raise ValueError(f"{LIST.name}: {row} has no reason")
    rows = data.get("survivor", [])
    return {(row["module"], row["within"], row["line"], row["becomes"]): row["reason"] for row in rows}


@click.command()
@click.argument("modules", nargs=-1)
@click.option("--workers", default=2, show_default=True, help="How many are tried at once, each in a copy of its own.")
def main(modules: tuple[str, ...], workers: int) -> None:
    """Try every mutant of the core, or of these MODULES of it; ends with 1 where that does not do."""
    from mutation_run import tried

    data = tomllib.loads(LIST.read_text(encoding="utf-8"))
    strange = [module for module in modules if module not in data["core"]]
    if strange:
        raise click.UsageError(f"{', '.join(strange)}: expected of the core, {', '.join(data['core'])}")
    chosen = {module: data["core"][module] for module in modules or data["core"]}
    every = [one for name in chosen for one in mutants(name, (ROOT / name).read_text("utf-8"), data["operators"])]
    verdict = Verdict(list(tried(every, chosen, workers)), listed(data))
    click.echo("\n".join(verdict.lines()))
    for sentence in verdict.wrong:
        click.echo(sentence, err=True)
    sys.exit(1 if verdict.wrong else 0)


if __name__ == "__main__":
    main()
