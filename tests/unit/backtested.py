"""A backtest as it comes back, and what its checks say."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from lib import settings
from lib.definitions import templates
from lib.phases.proofs import backtest_checks
from lib.phases.proofs.backtest import Backtest, Started, count_moves
from lib.telemetry.checkins import Coverage
from rehearsal.account import baseline

LOCAL = settings.load("local")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = baseline.definition(LOCAL), templates.definition(LOCAL)


def found(before, after, unread=0, share=1.0, executions=3, **more):
    unreadable, whole, drills = more.pop("unreadable", 0), more.pop("whole", True), more.pop("drills", 0)
    read = len(before) + unreadable
    coverage = Coverage(read + unread, read, share, whole, Counter(["not JSON"] * unreadable))
    started = Started(executions, "listed", drills)
    return Backtest(NOW - timedelta(days=90), NOW, count_moves(before, after), coverage, started, **more)


def statuses(test):
    return {check.name.removeprefix("backtest: "): check.status for check in backtest_checks.checks(test)}
