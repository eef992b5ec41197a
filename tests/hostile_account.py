"""An embedded account and records in which whatever a person may fill is hostile, and the notebooks' pages.

The records are written by hand: a run that changed something, another one, and one that was tampered with.
"""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from botocore.exceptions import ClientError
from hostile import PLAIN_JSON
from nbconvert import HTMLExporter
from waiting import until

from lib.aws import connect
from lib.cli import notebooks
from lib.drills import drill_log
from lib.phases import state_machine
from lib.record import formats, records, sealing
from lib.record.records import LOG, VERDICT, Record, Run
from lib.record.run_phases import NOTEBOOKS as EVERY
from lib.record.run_phases import ROLLBACK
from lib.resources import connected_run
from lib.resources.lock_value import Lock
from lib.routes import LOW_SENTIMENT_RULE
from lib.settings import Settings
from lib.telemetry.execution_status import ExecutionStatus
from lib.values import run_names
from rehearsal.account import clients

# Each of them, in plan mode, in which it writes nothing.
NOTEBOOKS = [*EVERY.values(), ROLLBACK]
RUN, OTHER, TAMPERED = "hostile", "told", "tampered"
# What AWS takes as a description: no control characters but line feeds.
WORDS = "".join(character for character in PLAIN_JSON if character == "\n" or ord(character) >= 32)[:240]
TAG = "\"'><script>window.obeyed = 'yes'</script>$\\href{javascript:x}{y}$"

# Contacts of nobody, as a live account holds people's: no file of a record and no terminal ever tells them.
MAIL, PHONE, NUMBER = "jane.roe@example.org", "+15550100123", "(555) 010-0144"
HOOK = "https://hooks.example.org/services/T0/B0/key-8f31c2"
CONTACTS = f"mail {MAIL}, call {PHONE} or {NUMBER}, post to {HOOK}"
TOKEN = "zebra-umbrella-marmalade"  # looks like nothing, and is sent along
SENT = {"token": TOKEN, "to": CONTACTS}
PRIVATE = re.compile(r"jane\.roe|5550100123|010-0144|key-8f31c2|marmalade", re.IGNORECASE)

CHECKIN = {
    "text": CONTACTS,
    "userId": WORDS,
    "sentiment": WORDS,
    "trajectory": WORDS,
    "aiMetadata": {TAG: WORDS},
    "alertTriggered": WORDS,
}


def fill(settings: Settings) -> list[str]:
    """Write hostile text wherever somebody may write it; returns what this account took."""
    taken = []
    for what, write in _writes(settings).items():
        with suppress(ClientError):
            write()
            taken.append(what)
    return taken


def _writes(s: Settings) -> dict[str, Any]:
    def client(service: str) -> Any:
        return clients.client(s.endpoint_url, service)

    def tags(service: str, **where: Any) -> Any:
        return lambda: client(service).tag_resource(**where)

    pairs, machine = (
        [{"Key": TAG[:100], "Value": WORDS}, {"Key": "managed-by", "Value": MAIL}, {"Key": MAIL, "Value": NUMBER}],
        client("stepfunctions"),
    )
    return {
        "tags of the workflow": tags(
            "stepfunctions", resourceArn=s.state_machine_arn, tags=[{"key": TAG[:100], "value": WORDS}]
        ),
        "tags of a topic": tags("sns", ResourceArn=s.alert_topic_arn, Tags=pairs),
        "tags of a function": tags("lambda", Resource=s.processor_arn, Tags={TAG: WORDS, "terraform": WORDS}),
        "tags of the table": tags("dynamodb", ResourceArn=s.table_arn, Tags=pairs),
        "tags of the role": lambda: client("iam").tag_role(RoleName=s.execution_role_name, Tags=pairs),
        "variables of a function": lambda: client("lambda").update_function_configuration(
            FunctionName=s.processor_function_name,
            Description=f"{MAIL} {WORDS}"[:200],
            Environment={
                "Variables": {**_variables(client("lambda"), s), "NOTE": WORDS, TAG: WORDS, "HOOK": HOOK, "CALL": PHONE}
            },
        ),
        "a failed execution": lambda: _failing(machine, s),
        "the definition": lambda: machine.update_state_machine(
            stateMachineArn=s.state_machine_arn, definition=json.dumps(_defined(machine, s))
        ),
        "a rule's description": lambda: client("events").put_rule(
            Name="somebodys-rule", EventPattern='{"source": ["x"]}', Description=WORDS
        ),
        "an execution": lambda: machine.start_execution(
            stateMachineArn=s.state_machine_arn,
            name=f"veteran<script>{WORDS}"[:80],
            input=json.dumps({"userId": WORDS}),
        ),
        "an execution of a person's name": lambda: machine.start_execution(
            stateMachineArn=s.state_machine_arn, name=f"{MAIL}-1", input=json.dumps({"userId": MAIL, "text": CONTACTS})
        ),
        "a subscription": lambda: client("sns").subscribe(
            TopicArn=s.alert_topic_arn, Protocol="https", Endpoint=f"https://example.org/{WORDS}"
        ),
        "people who are told": lambda: [
            client("sns").subscribe(TopicArn=s.alert_topic_arn, Protocol=protocol, Endpoint=endpoint)
            for protocol, endpoint in (("email", MAIL), ("sms", PHONE), ("https", HOOK))
        ],
        "names of topics": lambda: [
            client("sns").create_topic(Name=name, Attributes={"DisplayName": f"call {PHONE}, {MAIL}"})
            for name in (s.alert_topic_name, s.ops_topic_name)
        ],
        "what a rule's target is sent": lambda: client("events").put_targets(
            Rule=LOW_SENTIMENT_RULE,
            Targets=[{"Id": "somebodys", "Arn": s.processor_arn, "Input": json.dumps(SENT)}],
        ),
        "a rule of ours that is there": lambda: client("events").put_rule(
            Name="Your6-HighRiskRule", EventPattern=json.dumps({"source": [MAIL]}), Description=CONTACTS
        ),
        "an alias's description": lambda: machine.create_state_machine_alias(
            name="somebodys",
            description=WORDS,
            routingConfiguration=[{"stateMachineVersionArn": _version(machine, s), "weight": 100}],
        ),
        "a check-in": lambda: _checkin(client("s3"), s, risk_score=60, score=-0.9),
        "a check-in without numbers": lambda: _checkin(client("s3"), s, risk_score=WORDS, score=WORDS),
        "the lock": lambda: client("ssm").put_parameter(
            Name=s.lock_name, Type="String", Value=json.dumps(Lock("", *[WORDS] * 3, 7, WORDS, WORDS).to_row())
        ),
        "a role's description": lambda: client("iam").update_role(RoleName=s.execution_role_name, Description=WORDS),
    }


def _failing(machine: Any, s: Settings) -> None:
    """An execution that fails with hostile words, by a definition that stands there for a moment."""
    before = machine.describe_state_machine(stateMachineArn=s.state_machine_arn)["definition"]
    failing = {
        "StartAt": "F",
        "States": {"F": {"Type": "Fail", "Error": f"{TAG} {MAIL}", "Cause": f"{CONTACTS} {PLAIN_JSON}"}},
    }
    machine.update_state_machine(stateMachineArn=s.state_machine_arn, definition=json.dumps(failing))
    arn = machine.start_execution(stateMachineArn=s.state_machine_arn, name="failed'><b>")["executionArn"]
    until(lambda: machine.describe_execution(executionArn=arn)["status"] == ExecutionStatus.FAILED)
    machine.update_state_machine(stateMachineArn=s.state_machine_arn, definition=before)


def _checkin(s3: Any, s: Settings, **numbers: Any) -> None:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    key = f"veteran{TAG.replace('/', '')}/{stamp[:10].replace('-', '/')}/{stamp}.json"
    body = json.dumps({**CHECKIN, **numbers, "timestamp": stamp})
    s3.put_object(Bucket=s.checkin_bucket_name, Key=key, Body=body.encode())


def _version(machine: Any, s: Settings) -> str:
    answer = machine.publish_state_machine_version(stateMachineArn=s.state_machine_arn, description=WORDS)
    return str(answer["stateMachineVersionArn"])


def _variables(lambdas: Any, s: Settings) -> dict[str, str]:
    found = lambdas.get_function_configuration(FunctionName=s.processor_function_name)
    return dict(found.get("Environment", {}).get("Variables", {}))


def _defined(machine: Any, s: Settings) -> dict[str, Any]:
    """The live definition with hostile comments, causes, and a state of a hostile name that nothing leads to."""
    found = json.loads(machine.describe_state_machine(stateMachineArn=s.state_machine_arn)["definition"])
    for state in found["States"].values():
        state["Comment"] = f"{CONTACTS} {WORDS}"
    first = found["StartAt"]
    name = TAG[:80]
    found["States"][name] = {"Type": "Pass", "Comment": WORDS, "Result": {TAG: WORDS, MAIL: PHONE}, "Next": first}
    return {**found, "Comment": PLAIN_JSON, "StartAt": name}


def recorded(chosen: Settings) -> None:
    """What the runs of this environment left, with hostile words wherever they take any: a run's changes and backup."""
    record, now = records.open_run(chosen), "2026-01-01T00:00:00+00:00"
    row = {
        "time": now, "phase": PLAIN_JSON, "state": "applied", "undoes": False, "temporary": False, "kind": "topic",
        "name": PLAIN_JSON, "identity": {"topic": chosen.alert_topic_name}, "action": PLAIN_JSON,
        "before": {"DisplayName": PLAIN_JSON}, "after": {"DisplayName": PLAIN_JSON, TAG: PLAIN_JSON},
    }  # fmt: skip
    foreign = {**row, "kind": TAG, "identity": {TAG: PLAIN_JSON}, "name": f"another {PLAIN_JSON}"}
    newer = {**row, formats.KEY: PLAIN_JSON, "name": f"newer {PLAIN_JSON}"}
    for one in (row, foreign, newer):
        record.append(LOG, one)
    state_machine.backup(connected_run.of(connect(chosen), record))
    phase = dict.fromkeys(("number", "notebook", "verdict", "output", "error", "error_class"), PLAIN_JSON)
    counts = dict.fromkeys(("cells_run", "cells_failed", "cells_not_run", "seconds"), PLAIN_JSON)
    told = dict.fromkeys(("mode", "verdict", "refused", "started", "ended", "caller"), PLAIN_JSON)
    for run_id in (OTHER, TAMPERED):
        other = records.open_run(chosen.model_copy(update={"run_id": run_id}))
        whose = {"run_id": run_id, "environment": chosen.environment}
        other.write_json(VERDICT, {**told, **whose, "phases": [phase | counts], "rollback": phase})
        other.keep_json("plan.json", {"fingerprint": PLAIN_JSON, "changes": [], "approval": told})
        records.open_to_write(Run(chosen, other))
        sealing.seal(other)
    other.write_text(f"evidence/{TAG.replace('/', '')}\x1b]52;c\u202e\n- approved.json", "x")
    log = Record(chosen.runs_folder / run_names.DRILLS, run_names.DRILLS)
    log.folder.mkdir()
    drill = dict.fromkeys(("logged", "run_id", "caller", "scenario", "execution", "route", "verdict"), PLAIN_JSON)
    took = {"time": now, "trusted": None, "operations": None, "lost": [], "failed": [PLAIN_JSON]}
    log.append(drill_log.LOG, drill | took)


def executed(settings: Settings) -> dict[str, Path]:
    """The notebooks executed in plan mode on such an account, as the record keeps them, by name."""
    taken = fill(settings)
    assert len(taken) >= 16, taken
    more = {"mode": "plan", "approved_by": WORDS, "change_ticket": WORDS, "run_id": RUN, "profile": WORDS}
    chosen = settings.model_copy(update=more)
    recorded(chosen)
    record = records.open_run(chosen)
    done = {name: notebooks.execute(Run(chosen, record), name[:2], name) for name in NOTEBOOKS}
    return {name: record.folder / phase.output for name, phase in done.items()}


def page_of(path: Path) -> str:
    """The page that nbconvert makes of an executed notebook."""
    return str(HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))[0])
