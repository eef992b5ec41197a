"""A proxy between the runbook and the embedded AWS account that fails on order. Loopback only, at both ends.

At the n-th mutating call, or for an operation, it can: refuse before AWS hears of the call, answer `bad request`,
`server error` or `throttle` in the service's own protocol, drop the answer after AWS did it, delay the call past the
caller's patience and deliver it then, or freeze: answer neither this call nor any later one until it is thawed.
Everything else passes byte by byte, with the caller's Host header, so that the queue URLs in answers lead back here.

Its limits:
- a connection is always taken and then closed, since a call must be read to be known. The caller cannot tell
  `refuse` from `drop`, which is what makes the two worth trying; a port on which nobody listens looks different;
- one call a connection, bodies with a length only, no TLS; an answer comes whole or not at all, never in part;
- it fails calls, never AWS: nothing is half done within one call, and nothing settles later than the account says;
- a delayed call is delivered for sure, once and soon. On AWS it may come any time later, also after somebody looked
  whether it had been carried out; no reading back can see that.
"""

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from lib.errors import Unreachable
from lib.wait import idle
from rehearsal.account.calls import REFUSALS, Call, operation_of, refusal
from rehearsal.account.server import HOST, loopback_only

REFUSE, DROP, DELAY, FREEZE = "refuse", "drop", "delay", "freeze"
NEXT = "next"  # the call after one that was struck, where that is the one to tell of
KINDS = (REFUSE, *REFUSALS, DROP, DELAY, FREEZE)
NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "proxy-connection"}
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and where: at the `at`-th mutating call; with `operation`, at each of these from there on.

    With `when`, at the first of all from there on at which that is so.
    `later`: whoever wants to hear of it hears of the caller's next call instead, which never reaches AWS.
    """

    kind: str
    at: int = 1
    operation: str = ""
    later: bool = False
    when: Callable[[], bool] | None = None

    def strikes(self, call: Call, struck: bool = False) -> bool:
        """Whether it hits this call. `struck`: it has hit another before."""
        if self.when:
            return call.number >= self.at and not struck and self.when()
        if self.operation:
            return call.number >= self.at and call.operation == self.operation
        return call.number == self.at


def _nobody_told(call: Call) -> None:
    """What is told of a struck call where nobody wants to hear of it."""


@dataclass
class Proxy:
    """What the proxy should do, and every mutating call since the last `begin`."""

    target: str
    hold_seconds: float
    sleep: Callable[[float], None] = time.sleep
    endpoint: str = ""
    calls: list[Call] = field(default_factory=list)
    struck: list[Call] = field(default_factory=list)
    fault: Fault | None = None
    tell: Callable[[Call], None] = _nobody_told
    changed: threading.Condition = field(default_factory=threading.Condition)
    thawed: threading.Event | None = None
    next_due: bool = False
    under_way: int = 0

    def begin(self, fault: Fault | None = None, tell: Callable[[Call], None] = _nobody_told) -> None:
        """Count anew, with this fault or with none.

        `tell` hears of each struck call: after AWS did it where the answer is dropped, else before AWS hears of it;
        of a fault that is told `later`, of the next call. Raises Unreachable where a call is under way all the time:
        it would be counted among the new ones, and carried out after somebody looked.
        """
        self.thaw()
        if not self.quiet():
            raise Unreachable(f"{self.under_way} calls are under way still after {ANSWER_SECONDS:g} s; expected none")
        with self.changed:
            self.calls, self.struck, self.fault, self.tell, self.next_due = [], [], fault, tell, False

    def thaw(self) -> None:
        """Let go of what is frozen: those calls are closed and never reach AWS; later ones pass."""
        with self.changed:
            self.fault = None
            if self.thawed:
                self.thawed.set()
            self.thawed = None

    def quiet(self, timeout: float | None = ANSWER_SECONDS) -> bool:
        """Wait until no call is under way, nor one that is delayed. False where that takes too long."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.under_way, timeout)

    def wait_struck(self, timeout: float | None) -> bool:
        """Wait until the fault has struck for the first time. False where that takes too long."""
        with self.changed:
            return self.changed.wait_for(lambda: bool(self.struck), timeout)

    @contextlib.contextmanager
    def taken(self, call: Call) -> Iterator[tuple[Call, str]]:
        """A call as long as it is under way: with its number, and the kind of fault that strikes it, or ""."""
        with self.changed:
            self.under_way += 1
            kind = FREEZE if self.thawed else NEXT if self.next_due else ""
            self.next_due = False
            if call.mutating:
                call = replace(call, number=len(self.calls) + 1)
                self.calls.append(call)
                if not kind and self.fault and self.fault.strikes(call, bool(self.struck)):
                    kind, self.next_due = self.fault.kind, self.fault.later
                    self.struck.append(call)
            if kind == FREEZE and not self.thawed:
                self.thawed = threading.Event()
            self.changed.notify_all()
        try:
            yield call, kind
        finally:
            with self.changed:
                self.under_way -= 1
                self.changed.notify_all()

    def frozen(self) -> threading.Event | None:
        """What ends the frost, where there is one."""
        with self.changed:
            return self.thawed


@contextlib.contextmanager
def running_proxy(target: str, hold_seconds: float) -> Iterator[Proxy]:
    """A proxy in front of the account at `target`, on a free port. Raises Refused for one that is not on this machine.

    `hold_seconds`: how long a delayed call is held, longer than the caller waits for an answer.
    """
    proxy = Proxy(loopback_only(target), hold_seconds)
    listener = ThreadingHTTPServer((HOST, 0), type("OneExchange", (Exchange,), {"proxy": proxy}))
    listener.daemon_threads = True
    proxy.endpoint = f"http://{HOST}:{listener.server_address[1]}"
    serving = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.thaw()
        listener.shutdown()
        listener.server_close()


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer, or none."""

    proxy: Proxy
    protocol_version = "HTTP/1.1"  # so that a caller who asks first whether to go on (S3 uploads) is told to

    def do_POST(self) -> None:
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = operation_of(self.command, self.path, dict(self.headers.items()), body)
        # A caller who is gone by now is no concern of ours.
        with self.proxy.taken(call) as (numbered, kind), contextlib.suppress(ConnectionError):
            self._exchange(numbered, kind, body)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_POST  # noqa: N815 - http.server's names

    def _exchange(self, call: Call, kind: str, body: bytes) -> None:
        if kind == NEXT or (self._told_first(call) and kind != DROP):
            self.proxy.tell(call)
        if kind in REFUSALS:
            status, headers, answer = refusal(call, kind)
            self.answer(status, "", list(headers.items()), answer)
        elif kind == FREEZE:
            if thawed := self.proxy.frozen():
                thawed.wait(ANSWER_SECONDS)
        elif kind not in (REFUSE, NEXT):
            if kind == DELAY:
                idle(self.proxy.hold_seconds, self.proxy.sleep)
            response = self.forwarded(body)
            if kind == DROP:
                self.proxy.tell(call)
            else:
                self.answer(*response)

    def _told_first(self, call: Call) -> bool:
        fault = self.proxy.fault
        return call in self.proxy.struck and not (fault and fault.later)

    def forwarded(self, body: bytes) -> tuple[int, str, list[tuple[str, str]], bytes]:
        """What the account answers: status, reason, headers, body."""
        account = http.client.HTTPConnection(urlsplit(self.proxy.target).netloc, timeout=ANSWER_SECONDS)
        with contextlib.closing(account):
            account.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, text in self.headers.items():
                if name.lower() not in NOT_FORWARDED:
                    account.putheader(name, text)
            account.putheader("Content-Length", str(len(body)))
            account.endheaders(body)
            answer = account.getresponse()
            return answer.status, answer.reason, answer.getheaders(), answer.read()

    def answer(self, status: int, reason: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send an answer to the caller."""
        self.send_response_only(status, reason or None)
        for name, text in headers:
            if name.lower() not in NOT_FORWARDED:
                self.send_header(name, text)
        # One call a connection: a process that is forked or killed then leaves nobody with half of somebody's answer.
        self.send_header("Connection", "close")
        said = {name.lower(): text for name, text in headers}
        length = said.get("content-length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was called is in `calls`."""
