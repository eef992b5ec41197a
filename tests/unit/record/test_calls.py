"""What a row of the log of calls names, and whom it does not."""

import re

import pytest

from lib.record import calls


@pytest.mark.parametrize(
    ("asked", "logged"),
    [
        ({"Rule": "call-555-987-6543"}, r"call-\(not shown: [0-9a-f]{4}\)"),
        ({"Name": "mail-jane@example.org"}, r"\(not shown: [0-9a-f]{4}\)"),
        ({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/Your6-EventAlertsDLQ"}, ".*/1/Your6-EventAlertsDLQ"),
        ({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/call-555-987-6543"}, r".*/call-\(not shown: .*\)"),
        ({"Rule": "Your6-CrisisProtocolRule", "Name": "a"}, "Your6-CrisisProtocolRule"),
        ({"Other": "x"}, ""),
    ],
)
def test_a_name_with_a_contact_in_it_stands_in_no_row(asked, logged):
    assert re.fullmatch(logged, calls._resource(asked))


OURS = "drill-crisis-73425Z-f76c-a1b2c3"
MACHINE = "arn:aws:states:us-east-1:000000000000"


@pytest.mark.parametrize(
    ("execution", "logged"),
    [
        (f"{MACHINE}:execution:M:{OURS}", f"{MACHINE}:execution:M:{OURS}"),
        (f"{MACHINE}:execution:M:veteran-jane-doe", f"{MACHINE}:execution:M:(not ours)"),
        (f"{MACHINE}:execution:M:drill-jane-doe", f"{MACHINE}:execution:M:(not ours)"),
        (f"{MACHINE}:express:M:jane:4c0c", f"{MACHINE}:express:M:(not ours)"),
        (f"{MACHINE}:mapRun:M/jane:4c0c", f"{MACHINE}:mapRun:M:(not ours)"),
        (f"{MACHINE}:execution:M:jane\nsecond", f"{MACHINE}:execution:M:(not ours)"),
    ],
)
def test_whose_execution_was_read_stands_in_no_log(execution, logged):
    assert calls._resource({"executionArn": execution}) == logged
    assert calls._resource({"stateMachineArn": f"{MACHINE}:stateMachine:M"}) == f"{MACHINE}:stateMachine:M"
