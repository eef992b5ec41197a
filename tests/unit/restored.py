"""What a restore goes by, as a run leaves it, and as somebody else alters it: its log, its backup and its seals."""

import json

from lib.changes.plans import Change, entry, row_digest
from lib.record import records
from lib.record.records import LOG, MANIFEST, Run
from lib.record.seals import manifest
from lib.record.seals.seal_chain import Manifest, State
from lib.resources.account_guards import AccountGuards
from lib.resources.resource_kinds import WorkflowAlias


def alias(live, name="live"):
    return WorkflowAlias(live, live.settings.state_machine_name, name)


def told(record, thing, before, after, /, undoes=False, **more):
    """Let the run write this: the account keeps it, and the log tells it, or else what is given."""
    for state in ("intended", "applied"):
        row = entry("03", Change(thing, before, after), state, undoes)
        AccountGuards(thing.live).keep_written(record.run_id, [row_digest(row)])
        record.append(LOG, {**row, **more})


def backup_of(record):
    """The path of the run's backup, and what it holds."""
    (path,) = (path for path in (record.folder / "backup").glob("*.json") if "-definition" not in path.name)
    return path, json.loads(path.read_text())


def altered(record, changed, about):
    """Write the log anew, with other rows in place of those that are `about` something."""
    rows = [row | changed if about(row) else row for row in record.rows(LOG)]
    (record.folder / LOG).unlink()
    record.append_all(LOG, rows)


def laundered(settings, record):
    """Seals written anew over whatever lies there, which nobody can tell from the run's own."""
    empty = manifest.Findings(Manifest(record.run_id, settings.environment, settings.account_id))
    made = manifest.add_seal(record.folder, empty, State.GOING_ON, "2026-11-01T03:00:00.000+00:00")
    record.write_bytes(MANIFEST, made.to_text().encode())
    records.open_to_write(Run(settings, record))
    assert records.alterations(Run(settings, record), whole=True) == []


UNVERIFIED = "restore --unverified"
