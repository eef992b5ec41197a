"""The executions that run now, and how an undo waits for those that need what it takes away. Read-only."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import readable
from lib.changes.resource import Resource
from lib.errors import NotAsWanted
from lib.resources.live_thing import LiveThing
from lib.wait import idle, until

ASKED_A_LOOK = 20  # executions whose definition is asked for at a look: AWS answers few of these a second


@dataclass(frozen=True)
class StartsExecutions(LiveThing):
    """What an execution is started by: the workflow itself, or an alias of it."""

    others_rely: ClassVar[bool] = True

    @abstractmethod
    def definitions(self) -> set[str]:
        """The texts of the definitions that executions which it starts now run. Read-only, in botocore's errors."""

    def settle(self, restored: Sequence[Resource] = ()) -> None:
        """Wait until each execution runs what was given back, so that what carries alerts may be taken away.

        Raises NotAsWanted when one still runs another definition after `verify_timeout_seconds`.
        """
        _require_quiet(self.live, [one for one in (self, *restored) if isinstance(one, StartsExecutions)])


def _require_quiet(live: Live, restored: Sequence[StartsExecutions]) -> None:
    """Wait until each execution that runs now runs a definition by which one of what was restored starts others.

    Such a one needs nothing that an undo takes away: one that hangs since before the run was made would else keep its
    rules and topics for ever. An alias may name a version with another definition than the workflow's own. Raises
    NotAsWanted when time is up.
    """
    with readable("waiting for the executions of the run's definition"):
        idle(live.settings.settle_seconds, live.sleep)
        needing_nothing = {text for one in restored for text in one.definitions()}
        waited, asked = set(arns_running(live)), set[str]()

        def look() -> set[str]:
            still = waited & set(arns_running(live))
            unasked = sorted(still - asked)[:ASKED_A_LOOK]
            asked.update(unasked)
            harmless = {arn for arn in unasked if _definition_run_by(live, arn) in needing_nothing}
            waited.difference_update(harmless)
            return still - harmless

        if still := until(look, lambda still: not still, live.patience()).seen:
            raise NotAsWanted(
                f"{len(still)} executions still run on another definition than those that were given back, such as "
                f"{min(still).rpartition(':')[2]}; their alerts may need what would be taken away next. Roll back "
                "again when they have ended: one that hangs has to be stopped, and whoever checked in with it called"
            )


def _definition_run_by(live: Live, arn: str) -> str | None:
    """The text of the definition that an execution runs; None where nobody can tell."""
    with suppress(ClientError):
        answer = live.client("stepfunctions").describe_state_machine_for_execution(executionArn=arn)
        return str(answer["definition"])
    return None


def arns_running(live: Live) -> list[str]:
    """The ARNs of the executions that run now. Read-only."""
    pages = live.client("stepfunctions").get_paginator("list_executions")
    answers = pages.paginate(stateMachineArn=live.settings.state_machine_arn, statusFilter="RUNNING")
    return [row["executionArn"] for page in answers for row in page["executions"]]
