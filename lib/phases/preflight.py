"""The plan's current-state checklist, read live. Read-only: it invokes nothing and writes nothing but the record."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lib.asl import functions
from lib.aws import Live
from lib.aws_answers import readable
from lib.changes import engine
from lib.changes.plans import Change
from lib.checks import Check, Status
from lib.errors import NotAsWanted, RunbookError
from lib.phases.proofs import logged_names, way_in
from lib.record.change_rows import Action
from lib.resources import desired
from lib.resources.account_guards import AccountGuards
from lib.resources.existing import traffic_entries
from lib.resources.existing.baseline_pieces import pieces
from lib.resources.existing.names import VARIABLE, dispatcher, processor
from lib.resources.existing.subscriptions import subscriptions
from lib.resources.existing.traffic_entries import Entries
from lib.resources.functions import environment_keys, permissions
from lib.resources.resource_kinds import Rule
from lib.resources.rules import recordable_targets, targets
from lib.resources.workflow import Candidate
from lib.routes import LOW_SENTIMENT_RULE, is_drill
from lib.telemetry import executions
from lib.telemetry.execution_status import ExecutionStatus
from lib.values import contacts
from lib.values.check_registry import Id
from lib.values.permission_statements import carries, value_of

PHASE_3_KEYS = ("risk_score", "score", "trajectory", "aiMetadata")
LOOK_BACK = 10
LOOK_THROUGH = 1000  # executions, among which those are found that are no drill
UNDATED = "and AWS does not say when it was last updated"
LATEST = 200  # executions that the table of the current state counts
NAMED = 50  # executions that run now; how many more there are is said
STATUSES = (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED)  # said also when there are none


def checklist(live: Live, known: Entries | None = None) -> list[Check]:
    """What the plan takes for granted. What is missing is `failed`, and the run stops."""
    known = known or traffic_entries.read(live)
    own = [phase_3(live, known), kept_guards(live), candidate_name(live), logged_names.check(live)]
    return [*pieces(live), *own, *way_in.checks(live, known)]


def kept_guards(live: Live) -> Check:
    """Whether this caller may ask what the account keeps of approval and lock, and these parameters lift none of it."""
    name, expected = "approval and lock as the account keeps them", "readable, and these parameters lift none of it"
    kept = AccountGuards(live)
    try:
        lifted = kept.approval_lifted() or kept.lock_lifted()
    except RunbookError as error:
        return Check(Id.BASELINE_GUARDS, name, Status.FAILED, str(error), expected)
    status = Status.FAILED if lifted else Status.PASSED
    return Check(Id.BASELINE_GUARDS, name, status, lifted or "readable, and none is lifted", expected)


def candidate_name(live: Live) -> Check:
    """Whether phase 03 can make its candidate: nothing of somebody's has that name. Read-only."""
    name, expected = "name of the candidate", "free, or a candidate's that a killed drill left"
    thing = Candidate(live, live.settings.state_machine_name)
    try:
        there = thing.read() is not None
    except RunbookError as error:
        return Check(Id.CANDIDATE_NAME, name, Status.FAILED, str(error), expected)
    said = "a candidate that a killed drill left, which the next drills remove" if there else "free"
    return Check(Id.CANDIDATE_NAME, name, Status.PASSED, said, expected)


def phase_3(live: Live, known: Entries | None = None) -> Check:
    """Whether the processor answers in the Phase 3 shape, from what it returned in the latest executions.

    `cannot tell` where none of them is newer than its latest update: what it was says nothing of what it is.
    """
    name, expected = "processor is on Phase 3", f"its answers carry {', '.join(PHASE_3_KEYS)}"
    answers = [(row["started"], one) for row in _succeeded(live) for one in _processor_answers(live, row["arn"])]
    # An answer without a score is judged only where there is no other: not each function answers with one.
    answers = [(started, answer) for started, answer in answers if "risk_score" in answer] or answers
    if not answers:
        none = f"no answer of it in the last {LOOK_BACK} that succeeded"
        return Check(Id.BASELINE_PROCESSOR, name, Status.FAILED, none, f"{expected}; run one check-in")
    updated = _updated(live, known)
    since = [(started, answer) for started, answer in answers if updated is not None and started > updated]
    lacking = sorted({key for _, answer in since or answers for key in PHASE_3_KEYS if key not in answer})
    said = f"{len(since or answers)} of {len(since or answers)} latest answers in the Phase 3 shape"
    if lacking:
        return Check(Id.BASELINE_PROCESSOR, name, Status.FAILED, f"answers without {', '.join(lacking)}", expected)
    if not since:
        when = f"all before its latest update at {updated:%Y-%m-%d %H:%M:%S} UTC" if updated else UNDATED
        said += f", {when}"
        return Check(Id.BASELINE_PROCESSOR, name, Status.CANNOT_TELL, said, f"{expected}; run one check-in")
    return Check(Id.BASELINE_PROCESSOR, name, Status.PASSED, said, expected)


def _updated(live: Live, known: Entries | None) -> datetime | None:
    """When the processor was last updated (UTC), as check-ins call it; None where AWS does not say."""
    with readable("reading when the processor was last updated"):
        answer = live.client("lambda").get_function_configuration(FunctionName=processor(live, known).said)
    modified = str(answer.get("LastModified") or "")
    return datetime.fromisoformat(modified).astimezone(UTC) if modified else None


def _succeeded(live: Live) -> list[dict[str, Any]]:
    try:
        rows = executions.recent(live, LOOK_THROUGH, ExecutionStatus.SUCCEEDED)
        # Drills come by the hundred, and most never reach the processor.
        return [row for row in rows if not is_drill(row["name"])][:LOOK_BACK]
    except RunbookError:
        return []  # a missing state machine is a finding of its own, above


def _processor_answers(live: Live, arn: str) -> list[dict[str, Any]]:
    with readable(f"reading the history of {arn.rpartition(':')[2]}"):
        pages = live.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
    details = [e.get("lambdaFunctionSucceededEventDetails") or e.get("taskSucceededEventDetails") for e in events]
    answers = [functions.answer_of(detail["output"]) for detail in details if detail and detail.get("output")]
    return [answer for answer in answers if any(key in answer for key in PHASE_3_KEYS)]


def missing_pieces(live: Live, known: Entries | None = None) -> list[dict[str, str]]:
    """What the plan has still to make: everything that it wants, a row a phase and kind, by what is so now.

    A phase whose things cannot be compared has one row, which says why.
    """
    known = known or traffic_entries.read(live)
    rows = [row for number in desired.PHASES for row in _wanted(number, live, known)]
    with readable("listing the operations topic's subscribers"):
        confirmed = _confirmation(subscriptions(live, live.settings.ops_topic_name))
    return [*rows, _piece("01", "who is paged", other=confirmed)]


def _wanted(number: str, live: Live, known: Entries) -> list[dict[str, str]]:
    try:
        changes = engine.plan(number, desired.PHASES[number](live, known)).changes
    except RunbookError as error:
        return [_piece(number, "all that it makes", other=f"cannot tell: {error}")]
    kinds = dict.fromkeys(one.resource.kind for one in changes)
    return [_of_kind(number, kind, [one for one in changes if one.resource.kind == kind]) for kind in kinds]


def _of_kind(number: str, kind: str, changes: Sequence[Change]) -> dict[str, str]:
    names = {
        action: ", ".join(one.resource.name.removeprefix(f"{kind} ") for one in changes if one.action == action)
        for action in Action
    }
    return _piece(number, kind, names[Action.CREATE], names[Action.UPDATE], names[Action.NONE])


def _piece(number: str, kind: str, missing: str = "", other: str = "", wanted: str = "") -> dict[str, str]:
    return {
        "what": kind, "missing": missing, "not as wanted": other, "as wanted": wanted, "made by": f"phase {number}",
    }  # fmt: skip


def _confirmation(rows: list[dict[str, str]]) -> str:
    waiting = sum(not row["SubscriptionArn"].startswith("arn:") for row in rows)
    return f"{len(rows) - waiting} confirmed, {waiting} waiting for confirmation"


def baseline(live: Live) -> dict[str, Any]:
    """What must be the same after the change: the existing low-sentiment path, and the key names of the environment."""
    s = live.settings
    keys = environment_keys(live, s.processor_function_name)
    with readable(f"reading the targets of {LOW_SENTIMENT_RULE}"):
        behind = targets(live, LOW_SENTIMENT_RULE)
    return {
        LOW_SENTIMENT_RULE: contacts.mask_data(Rule(live, LOW_SENTIMENT_RULE).read()),
        f"targets of {LOW_SENTIMENT_RULE}": contacts.mask_data(recordable_targets(behind)),
        f"permissions of {LOW_SENTIMENT_RULE}": _permissions(live),
        f"environment keys of {s.processor_function_name}": [key for key in keys if key != VARIABLE],
    }


def _permissions(live: Live) -> list[Any]:
    """The dispatcher's permissions for the existing rule: as AddPermission takes them, or as they stand.

    Everybody else's are theirs, a function URL's among them.
    """
    with readable("reading the dispatcher's permissions"):
        statements = permissions(live, dispatcher(live).said)
    ours = [one for one in statements if carries(one, live.settings.rule_arn(LOW_SENTIMENT_RULE))]
    return [contacts.mask_data(_said(one)) for one in ours]


def _said(statement: dict[str, Any]) -> dict[str, Any]:
    try:
        return value_of(statement)
    except NotAsWanted:
        return statement


def counts(live: Live, running: Sequence[str]) -> list[dict[str, Any]]:
    """Where the account stands before the change. `running` are the names of all executions that run, read before.

    Of those the list of the latest is not asked again: a moment later it would say another number beside their names.
    """
    latest = executions.recent(live, LATEST)
    every = "the newest" if len(latest) == LATEST else "all"
    rows = [row for row in latest if row["status"] != ExecutionStatus.RUNNING]
    drills = f"{sum(is_drill(row['name']) for row in rows)} of them drills: "
    statuses = dict.fromkeys([*STATUSES, *(row["status"] for row in rows)])
    by_status = {status: sum(row["status"] == status for row in rows) for status in statuses}
    with readable(f"counting the users in {live.settings.table_name}"):
        table = live.client("dynamodb").describe_table(TableName=live.settings.table_name)["Table"]
    return [
        {"what": "executions that run now, by name below", "count": len(running)},
        {"what": "users in the table (DynamoDB counts every six hours)", "count": table.get("ItemCount")},
        *(
            {"what": f"of {every} {len(rows)} executions that have ended, {drills}{status}", "count": n}
            for status, n in by_status.items()
        ),
    ]


def running_rows(running: Sequence[str]) -> list[dict[str, str]]:
    """The executions that run now, by name, and how many more than are shown."""
    more = [f"and {len(running) - NAMED:,} more of {len(running):,}"] if len(running) > NAMED else []
    return [{"running now": name} for name in [*running[:NAMED], *more]]
