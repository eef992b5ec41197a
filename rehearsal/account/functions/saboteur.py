"""Stand-in for whatever a task calls, for the rehearsal account only: it fails on order, and never does anything."""

import threading
from typing import Any

SLOW_SECONDS = 6.0  # where a rule's event, which carries no order, calls it under this handler's name


class SaboteurError(Exception):
    """What it was asked for."""


def lambda_handler(event: dict[str, Any], context: object) -> None:
    """Take `seconds`, then fail. An event of a rule carries no order, and fails at once."""
    threading.Event().wait(float(event.get("seconds", 0)))
    raise SaboteurError(str(event.get("fault", "failing")))


def slow_handler(event: dict[str, Any], context: object) -> None:
    """Take longer than it may."""
    threading.Event().wait(SLOW_SECONDS)
