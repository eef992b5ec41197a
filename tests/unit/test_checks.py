"""A check has a registered id, and which of them stop a phase."""

import pytest

from lib.checks import Check, Status, brief, require
from lib.errors import NotAsWanted
from lib.values.check_registry import Id


@pytest.mark.parametrize("unknown", ["drill.stauts", "crisis: status", None])
def test_an_id_that_is_not_registered_makes_no_check(unknown):
    with pytest.raises(ValueError, match="registered"):
        Check(unknown, "x", Status.PASSED, "", "")


OLD = {"phase": "05", "name": "phase 03 is in place", "status": "waiting", "found": "x", "expected": "y"}


def test_an_id_of_a_later_version_is_none_here():
    assert Check.from_row({**OLD, "id": "drill.telepathy"}).id is Id.UNKNOWN


def test_failed_checks_stop_and_all_others_do_not():
    require(
        [
            Check(Id.AS_WANTED, "a", status, "x", "y")
            for status in ("passed", "not exercised here", "waiting", "not applied")
        ]
    )
    with pytest.raises(NotAsWanted, match=r"2 of the checks failed: a: found 1, expected 2; b: found 3, expected 4"):
        require(
            [
                Check(Id.AS_WANTED, "a", "failed", "1", "2"),
                Check(Id.AS_WANTED, "b", "failed", "3", "4"),
                Check(Id.AS_WANTED, "c", "passed", "", ""),
            ]
        )


def test_a_long_value_is_cut_with_its_size():
    shown = brief({"definition": "x" * 5000})
    assert len(shown) <= 180
    assert shown.endswith("(5,018 characters)")
    assert brief(None) == "does not exist"
