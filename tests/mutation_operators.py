"""Two operators that cosmic-ray has not: the condition of a comprehension, and whether something is in something."""

from collections.abc import Iterator
from typing import Any, ClassVar

import parso
from cosmic_ray.operators.operator import Example, Operator


class NegateComprehensionCondition(Operator):
    """`[x for x in y if z]` as `[x for x in y if not (z)]`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "comp_if":
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[1] = parso.parse(f" not ({node.children[1].get_code().strip()})")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("[x for x in y if z]", "[x for x in y if not (z)]"),)


class ReplaceInWithNotIn(Operator):
    """`x in y` as `x not in y`, and the other way round."""

    OPPOSITE: ClassVar = {"in": " not in", "not in": " in"}

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for at in self._places(node):
            yield node.children[at].start_pos, node.children[at].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        at = self._places(node)[index]
        node.children[at] = parso.parse(self.OPPOSITE[_sign(node.children[at])])
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return Example("x in y", "x not in y"), Example("x not in y", "x in y")

    def _places(self, node: Any) -> list[int]:
        if node.type != "comparison":
            return []
        return [at for at in range(1, len(node.children), 2) if _sign(node.children[at]) in self.OPPOSITE]


def _sign(node: Any) -> str:
    return " ".join(node.get_code().split())


OWN = {operator.__name__: operator for operator in (NegateComprehensionCondition, ReplaceInWithNotIn)}
