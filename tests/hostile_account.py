"""An embedded account in which whatever a person may fill holds something hostile, and its executed notebooks."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from botocore.exceptions import ClientError
from hostile import PLAIN_JSON
from nbconvert import HTMLExporter

from lib import notebooks, records
from lib.phases import NOTEBOOKS as EVERY
from lib.settings import Settings
from rehearsal import clients

# Those that show the most of what others wrote, and write nothing in plan mode.
NOTEBOOKS = [EVERY[number] for number in ("00", "01", "02", "04", "03")]
# What AWS takes as a description: no control characters but line feeds.
WORDS = "".join(character for character in PLAIN_JSON if character == "\n" or ord(character) >= 32)[:240]
TAG = "\"'><script>window.obeyed = 'yes'</script>$\\href{javascript:x}{y}$"


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
        [{"Key": TAG[:100], "Value": WORDS}, {"Key": "managed-by", "Value": WORDS}],
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
            Description=WORDS[:200],
            Environment={"Variables": {**_variables(client("lambda"), s), "NOTE": WORDS, TAG: WORDS}},
        ),
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
        "a role's description": lambda: client("iam").update_role(RoleName=s.execution_role_name, Description=WORDS),
    }


def _variables(lambdas: Any, s: Settings) -> dict[str, str]:
    found = lambdas.get_function_configuration(FunctionName=s.processor_function_name)
    return dict(found.get("Environment", {}).get("Variables", {}))


def _defined(machine: Any, s: Settings) -> dict[str, Any]:
    """The live definition with hostile comments, causes, and a state of a hostile name that nothing leads to."""
    found = json.loads(machine.describe_state_machine(stateMachineArn=s.state_machine_arn)["definition"])
    for state in found["States"].values():
        state["Comment"] = WORDS
    first = found["StartAt"]
    name = TAG[:80]
    found["States"][name] = {"Type": "Pass", "Comment": WORDS, "Result": {TAG: WORDS}, "Next": first}
    return {**found, "Comment": PLAIN_JSON, "StartAt": name}


def executed(settings: Settings) -> dict[str, Path]:
    """The notebooks executed in plan mode on such an account, as the record keeps them, by name."""
    assert len(fill(settings)) >= 6
    more = {"mode": "plan", "approved_by": WORDS, "change_ticket": WORDS, "run_id": "hostile", "profile": WORDS}
    chosen = settings.model_copy(update=more)
    record = records.open_run(chosen)
    done = {name: notebooks.execute(chosen, record, name[:2], name) for name in NOTEBOOKS}
    return {name: record.folder / phase.output for name, phase in done.items()}


def page_of(path: Path) -> str:
    """The page that nbconvert makes of an executed notebook."""
    return str(HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))[0])
