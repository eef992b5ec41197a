"""Which changes of the core are tried, and when `make mutants` says that the tests do not do."""

import mutation
import pytest
from mutation import KILLED, SURVIVED, TIMED_OUT, Mutant, Verdict, listed, mutants

SOURCE = """
from typing import Protocol


class Thing(Protocol):
    @property
    def name(self) -> str | None: ...


def larger(left: int | None, right: int) -> bool:
    if left is None:
        raise ValueError(f"{left or right}: none")
    return left > right


def chosen(rows, kept):
    return [row for row in rows if row in kept]
"""
OPERATORS = [
    "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_Is_IsNot", "AddNot", "ReplaceOrWithAnd",
    "ReplaceBinaryOperator_BitOr_BitAnd", "RemoveDecorator", "ReplaceInWithNotIn", "NegateComprehensionCondition",
]  # fmt: skip


def test_neither_annotations_nor_protocols_nor_the_sentence_of_an_error_are_changed_and_nothing_is_tried_twice():
    found = mutants("lib/small.py", SOURCE, OPERATORS)
    assert [(one.at, one.within, one.becomes) for one in found] == [
        (11, "larger", "if left is not None:"),
        (13, "larger", "return left >= right"),
        (17, "chosen", "return [row for row in rows if row not in kept]"),
    ]
    assert all(one.line in SOURCE for one in found)


def test_every_mutant_of_the_core_is_another_code_and_can_be_read():
    source = (mutation.ROOT / "lib" / "values" / "processes.py").read_text(encoding="utf-8")
    found = mutants("lib/values/processes.py", source, OPERATORS)
    assert found
    for one in found:
        compile(one.code, "mutant", "exec")
        assert one.code != source


def test_a_decorator_that_is_taken_away_is_named():
    (found,) = mutants("a.py", "class A:\n    x = 1\n\n    @property\n    def b(self):\n        return 1\n", OPERATORS)
    assert (found.line, found.becomes, found.within) == ("@property", "(nothing)", "A.b")


def mutant(number: int, module: str = "lib/a.py") -> Mutant:
    return Mutant(module, number, "f", f"x == {number}", f"x != {number}", "")


def verdict(*states: str, known: dict | None = None) -> Verdict:
    return Verdict([(mutant(number), state) for number, state in enumerate(states)], known or {})


def test_all_killed_is_enough_and_a_time_out_is_a_kill_that_is_counted_apart():
    found = verdict(*[KILLED] * 3, TIMED_OUT)
    assert found.wrong == []
    assert [line.split()[-4:] for line in found.lines() if line.startswith("lib/a.py")] == [["4", "3", "1", "0"]]


def test_a_survivor_of_which_nobody_says_why_does_not_do():
    found = verdict(*[KILLED] * 99, SURVIVED)
    assert [sentence.partition(":")[0] for sentence in found.wrong] == ["survived, and nobody says why"]
    assert "lib/a.py:99 in f" in found.wrong[0]
    assert any("NOBODY SAYS WHY" in line for line in found.lines())
    named = verdict(*[KILLED] * 99, SURVIVED, known={mutant(99).key: "the same"})
    assert named.wrong == []
    assert any("the same" in line for line in named.lines())


@pytest.mark.parametrize("gone", [mutant(1).key, ("lib/a.py", "f", "no such line", "x")])
def test_a_listed_one_that_is_killed_or_gone_by_now_does_not_do(gone):
    found = verdict(*[KILLED] * 10, known={gone: "the same"})
    assert [sentence.partition(":")[0] for sentence in found.wrong] == [
        "listed in mutants.toml, and killed or gone by now"
    ]


def test_of_a_module_that_was_not_tried_nothing_is_said():
    assert verdict(KILLED, known={mutant(1, "lib/b.py").key: "the same"}).wrong == []


def test_fewer_than_the_share_do_not_do_although_each_has_a_reason():
    known = {mutant(number).key: "the same" for number in range(100)}
    few = verdict(*[SURVIVED] * 6, *[KILLED] * 94, known=dict(list(known.items())[:6]))
    assert few.wrong == ["94.0% killed, expected at least 95%"]
    assert verdict(*[SURVIVED] * 5, *[KILLED] * 95, known=dict(list(known.items())[:5])).wrong == []
    assert verdict().wrong == ["0.0% killed, expected at least 95%"]


def test_a_listed_one_needs_a_reason():
    row = {"module": "lib/a.py", "within": "f", "line": "x", "becomes": "y"}
    assert listed({"survivor": [{**row, "reason": "the same"}]}) == {("lib/a.py", "f", "x", "y"): "the same"}
    with pytest.raises(ValueError, match="has no reason"):
        listed({"survivor": [{**row, "reason": " "}]})
