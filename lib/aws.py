"""The one way to AWS: session, cached clients, account and region guard, retries and the call log. Writes nothing."""

import functools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
)

from lib.aws_answers import NO_CREDENTIALS, Readers, answer_with_names, error_code, readable
from lib.errors import NotAsWanted, Refused, Unreachable
from lib.record import origin
from lib.record.calls import CallLog, Calls
from lib.settings import Settings
from lib.values.foreign.aws_codes import BAD_CREDENTIALS
from lib.wait import SOON_SECONDS, Patience, answer_within

# A custom endpoint is signed with these, so that real credentials never leave for anything but AWS.
PLACEHOLDER = {"aws_access_key_id": "placeholder", "aws_secret_access_key": "placeholder"}
# Nor does anyone's profile decide anything there, not even one that is missing.
NOBODYS: dict[str, Any] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], os.devnull, None),
    "credentials_file": (None, [], os.devnull, None),
}

READERS = ("response_parser_factory", Readers())


NOT_TOLD = "(not told by STS)"  # stands for who calls


@dataclass(frozen=True)
class Identity:
    """Who is calling, and where."""

    account: str
    region: str
    caller: str
    endpoint: str

    def to_row(self) -> dict[str, str]:
        """Who calls, as a record holds it."""
        return {"account": self.account, "region": self.region, "caller": self.caller, "endpoint": self.endpoint}


@dataclass(frozen=True)
class Live:
    """A guarded connection to the account that the parameters name."""

    settings: Settings
    identity: Identity
    session: boto3.session.Session
    clients: dict[str, Any] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    attempts: int = 5
    single: dict[str, Any] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)

    def once(self) -> "Live":
        """The same connection for writing: a call is made once, since a write must not be repeated unseen.

        botocore would repeat it after a timeout, although AWS may have carried it out.
        """
        return replace(self, clients=self.single, attempts=1)

    def waiting(self, settings: Settings) -> "Live":
        """The same connection, whose calls wait for an answer as long as these parameters say."""
        return replace(self, settings=settings, clients={}, single={})

    def patience(self, seconds: float | None = None, pause: float | None = None) -> Patience:
        """How long something is waited for by this connection's clock: as the parameters say, where nothing is said."""
        return Patience(
            self.settings.verify_timeout_seconds if seconds is None else seconds,
            self.settings.poll_seconds if pause is None else pause,
            self.sleep,
            self.clock,
        )

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients are made at run time and have no type
        """The cached boto3 client of a service."""
        if service not in self.clients:
            self.clients[service] = _client(self.session, self.settings, service, self.attempts)
        return self.clients[service]


def connect(settings: Settings, log: CallLog | None = None, at_once: bool = False) -> Live:
    """Connect, and stop unless this is the account and region of the parameters. The guard is the first call made.

    Before it comes whether what runs is this checkout's code. `log` gets one row a call. Raises Unreachable without
    credentials or an answer, Refused in another account, or where other code runs. `at_once`, an STS that is unwell
    stops nobody, and the caller is NOT_TOLD: only what names the account by an ARN may then be written first, since
    AWS refuses that to the credentials of another.
    """
    origin.imported_sources()
    with readable("connecting"):
        session, calls = _session(settings), Calls(log)
        if log:
            calls.listen(session)
    caller = _caller(session, settings, at_once)
    if caller["Account"] != settings.account_id:
        raise Refused(
            f"these credentials belong to account {caller['Account']}, the parameters of {settings.environment} name "
            f"{settings.account_id}; nothing else was called. Switch the profile, or the environment"
        )
    where = settings.endpoint_url or "AWS"
    return Live(settings, Identity(caller["Account"], settings.region, caller["Arn"], where), session, calls=calls)


def _caller(session: boto3.session.Session, settings: Settings, at_once: bool) -> dict[str, str]:
    def ask() -> dict[str, str]:
        with readable("connecting"):
            # Three attempts: an operator whose endpoint is down should not wait for five.
            asked = _client(session, settings, "sts", attempts=1 if at_once else 3).get_caller_identity()
            return {key: asked[key] for key in ("Account", "Arn")}

    try:
        return answer_within(SOON_SECONDS, ask, "connecting") if at_once else ask()
    except (Unreachable, NotAsWanted) as error:
        cause = error.__cause__
        shut = isinstance(cause, NO_CREDENTIALS) or (
            isinstance(cause, ClientError) and error_code(cause) in BAD_CREDENTIALS
        )
        if shut or not at_once:
            raise
        return {"Account": settings.account_id, "Arn": NOT_TOLD}


def _session(settings: Settings) -> boto3.session.Session:
    if settings.endpoint_url:
        plain = botocore.session.Session(session_vars=NOBODYS)
        plain.register_component("data_loader", _models())
        plain.register_component(*READERS)
        return boto3.session.Session(region_name=settings.region, botocore_session=plain, **PLACEHOLDER)
    own = botocore.session.Session(profile=settings.profile or None)
    own.register_component("data_loader", _models())
    own.register_component(*READERS)
    session = boto3.session.Session(region_name=settings.region, botocore_session=own)
    if session.get_credentials() is None:
        raise NoCredentialsError
    return session


@functools.cache
def _models() -> botocore.loaders.Loader:
    """botocore's own service models, read once: each session of its own would take a quarter of a second to read them.

    None that a folder of this machine puts in front of them: such a one says where calls go.
    """
    loader = botocore.loaders.Loader
    return loader(extra_search_paths=[loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def pages_of(call: Callable[..., Any], token: str, **asked: Any) -> Iterator[Any]:  # noqa: ANN401 - boto3 has no types
    """Every answer to a listing for which botocore has no paginator; `token` is how its next one is asked for."""
    more: dict[str, str] = {}
    while True:
        yield (answer := call(**asked, **more))
        if not answer.get(token):
            return
        more = {token: answer[token]}


def _client(session: boto3.session.Session, settings: Settings, service: str, attempts: int) -> Any:  # noqa: ANN401
    config = Config(
        # A stray AWS_ENDPOINT_URL must not redirect a run; the parameters alone name the endpoint.
        ignore_configured_endpoint_urls=True,
        inject_host_prefix=not settings.endpoint_url,
        proxies={} if settings.endpoint_url else None,
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=settings.answer_timeout_seconds,
        s3={"addressing_style": "path"} if settings.endpoint_url else None,
    )
    session.events.register("creating-client-class", answer_with_names, unique_id="answers")
    return session.client(service, endpoint_url=settings.endpoint_url or None, config=config)
