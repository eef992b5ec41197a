"""Pieces of the baseline as a real account ordinarily has them."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from theirs import LOCAL, Fake, live

from lib.resources.existing import baseline_pieces


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "Op")


def rule(state="ENABLED", *arns):
    found = [{"Id": str(at), "Arn": arn} for at, arn in enumerate(arns)]
    return Fake(describe_rule={"State": state}, list_targets_by_rule={"Targets": found})


def status(name, **clients):
    (check,) = [
        check
        for check in baseline_pieces.pieces(replace(live(), clients=Clients(clients)))
        if check.name.startswith(name)
    ]
    return check.status, check.found


class Clients(dict):
    """These, and one that answers nothing for every other service."""

    def __contains__(self, service):
        return True

    def __missing__(self, service):
        return Fake()


OURS, OTHER = LOCAL.dispatcher_arn, "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/archive"


@pytest.mark.parametrize(
    ("events", "found"),
    [
        (rule("ENABLED", OURS), ("passed", "ENABLED, to the dispatcher")),
        (rule("ENABLED", OTHER, OURS, OTHER), ("passed", "ENABLED, to the dispatcher; 2 other targets")),
        (rule("ENABLED", f"{OURS}:live", OTHER), ("passed", "ENABLED, to the dispatcher; 1 other target")),
        (rule("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", OURS), ("passed", "ENABLED, to the dispatcher")),
        (rule("DISABLED", OURS), ("failed", "DISABLED, to the dispatcher")),
        (rule("ENABLED"), ("failed", "ENABLED, and not to Your6-AlertDispatcher")),
        (rule("ENABLED", OTHER, f"{OURS}2"), ("failed", "ENABLED, and not to Your6-AlertDispatcher; 2 other targets")),
    ],
)
def test_the_existing_rule_may_reach_others_as_well(events, found):
    assert status("rule", events=events) == found


@pytest.mark.parametrize(
    ("state", "expected"), [("Active", "passed"), ("Inactive", "waiting"), ("Failed", "failed"), ("Pending", "failed")]
)
def test_a_function_that_sleeps_is_no_pass_and_stops_nothing(state, expected):
    client = Fake(get_function_configuration={"State": state})
    assert status("function Your6-AlertDispatcher", **{"lambda": client})[0] == expected


@pytest.mark.parametrize(
    ("table", "keys", "expected"),
    [("ACTIVE", ["userId"], "passed"), ("UPDATING", ["userId"], "passed"), ("CREATING", ["userId"], "failed"),
     ("DELETING", ["userId"], "failed"), ("ARCHIVED", ["userId"], "failed"), ("ACTIVE", ["userId", "at"], "failed")],
)  # fmt: skip
def test_a_table_that_is_updated_serves(table, keys, expected):
    found = {"TableStatus": table, "KeySchema": [{"AttributeName": key} for key in keys]}
    assert status("table", dynamodb=Fake(describe_table={"Table": found}))[0] == expected


@pytest.mark.parametrize(("code", "expected"), [("403", "cannot tell"), ("404", "failed"), ("301", "failed")])
def test_a_bucket_that_this_caller_may_not_look_at_is_neither_there_nor_missing(code, expected):
    assert status("bucket", s3=Fake(head_bucket=refusal(code)))[0] == expected
