"""The Step Functions state machine, and the candidate of it, on which a definition is tried before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, cast

from botocore.exceptions import ClientError

from lib.asl.json_text import preserve, to_text
from lib.aws import Live, pages_of
from lib.aws_answers import absent_is_none, drop_member, error_code, readable
from lib.changes.plans import same
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted, Refused
from lib.resources.live_thing import LiveThing
from lib.resources.running_executions import StartsExecutions, arns_running
from lib.values.exact_json import Laid
from lib.values.name_limits import candidate_of
from lib.wait import until

NO_MACHINE, FULL = ("StateMachineDoesNotExist",), "ServiceQuotaExceededException"
MOST_A_PAGE = 1000  # of versions or aliases: a workflow has no more, and AWS lists them once a second
DELETING = "DELETING"  # as Step Functions calls a workflow that it removes as soon as its last execution has ended
RUN_TAG = "your6-phase3-run"  # names the run that made a candidate; without it, a workflow of that name is somebody's


@dataclass(frozen=True)
class Workflow(StartsExecutions):
    """Value: `{"definition": parsed or its text, "roleArn", "loggingConfiguration"}`; tracing and encryption stay.

    Every write publishes a version, so that each execution can be told by the revision it ran on; one that may have no
    more versions is written all the same, and whoever asks for the version is told that it is not there.
    """

    machine: str
    kind: ClassVar[str] = "state machine"
    noticed: ClassVar[str] = "every check-in from now on"
    stays: ClassVar[str] = "published versions stay, as the record of what ran"
    special: ClassVar[Mapping[Place, Field]] = {
        ("definition",): Field(meant=True),
        ("roleArn",): Field(
            lived_on="every execution would run as another role; set execution_role_name to its own", never=True
        ),
    }

    @property
    def arn(self) -> str:
        return self.live.settings.arn("states", f"stateMachine:{self.machine}")

    def _read(self) -> dict[str, Any] | None:
        answer = description(self.live, self.arn)
        return None if answer is None else value_of(answer)

    def _write(self, value: dict[str, Any] | None) -> datetime:
        if value is None:
            raise Refused(
                f"{self.machine} was there before the plan and is never removed; restore its definition instead"
            )
        update = partial(self.live.client("stepfunctions").update_state_machine, stateMachineArn=self.arn)
        given = {**value, "definition": _text(value["definition"])}
        try:
            answer = update(**given, publish=True)
        except ClientError as error:
            if error_code(error) != FULL:
                raise
            # It has all the versions that AWS lets it have: none of them keeps it from running what it shall.
            answer = update(**given)
        return cast(datetime, answer["updateDate"])

    def definitions(self) -> set[str]:
        return definitions_held(self.live, [self.arn])


@dataclass(frozen=True)
class Candidate(LiveThing):
    """A second workflow, on which a definition is tried; it is there only for a while. `machine` is the live one.

    Value: a workflow's, and the `run` that made it. What has its name without our tag is somebody's: it is never taken
    for a candidate, written or removed.
    """

    machine: str
    kind: ClassVar[str] = "candidate of workflow"
    noticed: ClassVar[str] = "nobody: only drills start it"

    @property
    def arn(self) -> str:
        return self.live.settings.arn("states", f"stateMachine:{candidate_of(self.machine)}")

    @property
    def is_left(self) -> bool:
        """Whether one of ours is there. Read-only."""
        with readable(f"looking for the {self.name}"):
            return self._there() is not None and bool(self._run())

    def _there(self) -> dict[str, Any] | None:
        """Its description. One that AWS is removing is gone already: it takes no execution any more."""
        answer = description(self.live, self.arn)
        return None if answer is None or answer["status"] == DELETING else answer

    def _run(self) -> str:
        """The run that made it, "" of somebody's workflow."""
        tags = self.live.client("stepfunctions").list_tags_for_resource(resourceArn=self.arn)["tags"]
        return next((str(tag["value"]) for tag in tags if tag["key"] == RUN_TAG), "")

    def _read(self) -> dict[str, Any] | None:
        answer = self._there()
        if answer is None:
            return None
        if run := self._run():
            return {**value_of(answer), "run": run}
        raise NotAsWanted(
            f"there is a workflow {candidate_of(self.machine)} that no run of ours made (it has no tag {RUN_TAG}), and "
            "the candidate needs that name; nothing was changed. Find out whose it is; remove or rename it there"
        )

    def _write(self, value: dict[str, Any] | None) -> datetime | None:
        states = self.live.client("stepfunctions")
        if value is None:
            states.delete_state_machine(stateMachineArn=self.arn)
            self._wait_until_gone()  # what AWS has not removed by then, it will when the last execution has ended
            return None
        if not self._wait_until_gone():
            raise NotAsWanted(
                f"AWS is still removing the {self.name} before this one, which waits for its last execution; expected "
                "it gone by now. Nothing was made; try again in a few minutes"
            )
        workflow = {key: part for key, part in value.items() if key != "run"}
        answer = states.create_state_machine(
            name=candidate_of(self.machine),
            type="STANDARD",
            tags=[{"key": RUN_TAG, "value": value["run"]}],
            **{**workflow, "definition": _text(value["definition"])},
        )
        return cast(datetime, answer["creationDate"])

    def _wait_until_gone(self) -> bool:
        """Whether AWS has removed what it is removing."""
        going = until(
            lambda: description(self.live, self.arn),
            lambda seen: seen is None or seen["status"] != DELETING,
            self.live.patience(),
        )
        return going.so


def value_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The workflow's value, from what DescribeStateMachine says or a backup kept of it.

    A definition that plain data would not hold exactly (a key twice, a rounded number) stays the text that it is, and
    one that is laid out otherwise than ours knows how it stood.
    """
    text = answer["definition"]
    definition = preserve(text)
    return {
        "definition": Laid(definition, text) if to_text(definition) != text else definition,
        "roleArn": answer["roleArn"],
        "loggingConfiguration": _logging(answer.get("loggingConfiguration")),
    }


def _text(definition: Any) -> str:  # noqa: ANN401
    """As it stood, where that still says the same; else as we write it."""
    if isinstance(definition, Laid) and same(preserve(definition.text), definition):
        return definition.text
    return to_text(definition)


def running_executions(live: Live) -> list[str]:
    """The names of the executions that run now. Read-only."""
    with readable("listing the executions that run now"):
        return [arn.rpartition(":")[2] for arn in arns_running(live)]


def description(live: Live, arn: str) -> dict[str, Any] | None:
    """What DescribeStateMachine says, without the response's metadata; None where there is none. Read-only."""
    with absent_is_none(*NO_MACHINE):
        answer = live.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
        return drop_member(answer, "ResponseMetadata")
    return None


def definitions_held(live: Live, arns: Iterable[str]) -> set[str]:
    """The texts of the definitions that workflows or versions of it hold, of those that are there. Read-only."""
    return {str(held["definition"]) for held in (description(live, arn) for arn in arns) if held}


def versions(live: Live, arn: str) -> list[str]:
    """The ARNs of the published versions, newest first. Read-only."""
    lists = live.client("stepfunctions").list_state_machine_versions
    pages = pages_of(lists, "nextToken", stateMachineArn=arn, maxResults=MOST_A_PAGE)
    return [row["stateMachineVersionArn"] for page in pages for row in page["stateMachineVersions"]]


def _logging(configuration: dict[str, Any] | None) -> dict[str, Any]:
    """AWS leaves out what is not set; the level and the switch are always said."""
    configuration = configuration or {}
    destinations = configuration.get("destinations") or []
    return {
        "level": configuration.get("level", "OFF"),
        "includeExecutionData": bool(configuration.get("includeExecutionData", False)),
        **({"destinations": destinations} if destinations else {}),
    }
