"""The definition on a candidate, before the live workflow is updated: drilled as phase 05 drills, with every effect.

Not in plan mode, and only where the plan changes what check-ins run. The candidate has the same definition and role,
and the same topics, rules and functions behind it. It proves nothing of what starts check-ins, nor of executions that
are under way when the update comes, nor of the workflow's log, its key and its tracing, which it has none of.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lib.aws_answers import readable
from lib.changes import approval, loss_guard
from lib.changes.plans import Plan
from lib.checks import Check, Status, failures, status_in
from lib.drills import boundary_cases, drill_runner, evaluation, scenarios
from lib.drills.drill_progress import Observer
from lib.drills.drill_session import Group, Session
from lib.phases import success_criteria
from lib.resources import desired
from lib.resources.connected_run import ConnectedRun
from lib.resources.workflow import description
from lib.settings import Settings
from lib.values.check_registry import Id
from lib.values.modes import Mode

Row = Mapping[str, Any]
NAME = "candidate"
EVIDENCE = "evidence/candidate.json"
AT_ONCE = 8  # drills that run beside each other
TRIED = "the definition on a candidate"
NOTHING = "nothing to try: what check-ins run stays as it is"


def groups(settings: Settings) -> list[Group]:
    """What is drilled on it: the plan's scenarios, each threshold's two sides, and a crisis through the processor."""
    cases = [*scenarios.load(), *boundary_cases.threshold_sides(settings), scenarios.crisis_in_words()]
    return [Group(NAME, cases, AT_ONCE)]


def run(run: ConnectedRun, plan: Plan, chosen: Sequence[Group], observer: Observer | None = None) -> Session:
    """Make the candidate, drill it, and remove it again; `plan` is phase 03's. Nothing where there is nothing to try.

    Raises Refused for a plan that could not be carried out afterwards, before anything is made.
    """
    wanted = desired.candidate(plan, run.record.run_id)
    if run.settings.mode == Mode.PLAN or wanted is None:
        return Session()
    approval.require(plan, run)
    loss_guard.require_no_loss([plan], run)
    return drill_runner.run(run, chosen, plan.phase, observer=observer, candidate=wanted)


def rows(run: ConnectedRun, session: Session) -> list[dict[str, Any]]:
    """Every drill as plain data, its checks with it, kept as evidence. Holds no check-in text."""
    drilled = [evaluation.row(drill, run.settings, "") for drill in session.drills]
    if drilled:
        run.record.keep_json(EVIDENCE, drilled)
    return drilled


def results(drilled: Sequence[Row]) -> list[dict[str, Any]]:
    """What each drill led to, as a table; failed ones first."""
    return [
        {
            "case": row["scenario"],
            "verdict": success_criteria.verdict(row),
            "status": row["status"],
            "route expected": row["expected_route"],
            "route": row["route"] or "none",
            "alerts to the trusted contact": f"{row['trusted_alerts']} of {row['expected_trusted_alerts']}",
            "alerts to operations": f"{row['operations_alerts']} of {row['expected_operations_alerts']}",
        }
        for row in sorted(drilled, key=success_criteria.good)
    ]


def checks(
    run: ConnectedRun, plan: Plan, session: Session, drilled: Sequence[Row], chosen: Sequence[Group]
) -> list[Check]:
    """Whether every drill led where it must; the first says in words what that means for the live workflow."""
    expected = "every drill as expected"
    if run.settings.mode == Mode.PLAN:
        return [Check(Id.CANDIDATE_TRIED, TRIED, Status.NOT_APPLIED, "plan mode", expected)]
    if desired.candidate(plan) is None:
        return [Check(Id.CANDIDATE_TRIED, TRIED, Status.PASSED, NOTHING, f"{expected}, or nothing to try")]
    answers = [
        *(Check.from_row(row["verdict"]) for row in drilled),
        *(evaluation.interventions(session, group.name) for group in chosen),
        evaluation.strays(session),
        evaluation.clearance(session),
    ]
    due, bad = sum(len(group.cases) for group in chosen), failures(answers)
    unknown = [check.name for check in answers if check.status == Status.CANNOT_TELL]
    whole = bool(due) and len(drilled) == due and not bad and not unknown
    said = f"{len(drilled)} of {due} drills, {len(bad)} checks failed"
    said += (f"; nobody can tell: {', '.join(unknown)}" if unknown else "") + ("" if whole else f"; {_untouched(run)}")
    return [Check(Id.CANDIDATE_TRIED, TRIED, status_in(Mode.APPLY, whole), said, expected), *answers]


def _untouched(run: ConnectedRun) -> str:
    """That the live workflow is as it was, with its revision as AWS tells it now."""
    with readable("reading the workflow"):
        now = description(run.live, run.settings.state_machine_arn)
    return f"the live workflow was not touched, its revision is {(now or {}).get('revisionId', 'none')}"
