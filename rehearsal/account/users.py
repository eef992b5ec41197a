"""The synthetic users of the rehearsal account. Numbers are +1555010xxxx, addresses at example.com."""

from collections.abc import Sequence
from typing import Any

COUNT = 12


def ids() -> list[str]:
    """`user-001` to `user-012`."""
    return [f"user-{number:03d}" for number in range(1, COUNT + 1)]


def items(of: Sequence[str] = ()) -> list[dict[str, Any]]:
    """These users, or those of `ids`, as DynamoDB items, in its typed JSON."""
    return [_item(user_id, int(user_id.removeprefix("user-"))) for user_id in of or ids()]


def _item(user_id: str, number: int) -> dict[str, Any]:
    contact = {
        "name": {"S": f"Contact of {user_id}"},
        "phone": {"S": f"+1555010{number:04d}"},
        "email": {"S": f"contact-{number:03d}@example.com"},
        "preferredMethod": {"S": "sms" if number % 3 else "email"},
    }
    return {
        "userId": {"S": user_id},
        "name": {"S": f"Rehearsal user {number}"},
        "trustedContact": {"M": contact},
        "alertThreshold": {"N": "-0.6"},
    }
