"""AWS's answers: a member that is missing is one sentence and no KeyError, and so is what AWS refuses.

botocore's models require hardly any member of an answer, so any of them may be left out: by a service that is in
trouble, by a key that the caller may not use, or by one that has changed. Every client of ours answers so.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    LoginError,
    MetadataRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParser, ResponseParserError, ResponseParserFactory

from lib.errors import BadParameters, NameHeld, NotAsWanted, Throttled, Unanswered, Unreachable
from lib.values import contacts
from lib.values.foreign.aws_codes import BAD_CREDENTIALS, NAME_IS_HELD, OFF_THE_CLOCK, THROTTLING

NO_CREDENTIALS = (
    NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound, SSOError,
    TokenRetrievalError, MetadataRetrievalError, LoginError,
)  # fmt: skip
NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)
TRY_AGAIN = "nothing is wrong with what the caller may do. Try again in a minute"  # of a call that is_throttled
LOG_IN = "log in again"
AWS_BEARS = timedelta(minutes=5)  # so far may this machine's clock be off before AWS takes no signature of it
Asked = TypeVar("Asked")


# What botocore's parsers raise on an answer of another shape than the service's model has.
MISSHAPEN = (ResponseParserError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Answer(dict[str, Any]):
    """An answer, or a structure inside one. Read as a dictionary; `.get` is for what may be missing."""

    what: str = "an answer of AWS"

    def __missing__(self, member: str) -> Any:  # noqa: ANN401
        raise NotAsWanted(
            f"{self.what} holds no {member}; expected one, and nothing is concluded without it. "
            "Ask again; if it stays so, look there by hand"
        )


def answer(parsed: Any, what: str) -> Any:  # noqa: ANN401 - whatever botocore parsed
    """The same data, every dictionary in it an Answer; `what` is the operation and the place inside its answer."""
    if isinstance(parsed, Mapping):
        made = Answer((key, answer(value, f"{what} ({key})")) for key, value in parsed.items())
        made.what = what
        return made
    if isinstance(parsed, list):
        return [answer(item, what) for item in parsed]
    return parsed


def drop_member(part: Mapping[str, Any], member: str) -> Answer:
    """An answer, or a structure inside one, without this member; what else is missing still is one sentence."""
    what = part.what if isinstance(part, Answer) else Answer.what
    made: Answer = answer({key: value for key, value in part.items() if key != member}, what)
    return made


def answered_at(answered: Mapping[str, Any]) -> datetime | None:
    """When AWS gave this answer, by its own clock; None where the answer has no time."""
    try:
        return parsedate_to_datetime(answered.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", ""))
    except (TypeError, ValueError):
        return None


class Answering:
    """Before botocore's own client class: what a call answers is an Answer, to paginators and waiters as well."""

    def _make_api_call(self, operation_name: str, api_params: dict[str, Any]) -> Any:  # noqa: ANN401
        parsed = super()._make_api_call(operation_name, api_params)  # type: ignore[misc]
        return answer(parsed, f"the answer to {operation_name}")


def answer_with_names(base_classes: list[type], **_: object) -> None:
    """For boto3's event `creating-client-class`."""
    base_classes.insert(0, Answering)


class Reader:
    """A parser of botocore's, around which nothing of an answer that it cannot read is quoted.

    Such a body is anybody's: a proxy's page, a check-in, a secret. botocore puts it into the error, and so it would
    come into records and onto terminals.
    """

    def __init__(self, parser: ResponseParser, protocol: str) -> None:
        self._parser = parser
        self._json = protocol in ("json", "rest-json")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._parser, name)

    def parse(self, response: Mapping[str, Any], shape: Any) -> Any:  # noqa: ANN401
        """What botocore makes of it. Raises ResponseParserError with the answer's status and size alone."""
        unread = f"an answer of status {response['status_code']} that cannot be read ({_size(response)})"
        try:
            parsed = self._parser.parse(response, shape)
        except MISSHAPEN:
            raise ResponseParserError(unread) from None
        if not isinstance(parsed, Mapping) or (self._json and _no_json(response, shape)):
            raise ResponseParserError(unread)
        if _is_body(parsed.get("Error"), response):
            parsed["Error"]["Message"] = unread
        return parsed


class Readers(ResponseParserFactory):
    """For botocore's component `response_parser_factory`."""

    def create_parser(self, protocol_name: str) -> Reader:
        return Reader(super().create_parser(protocol_name), protocol_name)


def _is_body(error: Any, response: Mapping[str, Any]) -> bool:  # noqa: ANN401
    """Whether an error's message is the whole body, which is what botocore makes of a body that is no JSON."""
    body = response.get("body")
    if not (isinstance(error, Mapping) and isinstance(body, bytes) and body):
        return False
    said = error.get("Message")
    return not isinstance(said, str) or said.encode() == body


def _no_json(response: Mapping[str, Any], shape: Any) -> bool:  # noqa: ANN401
    """Whether a good answer's body should be JSON and is none: botocore takes it for an answer without members."""
    body = response.get("body")
    if not isinstance(body, bytes) or not body or response["status_code"] >= 300:
        return False
    if shape is None or "payload" in shape.serialization:
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return True
    return False


def _size(response: Mapping[str, Any]) -> str:
    body = response.get("body")
    return f"{len(body)} bytes" if isinstance(body, bytes) else "a stream"


@contextmanager
def readable(doing: str, writing: bool = False, masked: Callable[[str], str] = str) -> Iterator[None]:
    """Turn what botocore raises into one sentence of ours, with the cause kept.

    Of a write it also tells what was surely not carried out (Throttled, NameHeld) from what may have been (Unanswered).
    What AWS says may quote what it was given; `masked` takes out of it what no record may hold.
    """
    try:
        yield
    except NO_CREDENTIALS as error:
        raise Unreachable(
            f"no usable AWS credentials while {doing} ({masked(_words(error))}); log in again, or set profile"
        ) from error
    except NO_ANSWER as error:
        if writing:
            raise Unanswered(_unknown(doing, masked(_words(error)))) from error
        raise Unreachable(
            f"no answer while {doing} ({masked(_words(error))}); check endpoint_url and the network, "
            "or start the account that should answer there"
        ) from error
    except ClientError as error:
        if error_code(error) in BAD_CREDENTIALS:
            what, do = (
                ("the time of this machine's clock", "set it") if _is_late(error) else ("these credentials", LOG_IN)
            )
            raise Unreachable(f"AWS does not take {what} while {doing} ({masked(_words(error))}); {do}") from error
        if writing and error_code(error) in THROTTLING:
            kind = NameHeld if error_code(error) in NAME_IS_HELD else Throttled
            raise kind(f"AWS asked to wait while {doing}: {masked(_words(error))}") from error
        if writing and error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise Unanswered(_unknown(doing, masked(_words(error)))) from error
        raise NotAsWanted(f"AWS refused while {doing}: {masked(_words(error))}") from error
    except BotoCoreError as error:
        raise BadParameters(f"the call could not be made while {doing}: {masked(_words(error))}") from error


def error_code(error: ClientError) -> str:
    """`ResourceNotFoundException` and the like."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _is_late(error: ClientError) -> bool:
    """Whether AWS took the call for one of long ago, or of later, which no other credentials mend.

    Most services say so in words alone; but each says what time it is.
    """
    theirs = answered_at(error.response)
    off = theirs is not None and abs(datetime.now(UTC) - theirs) > AWS_BEARS
    return off or error_code(error) in OFF_THE_CLOCK


def is_throttled(error: BaseException) -> bool:
    """Whether AWS asked to wait: of a read, which is tried five times and then is an error like any other."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and error_code(cause) in THROTTLING


@contextmanager
def absent_is_none(*codes: str) -> Iterator[None]:
    """Swallow exactly the error codes that mean "does not exist"; the caller goes on and returns None."""
    try:
        yield
    except ClientError as error:
        if error_code(error) not in codes:
            raise


def answer_or_code(read: Callable[[], Asked]) -> tuple[Asked | None, str]:
    """The answer and "", or None and the code of a refusal: of one thing among many that may be closed, or gone.

    Credentials that AWS does not take are no such refusal: every other answer would be the same.
    """
    try:
        return read(), ""
    except ClientError as error:
        if error_code(error) in BAD_CREDENTIALS:
            raise
        return None, error_code(error)


def _unknown(doing: str, words: str) -> str:
    return f"no usable answer while {doing} ({words}); whether it was carried out is not known"


def _words(error: Exception) -> str:
    """What AWS says, which may quote what it was given or what it holds."""
    return contacts.mask_text(" ".join(str(error).split()))
