"""What a restore would give back, by the account, by the run's log, or as the record lies. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from lib.aws import Live
from lib.changes import provenance
from lib.changes.resource import Resource, Value
from lib.errors import BadParameters, NotAsWanted, Refused, RunbookError
from lib.phases import backups
from lib.record.change_rows import WriteState
from lib.record.records import LOG, Record
from lib.resources.account_guards import AccountGuards
from lib.resources.connected_run import ConnectedRun
from lib.resources.workflow import Workflow
from lib.resources.workflow_alias import WorkflowAlias, is_routing, kept_routings
from lib.settings import with_changes
from lib.values.exact_json import dumps, in_order, laid, texts
from lib.wait import SOON_SECONDS, answer_within

Log = tuple[list[dict[str, Any]], str]  # the rows of a run's log, and why there are none


@dataclass(frozen=True)
class Restoration:
    """What a restore writes: the workflow's value, None where the run moved only aliases; and of each alias that it
    moved the value of before, None where nothing tells it.

    `unconfirmed`: why nobody can tell that the run replaced this, and it is restored all the same. `unread`: what the
    run's log tells and nothing is done by, each with a sentence. `source`: in words, where the value is from, where
    that is no matter of course; `doubt`: likewise, and why nothing better confirms it.
    """

    machine: Workflow
    value: Value
    aliases: Mapping[str, Value] = field(default_factory=dict)
    unconfirmed: str = ""
    unread: Sequence[tuple[str, str]] = ()
    source: str = ""
    doubt: str = ""

    def by(self, live: Live) -> "Restoration":
        """The same, read and written by another connection."""
        return replace(self, machine=Workflow(live, self.machine.machine))

    @property
    def moved(self) -> list[tuple[WorkflowAlias, Value]]:
        """The aliases whose value of before is known, each with it."""
        return [(self._alias(name), value) for name, value in self.aliases.items() if value]

    @property
    def lost(self) -> list[WorkflowAlias]:
        """The aliases that the run moved from nobody knows where."""
        return [self._alias(name) for name, value in self.aliases.items() if not value]

    @property
    def things(self) -> list[tuple[Resource, Value]]:
        """Everything that is written, in this order."""
        return [*self.moved, *([] if self.value is None else [(self.machine, self.value)])]

    @property
    def said(self) -> str:
        """What is given back, in words."""
        if self.value is None:
            return "The aliases were given back their versions"
        return "The workflow was given back its definition"

    def _alias(self, name: str) -> WorkflowAlias:
        return WorkflowAlias(self.machine.live, self.machine.machine, name)


def plan_restore(run: ConnectedRun, unverified: str = "") -> Restoration:
    """What to restore: of the run's backups the one that holds what the account keeps that the run replaced.

    Raises Refused where none is that one, saying why of each. Where the account cannot be asked at once, it is the
    first one as it lies there: check-ins fail while nobody restores. With `unverified` as well, unless the account
    confirms what the run's log tells of it. Raises BadParameters without one.
    """
    record = run.record
    paths, log = backups.files(record), _log(record)
    if not paths and not unverified:
        raise BadParameters(
            f"run {record.run_id} kept no backup of the workflow (it never came to phase 03), so it changed none"
        )
    wrong = [log[1]] if log[1] else []
    for path in paths:
        try:
            return _confirmed(run, path, log, unverified)
        except _Unasked as error:
            return _as_it_lies(run, log, unverified or str(error), [str(error)] if unverified else ())
        except RunbookError as error:
            wrong.append(f"{path.name}: {error}")
    if unverified:
        return _of_log(run, log, unverified, wrong) or _as_it_lies(run, log, unverified, wrong)
    raise Refused(
        f"no backup of run {record.run_id} is what the account keeps that the run replaced, so nothing was written: "
        f"{'; '.join(wrong)}. See who changed the record; in an emergency, --unverified restores it as it lies there"
    )


def _confirmed(run: ConnectedRun, path: Path, log: Log, unverified: str) -> Restoration:
    """What one backup holds. Raises NotAsWanted where it is not what the account keeps that the run replaced."""
    kept = backups.description(run.record, path)
    machine, value = backups.machine(run, kept), backups.value(kept, path)
    rows = provenance.confirm_rows(run.record, log[0], _wrote(machine, run.record))
    aliases, first = _before(rows, machine), _first_write(rows, machine)
    if unverified:  # rows may have been taken away, so that those of aliases alone prove nothing
        aliases = _before(log[0], machine, kept)
    elif first is None and any(aliases.values()):
        value = None  # the run moved aliases alone
    if why := _unlike(value, machine, first):
        raise NotAsWanted(why)
    source = f"{path.name} is used, which holds what the account keeps that the run replaced" if unverified else ""
    return Restoration(machine, value, aliases, unverified, _unread(log if unverified else (rows, log[1])), source)


class _Unasked(RunbookError):
    """The account does not say what it keeps."""


def _wrote(machine: Workflow, record: Record) -> frozenset[str]:
    """What the account keeps that the run wrote, asked once: check-ins fail meanwhile. Raises _Unasked."""
    live = machine.live.once()
    if live.settings.state_machine_arn != machine.arn:  # it keeps that by the workflow
        live = replace(live, settings=with_changes(live.settings, state_machine_name=machine.machine))
    try:
        asked = partial(AccountGuards(live).wrote, record.run_id)
        return answer_within(SOON_SECONDS, asked, "asking what the account keeps")
    except RunbookError as error:
        raise _Unasked(
            f"UNCONFIRMED: the account could not be asked what run {record.run_id} wrote ({error.__cause__ or error}), "
            "so its backup and its log were used as they lie there"
        ) from error


def _first_write(rows: Sequence[Mapping[str, Any]], machine: Workflow) -> Mapping[str, Any] | None:
    about = (row for row in rows if row["kind"] == Workflow.kind and row["identity"] == machine.identity)
    return next((row for row in about if not row["undoes"]), None)


def _unlike(value: Value, machine: Workflow, first: Mapping[str, Any] | None) -> str:
    """Why a backup is not confirmed to be what the run's first write of the workflow replaced; "" where it is."""
    if value is None:
        return ""
    if first is None:
        return f"the run began no write of {machine.name}, so that there is nothing to restore"
    if first["trouble"]:
        return str(first["trouble"])
    same = dumps(in_order([value, texts(value)])) == dumps(in_order([first["before"], first.get("laid", {})]))
    return "" if same else f"it does not hold what {machine.name} held before the run first wrote to it"


def _of_log(run: ConnectedRun, log: Log, why: str, wrong: Sequence[str]) -> Restoration | None:
    """What the run's log tells that it replaced, where the account confirms that; else None."""
    machine = Workflow(run.live, run.settings.state_machine_name)
    try:
        rows = provenance.confirm_rows(run.record, log[0], _wrote(machine, run.record))
    except _Unasked:
        return None
    first = _first_write(rows, machine)
    if first is None or first["trouble"] or not isinstance(first["before"], dict):
        return None
    source = f"{LOG} is used, which the account confirms, and which no backup agrees with: {'; '.join(wrong) or 'none'}"
    value = laid(first["before"], first.get("laid", {}))
    return Restoration(machine, value, _before(log[0], machine), why, _unread(log), source)


def _as_it_lies(run: ConnectedRun, log: Log, why: str, wrong: Sequence[str] = ()) -> Restoration:
    """The first backup by name that can be read, and the log, unconfirmed. Raises what is wrong with the first one."""
    record, trouble = run.record, list[RunbookError]()
    for path in backups.files(record):
        try:
            kept = backups.description(record, path)
            machine, value = backups.machine(run, kept), backups.value(kept, path)
        except RunbookError as error:
            trouble.append(error)
            continue
        doubt = f"UNCONFIRMED: {path.name} is used as it lies there: {'; '.join(wrong)}" if wrong else ""
        return Restoration(machine, value, _before(log[0], machine, kept), why, _unread(log), doubt=doubt)
    if trouble:
        raise trouble[0]
    raise BadParameters(
        f"no backup of run {record.run_id} is to be had, and no row of its {LOG} that the account confirms tells what "
        f"the workflow held before{''.join(f'; {one}' for one in wrong)}. Nothing was written"
    )


def _before(
    rows: Sequence[Mapping[str, Any]], machine: Workflow, kept: Mapping[str, Any] | None = None
) -> dict[str, Value]:
    """Of each alias that the run began to move, its value of before; others are somebody else's by now.

    Unconfirmed, where the run's log is lost, all that the backup `kept` names: old versions are better than the wrong
    ones. So is what it says of an alias whose first row cannot be read; None where it says nothing of that.
    """
    values: dict[str, Value] = {}
    for row in rows:
        alias = row["identity"].get("alias")
        if row["kind"] != WorkflowAlias.kind or row["identity"].get("machine") != machine.machine or row["undoes"]:
            continue
        # Of a later row, what was before is what the run itself wrote.
        values.setdefault(str(alias), row["before"] if not row["trouble"] and is_routing(row["before"]) else None)
    for alias, routing in kept_routings(kept or {}).items():
        if not rows or (alias in values and values[alias] is None):
            values[alias] = routing
    return values


def _log(record: Record) -> Log:
    """The rows of the run's log, and why there are none: a broken disk keeps nobody from being helped."""
    try:
        return record.changes(), ""
    except OSError as error:
        return [], f"{LOG} of run {record.run_id} cannot be read ({error.strerror})"


def _unread(log: Log) -> list[tuple[str, str]]:
    """What the run's log tells and nothing is done by: a sentence, and the name of what needs none once restored."""
    rows, why = log
    notes = [
        ("", f"{row['name']}: {row['trouble']}")
        if row["state"] == WriteState.NOT_BELIEVED
        else (row["name"], f"{row['name']} stays as it is: {row['trouble']}")
        for row in rows
        if row["trouble"]
    ]
    lost = [("", f"{why}, so that all aliases of the backup were given back")] if why else []
    return [*lost, *dict.fromkeys(notes)]
