"""One answer of the doctor, and how it is got: within bounds, and whatever goes wrong meanwhile. No AWS."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from lib.aws_answers import error_code
from lib.checks import Status
from lib.errors import RunbookError, Unanswered
from lib.values import contacts
from lib.wait import answer_within

SECONDS = 15.0  # that one question to the account may take; the call itself goes on unseen
DENIED = (
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException",
    "UnauthorizedOperation", "403",
)  # fmt: skip

Said = tuple[Status, str]


@dataclass(frozen=True)
class Question:
    """What is asked, what it should be, and what to do where it is not."""

    name: str
    expected: str
    do: str


@dataclass(frozen=True)
class Finding:
    """An answer. `do` is empty where there is nothing to do; `exit_code` is that of what failed, else 0."""

    question: Question
    status: Status
    found: str
    exit_code: int = 0

    @property
    def do(self) -> str:
        """What to do about it, "" where it is as it should be or nobody need do anything."""
        return "" if self.status in (Status.PASSED, Status.NOT_APPLIED, Status.NOT_EXERCISED) else self.question.do

    def to_row(self) -> dict[str, Any]:
        """The answer as plain data, without anybody's contact."""
        asked = {"check": self.question.name, "status": str(self.status), "found": self.found}
        return dict(contacts.mask_data({**asked, "expected": self.question.expected, "do": self.do}))


def find_out(question: Question, ask: Callable[[], Said], seconds: float = SECONDS) -> Finding:
    """Ask within so many seconds. What is refused to the caller or comes too late is `cannot tell`, never `passed`."""
    try:
        status, said = answer_within(seconds, ask, question.name)
    except RunbookError as error:
        unknown = isinstance(error, Unanswered) or _is_denial(error)
        status = Status.CANNOT_TELL if unknown else Status.FAILED
        return Finding(question, status, str(error), 0 if unknown else error.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever it is, the doctor tells of it and goes on
        return Finding(question, Status.CANNOT_TELL, f"{type(error).__name__}: {error}")
    return Finding(question, status, said, RunbookError.exit_code if status == Status.FAILED else 0)


def without_answer(question: Question, why: str) -> Finding:
    """Of what could not be asked at all: something else is to be done first."""
    return Finding(replace(question, do=""), Status.CANNOT_TELL, why)


def _is_denial(error: BaseException) -> bool:
    """Whether AWS told the caller that it may not ask this."""
    cause = error if isinstance(error, ClientError) else error.__cause__
    return isinstance(cause, ClientError) and error_code(cause) in DENIED
