"""The synthetic drill user in the users table."""

from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws import Live
from lib.errors import Refused
from lib.resources.base import LiveThing
from lib.resources.items import plain, typed

OURS = ("trustedContact", "alertThreshold", "drill")


@dataclass(frozen=True)
class DrillUser(LiveThing):
    """Value: `{"trustedContact", "alertThreshold", "drill"}`; what the workflow adds to the item is left alone.

    Plain data wherever that leads back to the very same item; else DynamoDB's own typed form.
    """

    table: str
    user: str
    kind: ClassVar[str] = "drill user"
    noticed: ClassVar[str] = "nobody: only drills check in as this user"

    def _read(self) -> dict[str, Any] | None:
        item = item_of(self.live, self.table, self.user)
        return None if item is None else {key: item[key] for key in OURS if key in item}

    def _write(self, value: dict[str, Any] | None) -> None:
        if not self.user.startswith("drill-"):
            raise Refused(f"user {self.user!r} is not a drill user; expected an id that starts with drill-")
        client, key = self.live.client("dynamodb"), {"userId": {"S": self.user}}
        if value is None:
            client.delete_item(TableName=self.table, Key=key)
            return
        values = {f":{name}": typed(item) for name, item in value.items()}
        setting = ", ".join(f"#{name} = :{name}" for name in value)
        removing = ", ".join(f"#{name}" for name in OURS if name not in value)
        clauses = [f"{verb} {names}" for verb, names in (("SET", setting), ("REMOVE", removing)) if names]
        client.update_item(
            TableName=self.table,
            Key=key,
            UpdateExpression=" ".join(clauses),
            ExpressionAttributeNames={f"#{name}": name for name in OURS},
            **({"ExpressionAttributeValues": values} if values else {}),
        )


def item_of(live: Live, table: str, user: str) -> dict[str, Any] | None:
    """A user's item as plain data, read consistently; None where there is none. Read-only."""
    answer = live.client("dynamodb").get_item(TableName=table, Key={"userId": {"S": user}}, ConsistentRead=True)
    return {key: plain(value) for key, value in answer["Item"].items()} if "Item" in answer else None
