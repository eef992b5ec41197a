"""The plans that a run's record holds, and by which digest its account keeps one."""

import pytest
from approvals import needing_approval

from lib.changes import kept_plans
from lib.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return needing_approval(tmp_path)


def test_a_plans_digest_has_32_digits_and_without_an_account_the_first_of_two_counts(half, world, wanted):
    asked, record = half
    (first,) = record.attempts(kept_plans.PLAN)
    assert len(kept_plans.digest(first)) == 32
    record.keep_json(kept_plans.PLAN, first | {"made": "later"})
    assert kept_plans.begun_with(record, asked.approved_plan, None).plan == first
