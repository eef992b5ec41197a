"""A record is sealed: the hash of each file that is new or has grown goes into its `MANIFEST.json`. No AWS.

What is in the manifest is never taken away again; a record's store is given what it has not yet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from lib.errors import RunbookError
from lib.record import files, writers
from lib.record.folder import WHOLE, Record
from lib.record.seals import manifest
from lib.record.seals.manifest import MANIFEST, VERDICT, Binding, Findings
from lib.record.seals.seal_chain import State


def add(record: Record, findings: Findings, state: State, unverified: str = "") -> list[str]:
    """Add a seal to the record's manifest; returns the names that were sealed."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    made = manifest.add_seal(record.folder, findings, state, now, unverified)
    news, before = made.seals[-1], findings.manifest.seals[-1:]
    if state is State.OPENED or news.files or news.wrong or [news.state] != [seal.state for seal in before]:
        record.write_bytes(MANIFEST, made.to_text().encode())
    return list(made.claims)


@contextmanager
def sealed_at_end(record: Record, may_close: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Seal the record at the end, however that is; within another such part, and where it may not, it stays open."""
    try:
        with writers.nesting(record.folder):
            yield
    finally:
        seal(record, closing=may_close())


def seal(record: Record, closing: bool = True) -> None:
    """Add a seal over what is new to `MANIFEST.json`, then store what is not yet.

    With `closing` this process writes to it no more until it opens it again, and nothing may come besides, unless
    another one of this machine still writes: the last one closes it. A store that does not take it is told of once
    this machine's record is sealed.
    """
    with record.kept(), record.held():
        # A store that fails must not keep this machine's record from being sealed: it is raised at the end.
        trouble = _store_logs(record)
        files.tighten(record.folder)
        findings = manifest.findings(record.folder, Binding(record.run_id, record.folder.parent.name))
        closed = False
        if closing and not writers.is_nested(record.folder):
            # Before it is asked who is left: of two that end at once, each would leave the closing to the other.
            writers.leave(record.folder)
            closed = not writers.others(record.folder)
        names = add(record, findings, State.CLOSED if closed else State.GOING_ON)
        if trouble:
            raise trouble
        if record.store:
            there = [name for name in names if (record.folder / name).is_file()]
            # The seals go ahead of the verdict, and close the record when it is there.
            order = [*sorted({*there} - {*WHOLE}), MANIFEST, *({*there} & {VERDICT}), MANIFEST]
            record.store.put_all([(name, record.folder / name) for name in order])


def _store_logs(record: Record) -> RunbookError | None:
    """The logs come first: their store says in which order the rows of two machines stand, and so what is sealed."""
    logs = sorted(path.name for path in record.folder.glob("*.jsonl"))
    try:
        if record.store:
            record.store.put_all([(name, record.folder / name) for name in logs])
    except RunbookError as error:
        return error
    return None
