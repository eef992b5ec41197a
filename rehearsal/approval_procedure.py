"""The procedure of docs/operate.md ("For real"), walked on an account that needs approval: two persons, one change.

One plans and applies, the other reviews and approves, and who is paged confirms the subscription. Each command is
typed into a shell as it is printed, by a process of its own, and one that is refused or fails ends the walk. Whatever
only AWS can answer is answered by stand-ins (`account/missing_answers.py`). Touches loopback addresses only.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lib import settings
from lib.aws import connect
from lib.changes import approval
from lib.display.terminal import say
from lib.errors import RunbookError
from lib.record import command_lines, run_index
from lib.record.change_rows import Action
from lib.record.records import Record
from lib.resources.existing import subscriptions
from lib.settings import Settings
from rehearsal.account import baseline, bridge, pager, server, traffic
from rehearsal.account.pager import Pager

OPERATOR, REVIEWER, OWNER = "alex.winter", "Robin Summer", "Whoever has the operations pager"
TICKET = "CHG-REHEARSAL"
EARLY = "A rehearsal lasts minutes, and two criteria need a day."
CHECKINS_BEFORE, EVERY, SEED = 20, 0.5, 30
FILE = "approval.yaml"
NEEDS = {"approval": "required", "not_exercised_here": [], "ops_subscription_protocol": "http"}
STAND_INS = (
    "Where approval is required no check is left out. What only AWS can answer of permissions, the definition and an "
    "execution's revision is answered by stand-ins here (docs/limits.md)."
)


class Stopped(RunbookError):
    """A command of the procedure did not succeed, so that nobody would go on. Ends with its exit code."""

    def __init__(self, said: str = "", exit_code: int = RunbookError.exit_code) -> None:
        super().__init__(said)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Procedure:
    """One walk: the parameters as their file says them, and the pager that they name."""

    chosen: Settings
    pager: Pager

    def walk(self) -> None:
        """Every step in its order. Raises Stopped where a command fails or is refused."""
        self._step(f"1. Parameters. {OPERATOR} writes {settings.file_of(self.chosen)}.", STAND_INS)
        self._step(f"2. Plan. {OPERATOR} plans, {REVIEWER} reviews and approves.")
        approved = self._approved_plan()
        self._step(f"3. Apply, up to the workflow. {OPERATOR} applies what {REVIEWER} approved.")
        run = self._new_record("apply", *_by(approved), "--to", "03")
        self._step("4. Confirm the subscription.", self._audience())
        confirmed = self.pager.confirm(self.chosen.endpoint_url)
        self._tell(f"{OWNER} follows the link: {confirmed}", self._audience())
        self._tell(f"{OPERATOR} plans what is left, {REVIEWER} reviews and approves, and the run goes on.")
        approved = self._approved_plan()
        self._type("apply", *_by(approved), "--from", "05", "--set", f"run_id={run.run_id}")
        self._step(f"5. Look again after a day. {OPERATOR} reviews run {run.run_id}, and {REVIEWER} signs the review.")
        self._type("review", run.run_id)
        words = ["--by", REVIEWER, "--decision", "accept", "--comment", EARLY]
        signed = command_lines.runbook(self.chosen, "sign", run.run_id, *words)
        self._shell(signed, REVIEWER)
        self._step(
            f"Done: run {run.run_id} was planned, approved, applied, confirmed, validated, reviewed and signed.",
            f"The pager was paged {len(self.pager.of(pager.TOLD))} times.",
        )

    def _step(self, head: str, *more: str) -> None:
        say("")
        say(head)
        self._tell(*more)

    def _tell(self, *lines: str) -> None:
        for line in lines:
            say(f"   {line}")

    def _approved_plan(self) -> str:
        """Plan, and have the record of it reviewed. Returns the fingerprint that was approved."""
        planned = self._new_record("plan")
        self._shell(command_lines.without_parameters("verify", str(planned.folder)), REVIEWER)
        plan = planned.read_json(approval.PLAN)
        changes = [row for row in plan["changes"] if row["action"] != Action.NONE]
        fingerprint = str(plan["fingerprint"])
        read = f"{REVIEWER} reads {planned.folder / approval.PLAN}"
        self._tell(f"{read}: {len(changes)} to change, and approves {fingerprint}")
        return fingerprint

    def _audience(self) -> str:
        counts = subscriptions.audience(connect(self.chosen), self.chosen.ops_topic_name)
        return f"Subscribers of {self.chosen.ops_topic_name}: {', '.join(f'{n} {word}' for word, n in counts.items())}"

    def _new_record(self, command: str, *words: str) -> Record:
        """Type a command that begins a record; the record."""
        before = run_index.runs(self.chosen)
        self._type(command, *words)
        return run_index.find_run(self.chosen, (set(run_index.runs(self.chosen)) - set(before)).pop())

    def _type(self, command: str, *words: str) -> None:
        self._shell(command_lines.runbook(self.chosen, command, *words), OPERATOR)

    def _shell(self, line: str, person: str) -> None:
        """Type one line, which says what it does on this terminal. Raises Stopped unless it ends with 0."""
        self._tell(f"{person} $ {line}")
        sys.stdout.flush()  # the command writes to the same terminal
        ours = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        ended = subprocess.run(["sh", "-c", line], env={**os.environ, "PATH": ours}, check=False)
        if ended.returncode:
            said = f"the procedure goes no further: this command ended with exit code {ended.returncode}: {line}"
            raise Stopped(said, ended.returncode)


def _by(fingerprint: str) -> list[str]:
    return ["--approved-plan", fingerprint, "--approved-by", REVIEWER, "--change-ticket", TICKET]


@contextmanager
def account_to_walk_on(outputs_dir: str, **other: Any) -> Iterator[Procedure]:  # noqa: ANN401 - values of parameters
    """An account that needs approval, as the plan finds it, with check-ins; it ends with the block.

    `other` are further parameters.
    """
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(temporary))
        options = {server.PERSON: OPERATOR}
        account = stack.enter_context(server.running_account(folder=folder / "server", options=options))
        listener = stack.enter_context(pager.listening_pager())
        given = {"endpoint_url": account.endpoint, "outputs_dir": outputs_dir, **other}
        chosen = _parameters(folder, {**given, "ops_subscription_endpoint": listener.address})
        say(f"Embedded AWS account at {account.endpoint}, which needs approval")
        baseline.build(chosen)
        baseline.application(chosen)
        stack.enter_context(bridge.running_bridge(folder / "bridge", chosen))
        traffic.play(chosen, CHECKINS_BEFORE, seed=SEED)
        stack.enter_context(traffic.playing_checkins(folder / "traffic", chosen, EVERY, seed=SEED))
        yield Procedure(chosen, listener)


def _parameters(folder: Path, given: Mapping[str, Any]) -> Settings:
    """Those of `local`, but of an account that needs approval and pages a person, in a file of their own."""
    said = {**settings.load("local").model_dump(), **NEEDS, "docs_dir": str(folder / "application"), **given}
    path = folder / FILE
    path.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    return settings.load(str(path))
