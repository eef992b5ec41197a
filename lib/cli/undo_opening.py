"""How an undo opens its run: at once, with what can be had of its record, and what it says of that."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from lib.aws import NOT_TOLD, connect
from lib.changes import engine
from lib.display import terminal
from lib.errors import (
    Altered,
    RunbookError,
    Superseded,
    Unrecorded,
    first_cause,
)
from lib.phases import restore, session
from lib.record import records, run_index, sealing
from lib.record.records import Record, Run
from lib.resources import connected_run, record_stores
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings, with_changes

ANSWER_SECONDS = 5  # as long as an emergency waits for one answer


def at_once(soon: Settings, unverified: str, way: str) -> tuple[ConnectedRun, bool]:
    """The run by the record of this machine, which needs no store: that may be as unwell as the rest. Without one
    here, what the store gives `soon`. And whether something is wrong with the store, which is then left as it is."""
    record, left = Record(soon.run_folder, soon.run_id, at_once=True), False
    if not (restore.has_backup(record) and (record.folder / engine.LOG).is_file()):
        try:
            left = _told_of(session.fetch_from_store(soon, unverified, "" if unverified else way))
        except RunbookError as error:
            if not (unverified and record.folder.is_dir()):
                raise
            left = _told_of([str(first_cause(error))])
    run_index.find_run(soon, soon.run_id, restore.has_backup)  # or refused, with the latest that have one
    run = Run(soon, record)
    wrong = records.verify(run, unverified).wrong
    if not left:
        _told_of(wrong)
    try:
        records.open_to_write(run, unverified)
    except Unrecorded as error:
        terminal.warn(str(error))  # a full disk keeps nobody from being helped
    live = connect(soon, record.log_call, at_once=True)
    if live.identity.caller == NOT_TOLD:
        terminal.warn(
            "STS does not tell whose credentials these are. It was not waited for: AWS gives the workflow of "
            f"account {soon.account_id} to no other account's"
        )
    return connected_run.of(live, record), left


def to_undo(chosen: Settings, unverified: str, way: str) -> ConnectedRun:
    """A run that is to be undone, with the parameters to do it by.

    With `unverified`, where the store is no help, without it: by what could be taken of it.
    """

    def usable(record: Record) -> bool:
        return bool(record.rows(engine.LOG))

    if not unverified:
        return session.reopen_with(chosen, "", usable, way, alone=True)
    soon = with_short_waits(chosen)
    try:
        run = session.reopen_with(soon, unverified, usable, alone=True)
        _told_of(records.alterations(run, whole=True))
        return replace(run, settings=chosen)  # only its record was hurried
    except Superseded:
        raise
    except RunbookError as error:
        if not chosen.record_store:
            raise
        why = first_cause(error)
    alone = with_changes(chosen, record_store="")
    try:
        _told_of(session.fetch_from_store(soon, unverified) or [str(why)])
    except RunbookError as error:  # this machine may have the record itself
        _told_of([str(first_cause(error))])
    run = session.reopen_with(alone, unverified, usable, alone=True)
    terminal.say(f"Note: {_left_as_it_is(alone)}")
    return run


def _told_of(wrong: Sequence[str]) -> bool:
    """Say, by name, what of a record could not be had, or not as it was sealed; whether there was any."""
    if wrong:
        terminal.warn(f"not had as it was sealed: {'; '.join(wrong)}")
    return bool(wrong)


def _left_as_it_is(chosen: Settings) -> str:
    return (
        f"the record's store is left as it is, for whoever looks what happened to it; {chosen.run_folder} alone tells "
        "what is done now"
    )


def sealed_soon(run: Run, left: bool) -> str:
    """Seal this machine's record, and then its store's, which nobody waits for. Returns what became of that, or ""."""
    soon, record = run.settings, run.record
    why = _left_as_it_is(soon) if left else ""
    with suppress(RunbookError):
        sealing.seal(record, closing=False)
    try:
        if soon.record_store and not left:
            shelves = record_stores.shelves(soon, session.SOON_ATTEMPTS)
            opened = session.attach(run, shelves)
            sealing.seal(opened.record, closing=opened.may_close())
    except RunbookError as error:
        why = f"the record's store does not tell of this yet, only {record.folder} does ({first_cause(error)})"
    with suppress(RunbookError):
        sealing.seal(record)
    return why


@contextmanager
def naming_the_way(way: str) -> Iterator[str]:
    """What refuses a record that was altered names the command that goes on all the same."""
    try:
        yield way
    except Altered as error:
        if error.way:
            raise
        raise Altered(f"{error}: `{way}`", way) from error


def with_short_waits(chosen: Settings) -> Settings:
    """The same parameters for what nobody can wait for."""
    return with_changes(chosen, answer_timeout_seconds=min(chosen.answer_timeout_seconds, ANSWER_SECONDS))


def loudly(command: str, run_id: str) -> str:
    """Say that a record is used unread, and how the record will say so."""
    terminal.warn(f"--unverified: the record of run {run_id} is used as it lies there, sealed or not")
    return f"{command} --unverified"
