"""The synthetic drill user in the users table, and DynamoDB's typed values as plain data and back.

No type and no digit is lost. What JSON can hold is itself: a text, a truth value, null, a number that Python writes as
DynamoDB does, a list, a map. Anything else (a set, bytes, a number of 38 digits with a fraction) stays in the typed
form, with bytes as base64: `{"DynamoDB": {"NS": ["1", "2"]}}`. So every value has one plain form, and that one leads
back to it alone.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lib.aws import Live
from lib.changes.resource import A_PERSONS, Field, Place
from lib.errors import Refused
from lib.resources.live_thing import LiveThing
from lib.routes import DRILL_PREFIX, is_drill
from lib.values import contacts

Typed = dict[str, Any]  # {"S": "text"} and the like, as botocore takes and gives it
TYPED = "DynamoDB"


CONTACT = "trustedContact"
OURS = (CONTACT, "alertThreshold", "drill")
# Whom drills reach: operations, without a telephone number or an address. What this was once stays no person's: whoever
# changes it keeps what it was beside it.
SYNTHETIC = {"name": "Your6 operations (drill)", "preferredMethod": "sns"}
FIELDS = ("name", "phone", "email", "preferredMethod")  # of a contact
MOST = 100  # no threshold is further from 0; a longer number may be a telephone's
NOBODYS = "is a person's, or may be; set drill_user_id to an id that nobody has"


@dataclass(frozen=True)
class DrillUser(LiveThing):
    """Value: `{"trustedContact", "alertThreshold", "drill"}`; what the workflow adds to the item is left alone.

    Plain data wherever that leads back to the very same item; else DynamoDB's own typed form. Of what may be a person's
    it is the mark of `contacts.hidden`, and an item that holds such is never written.
    """

    table: str
    user: str
    kind: ClassVar[str] = "drill user"
    noticed: ClassVar[str] = "nobody: only drills check in as this user"
    special: ClassVar[Mapping[Place, Field]] = {("trustedContact",): Field(lived_on=A_PERSONS)}

    def _read(self) -> dict[str, Any] | None:
        item = item_of(self.live, self.table, self.user)
        return None if item is None else _told({key: item[key] for key in OURS if key in item})

    def _restorable(self, value: Any) -> Any:  # noqa: ANN401
        """A record of before may hold somebody's contact whole: it is restored, and told no second time."""
        return _told(value)

    def _write(self, value: dict[str, Any] | None) -> None:
        if not is_drill(self.user):
            raise Refused(f"user {self.user!r} is not a drill user; expected an id that starts with {DRILL_PREFIX}")
        held = self._read() or {}
        if theirs := _somebodys(held):
            raise Refused(f"{self.name}: its {theirs} {NOBODYS}. It was left as it is")
        # Whatever stands there when it is written is what was looked at.
        key = {"userId": {"S": self.user}}
        asked: dict[str, Any] = {"TableName": self.table, "Key": key, **_while_it_holds(held)}
        client = self.live.client("dynamodb")
        if value is None:
            client.delete_item(**asked, ExpressionAttributeNames={f"#{CONTACT}": CONTACT})
            return
        values = {f":{name}": to_typed(_whole(item, name)) for name, item in value.items()}
        setting = ", ".join(f"#{name} = :{name}" for name in value)
        removing = ", ".join(f"#{name}" for name in OURS if name not in value)
        clauses = [f"{verb} {names}" for verb, names in (("SET", setting), ("REMOVE", removing)) if names]
        if more := values | asked.pop("ExpressionAttributeValues", {}):
            asked["ExpressionAttributeValues"] = more
        names = {f"#{name}": name for name in OURS}
        client.update_item(**asked, UpdateExpression=" ".join(clauses), ExpressionAttributeNames=names)

    def _kept_because(self) -> str:
        theirs = _somebodys(self._read() or {})
        return f"its {theirs} {NOBODYS}" if theirs else ""


def _somebodys(held: dict[str, Any]) -> str:
    return ", ".join(name for name in OURS if contacts.hides(held.get(name)))


def _while_it_holds(held: dict[str, Any]) -> dict[str, Any]:
    if CONTACT not in held:
        return {"ConditionExpression": f"attribute_not_exists(#{CONTACT})"}
    values = {":held": to_typed(held[CONTACT])}
    return {"ConditionExpression": f"#{CONTACT} = :held", "ExpressionAttributeValues": values}


def _whole(value: Any, name: str) -> Any:  # noqa: ANN401
    """What a mark stands for. Raises Refused where nobody knows it any more."""
    if isinstance(value, contacts.Hidden):
        return value.value
    if contacts.is_mark(value):
        raise Refused(f"the record does not tell what {name} was, which was a person's; ask whoever keeps the table")
    return value


def _told(value: dict[str, Any]) -> dict[str, Any]:
    """The value, with a mark for each part that may be a person's. A mark that a record holds stays one."""
    return {
        name: item if _is_nobodys(name, item) or contacts.is_mark(item) else contacts.hidden(item)
        for name, item in value.items()
    }


def _is_nobodys(name: str, value: Any) -> bool:  # noqa: ANN401
    """Whether it is empty, or such as the drill user has: of a contact nothing but our own, a truth value, a number."""
    if name == CONTACT:
        return _is_empty(value) or (
            isinstance(value, dict)
            and all(key in FIELDS and (_is_empty(item) or item == SYNTHETIC.get(key)) for key, item in value.items())
        )
    if isinstance(value, dict) and value.keys() == {TYPED}:  # a number that Python would write otherwise
        value = float(value[TYPED]["N"]) if "N" in value[TYPED] else TYPED
    return _is_empty(value) or (isinstance(value, int | float) and abs(value) <= MOST)


def _is_empty(value: Any) -> bool:  # noqa: ANN401
    return value is None or (isinstance(value, str | list | dict) and not value)


def require_nobodys(live: Live) -> None:
    """Raise Refused where the drill user's item holds a person's contact: an alert of a drill would reach them."""
    if why := DrillUser(live, live.settings.table_name, live.settings.drill_user_id).kept_because():
        raise Refused(
            f"a drill would call somebody, so nothing was started: of user {live.settings.drill_user_id} {why}"
        )


def item_of(live: Live, table: str, user: str) -> dict[str, Any] | None:
    """A user's item as plain data, read consistently; None where there is none. Read-only."""
    answer = live.client("dynamodb").get_item(TableName=table, Key={"userId": {"S": user}}, ConsistentRead=True)
    return {key: plain(value) for key, value in answer["Item"].items()} if "Item" in answer else None


def plain(value: Typed) -> Any:  # noqa: ANN401
    """A typed value as plain data."""
    ((kind, held),) = value.items()
    if kind == "M":
        content: Any = {key: plain(item) for key, item in held.items()}
    elif kind == "L":
        content = [plain(item) for item in held]
    elif kind == "N":
        content = _number(held)
    else:
        content = None if kind == "NULL" else held
    simple = kind in ("S", "BOOL", "NULL", "N", "L") or (kind == "M" and content.keys() != {TYPED})
    return content if simple and (kind in ("L", "M") or to_typed(content) == value) else {TYPED: _packed(value)}


def to_typed(value: Any) -> Typed:  # noqa: ANN401
    """The typed value that plain data stands for. Raises TypeError for what DynamoDB has no type for."""
    if isinstance(value, dict):
        if value.keys() == {TYPED}:
            return _unpacked(value[TYPED])
        return {"M": {key: to_typed(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"L": [to_typed(item) for item in value]}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, str):
        return {"S": value}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"DynamoDB has no type for a {type(value).__name__}")


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _packed(value: Typed) -> Typed:
    """The typed form with bytes as text, and sets in an order of their own, since DynamoDB gives them in any."""
    ((kind, held),) = value.items()
    if kind == "B":
        return {kind: b64encode(bytes(held)).decode()}
    if kind == "BS":
        return {kind: sorted(b64encode(bytes(one)).decode() for one in held)}
    if kind in ("SS", "NS"):
        return {kind: sorted(held)}
    if kind == "M":
        return {kind: {key: _packed(item) for key, item in held.items()}}
    if kind == "L":
        return {kind: [_packed(item) for item in held]}
    return {kind: held}


def _unpacked(value: Typed) -> Typed:
    ((kind, held),) = value.items()
    if kind == "B":
        return {kind: b64decode(held)}
    if kind == "BS":
        return {kind: [b64decode(one) for one in held]}
    if kind == "M":
        return {kind: {key: _unpacked(item) for key, item in held.items()}}
    if kind == "L":
        return {kind: [_unpacked(item) for item in held]}
    return {kind: held}
