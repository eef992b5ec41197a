"""Runs on an embedded account that enforces IAM: who calls is given a policy, and what a run then comes to is told.

What is told here in parts, in this process and without a notebook, is most of what a whole run asks AWS for.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from accounts import NO_RETRIES, SHORT_WAITS, quiet
from botocore.exceptions import ClientError
from click.testing import CliRunner
from furnished import furnish
from steps import words

from lib import settings as parameters
from lib.aws import Live, connect
from lib.aws_answers import error_code
from lib.cli import change_commands
from lib.definitions import templates
from lib.definitions.access_policies import Whose, access_policy
from lib.errors import RunbookError
from lib.phases import event_rules, iam_permissions, preflight, state_machine
from lib.phases.proofs import aws_test_state, encryption, key_use, ownership
from lib.phases.watch import checkpoint, news, reader
from lib.phases.watch.breaks import Break, News
from lib.phases.watch.checkpoint import Asked, Span
from lib.record import records
from lib.resources import connected_run, run_lock, workflow
from lib.settings import Settings, with_changes
from lib.telemetry import metrics, workflow_log
from lib.telemetry.configuration import live_configuration
from lib.telemetry.deliveries import alarm_history, figures
from rehearsal.account import baseline, clients, server
from rehearsal.account.enforced import ASKED, RUNBOOKS_KEY
from rehearsal.account.server import Account
from rehearsal.fault_matrix import record_bucket
from rehearsal.fault_matrix.operations import BUCKET, PREFIX, STORIES, undo

ENFORCED = {**NO_RETRIES, "AUTH": "true"}
CALLER, POLICY = "runbook", "all-that-it-may"


@dataclass(frozen=True)
class Guarded:
    """An account that enforces IAM, and what its runbook may do."""

    account: Account
    settings: Settings

    def build(self, furnished: bool = True) -> None:
        """The account from nothing, with a caller who may do nothing yet and has asked for nothing."""
        quiet(self.account)
        (self.account.folder / ASKED).unlink(missing_ok=True)
        server.reset(self.account.endpoint)
        baseline.build(self.settings)
        baseline.application(self.settings)
        record_bucket.make(self.settings)
        if furnished:
            furnish(self.settings)
        iam = clients.client(self.account.endpoint, "iam")
        iam.create_user(UserName=CALLER)
        iam.create_access_key(UserName=CALLER)

    def give(self, whose: Whose, without: str = "") -> None:
        """Let the caller do what the policy says, but for one action."""
        policy = access_policy(self.settings, whose)
        kept = [{**one, "Action": [name for name in one["Action"] if name != without]} for one in policy["Statement"]]
        policy["Statement"] = [one for one in kept if one["Action"]]
        iam = clients.client(self.account.endpoint, "iam")
        iam.put_user_policy(UserName=CALLER, PolicyName=POLICY, PolicyDocument=json.dumps(policy))

    def asked(self) -> list[dict[str, Any]]:
        """What the runbook asked for so far: action, resource, and whether it was denied."""
        path = self.account.folder / ASKED
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        return [row for row in rows if row["key"] == RUNBOOKS_KEY]


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[Guarded]:
    """A running account that enforces IAM, empty. Its record goes to a store as well."""
    folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
    with server.running_account(folder=folder / "server", options=ENFORCED) as account:
        given = {"endpoint_url": account.endpoint, "may_replace": 50, "mode": "apply", **folders, **SHORT_WAITS}
        store = f"s3://{BUCKET}/{PREFIX}"
        yield Guarded(account, parameters.load("local", {**given, "record_store": store}))


def parts(settings: Settings) -> dict[str, Callable[[], Any]]:
    """What reads alone, as a run does: each gives what a person would see of it, and leaves the account as it is."""
    asked_aws = with_changes(settings, not_exercised_here=[])
    every: dict[str, Callable[[], Any]] = {
        "plan": lambda: _command(settings, "plan"),
        "lock": lambda: run_lock.read_lock(connect(settings)) is None,
        "preflight": lambda: _looked_at(connect(settings)),
        "simulation": lambda: _statuses(iam_permissions.checks(connect(asked_aws))),
        "proofs": lambda: _proofs(connect(settings)),
        "configuration": lambda: [one.to_row() for one in live_configuration.read(connect(settings)).facts],
        "telemetry": lambda: _telemetry(connect(settings)),
        "watch": lambda: _watch(connect(settings)),
    }
    return {name: partial(_told, part) for name, part in every.items()}


def write(settings: Settings, story: str) -> Any:
    """Carry a story of the fault matrix out in a record of its own; what comes of it, and the parameters of its run."""
    chosen = with_changes(settings, run_id=records.new_run_id())
    return _told(lambda: _silent(STORIES[story], chosen)), chosen


def undo_run(chosen: Settings) -> Any:
    """Undo a run; what comes of it."""
    return _told(lambda: _silent(undo, chosen))


def _told(part: Callable[[], Any]) -> Any:
    try:
        return part()
    except Exception as error:  # noqa: BLE001 - an error is an outcome
        return type(error).__name__


def _silent(work: Callable[[Settings], int], chosen: Settings) -> Any:
    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        code = work(chosen)
    record = records.open_run(chosen)
    return code, sorted({(row["name"], row["status"]) for row in record.rows("checks.jsonl")})


def _command(settings: Settings, name: str) -> Any:
    ended = CliRunner().invoke(change_commands.main, words(settings, name))
    return ended.exit_code


def _statuses(found: Any) -> Any:
    return sorted((one.name, str(one.status)) for one in found)


def _looked_at(live: Live) -> Any:
    checks = [*preflight.checklist(live), *encryption.existing_destinations(live), *key_use.of_roles(live)]
    return _statuses(checks), ownership.owners(live), len(preflight.counts(live, workflow.running_executions(live)))


def _proofs(live: Live) -> Any:
    """What phases 03 and 04 have AWS and the dispatcher try before they change anything."""
    definition = templates.definition(live.settings)
    step = aws_test_state.Asked(live)("Done", {"Type": "Succeed"}, {}, {})
    checks = [*event_rules.patterns(live), *event_rules.dispatcher(live)]
    return step.next, _statuses([*checks, *state_machine.definition_checks(live, definition)])


def _watch(live: Live) -> Any:
    """Every question of a checkpoint but the review's own, and how far an alert of a watch comes."""
    run, now = connected_run.of(live, records.open_run(live.settings)), datetime.now(UTC)
    span = Span(now - timedelta(minutes=15), now)
    asked = {one: ask for one, ask in reader.questions(run).items() if one is not Asked.CRITERIA}
    made = checkpoint.make(asked, lambda one, until: span, lambda: now, lambda: 0.0)
    try:
        news.publish(run, Break("k", "alarms", "a trial", "none", "none", "2026-01-01T00:00:00+00:00"), News.BROKEN)
        said = "told"
    except RunbookError as error:
        cause = error.__cause__
        said = error_code(cause) if isinstance(cause, ClientError) else type(error).__name__
    return [
        (str(one.asked), one.error, sorted(str(check.status) for check in one.checks)) for one in made.answers
    ], said


def _telemetry(live: Live) -> Any:
    now = datetime.now(UTC)
    hour = now - timedelta(hours=1)
    alarms, delivered = alarm_history.read(live, hour, now, now), figures.of_window(live, hour, now, now)
    letters = [(one.queue, one.count is None, one.sources) for one in delivered.dead_letters]
    columns = [[*read(live, hour, now).columns] for read in (metrics.executions, workflow_log.read)]
    return columns, [one.name for one in alarms], letters
