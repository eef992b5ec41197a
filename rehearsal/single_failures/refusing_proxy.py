"""A gate between moto's interpreter and the embedded account: calls fail as the name of what they ask for says.

A topic, table, bus or function whose name ends in `-rehearsal-denied` (or throttled, failing, slow) is refused in its
service's own protocol, or not answered for longer than a task may take; such a call never reaches the account. All
others pass. Loopback only, at both ends.
"""

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

from rehearsal.account import calls
from rehearsal.account.fault_proxy import Exchange, Proxy
from rehearsal.account.server import HOST, loopback_only
from rehearsal.single_failures.definition_mutations import DENIED, FAILING, HOLD_SECONDS, SLOW, THROTTLED, fault_suffix

KINDS = {DENIED: calls.DENIED, THROTTLED: "throttle", FAILING: "server error"}
ORDER = re.compile(fault_suffix(f"({'|'.join([*KINDS, SLOW])})").encode())


@contextlib.contextmanager
def gate(target: str) -> Iterator[str]:
    """The endpoint of a gate in front of an account. Raises Refused for one that is not on this machine."""
    proxy = Proxy(loopback_only(target), HOLD_SECONDS)
    closing = threading.Event()
    listener = ThreadingHTTPServer((HOST, 0), type("OneExchange", (_ByName,), {"proxy": proxy, "closing": closing}))
    listener.daemon_threads = True
    serving = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield f"http://{HOST}:{listener.server_address[1]}"
    finally:
        closing.set()
        listener.shutdown()
        listener.server_close()


class _ByName(Exchange):
    """One call and its answer: the account's, a refusal, or none."""

    closing: threading.Event

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        order = ORDER.search(self.path.encode() + b" " + body)
        kind = order[1].decode() if order else ""
        with contextlib.suppress(ConnectionError):
            if kind == SLOW:
                self.closing.wait(HOLD_SECONDS)
            elif kind:
                call = calls.operation_of(self.command, self.path, dict(self.headers.items()), body)
                status, headers, answer = calls.refusal(call, KINDS[kind])
                self.answer(status, "", list(headers.items()), answer)
            else:
                self.answer(*self.forwarded(body))

    do_GET = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_POST  # noqa: N815
