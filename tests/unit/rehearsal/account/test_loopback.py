"""The endpoint guard: the rehearsal writes to this machine and nowhere else."""

import pytest

from lib.errors import Refused
from lib.settings import load
from rehearsal.account import baseline, bridge, clients, traffic
from rehearsal.account.server import loopback_only
from rehearsal.past import entry
from rehearsal.single_failures import second_interpreter

ELSEWHERE = [
    "",
    "https://sts.amazonaws.com",
    "http://10.0.0.1:4566",
    "http://0.0.0.0:4566",
    "http://127.0.0.1@example.com:4566",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "http://2130706433",
    "ftp://127.0.0.1",
    "127.0.0.1:4566",
]


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:4566", "http://localhost:1", "https://[::1]:4566", "http://127.9.9.9"]
)
def test_this_machine_is_accepted(endpoint):
    assert loopback_only(endpoint) == endpoint


@pytest.mark.parametrize("endpoint", ELSEWHERE)
def test_elsewhere_is_refused(endpoint):
    with pytest.raises(Refused, match=r"expected http://127\.0\.0\.1"):
        loopback_only(endpoint)


def test_everything_that_writes_is_guarded():
    there = "http://192.0.2.1:4566"
    settings = load("local", {"endpoint_url": there})
    arn = settings.state_machine_arn
    for write in (
        lambda: clients.client(there, "sqs"),
        lambda: baseline.build(settings),
        lambda: bridge.prepare(there, arn),
        lambda: bridge.main(["--endpoint", there, "--state-machine-arn", arn]),
        lambda: traffic.play(settings, 1, 1),
        lambda: entry.enter(settings, []),
        lambda: traffic.main(["--endpoint", there, "--state-machine-arn", arn, "--seconds", "1"]),
        lambda: second_interpreter.moto_over(there).__enter__(),
    ):
        with pytest.raises(Refused):
            write()


def test_no_profile_of_the_person_is_read(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production-that-does-not-exist")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    made = clients.client("http://127.0.0.1:9", "sns")
    assert made.meta.endpoint_url == "http://127.0.0.1:9"
    assert made._request_signer._credentials.access_key == "rehearsal"
