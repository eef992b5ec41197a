"""AWS's answers, in which a member that is missing is one sentence and never a KeyError. Calls nothing.

botocore's models require hardly any member of an answer, so any of them may be left out: by a service that is in
trouble, by a key that the caller may not use, or by one that has changed. Every client of ours answers so.
"""

from collections.abc import Mapping
from typing import Any

from lib.errors import NotAsWanted


class Answer(dict[str, Any]):
    """An answer, or a structure inside one. Read as a dictionary; `.get` is for what may be missing."""

    what: str = "an answer of AWS"

    def __missing__(self, member: str) -> Any:  # noqa: ANN401
        raise NotAsWanted(
            f"{self.what} holds no {member}; expected one, and nothing is concluded without it. "
            "Ask again; if it stays so, look there by hand"
        )


def answer(found: Any, what: str) -> Any:  # noqa: ANN401 - whatever botocore parsed
    """The same data, every dictionary in it an Answer; `what` is the operation and the place inside its answer."""
    if isinstance(found, Mapping):
        made = Answer((key, answer(value, f"{what} ({key})")) for key, value in found.items())
        made.what = what
        return made
    if isinstance(found, list):
        return [answer(item, what) for item in found]
    return found


def without(found: Mapping[str, Any], member: str) -> Answer:
    """An answer, or a structure inside one, without this member; what else is missing still is one sentence."""
    what = found.what if isinstance(found, Answer) else Answer.what
    made: Answer = answer({key: value for key, value in found.items() if key != member}, what)
    return made


class Answering:
    """Before botocore's own client class: what a call answers is an Answer, to paginators and waiters as well."""

    def _make_api_call(self, operation_name: str, api_params: dict[str, Any]) -> Any:  # noqa: ANN401
        found = super()._make_api_call(operation_name, api_params)  # type: ignore[misc]
        return answer(found, f"the answer to {operation_name}")


def answering(base_classes: list[type], **_: object) -> None:
    """For boto3's event `creating-client-class`."""
    base_classes.insert(0, Answering)
