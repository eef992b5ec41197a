"""What stands in a live value where AWS cannot be asked yet, and what only looks like it. No AWS.

In a record it is this text. A live value may hold the same text, which somebody wrote there: that is a value like any.
"""

from typing import Any

from lib.errors import Refused
from lib.values.exact_json import parts_of


class Unknown(str):
    """The text that stands for what is not known; made here alone."""


# Planned around, never taken for agreement.
UNKNOWN = Unknown("(not readable yet)")


def _holds_its_words(live: Any) -> bool:  # noqa: ANN401 - plain data
    """Whether a live value holds that text, and not what it stands for."""
    texts = (text for part in parts_of(live) for text in (part.key, part.value))
    return any(text == UNKNOWN and not isinstance(text, Unknown) for text in texts)


def require_none_feigned(live: Any, name: str) -> None:  # noqa: ANN401 - plain data
    """Raise Refused for a live value that would be compared as if nobody knew it."""
    if _holds_its_words(live):
        raise Refused(
            f"{name} holds the text {str(UNKNOWN)!r}, by which a record tells what could not be read, so that no "
            "change of it could be told from that; nothing was written. See who wrote it there, and write another"
        )
