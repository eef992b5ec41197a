"""The ways in which a definition fails an execution, and what a service answers to a task that succeeds. Pure: no AWS.

Both as far as a walk knows them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lib.errors import BadParameters

ANSWERS = {
    "sns:publish": '{"MessageId": "00000000-0000-0000-0000-000000000000"}',
    "events:putEvents": '{"FailedEntryCount": 0, "Entries": [{"EventId": "00000000-0000-0000-0000-000000000000"}]}',
    "dynamodb:updateItem": "{}",
}


class FailsExecution(BadParameters):
    """AWS fails the whole execution here, and no Catch helps."""


class MissingVariable(FailsExecution):
    """A comparison on a variable, or a reference to a path, that is not there."""


class IntrinsicFails(FailsExecution):
    """An intrinsic function fails with States.IntrinsicFailure, which a Catch may take."""


class DrawsLots(BadParameters):
    """An intrinsic function whose answer is a chance, so that nothing can be said of it before."""


class NoChoiceMatched(FailsExecution):
    """No rule of a Choice holds, and it has no Default; a Parallel around it may catch that."""


@contextmanager
def naming(where: str, body: Mapping[str, Any], inside: tuple[str, ...]) -> Iterator[None]:
    """Says in which state something is not known; an error that a Catch might take is not known either."""
    try:
        yield
    except BadParameters as error:
        if isinstance(error, IntrinsicFails) and (inside or body.get("Catch")):
            raise BadParameters(f"{where}: {error}; whether a Catch takes that is not known here") from error
        raise type(error)(f"{where}: {error}") from error


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
