"""What an account tells of whoever used an approval."""

from lib.changes.account import Use


def test_a_use_of_an_approval_says_whose_it_was():
    assert Use("r1", "jane", "12:00").said == "run r1 of jane at 12:00"
