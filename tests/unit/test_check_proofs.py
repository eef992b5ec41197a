"""No check may be one that nobody has seen fail: each has its test, which is there, and which is held to it."""

import ast
import re

import pytest
from check_proofs import BROKEN, GIVEN, PROOFS, Proof, due, spied, unseen

from lib.checks import WAITS_FOR, Check, Status, in_mode
from lib.phases.success_criteria import metrics_visible
from lib.settings import ROOT
from lib.values.check_registry import Id
from lib.values.modes import Mode

TESTS = ROOT / "tests"


def test_each_check_has_a_test_in_which_it_does_not_pass():
    assert {*Id} - {Id.UNKNOWN} == set(PROOFS)


def test_none_is_in_both_tables_and_what_is_broken_is_broken_on_an_account():
    assert not BROKEN.keys() & GIVEN.keys()
    assert {proof.test.partition("/")[0] for proof in BROKEN.values()} == {"functional", "runbooks"}
    assert {proof.test.partition("/")[0] for proof in GIVEN.values()} == {"unit"}


@pytest.mark.parametrize("check", PROOFS, ids=str)
def test_its_test_is_there_and_waits_for_no_pass(check):
    file, _, name = PROOFS[check].test.partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    test = functions[re.sub(r"\[.*", "", name)]
    assert any(isinstance(node, ast.Assert) for node in ast.walk(test))
    assert not any("skip" in ast.unparse(decorator) for decorator in test.decorator_list)
    assert PROOFS[check].status in (Status.FAILED, *WAITS_FOR)
    assert PROOFS[check].status != Status.NOT_APPLIED  # that is said of what was not asked at all


def test_the_docs_say_of_how_many_no_account_is_broken():
    assert f"Of {len(GIVEN)} that is by what AWS" in (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")


def test_what_is_not_seen_is_said_with_what_was():
    proof = Proof("unit/test_x.py::test_y")
    assert proof.status == Status.FAILED
    with spied() as answers:
        metrics_visible({"a": True}, whole=True)
    assert unseen({Id.CRITERION_5: Status.FAILED}, answers) == ["criterion.5 was to be failed, and was: passed"]
    assert unseen({Id.CRITERION_1: Status.FAILED}, answers) == ["criterion.1 was to be failed, and was: not asked"]


def test_only_what_the_code_answers_counts_and_not_what_it_answered_first():
    with spied() as answers:
        Check(Id.CRITERION_1, "made by a test", Status.FAILED, "", "")
        failed = metrics_visible({"a": False}, whole=True)
        assert unseen({Id.CRITERION_5: Status.FAILED}, answers) == []
        in_mode([failed], Mode.PLAN)
    said = ["criterion.5 was to be failed, and was: not applied", "criterion.1 was to be failed, and was: not asked"]
    assert unseen({Id.CRITERION_5: Status.FAILED, Id.CRITERION_1: Status.FAILED}, answers) == said


def test_a_test_is_found_by_its_name_below_tests():
    proof = PROOFS[Id.CONTACT_SUBSCRIBERS]
    assert due(f"tests/{proof.test}")[Id.CONTACT_SUBSCRIBERS] == Status.WAITING
    assert due("tests/unit/test_check_proofs.py::test_no_such") == {}
