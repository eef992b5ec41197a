"""Whether a failure silenced anybody: who was reached, how late, and how the execution ended. Pure.

Silent is one fact, nobody was told at all; late is another, somebody was, but not all who were due within the limit: so
who was due and was never told is late as well, and no better than who was told after it.
What was late beside an execution of which nothing was broken, and which was late as well, is the machine's: no pass.

Where one thing alone is broken, somebody must be reached, and where more is, the execution may also fail for all to see
by one of the definition's own errors. An execution that ends by any other error was cut off: something failed that
nothing caught, and whatever else was under way is cancelled with it.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from lib.asl.states import walk
from lib.drills.broken_tasks import Effect
from lib.routes import Route
from lib.telemetry.execution_status import ExecutionStatus
from rehearsal.single_failures.catalogue import Failure
from rehearsal.single_failures.ground import Drill
from rehearsal.single_failures.reachability import INVALID, UNPROCESSED

CRISIS = Route.CRISIS.value
NOT_PROCESSED = (INVALID, UNPROCESSED)  # of these, the execution itself must fail as well


def own_errors(definition: Mapping[str, Any]) -> set[str]:
    """The errors of the definition's Fail states, which an alarm or a person looks for."""
    return {str(state.body["Error"]) for state in walk(definition) if state.type == "Fail"}


def judge(
    failure: Failure,
    drill: Drill,
    reached: Mapping[str, float],
    own: Collection[str],
    limit: float,
    carrier: str = "",
    due: Collection[str] = (),
) -> tuple[Effect, str]:
    """Verdict, and why. `carrier`: what carries an accepted event nevertheless on AWS; `due`: who must be told."""
    ended = drill.error if drill.status == ExecutionStatus.FAILED else drill.status
    late = [f"{whom} after {seconds:g} s" for whom, seconds in reached.items() if seconds > limit]
    late += [f"{whom} NEVER" for whom in sorted(due) if reached and whom not in reached]
    visible = drill.status == ExecutionStatus.FAILED and drill.error in own
    if drill.status == ExecutionStatus.RUNNING:
        who = f"only {_spoken(reached)}" if reached else "nobody"
        return (
            Effect.LATE if reached else Effect.SILENT,
            f"STILL RUNS: it has not ended in the time of a trial; {who} was told",
        )
    if not visible and drill.status != ExecutionStatus.SUCCEEDED:
        who = "" if reached else ", and nobody was told"
        return (
            Effect.FAILED if reached else Effect.SILENT,
            f"CUT OFF: ended by {ended}, none of the definition's own errors{who}",
        )
    if late:
        return Effect.LATE, f"LATE: {', '.join(late)}; the limit is {limit:g} s"
    if failure.given in NOT_PROCESSED and not visible:
        word = "SWALLOWED" if reached else "SILENT"
        return (
            Effect.FAILED if reached else Effect.SILENT,
            f"{word}: the execution ended well, as if the check-in had been processed",
        )
    if reached:
        return Effect.PASSED, f"reached {' and '.join(reached)}; {ended}"
    return _unreached(failure, ended, visible, carrier)


def _unreached(failure: Failure, ended: str, visible: bool, carrier: str) -> tuple[Effect, str]:
    if visible and not failure.single:
        return Effect.PASSED, f"nobody is left to be reached; failed visibly by {ended}"
    if visible:
        return Effect.SILENT, f"NOBODY REACHED: failed visibly by {ended}, though this alone was broken"
    if not failure.behind or failure.given == CRISIS:
        return Effect.SILENT, f"SILENT: nobody was reached and the execution {ended}"
    if carrier:
        return Effect.NOT_EXERCISED, f"the event was accepted; on AWS {carrier}, which reaches nobody by itself"
    return Effect.GAP, "the event, of an alert beside the crisis, was accepted and nothing carries it, here or on AWS"


def judge_alarms(names: Collection[str], why: str) -> tuple[Effect, str]:
    """What nothing carries, where an alarm of the account goes off by it, which tells operations; else it is a gap."""
    if not names:
        return Effect.GAP, why
    return Effect.ALARM, f"the event was accepted and nothing carries it; this goes off: {', '.join(sorted(names))}"


def judge_strike(verdict: Effect, why: str, lacking: str) -> tuple[Effect, str]:
    """What a failure led to, unless it never was: then whoever was told, or not, proves nothing of it.

    `lacking`: why nothing shows that it struck (`strikes.strike_trouble`). What is worse is said all the same.
    """
    if not lacking:
        return verdict, why
    if verdict.rank >= Effect.NOT_STRUCK.rank:
        return verdict, f"{why}; and nothing shows that the fault struck: {lacking}"
    return Effect.NOT_STRUCK, f"THE FAULT DID NOT STRIKE: {lacking}"


def is_late(control: Mapping[str, float], limit: float, due: Collection[str] = ()) -> bool:
    """Whether an execution of which nothing was broken was itself too late, or did not tell all who were due."""
    return not control or max(control.values()) > limit or any(whom not in control for whom in due)


def judge_bystander(
    verdict: Effect, why: str, control: Mapping[str, float], limit: float, due: Collection[str] = ()
) -> str:
    """Why, and what became of an execution of which nothing was broken, at the same time on the same interpreter."""
    if verdict not in (Effect.LATE, Effect.SILENT):
        return why if control else f"{why}; the unbroken control told NOBODY, so that its set-up proves little"
    if not control:
        return f"{why}; the unbroken control told nobody either: the machine's, or the interpreter's"
    slowest = f"{max(control.values()):g} s"
    if never := [whom for whom in sorted(due) if whom not in control]:
        return f"{why}; {verdict}, and the unbroken control never told {' or '.join(never)}: the machine's"
    if is_late(control, limit):
        return f"{why}; {verdict}, and the unbroken control was late ({slowest}): the machine's"
    return f"{why}; the unbroken control took {slowest}, so it is the failure's"


def _spoken(reached: Mapping[str, float]) -> str:
    return " and ".join(f"{whom} after {seconds:g} s" for whom, seconds in reached.items())


def row(
    failure: Failure,
    where: str,
    drill: Drill | None,
    reached: Mapping[str, float],
    verdict: tuple[Effect, str],
    control: Mapping[str, Any] | None = None,
    account: str = "",
    due: Collection[str] = (),
) -> dict[str, Any]:
    """One failure on one interpreter as plain data; `seconds` from the start to each one's first alert.

    `control`: the same of an execution beside it of which nothing was broken, and whether it was late. `account` is
    where it was tried, `began` when, in UTC; `due` who had to be told.
    """
    return {
        "account": account,
        "began": f"{datetime.fromtimestamp(drill.began, UTC):%Y-%m-%dT%H:%M:%SZ}" if drill else "",
        "interpreter": where,
        "task": failure.what,
        "fault": failure.fault,
        "route": failure.given,
        "also_broken": list(failure.also),
        "single": failure.single,
        "execution": drill.name if drill else "",
        "status": drill.status if drill else "not run",
        "error": drill.error if drill else "",
        "reached": list(reached),
        "seconds": dict(reached),
        "due": sorted(due),
        "verdict": str(verdict[0]),
        "why": verdict[1],
        "control": dict(control or {}),
    }
