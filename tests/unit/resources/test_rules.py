"""What a rule's target is sent is recorded as a mark."""

from lib.resources import rules
from lib.values.exact_json import dumps


def test_what_a_rules_target_is_sent_is_a_mark_and_another_one_once_it_differs():
    target = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:x", "Input": '{"token": "zebra"}'}
    calls = {**target, "HttpParameters": {"HeaderParameters": {"X-Key": "zebra"}}}
    told = rules.recordable_targets({"theirs": target, "calls": calls})
    assert "zebra" not in dumps(told)
    assert told["theirs"]["Arn"] == target["Arn"]
    assert told != rules.recordable_targets({"theirs": {**target, "Input": '{"token": "yak"}'}, "calls": calls})
