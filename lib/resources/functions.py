"""One environment variable of a Lambda function, and single statements of its resource policy.

Only a statement of ours is read into a value, since only ours is written; all others are kept as AWS sent them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import absent_is_none, error_code, readable
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted
from lib.resources.live_thing import LiveThing
from lib.values.foreign.aws_codes import THROTTLING
from lib.values.permission_statements import Statement, statements, value_of
from lib.wait import until

# Lambda refuses a change while another one of the function is under way, and one of a revision that is gone.
BUSY = ("PreconditionFailedException", "ResourceConflictException")
UPDATED, NOT_UPDATED = "Successful", "Failed"


@dataclass(frozen=True)
class EnvironmentVariable(LiveThing):
    """Value: the variable's text. The other variables are merged, never shown and never recorded."""

    function: str
    variable: str
    kind: ClassVar[str] = "environment variable"
    noticed: ClassVar[str] = "the function's next invocations, which start cold"
    special: ClassVar[Mapping[Place, Field]] = {
        (): Field(lived_on="the function uses this value now; set ops_topic_name to its topic, or ask its owner")
    }

    def _read(self) -> str | None:
        with absent_is_none("ResourceNotFoundException"):
            return _environment(self.live, self.function)[0].get(self.variable)
        return None

    def _write(self, value: str | None) -> None:
        # UpdateFunctionConfiguration replaces all variables, so the write is tied to the revision that was read:
        # a change in between is refused by Lambda, and read and merged again.
        others = dict[str, str]()

        def merged() -> ClientError | None:
            nonlocal others
            variables, revision = _environment(self.live, self.function)
            others = {name: text for name, text in variables.items() if name != self.variable}
            try:
                self._update(others | ({} if value is None else {self.variable: value}), revision)
            except ClientError as error:
                if error_code(error) not in BUSY:
                    raise
                return error
            return None

        _once_free(self.live, self.function, merged)
        self._wait()
        now = {name: text for name, text in _environment(self.live, self.function)[0].items() if name != self.variable}
        if now != others:
            lost = sorted(set(others) ^ set(now)) or ["a value"]
            raise NotAsWanted(
                f"{self.function}: other environment variables changed during the write ({', '.join(lost)}); expected "
                "them untouched. Compare with the record's key names and put them back before going on"
            )

    def _update(self, variables: dict[str, str], revision: str) -> None:
        if not revision:
            # Untied, the write would wipe whatever somebody sets in between.
            raise NotAsWanted(
                f"AWS tells no revision of {self.function}, so its environment cannot be merged without the risk of "
                "losing what others set; expected a RevisionId. Nothing was written; ask again"
            )
        self.live.client("lambda").update_function_configuration(
            FunctionName=self.function, Environment={"Variables": variables}, RevisionId=revision
        )

    def _wait(self) -> None:
        # botocore's own waiter sleeps by a clock that nobody can inject, and counts looks where our limit is a time.
        # Its newer `function_updated_v2` asks GetFunction: another permission, and a link to the code in the answer.
        def asked() -> dict[str, Any]:
            with absent_is_none(
                *THROTTLING
            ):  # the update is written; that it is asked for too often says nothing of it
                row: dict[str, Any] = self.live.client("lambda").get_function_configuration(FunctionName=self.function)
                return row
            return {"LastUpdateStatus": "not told"}

        ended = (UPDATED, NOT_UPDATED)
        answer = until(asked, lambda row: row["LastUpdateStatus"] in ended, self.live.patience()).seen
        if (status := answer["LastUpdateStatus"]) != UPDATED:
            why = answer.get("LastUpdateStatusReason", "no reason given")
            raise NotAsWanted(f"{self.function}: update is {status} ({why}); expected {UPDATED}")


@dataclass(frozen=True)
class Permission(LiveThing):
    """One statement of a function's resource policy, found by its Sid.

    Value: `{"Principal": service, "Action": action, "SourceArn": ARN}`. The other statements are left alone.
    """

    function: str
    sid: str
    kind: ClassVar[str] = "function permission"
    noticed: ClassVar[str] = "nobody until its rule has an event to carry"
    in_parts: ClassVar[bool] = True
    special: ClassVar[Mapping[Place, Field]] = {
        (): Field(
            missing_means_all=True,
            lived_on="somebody calls the function by it; give theirs a statement of another name first",
        )
    }

    def _read(self) -> dict[str, Any] | None:
        ours = [one for one in permissions(self.live, self.function) if one.get("Sid") == self.sid]
        return value_of(ours[0]) if ours else None

    def _write(self, value: dict[str, Any] | None) -> None:
        client = self.live.client("lambda")
        # There is no update: a statement that differs is taken out and put in anew.
        if self._read() is not None:
            client.remove_permission(FunctionName=self.function, StatementId=self.sid)
        if value is None:
            return

        def added() -> ClientError | None:
            try:
                client.add_permission(FunctionName=self.function, StatementId=self.sid, **value)
            except ClientError as error:
                statement = self._read() if error_code(error) in BUSY else None
                # A retried call finds the statement that its first attempt made; only another one is an error.
                if statement == value:
                    return None
                if error_code(error) not in BUSY or statement is not None:
                    raise
                return error
            return None

        _once_free(self.live, self.function, added)


def _once_free(live: Live, function: str, change: Callable[[], ClientError | None]) -> None:
    """Make a change once the function is free for it; `change` returns the error by which Lambda says that it is not.

    Raises NotAsWanted when the time for that is up.
    """
    tried = until(change, lambda busy: busy is None, live.patience())
    if tried.seen is not None:
        raise NotAsWanted(
            f"{function}: somebody else's update was still under way after {live.settings.verify_timeout_seconds:g} s "
            f"({error_code(tried.seen)}), and nothing was written; expected it to end. See who deploys it, then go on"
        ) from tried.seen


def _environment(live: Live, function: str) -> tuple[dict[str, str], str]:
    """The function's variables and the revision they belong to; values may be secrets, so they stay in here."""
    answer = live.client("lambda").get_function_configuration(FunctionName=function)
    unreadable = answer.get("Environment", {}).get("Error")
    if unreadable:
        # Taken for "no variables", the merge would wipe every one of them.
        raise NotAsWanted(
            f"{function}: its environment cannot be read ({unreadable.get('ErrorCode', 'no code')}), so nothing can be "
            "merged into it; grant the caller kms:Decrypt on the function's key"
        )
    return dict(answer.get("Environment", {}).get("Variables", {})), str(answer.get("RevisionId", ""))


def permissions(live: Live, function: str) -> list[Statement]:
    """Every statement of the function's resource policy as AWS holds it; none where there is no policy. Read-only."""
    with absent_is_none("ResourceNotFoundException"):
        return statements(live.client("lambda").get_policy(FunctionName=function)["Policy"], function)
    return []


def environment_keys(live: Live, function: str) -> list[str]:
    """The names of a function's environment variables, without their values. Read-only."""
    with readable(f"reading the environment of {function}"):
        return sorted(_environment(live, function)[0])
