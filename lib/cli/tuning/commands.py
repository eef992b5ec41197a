"""The commands `runbook history`, which converts check-ins once, and `runbook tune`. They write to records alone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from lib.aws import connect
from lib.cli.app import exits_with_code, main, parameters, takes_json
from lib.cli.read_commands import run_again
from lib.display import history_table, terminal
from lib.errors import BadParameters
from lib.phases.tuning import tune_options
from lib.phases.tuning.tune_options import Choice, Engine, OutcomeTable
from lib.record import run_phases
from lib.settings import Settings
from lib.telemetry.history import athena, conversion, exports, folder
from lib.values.escape import one_line
from lib.values.modes import Mode
from lib.values.numbers import first_of
from lib.values.reviewed import checked_moment

MOST_NAMED = 5
PLACE = re.compile(r"s3://[A-Za-z0-9._\-]+(/[\w!.*()/=\-]*)?", re.ASCII)  # S3's safe characters, but for quotes
DAY = "as 2026-01-31 (UTC)"


@main.command()
@parameters
@click.option("--from", "start", default="", metavar="DAY", help=f"Check-ins of the bucket since then, {DAY}.")
@click.option(
    "--to", "end", default="", metavar="DAY", help="Until then, without that day itself; until now otherwise."
)
@click.option("--export", type=click.Path(path_type=Path), help="Instead: an exported file, or a folder of them.")
@click.option("--table", "location", default="", metavar="S3", help="Only say how Athena's table is made over s3://...")
@takes_json
@exits_with_code
def history(given: Callable[..., Settings], start: str, end: str, export: Path | None, location: str) -> int:
    """Convert recorded check-ins to Parquet by day, without their words; what is converted is not read again.

    \b
    Examples:
      runbook history prod --from 2026-01-01
      runbook history prod --export exported/
      runbook history prod --table s3://BUCKET/checkins/
    """
    if ((start or end) and (export or location)) or (export and location):
        raise BadParameters(
            "--from and --to choose days of the bucket, --export files instead of it, and --table only says something; "
            "expected one of the three"
        )
    chosen = given(mode=Mode.PLAN)
    kept = folder.of(chosen)
    if location:
        if not PLACE.fullmatch(location):
            raise BadParameters(f"--table {location!r}: expected where the files lie, as s3://BUCKET/checkins/")
        terminal.result(athena.table_text(location))
        return 0
    if export:
        done = conversion.convert_files(kept, export, history_table.watch("files"))
    else:
        since, until = _moment("--from", start), _moment("--to", end) if end else datetime.now(UTC)
        if since >= until:
            raise BadParameters(f"--from {start} is not before --to {end or 'now'}; expected an earlier day")
        live = connect(chosen)  # without a record: a call a check-in would make its log larger than what it brings
        terminal.identity(live)
        done = [conversion.convert_bucket(live, kept, since, until, history_table.watch("check-ins"))]
    done += conversion.stale(kept)
    history_table.conversions(done)
    if export and (others := exports.passed_over(export)):
        named = first_of([one_line(path.name) for path in others], MOST_NAMED)
        terminal.result(f"Not read, since by their endings no exports: {len(others):,} files, such as {named}")
    terminal.result(f"History: {kept.path}")
    return 0 if all(one.whole and not one.stale for one in done) else 1


def _moment(option: str, said: str) -> datetime:
    """The moment that an option says. Raises BadParameters for none."""
    try:
        return datetime.fromisoformat(checked_moment(said) or "none").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadParameters(f"{option} {said!r}: expected a day, {DAY}") from error


@main.command()
@parameters
@click.option("--run-id", default="", help="Keep the result in this run; a new one otherwise.")
@click.option("--from", "start", default="", metavar="DAY", help=f"Check-ins since then, {DAY}.")
@click.option("--to", "end", default="", metavar="DAY", help="Check-ins until then, without that day itself.")
@click.option("--labels", default="", metavar="FILE", help="Reviewed outcomes: the sample of this run, filled in.")
@click.option("--outcomes-table", default="", metavar="TABLE", help="Reviewed outcomes: this DynamoDB table as well.")
@click.option("--outcome-attribute", default="", metavar="NAME", help="The attribute of its items that holds them.")
@click.option(
    "--engine", type=click.Choice([one.value for one in Engine]), default=Engine.DUCKDB.value, show_default=True,
    help="What counts all check-ins; Athena only what was converted, over its table `checkins`.",
)  # fmt: skip
@click.option("--database", default="", help="With Athena: the database of its table `checkins`.")
@click.option(
    "--results", default="", metavar="S3", help="With Athena: where it writes results, as s3://BUCKET/PREFIX/."
)
@exits_with_code
def tune(
    given: Callable[..., Settings], run_id: str, start: str, end: str, labels: str, outcomes_table: str,
    outcome_attribute: str, engine: str, database: str, results: str,
) -> int:  # fmt: skip
    """Look at the thresholds against recorded check-ins, and against what people said of them who reviewed them.

    \b
    Examples:
      runbook tune prod
      runbook tune prod --from 2026-01-01 --to 2026-02-01
      runbook tune prod --from 2026-01-01 --to 2026-02-01 --run-id RUN_ID --labels reviewed.csv
      runbook tune prod --outcomes-table TABLE --outcome-attribute NAME
    """
    file = str(Path(labels).resolve()) if labels else ""
    if file and not Path(file).is_file():
        raise BadParameters(f"--labels {labels} is no file; expected the sample of a run, filled in")
    asked = {"tuning_from": start, "tuning_to": end, "outcomes_file": file}
    chosen = given(mode=Mode.PLAN, run_id=run_id, **{name: value for name, value in asked.items() if value})
    options = Choice(engine, database, results), OutcomeTable(outcomes_table, outcome_attribute)
    return run_again(chosen, run_phases.TUNING, lambda record: tune_options.keep(record, *options))
