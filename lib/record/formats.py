"""The version of everything that is written to be read again: manifest, verdict, plan, approval, changes, lock. No AWS.

Each is an object that names its format. One that names none is of the first, which did not; a key that this version
does not know is left alone, a format that it does not know is refused.
"""

from collections.abc import Mapping
from typing import Any

from lib.errors import Refused

FORMAT = 2
KNOWN = (1, FORMAT)
KEY = "format"


def with_format(row: Mapping[str, Any]) -> dict[str, Any]:
    """An object as it is written, with the number of this format in front."""
    return {KEY: FORMAT, **row}


def require_known(data: object, what: str) -> int:
    """The format of an object that was read; `what` names it. Raises Refused for one that this version cannot read."""
    number = data.get(KEY, KNOWN[0]) if isinstance(data, Mapping) else KNOWN[0]
    if type(number) is not int or number not in KNOWN:
        raise Refused(
            f"{what} is of format {number!r}, and this version knows {' and '.join(map(str, KNOWN))}; nothing was "
            "changed. Use the version of the runbook that wrote it"
        )
    return number
