"""What a backtest shows of the new definition, as checks."""

from lib.asl.router import CANNOT_TELL, FAILED
from lib.checks import Check, Status
from lib.phases.proofs.backtest import Backtest
from lib.telemetry.route_moves import Move
from lib.values.check_registry import Id

# Of the executions, so many must be among the recorded check-ins, since some fail before they are recorded; and of the
# recorded ones so many must have been executions of this workflow, or real traffic runs elsewhere.
COVERED = 0.8
ASKED = {
    Id.PAST_FAILING: "backtest: the new definition fails on no check-in",
    Id.PAST_COVERED: "backtest: the bucket tells of every execution",
    Id.PAST_READABLE: "backtest: every recorded object is readable",
    Id.PAST_LOWER: "backtest: nobody would get a LOWER alert than today",
}


def checks(backtest: Backtest) -> list[Check]:
    """Whether the past could be routed, whether all of it could be read, and whether anybody would hear less.

    What the share that was read cannot show is `cannot tell`, which stops nothing and passes nothing.
    """
    if backtest.trouble:
        return [_answer(one, Status.CANNOT_TELL, backtest.trouble, "every check-in routed by both") for one in ASKED]
    return [_failing(backtest), _covered(backtest), _readable(backtest), _lower(backtest)]


def _answer(which: Id, status: Status, found: str, expected: str) -> Check:
    return Check(which, ASKED[which], status, found, expected)


def _failing(backtest: Backtest) -> Check:
    moves = backtest.moves
    count = int(moves.loc[(moves["to"] == FAILED) & (moves["from"] != FAILED), "count"].sum())
    unknown = int(moves.loc[moves["to"] == CANNOT_TELL, "count"].sum())
    status = Status.FAILED if count else Status.PASSED if backtest.all_routed else Status.CANNOT_TELL
    said = f"{count:,} of {backtest.routed:,} would fail{_of_all(backtest, count)}{_hanging(backtest, unknown)}"
    return _answer(Id.PAST_FAILING, status, said, "none")


def _covered(backtest: Backtest) -> Check:
    coverage, count = backtest.coverage, backtest.started.count
    have = coverage.recorded - (coverage.read - backtest.routed)
    executed = "an unknown number of" if count is None else f"{count:,}"
    more = "" if coverage.whole else ", and more that were not listed"
    said = f"{have:,} check-ins{more}, {executed} executions ({backtest.started.source})"
    status = Status.CANNOT_TELL
    if count is not None and coverage.whole:
        status = Status.WAITING if have < count * COVERED else Status.PASSED
    if count is not None and count + backtest.started.drills < coverage.recorded * COVERED:
        status = Status.WAITING
        said += "; far more are recorded than this workflow ran: look for what else records them, or runs the check-ins"
    return _answer(Id.PAST_COVERED, status, said, "about as many, or looked at by people")


def _readable(backtest: Backtest) -> Check:
    count = backtest.coverage.unreadable
    status = Status.WAITING if count else Status.PASSED if backtest.coverage.complete else Status.CANNOT_TELL
    said = f"{count:,} could not be read" + (f", so nobody knows their route: {backtest.coverage.why}" if count else "")
    return _answer(Id.PAST_READABLE, status, said + backtest.coverage.bound(count), "0, or looked at by people")


def _lower(backtest: Backtest) -> Check:
    lower, unknown = backtest.counted(Move.LOWER), backtest.counted(Move.UNKNOWN)
    status = Status.WAITING if lower else Status.PASSED if backtest.all_routed else Status.CANNOT_TELL
    whose = "; ".join(f"{row['count']:,} from {row['from']} to {row['to']}" for _, row in backtest.lower.iterrows())
    said = f"{lower:,} of {backtest.routed:,} would" + (f": {whose}. Somebody must have decided that" if whose else "")
    said += _of_all(backtest, lower) + _hanging(backtest, unknown)
    return _answer(Id.PAST_LOWER, status, said, "0, or decided by people")


def _of_all(backtest: Backtest, seen: int) -> str:
    """What is said of those that were not read, and of those that could not be."""
    broken = backtest.coverage.read - backtest.routed
    said = backtest.coverage.bound(seen) + (f"; of {broken:,} that could not be read nobody knows" if broken else "")
    return said + (f"; {backtest.split}" if backtest.split else "")


def _hanging(backtest: Backtest, count: int) -> str:
    by = f"{', '.join(backtest.unheld)}, which the bucket does not hold" if backtest.unheld else "what is not kept"
    hanging, broken = count - backtest.no_json, backtest.no_json
    said = f"; of {hanging:,} nobody can tell: a definition decides by {by}" if hanging > 0 else ""
    why = "a score is NaN or Infinity, no JSON, so that AWS may fail such an execution and nobody be told by it"
    return f"{said}; of {broken:,} nobody can tell: {why}" if broken else said
