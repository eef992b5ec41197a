"""What a review recommends: what is worst first, and that somebody subscribes where a page would reach nobody."""

from lib.checks import Check
from lib.errors import NotAsWanted
from lib.phases import infrastructure
from lib.phases.review import recommendations
from lib.values.check_registry import Id

LATE = Check(Id.REAL_LATENCY, "real crises", "failed", "40 s", "30 s")


def test_what_is_worst_comes_first_and_what_passed_asks_nothing():
    people = Check(Id.OPERATIONS_SUBSCRIBERS, "operations subscribers", "waiting", "0 confirmed", "one")
    whole = Check(Id.RECONCILED, "every alert", "passed", "", "")
    rows = recommendations.rows([people, whole, LATE])
    assert [(row["because"], row["figure"]) for row in rows] == [
        ("real crises", "40 s"), ("operations subscribers", "0 confirmed"),
    ]  # fmt: skip
    assert rows[1]["do"] == "Have somebody subscribe to the operations topic, and confirm it."


def test_that_nobody_may_tell_who_subscribes_ends_no_review(live, monkeypatch):
    def refused(live, topic):
        raise NotAsWanted("AWS refused")

    monkeypatch.setattr(infrastructure, "audience", refused)
    (row,) = recommendations.rows(infrastructure.operations_reachable_now(live))
    assert (row["status"], row["figure"]) == ("cannot tell", "AWS refused")
