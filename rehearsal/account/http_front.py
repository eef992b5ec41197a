"""Serves ministack's application over HTTP, by uvicorn.

By its own server, nine tenths of a call's time in the account go into reading and writing HTTP.
"""

import os
import resource

import uvicorn
from ministack.app import app

from rehearsal.account.server import HOST

KEEP_ALIVE_SECONDS = 75  # as ministack's own server keeps a connection
LAST_ANSWER_SECONDS = 1  # for what is under way when the account is ended


def serve() -> None:
    """Serve until this process is ended, at the port that ministack goes by, GATEWAY_PORT."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:  # a burst of connections is more than a shell's usual limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvicorn.run(
        app,
        host=HOST,
        port=int(os.environ["GATEWAY_PORT"]),
        http="httptools",
        log_level="info",  # that it runs, and where, is looked for in its log
        access_log=False,
        server_header=False,
        date_header=False,  # the application sends its own
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_ANSWER_SECONDS,
    )
