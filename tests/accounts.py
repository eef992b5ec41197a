"""The embedded account of a test: built anew, and looked at as a whole. Loopback only."""

import time
from pathlib import Path

from lib import settings as parameters
from lib.settings import Settings
from rehearsal import baseline, clients
from rehearsal import server as embedded
from rehearsal.server import Account
from rehearsal.snapshot import QUIET_SECONDS, differing, settled, snapshot

__all__ = ["NO_RETRIES", "SHORT_WAITS", "differing", "fresh", "quiet", "settled", "snapshot"]

SHORT_WAITS = {
    "settle_seconds": 0.2, "verify_timeout_seconds": 10, "poll_seconds": 0.05, "listen_seconds": 0.7,
    "latency_drills": 2, "burst_drills": 4,
}  # fmt: skip
# Emptying the account ends a function that still runs. Its retry, a second later, would reach the next test's account.
NO_RETRIES = {"LAMBDA_ASYNC_RETRY_BASE_SECONDS": "3600", "LAMBDA_ASYNC_RETRY_MAX_SECONDS": "3600"}


def fresh(server: Account, folder: Path) -> Settings:
    """Empty the account, build the baseline, and return the parameters that name it."""
    quiet(server)
    embedded.reset(server.endpoint)
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    settings = parameters.load("local", {"endpoint_url": server.endpoint, **folders, **SHORT_WAITS})
    baseline.build(settings)
    baseline.application(settings)
    return settings


def quiet(server: Account) -> None:
    """Let the executions of the test before come to their end: they would go on in the emptied account."""
    states = clients.client(server.endpoint, "stepfunctions")
    machines = [machine["stateMachineArn"] for machine in states.list_state_machines()["stateMachines"]]
    found = [run for arn in machines for run in states.list_executions(stateMachineArn=arn)["executions"]]
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        arns = {run["stateMachineArn"] for run in found}
        if not any(states.list_executions(stateMachineArn=a, statusFilter="RUNNING")["executions"] for a in arns):
            break
        time.sleep(0.05)
    if found:
        time.sleep(0.3)  # and their events reach the dispatcher
