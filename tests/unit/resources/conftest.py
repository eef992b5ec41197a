"""What the tests of a lock share: the parameter store that keeps it, and a connection to it."""

import pytest
from locks import OPERATOR, Store

from lib.aws import Identity, Live
from lib.settings import load


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def live(store) -> Live:
    chosen = load("local").model_copy(update={"answer_timeout_seconds": 0.01})
    identity = Identity("000000000000", "us-east-1", OPERATOR, "AWS")
    return Live(chosen, identity, None, {"ssm": store}, sleep=lambda seconds: None, single={"ssm": store})
