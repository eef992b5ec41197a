"""The ways in which a definition fails an execution, as a walk meets them. Pure: no AWS."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lib.errors import BadParameters


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
