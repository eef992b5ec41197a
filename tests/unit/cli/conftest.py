"""What the tests of an answer and of the next command share: who is at the terminal, and what would be changed."""

import pytest
from fakes import World

from lib.aws import Identity, Live
from lib.changes import engine
from lib.changes.plans import Plan
from lib.cli import agreement, runner

JANE = Identity(
    account="000000000000", caller="arn:aws:iam::000000000000:user/jane", region="us-east-1", endpoint="http://there"
)


@pytest.fixture
def planned(monkeypatch):
    """An account in which one thing would be changed and one made: its plan, as each look finds it."""
    world = World({"old": {"a": 1}})
    plans = [Plan("02", engine.plan("02", world.wanted(old={"a": 2}, new=3)).changes)]
    monkeypatch.setattr(runner, "plan_all", lambda live: plans)
    monkeypatch.setattr(agreement.loss_guard, "require_no_loss", lambda *_: None)
    return plans


@pytest.fixture
def live(settings):
    return Live(settings, JANE, None)
