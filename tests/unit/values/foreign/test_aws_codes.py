"""The codes by which AWS refuses, held against botocore's own models of the services that the runbook calls."""

import re

import botocore.loaders
import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from lib.values.foreign.aws_codes import THROTTLING

SERVICES = (
    "cloudwatch", "dynamodb", "events", "iam", "lambda", "logs", "scheduler", "sns", "sqs", "ssm", "stepfunctions",
)  # fmt: skip
# Of these names, a call was surely not carried out, and is worth trying again.
WAITS = re.compile(r"Throttl|Concurrent(?:Access|Modification)|TooMany(?:Updates|Requests)$|Deleting$|Recently$")
MORE = re.compile(r"^(?:Transaction|ReplicatedWrite)Conflict|^OperationAborted|^RequestLimit")


@pytest.mark.parametrize("service", SERVICES)
def test_every_code_by_which_a_service_asks_to_wait_is_known(service):
    shapes = botocore.loaders.create_loader().load_service_model(service, "service-2")["shapes"]
    errors = {name: shape.get("error", {}).get("code", name) for name, shape in shapes.items() if _is_error(shape)}
    asking = {code for name, code in errors.items() if WAITS.search(name) or MORE.search(name)}
    assert asking - {*THROTTLING, "TooManyRequests"} == set()


def _is_error(shape):
    return shape.get("exception") or "error" in shape


def test_so_is_every_code_that_botocore_waits_for_but_one():
    # By this one AWS also says that there are too many of something, which no waiting mends.
    assert {*ThrottledRetryableChecker._THROTTLED_ERROR_CODES} - {*THROTTLING} == {"LimitExceededException"}
