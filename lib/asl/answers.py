"""What a service answers to a task that succeeds, as far as the walks know services. Pure: no AWS."""

import json
from collections.abc import Mapping
from typing import Any

from lib.errors import BadParameters


def result_of(body: Mapping[str, Any], scored: Any) -> Any:  # noqa: ANN401
    """A success in the shape that the service answers in; `scored` is the function's. Raises BadParameters for others.

    The shape matters: AWS refuses a mocked result that is not of it.
    """
    resource = str(body["Resource"])
    if ":lambda:" in resource and ":function:" in resource:
        return scored
    if resource.endswith(":states:::lambda:invoke"):
        return {"ExecutedVersion": "$LATEST", "Payload": scored, "StatusCode": 200}
    for service, answer in ANSWERS.items():
        if resource.endswith(f":states:::{service}"):
            return json.loads(answer)
    raise BadParameters(f"a task calls {resource}; expected a function or one of {', '.join(ANSWERS)}")


ANSWERS = {
    "sns:publish": '{"MessageId": "00000000-0000-0000-0000-000000000000"}',
    "events:putEvents": '{"FailedEntryCount": 0, "Entries": [{"EventId": "00000000-0000-0000-0000-000000000000"}]}',
    "dynamodb:updateItem": "{}",
}
