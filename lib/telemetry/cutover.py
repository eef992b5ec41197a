"""When what check-ins start began to run the newest published version, and the window around it. Read-only.

Of an alias AWS says only when it was last edited, whatever was edited. The run that moved it recorded the moment. Of a
time between that and a later edit, or before the edit where no run is known, nobody can say what ran, unless AWS says
of an execution which version it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.aws import Live
from lib.aws_answers import readable
from lib.record import run_index
from lib.record.change_rows import WriteState
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import traffic_entries
from lib.resources.existing.traffic_entries import Entries
from lib.resources.workflow import Workflow, description, value_of, versions
from lib.resources.workflow_alias import WorkflowAlias, digest
from lib.telemetry import metrics, review_window
from lib.telemetry.libraries import pandas as pd
from lib.telemetry.review_window import Cutover, Window

CLOCKS_SECONDS = 300  # so far may this machine's clock and that of AWS be apart
# So long after a write of ours what AWS dates is still that write: an alias has its date, a version is made just after.
SAME_EDIT = {WorkflowAlias.kind: timedelta(seconds=1), Workflow.kind: timedelta(seconds=10)}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Way:
    """What check-ins start: when AWS says that it was last edited, and since when there is what it runs."""

    kind: str
    name: str
    edited: datetime
    made: datetime


def read(live: Live) -> Cutover | None:
    """None where check-ins do not run the newest published version, or none is published."""
    entries = traffic_entries.read(live)
    with readable("listing the workflow's versions"):
        published = versions(live, entries.machine)[:1]
        newest = description(live, published[0]) if published else None
    held = traffic_entries.run_by(live, entries.arn)
    wanted = digest(value_of(newest)) if newest else ""
    if newest is None or not held or any(digest(value_of(one)) != wanted for one in held):
        return None
    way, same = _way(live, entries, newest, held), (published[0], *(str(one["stateMachineArn"]) for one in held))
    return _cutover(way, _written(_rows(live, way.kind, way.name), wanted), tuple(dict.fromkeys(same)))


def of_run(run: ConnectedRun) -> Cutover | None:
    """The change that this run made, by its own record, whatever was deployed since; `later` says when that was.

    Like `read` where it made none, or where AWS said no moment of it.
    """
    live, entries = run.live, traffic_entries.read(run.live)
    qualifier = entries.qualifier(entries.arn)
    alias = "" if qualifier.isdigit() else qualifier
    kind = WorkflowAlias.kind if alias else Workflow.kind
    rows = [row for row in run.record.changes() if row["kind"] == kind and not row["temporary"]]
    mine = [row for row in rows if not alias or row["identity"].get("alias") == alias]
    own = _moments(row for row in mine if not row["undoes"])
    if not own:
        return read(live)
    at, since = own[-1], own[-1] + SAME_EDIT[kind]
    # Of an alias AWS tells the last edit alone; of those before it, the records of other runs tell theirs.
    edits = [*_moments((*mine, *_rows(live, kind, alias))), *_deployed(live, entries, alias, since)]
    return Cutover(at, at, at, later=min((moment for moment in edits if moment > since), default=None))


def _moments(rows: Iterable[Row]) -> list[datetime]:
    """When AWS says that each of these writes took, where it did and AWS said so."""
    applied = [row for row in rows if row["state"] == WriteState.APPLIED and row.get("written")]
    return [datetime.fromisoformat(row["written"]) for row in applied]


def _deployed(live: Live, entries: Entries, alias: str, since: datetime) -> list[datetime]:
    """When AWS says that what check-ins start was edited since: its alias last, and else by each newer version."""
    if alias:
        with readable("reading the alias"):
            held = live.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=entries.arn)
        return [_utc(held.get("updateDate") or held["creationDate"])]
    made = list[datetime]()
    with readable("listing the workflow's versions"):
        for one in versions(live, entries.machine):  # the newest first
            held = description(live, one)
            made += [_utc(held["creationDate"])] if held else []
            if made and made[-1] <= since:
                break
    return made


def _way(live: Live, entries: Entries, newest: Row, held: Sequence[Row]) -> _Way:
    qualifier = entries.qualifier(entries.arn)
    if not qualifier or qualifier.isdigit():
        made = _utc((held[0] if qualifier else newest)["creationDate"])
        return _Way(Workflow.kind, f"version {qualifier}" if qualifier else "the workflow", made, made)
    with readable("reading the alias"):
        alias = live.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=entries.arn)
    edited = _utc(alias.get("updateDate") or alias["creationDate"])
    return _Way(WorkflowAlias.kind, qualifier, edited, min(_utc(one["creationDate"]) for one in held))


def _rows(live: Live, kind: str, name: str) -> list[Row]:
    """What the runs of this environment did with what check-ins start, of an alias of this name; in order of time."""
    machine = {"machine": live.settings.state_machine_name}
    identity = machine | ({"alias": name} if kind == WorkflowAlias.kind else {})
    runs = run_index.latest_of_each(run_index.as_sealed(live.settings))
    rows = [row for record in runs for row in record.changes()]
    mine = [row for row in rows if (row["kind"], row["identity"]) == (kind, identity)]
    return sorted(mine, key=lambda row: str(row["time"]))


def _written(rows: Iterable[Row], wanted: str) -> tuple[datetime, datetime] | None:
    """From when to when the latest of these writes took: one moment where AWS said it. None where that was another."""
    begun: datetime | None = None
    moments: tuple[datetime, datetime] | None = None
    for row in rows:
        at = datetime.fromisoformat(row["time"])
        if row["state"] == WriteState.INTENDED:
            begun = at
        elif row["state"] == WriteState.APPLIED:
            written = datetime.fromisoformat(row["written"]) if row.get("written") else None
            moments = (written, written) if written else (begun or at, at)
            moments = moments if _runs(row) == wanted else None
    return moments


def _runs(row: Row) -> str:
    """The digest of what it was written to run, "" for several at once."""
    if row["kind"] == Workflow.kind:
        return digest(row["after"])
    runs = {route["runs"] for route in (row["after"] or {}).get("routes", [])}
    return runs.pop() if len(runs) == 1 else ""


def _cutover(way: _Way, written: tuple[datetime, datetime] | None, same: tuple[str, ...]) -> Cutover:
    if written is None:
        doubt = f"no recorded run moved alias {way.name}; AWS says only that it was last edited at {_said(way.edited)}"
        return Cutover(way.edited, way.made, way.edited, same, doubt if way.made < way.edited else "")
    begun, ended = written
    if begun == ended and way.edited <= ended + SAME_EDIT[way.kind]:
        return Cutover(ended, ended, ended, same)
    if begun != ended and way.edited <= ended + timedelta(seconds=CLOCKS_SECONDS):
        return Cutover(way.edited, way.edited, way.edited, same)  # by the clock of AWS, as executions are
    what = f"alias {way.name}" if way.kind == WorkflowAlias.kind else way.name
    doubt = f"a run moved {what} at {_said(ended)}, and somebody edited it at {_said(way.edited)}"
    return Cutover(ended, begun, way.edited, same, doubt)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def window(live: Live) -> Window:
    """From `review_minutes` ago until now. Waits for nothing."""
    return _until_now(live, read(live))


def _until_now(live: Live, change: Cutover | None) -> Window:
    end = datetime.now(UTC)
    return Window(end - timedelta(minutes=live.settings.review_minutes), end, change)


def success_counted(live: Live, span: Window) -> bool:
    """Whether CloudWatch has counted an execution that succeeded since the change. Read-only."""
    counted = metrics.executions(live, span.start, span.end)
    return bool(review_window.counted_successes(points_since(counted, span)))


def points_since(frame: pd.DataFrame, span: Window) -> pd.DataFrame:
    """The datapoints that surely began after the change; one that straddles it belongs to neither side."""
    return frame[frame["time"] >= pd.Timestamp(span.after)] if span.change and not frame.empty else frame
