"""Whether Step Functions knows of an execution: not at once after its start, and not for ever. Read-only."""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from lib.aws_answers import error_code
from lib.errors import NotAsWanted

GONE = "ExecutionDoesNotExist"
Read = TypeVar("Read")


def is_unknown(error: NotAsWanted) -> bool:
    """Whether AWS knows of no such execution, or no longer; what it tells follows a start by a while."""
    return isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == GONE


def if_known(read: Callable[[], Read]) -> Read | None:
    """What is read of an execution; None of one that Step Functions knows no longer."""
    try:
        return read()
    except NotAsWanted as error:
        if not is_unknown(error):
            raise
        return None
