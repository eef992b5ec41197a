"""A second, stricter interpreter of the workflow: moto's, whose Lambda, SNS, Events and DynamoDB calls go on.

State machines made here live in moto; everything they touch lives in the embedded account beneath. Never AWS.
"""

import contextlib
import json
import tempfile
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from lib.errors import Unreachable
from rehearsal.account import child_processes, server
from rehearsal.account.server import Account, loopback_only


@contextlib.contextmanager
def moto_over(account: Account | str) -> Iterator[str]:
    """The endpoint of a moto server over this account (or endpoint); it ends with the block or with this process."""
    beneath = urlsplit(loopback_only(account if isinstance(account, str) else account.endpoint))
    extra = {"MOTO_PORT": str(beneath.port), "MOTO_ACCOUNT_ID": "000000000000"}
    with tempfile.TemporaryDirectory(prefix="rehearsal-moto-", ignore_cleanup_errors=True) as name:
        for _ in range(server.ATTEMPTS):
            port = server.free_port()
            child = child_processes.start(
                "rehearsal.single_failures.moto_server", ["-H", server.HOST, "-p", str(port)], Path(name), extra
            )
            try:
                endpoint = f"http://{server.HOST}:{port}"
                if server.wait_until(partial(server.is_listening, child, f"{endpoint}/moto-api/"), child, "moto"):
                    _execute_state_machines(endpoint)
                    yield endpoint
                    return
            finally:
                child_processes.stop(child)
        raise Unreachable(f"moto did not start in {server.ATTEMPTS} attempts; the end of its log:\n{child.tail()}")


def _execute_state_machines(endpoint: str) -> None:
    """By default moto only pretends to run an execution; this makes it interpret the definition."""
    body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    asked = urllib.request.Request(
        f"{endpoint}/moto-api/config", data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=10):
        pass
