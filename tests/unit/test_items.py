"""DynamoDB's types as plain data and back: every one of them, to the digit, through the record and an undo."""

import json
from base64 import b64encode
from contextlib import nullcontext
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from boto3.dynamodb.types import TypeSerializer
from fakes import World
from hypothesis import HealthCheck, given
from hypothesis import settings as often
from hypothesis import strategies as st

from lib import changes
from lib.aws import Identity, Live
from lib.changes import LOG
from lib.exact_json import dumps, loads
from lib.plans import Wanted, same
from lib.records import Record
from lib.resources import DrillUser
from lib.resources.items import TYPED, plain, typed
from lib.resources.users import OURS
from lib.settings import load
from lib.undo import plan as undo_plan

LONG = "98765432109876543210987654321098765432"  # 38 digits
SETTINGS = load("local", {"mode": "apply"}).model_copy(
    update={"poll_seconds": 0.001, "verify_timeout_seconds": 0.01, "may_replace": 100}
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(
    [TYPED, "S", "N", "M", "\u2028"]
)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,20})?", fullmatch=True) | st.integers().map(str)
BYTES = st.binary(max_size=4)
SETS = (
    st.sets(WORDS, min_size=1, max_size=3).map(lambda found: {"SS": sorted(found)})
    | st.sets(NUMBERS, min_size=1, max_size=3).map(lambda found: {"NS": sorted(found)})
    | st.sets(BYTES, min_size=1, max_size=3).map(lambda found: {"BS": sorted(found, key=b64encode)})
)
TYPES = st.recursive(
    WORDS.map(lambda text: {"S": text})
    | NUMBERS.map(lambda text: {"N": text})
    | BYTES.map(lambda data: {"B": data})
    | st.booleans().map(lambda truth: {"BOOL": truth})
    | st.just({"NULL": True})
    | SETS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda found: {"L": found})
        | st.dictionaries(WORDS, inner, max_size=3).map(lambda found: {"M": found})
    ),
    max_leaves=10,
)
ITEMS = st.dictionaries(st.sampled_from([*OURS, "theirs"]), TYPES)


@given(TYPES)
def test_every_type_leads_to_plain_data_and_back_through_json(value):
    assert typed(loads(dumps(plain(value)))) == value


@given(TYPES, TYPES)
def test_no_two_values_have_one_plain_form(left, right):
    assert same(plain(left), plain(right)) == (left == right)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"S": ""}, ""), ({"N": "0"}, 0), ({"N": "-0.5"}, -0.5), ({"BOOL": False}, False), ({"NULL": True}, None),
        ({"L": []}, []), ({"M": {}}, {}), ({"N": LONG}, int(LONG)),
        ({"L": [{"N": "1"}, {"S": "1"}]}, [1, "1"]), ({"M": {"a": {"M": {"b": {"S": "c"}}}}}, {"a": {"b": "c"}}),
        ({"NS": ["2", "1"]}, {TYPED: {"NS": ["1", "2"]}}), ({"B": b"\x00\xff"}, {TYPED: {"B": "AP8="}}),
        ({"N": "1.10"}, {TYPED: {"N": "1.10"}}), ({"B": b""}, {TYPED: {"B": ""}}),
        ({"NULL": False}, {TYPED: {"NULL": False}}),
        ({"M": {TYPED: {"S": "x"}}}, {TYPED: {"M": {TYPED: {"S": "x"}}}}),
    ],
)  # fmt: skip
def test_what_json_can_hold_is_itself_and_the_rest_keeps_its_type(value, form):
    assert dumps(plain(value)) == dumps(form)


def test_what_an_older_record_holds_is_written_as_it_was():
    old = {"trustedContact": {"name": "x", "preferredMethod": "sns"}, "alertThreshold": -0.5, "drill": True}
    as_before = TypeSerializer().serialize(json.loads(json.dumps(old), parse_float=Decimal))
    assert typed(old) == as_before


class Table:
    """The one item of a table, changed by the expressions that DrillUser writes."""

    def __init__(self, item):
        self.item = deepcopy(item)

    def get_item(self, **_):
        return {} if self.item is None else {"Item": deepcopy(self.item)}

    def delete_item(self, **_):
        self.item = None

    def update_item(self, Key, UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues=None, **_):  # noqa: N803
        item = self.item or dict(Key)
        setting, _, removing = UpdateExpression.partition("REMOVE ")
        for pair in filter(None, setting.removeprefix("SET ").strip().split(", ")):
            name, value = pair.split(" = ")
            item[ExpressionAttributeNames[name]] = ExpressionAttributeValues[value]
        for name in filter(None, removing.split(", ")):
            item.pop(ExpressionAttributeNames[name], None)
        self.item = item


@often(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.none() | ITEMS, ITEMS)
def test_writing_recording_and_undoing_restores_every_type(before, wanted):
    item = None if before is None else {"userId": {"S": "drill-x"}, **before}
    table = Table(item)
    live = Live(SETTINGS, Identity("0", "us-east-1", "me", ""), None, {"dynamodb": table}, single={"dynamodb": table})
    user = Alone(live, "users", "drill-x")
    value = {name: plain(one) for name, one in wanted.items() if name in OURS}
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), "run")
        outcome = changes.carry_out(changes.plan("01", [Wanted(user, value)]), SETTINGS, record)
        assert {check.status for check in changes.verify(outcome, SETTINGS, record)} == {"passed"}
        assert {name: table.item.get(name) for name in value} == {name: wanted[name] for name in value}
        undo = undo_plan(record.rows(LOG), lambda kind, identity: Alone(live, **identity))
        changes.roll_back(undo, SETTINGS, record)
    assert table.item == item


class Alone(DrillUser):
    """Without the lock and what the account keeps of its guards, which are in another service."""

    account_guards = World()

    def exclusively(self, run_id):
        return nullcontext(lambda: None)
