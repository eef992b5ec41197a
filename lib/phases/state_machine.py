"""Phase 03 around its plan: backup before, proof that the definition may go out, proof of what went out after.

Writes only to the record.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lib.asl import json_text
from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status, status_in
from lib.definitions import lint, loader
from lib.errors import NotAsWanted
from lib.phases.proofs import way_in
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import names
from lib.resources.rules import Rule, targets
from lib.resources.workflow import description, value_of, versions
from lib.resources.workflow_alias import digest, routings
from lib.telemetry.cutover import CLOCKS_SECONDS
from lib.values.check_registry import Id
from lib.values.modes import Gap, Mode
from lib.wait import idle


def backup(run: ConnectedRun) -> Path:
    """Keep the full description of the live workflow, and its definition alone for `--definition file://`.

    Returns the backup's path within the record. Raises NotAsWanted where there is no workflow to keep.
    """
    live, record = run.live, run.record
    arn = live.settings.state_machine_arn
    with readable("reading the workflow, its versions and its aliases"):
        machine = description(live, arn)
        published, by_alias = (versions(live, arn), routings(live, arn)) if machine else ([], {})
    if machine is None:
        raise NotAsWanted(
            f"there is no state machine {live.settings.state_machine_name} to back up; expected the baseline"
        )
    name = f"backup/stepfunctions-backup-{datetime.now(UTC):%Y%m%d}"
    data = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in machine.items()}
    kept = record.keep_json(f"{name}.json", {**data, "versions": published, "aliases": by_alias})
    definition = json_text.to_text(json_text.preserve(machine["definition"]))
    record.keep_text(f"{name}-definition.json", definition.rstrip() + "\n")
    return kept.relative_to(record.folder)


def definition_checks(live: Live, definition: dict[str, Any]) -> list[Check]:
    """Whether the definition may go out: statelint, our own rules, AWS's validation; what it replaces. Read-only."""
    findings = lint.check(definition, live.settings.thresholds)
    found = "; ".join(f"{item.where}: {item.problem}" for item in findings) or "no finding"
    return [
        Check(
            Id.DEFINITION_LINT,
            "statelint and the house's rules",
            Status.FAILED if findings else Status.PASSED,
            found,
            "no finding",
        ),
        _validated(live, definition),
        _readable(live),
    ]


def _readable(live: Live) -> Check:
    """Whether plain data says the same as the live text. Where not, an undo puts back the text; people must know."""
    name, expected = "the live definition as JSON", "each key once, each number as it is written"
    with readable("reading the workflow"):
        machine = description(live, live.settings.state_machine_arn)
    if machine is None:
        return Check(Id.DEFINITION_READABLE, name, Status.NOT_EXERCISED, "there is no workflow", expected)
    trouble = "; ".join(json_text.trouble(machine["definition"]))
    status = Status.WAITING if trouble else Status.PASSED
    return Check(Id.DEFINITION_READABLE, name, status, trouble or "nothing is lost in reading it", expected)


def _validated(live: Live, definition: dict[str, Any]) -> Check:
    with readable("having AWS validate the definition"):
        answer = live.client("stepfunctions").validate_state_machine_definition(
            definition=json.dumps(definition), type="STANDARD", severity="ERROR"
        )
    problems = "; ".join(
        f"{item.get('location', '')} {item['code']}: {item['message']}" for item in answer["diagnostics"]
    )
    name, found = "ValidateStateMachineDefinition", problems or f"{answer['result']}, no diagnostics"
    if answer["result"] != "OK":
        return Check(Id.DEFINITION_VALIDATED, name, Status.FAILED, found, "OK")
    if Gap.DEFINITION_VALIDATION in live.settings.not_exercised_here:
        found = "this environment accepts anything"
        return Check(Id.DEFINITION_VALIDATED, name, Status.NOT_EXERCISED, found, "OK, from AWS")
    return Check(Id.DEFINITION_VALIDATED, name, Status.PASSED, found, "OK")


def event_listeners(live: Live) -> list[Check]:
    """Whether each new event has an enabled rule with the dispatcher behind it before it is published. Read-only."""
    dispatcher = names.function_arn(live, names.dispatcher(live))
    return [_heard(live, rule["name"], rule["pattern"], dispatcher) for rule in loader.rules()]


def _heard(live: Live, name: str, pattern: dict[str, Any], dispatcher: str) -> Check:
    rule = Rule(live, name).read()
    with readable(f"reading the targets of {name}"):
        reached = [target["Arn"] for target in targets(live, name).values()]
    found = f"{rule['State'] if rule else 'missing'}, targets: {len(reached)}"
    as_wanted = rule is not None and rule["State"] == "ENABLED" and rule["EventPattern"] == pattern
    good = as_wanted and dispatcher in reached
    status = status_in(live.settings.mode, good)
    expected = "ENABLED, with its pattern, to the dispatcher: run phase 04 first"
    return Check(Id.RULE_CARRIES, f"{name} carries its event", status, found, expected, name)


def publication(live: Live) -> list[Check]:
    """Whether the newest published version is the live revision, and each alias by which check-ins come runs it.

    AWS names no revision of a workflow that was never updated: there, what the two hold is compared.

    Waits first, since executions started within seconds of an update may still use the old definition: updates are
    eventually consistent. In plan mode nothing is waited for.
    """
    s = live.settings
    with readable("reading the workflow's newest version"):
        idle(_to_settle(live) if s.mode == Mode.APPLY else 0, live.sleep)
        machine, arns = description(live, s.state_machine_arn) or {}, versions(live, s.state_machine_arn)
        version = (description(live, arns[0]) or {}) if arns else {}
    now, newest = (str(one.get("revisionId", "none")) for one in (machine, version))
    same = newest == now if "revisionId" in machine else bool(machine and version) and _hold_the_same(machine, version)
    held, said = status_in(s.mode, same), newest if arns else "no version"
    return [
        Check(Id.REVISION_PUBLISHED, "newest published version is the live revision", held, said, now),
        *way_in.run_the_live_revision(live),
    ]


def _hold_the_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return digest(value_of(one)) == digest(value_of(other))


def _to_settle(live: Live) -> float:
    """Seconds to wait for the newest version; none where it was published long ago, as by a run before this one."""
    newest = versions(live, live.settings.state_machine_arn)[:1]
    made = (description(live, newest[0]) or {}).get("creationDate") if newest else None
    long_ago = made and (datetime.now(UTC) - made).total_seconds() > live.settings.settle_seconds + CLOCKS_SECONDS
    return 0 if long_ago else live.settings.settle_seconds
