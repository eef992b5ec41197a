"""Whether check-ins come as often and are as fast as before."""

import pytest
from continued import GOOD, answers

from lib.telemetry import pace


@pytest.mark.parametrize(
    ("groups", "status", "found"),
    [
        ([GOOD, ("b", "SUCCEEDED", 200, 20, 1)], "passed", "half of 200 took up to 0.9 s"),
        ([GOOD, ("b", "SUCCEEDED", 200, 20, 25)], "waiting", "200 took longer than the slowest before (1.0 s)"),
        ([GOOD, ("b", "SUCCEEDED", 200, 20, 4)], "passed", "200 took longer than the slowest before (1.0 s)"),
        ([GOOD, ("b", "RUNNING", 200, 2, None)], "waiting", "half of 200 took up to 119.9 s"),
        ([GOOD, ("b", "SUCCEEDED", 80, 20, 1), ("c", "SUCCEEDED", 120, 20, 29)], "waiting", "120 took longer"),
        ([GOOD, ("b", "SUCCEEDED", 120, 20, 1), ("c", "SUCCEEDED", 80, 20, 9)], "passed", "80 took longer"),
        (
            [GOOD, ("s", "SUCCEEDED", 50, 50, 170), ("b", "SUCCEEDED", 200, 20, 165)],
            "waiting", "half of 200 took up to 164.9 s, half of 1,050 before 0.5 s and three quarters 0.8 s",
        ),
        ([("a", "SUCCEEDED", 4, 60, 1), ("b", "SUCCEEDED", 200, 20, 25)], "cannot tell", "4 before and 200 after"),
        ([GOOD, ("b", "FAILED", 200, 20, 25)], "cannot tell", "1,000 before and 0 after"),
    ],
)  # fmt: skip
def test_check_ins_that_all_take_longer_are_for_a_person_to_look_at(groups, status, found):
    check = answers(*groups)[pace.AS_FAST]
    assert (check.status, found in check.found) == (status, True), check.found


def every(prefix, count, first, apart, status="SUCCEEDED"):
    """So many check-ins, one a group, the first so many minutes ago and then so many minutes apart."""
    return [(f"{prefix}{at}-", status, 1, first - at * apart, 1) for at in range(count)]


STEADY = every("a", 100, 630, 6)  # one in six minutes, until 36 minutes ago
STOPPED = every("b", 3, 29, 3)  # the last 23 minutes ago


@pytest.mark.parametrize(
    ("groups", "status", "found"),
    [
        ([*STEADY, *STOPPED], "cannot tell", "no check-in for 1,380 s: the newest began at 2026-01-01 23:37:00 UTC"),
        ([*STEADY, *STOPPED], "cannot tell", "; the longest pause before was 360 s"),
        ([*STEADY, *STOPPED, ("drill-", "SUCCEEDED", 9, 1, 1)], "cannot tell", "no check-in for 1,380 s"),
        (STEADY, "cannot tell", "no check-in for 2,160 s"),
        ([*STEADY, *every("b", 5, 29, 6)], "passed", "no check-in for 300 s"),
        ([*STEADY[:50], *STEADY[60:], *STOPPED], "passed", "; the longest pause before was 3,960 s"),
        ([*STEADY, *every("b", 10, 29, 3)], "passed", "the newest began at 2026-01-01 23:58:00 UTC"),
        ([GOOD, ("b", "SUCCEEDED", 200, 3, 1)], "passed", "the newest began at 2026-01-01 23:57:00 UTC"),
        ([*STEADY, *every("b", 3, 7, 3, "RUNNING")], "passed", "the newest began at 2026-01-01 23:59:00 UTC"),
        ([*STEADY[:19], *STOPPED], "cannot tell", "19 before the change do not tell how long a pause ordinarily is"),
        ([*STEADY[:20], *STOPPED], "cannot tell", "; the longest pause before was 360 s"),
        ([*STEADY[:5], *every("b", 10, 29, 3)], "passed", "the newest began at"),
        ([("drill-", "SUCCEEDED", 9, 1, 1)], "cannot tell", "no check-in in this window"),
    ],
)
def test_check_ins_that_stop_coming_fail_nowhere_and_are_no_pass(groups, status, found):
    check = answers(*groups)[pace.STILL_COME]
    assert (check.status, found in check.found) == (status, True), check.found
