"""What a rule's target is sent is recorded as a mark, and its pattern is put back to the letter."""

import pytest
from theirs import Fake, live

from lib.resources import rules
from lib.resources.resource_kinds import Rule
from lib.values.exact_json import dumps, loads


def test_what_a_rules_target_is_sent_is_a_mark_and_another_one_once_it_differs():
    target = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:x", "Input": '{"token": "zebra"}'}
    calls = {**target, "HttpParameters": {"HeaderParameters": {"X-Key": "zebra"}}}
    told = rules.recordable_targets({"theirs": target, "calls": calls})
    assert "zebra" not in dumps(told)
    assert told["theirs"]["Arn"] == target["Arn"]
    assert told != rules.recordable_targets({"theirs": {**target, "Input": '{"token": "yak"}'}, "calls": calls})


@pytest.mark.parametrize(
    "text", ['{"a": [{"numeric": ["=", 3.0e2]}]}', '{"a": [1e400]}', '{"a": ["\u2028é"]}', '{"a": [1.10, 1, 1.0]}']
)
def test_a_rules_pattern_is_put_back_to_the_letter(text):
    events = Fake(describe_rule={"State": "ENABLED", "EventPattern": text})
    thing = Rule(live(events=events), "r")
    thing.write(loads(dumps(thing.read())))  # as a record gives it back
    assert events.written == [("put_rule", {"Name": "r", "State": "ENABLED", "Description": "", "EventPattern": text})]


def test_a_rule_with_a_schedule_alone_gets_no_pattern_when_it_is_put_back():
    events = Fake(describe_rule={"State": "DISABLED", "ScheduleExpression": "rate(1 day)"})
    thing = Rule(live(events=events), "r")
    thing.write(thing.read())
    given = {"Name": "r", "State": "DISABLED", "Description": "", "ScheduleExpression": "rate(1 day)"}
    assert events.written == [("put_rule", given)]
