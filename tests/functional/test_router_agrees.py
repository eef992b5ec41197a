"""The local router against two interpreters, by what real executions of random check-ins send. Both definitions.

Known gap of the interpreters: where a Choice compares a missing variable, both take its Default, and where anything
else refers to a missing path, one of them takes null. AWS fails the execution, and so does the router. Our definition
guards every comparison; the one before does not, so its random check-ins are those that AWS would not fail on.
"""

import random
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from workbench import SECRET, Bench, Case, Result

from lib.asl.payload_templates import FailsExecution
from lib.asl.router import Router
from lib.settings import Settings
from rehearsal.account import baseline

NEW, OLD = 26, 16  # moto computes half a second for each
ODD: tuple[Any, ...] = (None, True, False, "", "97", "declining", [98], {"risk_score": 98}, 1e300, -1e-9)


class Both:
    """A batch of random check-ins by both definitions on one interpreter."""

    def __init__(self, bench: Bench) -> None:
        self.seed = secrets.randbelow(2**32)
        self.old = baseline.definition(bench.settings)
        self.new_given = [_result(random.Random(self.seed + number)) for number in range(NEW)]
        drawn = (_result(random.Random(-self.seed - number)) for number in range(20 * OLD))
        self.old_given = [given for given in drawn if _followed(self.old, given)][:OLD]
        bench.user(bench.settings.drill_user_id)
        # The alert of the definition before says of nothing but its user and its text whose it is.
        self.results = bench.run(
            {f"new-{number}": Case({"give": given}) for number, given in enumerate(self.new_given)}
            | {f"old-{n}": Case({"give": given}, definition=self.old) for n, given in enumerate(self.old_given)}
            | {"gap": Case({"give": {"text": SECRET}}, definition=self.old)}
        )
        self.plain = bench.plain


def _followed(definition: dict[str, Any], given: Any) -> bool:
    try:
        Router(definition).way(given)
    except FailsExecution:
        return False
    return True


def _result(chance: random.Random) -> Any:
    """Mostly a usable result, often near a threshold; sometimes one with an odd value, or no object at all."""
    if chance.random() < 0.05:
        return chance.choice(ODD)
    near = [value + chance.choice((-0.01, 0, 0.01)) for value in (0, 30, 50, 85, 95, 100)]
    given = {
        "risk_score": chance.choice([chance.uniform(-5, 105), round(chance.choice(near), 2)]),
        "score": chance.choice([chance.uniform(-1.1, 1.1), -0.6, -0.61, -0.59]),
        "trajectory": chance.choice(["improving", "stable", "declining", "unknown"]),
        "text": SECRET,
    }
    for key in list(given):
        if chance.random() < 0.1:
            given[key] = chance.choice(ODD)
        elif chance.random() < 0.05:
            del given[key]
    return given


@pytest.fixture(scope="module", params=["ministack", "moto"])
def both(request: pytest.FixtureRequest, module_account: Settings, moto: str) -> Iterator[Both]:
    endpoint = moto if request.param == "moto" else module_account.endpoint_url
    yield Both(Bench(module_account, endpoint, f"Router-{request.param}"))


def _agrees(router: Router, given: Any, found: Result) -> bool:
    way = router.way(given)
    sent = (len(way.names("topic")), sorted(way.names("event")))
    heard = (len(found.contacts) + len(found.operations), sorted(event["detail-type"] for event in found.events))
    return found.status == "SUCCEEDED" and sent == heard


def test_random_checkins_take_the_same_route_by_our_definition(both: Both) -> None:
    router = Router(both.plain)
    for number, given in enumerate(both.new_given):
        found = both.results[f"new-{number}"]
        said = f"seed {both.seed}, {given!r}: {found}"
        assert router.route(given) == found.output["route"], said
        assert _agrees(router, given, found), said


def test_random_checkins_take_the_same_route_by_the_definition_before(both: Both) -> None:
    router = Router(both.old)
    assert len(both.old_given) == OLD
    for number, given in enumerate(both.old_given):
        assert _agrees(router, given, both.results[f"old-{number}"]), f"seed {both.seed}, {given!r}"


def test_where_aws_fails_the_execution_the_router_does_not_take_the_interpreters_word(both: Both) -> None:
    assert both.results["gap"].status in ("SUCCEEDED", "FAILED")  # null on one interpreter, an error on the other
    assert both.results["gap"].told == (0, 0, [])
    with pytest.raises(FailsExecution):
        Router(both.old).route({"text": SECRET})
