"""The dispatcher is tried as the rules call it: what an alias names may be other code than the newest."""

import io

import pytest
from machines import connected

from lib.asl.functions import Called
from lib.phases import event_rules
from lib.resources.existing import names
from lib.settings import load

S = load("local", {"mode": "apply"})


class Functions:
    """`broken`: the name under which invocations fail."""

    def __init__(self, broken):
        self.broken, self.invoked = broken, []

    def invoke(self, FunctionName, Payload):  # noqa: N803 - AWS's own names
        self.invoked.append(FunctionName)
        failed = {"FunctionError": "Unhandled"} if FunctionName == self.broken else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(b'{"errorType": "KeyError"}'), **failed}


@pytest.mark.parametrize(
    ("broken", "status"), [("Your6-AlertDispatcher:live", "failed"), ("Your6-AlertDispatcher", "passed")]
)
def test_a_dispatcher_that_rules_call_by_an_alias_is_tried_by_it(monkeypatch, broken, status):
    monkeypatch.setattr(names, "dispatcher", lambda live: Called("Your6-AlertDispatcher", "live"))
    monkeypatch.setattr(event_rules, "require_nobodys", lambda live: None)
    functions = Functions(broken)
    found = event_rules.dispatcher(connected(S, **{"lambda": functions}))
    assert {str(check.status) for check in found} == {status}
    assert set(functions.invoked) == {"Your6-AlertDispatcher:live"}
