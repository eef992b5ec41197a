"""The command `runbook drill`: one labelled drill on the live workflow, at any time, kept in the drill log."""

from collections.abc import Callable

import click

from lib import audit, drill_log, drills, judging, records, run, scenarios, terminal, validation
from lib.checks import Check, require
from lib.command import main, parameters, told
from lib.drills import Group
from lib.scenarios import Scenario
from lib.settings import Settings

EVIDENCE = "evidence/drill.json"


def known() -> dict[str, Scenario]:
    """Every scenario that can be drilled, by name."""
    more = (scenarios.ordinary(), scenarios.crisis_in_words(), scenarios.unreadable())
    return {case.name: case for case in (*scenarios.load(), *more)}


@main.command()
@parameters
@click.option("--scenario", default="crisis", show_default=True, type=click.Choice(list(known())), help="What happens.")
@told
def drill(given: Callable[..., Settings], scenario: str) -> int:
    """Run one drill as the drill user, marked [DRILL], and see who is reached and how soon."""
    chosen = given(mode="apply")
    record, live = audit.begin(chosen)
    with run.sealed(record):
        log = drill_log.opened(chosen)
        session = drills.run(live, record, [Group(scenario, [known()[scenario]])])
        (row,) = validation.rows(live, record, session)
        record.keep_json(EVIDENCE, row)
        log.append(drill_log.LOG, drill_log.row(record.run_id, row, live.identity.caller))
        validation.publish(live, [row])
        checks = [*(Check(**check) for check in row["checks"]), judging.strays(session)]
        record.checked("drill", checks)
    terminal.checks(f"Drill {scenario}", checks)
    terminal.say(f"Log: {log.folder / drill_log.LOG}")
    terminal.say(f"Record: {record.folder}")
    records.seal(record)
    require(checks)
    return 0
