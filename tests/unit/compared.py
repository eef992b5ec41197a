"""Finds the words of our enums where code types them again to compare by: the rule is in test_house."""

import ast
from collections.abc import Iterator

LOOKS = ("isin", "eq", "ne")  # what compares a frame's column


def words_of(tree: ast.AST) -> dict[str, set[str]]:
    """The StrEnums that a module defines, and the word of each member."""
    found = dict[str, set[str]]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and "StrEnum" in {ast.unparse(base) for base in node.bases}:
            values = (part.value for part in node.body if isinstance(part, ast.Assign))
            found[node.name] = {word for value in values for word in _texts(value) if word}
    return found


def compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text that is compared with something, with its line: by `==`, `in`, `match`, or as a frame compares."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            sides = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
            sides = list(node.args)
        else:
            continue
        yield from ((node.lineno, word) for side in sides for word in _texts(side))


def _texts(node: ast.expr) -> list[str]:
    """The texts of a literal: itself, or those of a tuple, list, set or of a dictionary's keys."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [word for part in node.elts for word in _texts(part)]
    return [word for key in node.keys if key for word in _texts(key)] if isinstance(node, ast.Dict) else []
