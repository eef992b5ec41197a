"""The synthetic drill user in the users table."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from lib.aws import Live
from lib.errors import Refused
from lib.resources.base import LiveThing

OURS = ("trustedContact", "alertThreshold", "drill")


@dataclass(frozen=True)
class DrillUser(LiveThing):
    """Value: `{"trustedContact", "alertThreshold", "drill"}`; what the workflow adds to the item is left alone."""

    table: str
    user: str
    kind: ClassVar[str] = "drill user"
    noticed: ClassVar[str] = "nobody: only drills check in as this user"

    def _read(self) -> dict[str, Any] | None:
        item = item_of(self.live, self.table, self.user)
        return item and {key: item[key] for key in OURS if key in item}

    def _write(self, value: dict[str, Any] | None) -> None:
        if not self.user.startswith("drill-"):
            raise Refused(f"user {self.user!r} is not a drill user; expected an id that starts with drill-")
        client, key = self.live.client("dynamodb"), {"userId": {"S": self.user}}
        if value is None:
            client.delete_item(TableName=self.table, Key=key)
            return
        value = json.loads(json.dumps(value), parse_float=Decimal)  # DynamoDB takes no float
        values = {f":{name}": TypeSerializer().serialize(item) for name, item in value.items()}
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
    unpack = TypeDeserializer().deserialize
    return {key: _plain(unpack(value)) for key, value in answer["Item"].items()} if "Item" in answer else None


def _plain(value: Any) -> Any:  # noqa: ANN401
    """DynamoDB's Decimal as int or float, also inside maps."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "as_integer_ratio") and not isinstance(value, int | float):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
