"""An operations pager on this machine: an address to which SNS posts, and whose owner confirms it when a person would.

A subscriber of the http kind, with which the embedded account does the same handshake as AWS: SNS posts a token there,
and nothing else until somebody has confirmed by that token. Listens on loopback only.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lib.errors import NotAsWanted
from lib.wait import Patience, until
from rehearsal.account.clients import client
from rehearsal.account.server import HOST

ASKED, TOLD = "SubscriptionConfirmation", "Notification"
SOON = Patience(30.0, 0.1)
LONGEST = 1_000_000  # bytes; SNS posts at most 256 KiB


@dataclass
class Pager:
    """What was posted to one address, in order."""

    address: str
    posted: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """What was posted of this `Type`."""
        return [one for one in list(self.posted) if one.get("Type") == kind]

    def confirm(self, endpoint: str) -> str:
        """Do what its owner does: confirm by the newest token that was posted. Returns the subscription's ARN.

        Raises NotAsWanted where SNS asked for no confirmation.
        """
        asked = until(lambda: self.of(ASKED), bool, SOON).seen
        if not asked:
            raise NotAsWanted("SNS asked the pager for no confirmation; expected one after phase 01")
        newest = asked[-1]
        topic, token = newest["TopicArn"], newest["Token"]
        answer = client(endpoint, "sns", topic.split(":")[3]).confirm_subscription(TopicArn=topic, Token=token)
        return str(answer["SubscriptionArn"])


@contextmanager
def listening_pager() -> Iterator[Pager]:
    """A pager that listens until the end of the block."""

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST))
            try:
                message = json.loads(body)
            except ValueError:
                message = None
            if isinstance(message, dict):
                pager.posted.append(message)
            self.send_response(200 if isinstance(message, dict) else 400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what is posted is counted, and its text is nobody's."""

    with ThreadingHTTPServer((HOST, 0), Listener) as listener:
        pager = Pager(f"http://{HOST}:{listener.server_address[1]}/operations")
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        try:
            yield pager
        finally:
            listener.shutdown()
            thread.join()
