"""An error in a function's log as Lambda writes it: ministack writes the traceback alone, without Lambda's own line.

What else it lacks stays lacking: no cold start (`Init Duration`) stands in its reports. In ministack's own process; no
AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc

EMIT = "_emit_lambda_logs"
ERROR = "[ERROR]"


def begin_errors_as_lambda_does() -> None:
    """Raises AttributeError where a version of ministack has none of this name."""
    setattr(lambda_svc, EMIT, _with_its_line(getattr(lambda_svc, EMIT)))


def _with_its_line(emit: Callable[..., None]) -> Callable[..., None]:
    def inner(function: Any, request: str, text: str, error: bool, *rest: Any, **more: Any) -> None:  # noqa: ANN401
        lines = (text or "").splitlines()
        if error and lines and not any(line.startswith(ERROR) for line in lines):
            text = "\n".join([f"{ERROR} {lines[-1]}", *lines])
        emit(function, request, text, error, *rest, **more)

    return inner
