"""DynamoDB's types as plain data and back: every one of them, to the digit, through the record and an undo."""

import json
import re
from base64 import b64encode
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError
from fakes import run_of
from hypothesis import HealthCheck, given
from hypothesis import settings as often
from hypothesis import strategies as st

from lib.aws import Identity, Live
from lib.changes import engine, plan_data, plans
from lib.changes.engine import LOG
from lib.changes.plans import Change, Wanted, same
from lib.changes.undo_plan import plan as undo_plan
from lib.display import plan_table, show
from lib.errors import NotAsWanted, Refused
from lib.record.records import Record, Run
from lib.resources import desired
from lib.resources.resource_kinds import DrillUser
from lib.resources.users import FIELDS, OURS, SYNTHETIC, TYPED, plain, to_typed
from lib.settings import load
from lib.values.contacts import hidden
from lib.values.exact_json import dumps, loads

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
# What an item holds that is nobody's: of a contact nothing but the drill's own, and numbers that are no telephone's.
EMPTY = st.sampled_from([{"NULL": True}, {"S": ""}, {"M": {}}, {"L": []}])
CONTACTS = EMPTY | st.fixed_dictionaries(
    {}, optional={key: EMPTY | st.just({"S": SYNTHETIC.get(key, "")}) for key in FIELDS}
).map(lambda found: {"M": found})
SMALL = st.from_regex(r"-?[0-9]{1,2}(\.[0-9]{1,36})?", fullmatch=True).map(lambda text: {"N": text})
ORDINARY = EMPTY | st.booleans().map(lambda truth: {"BOOL": truth}) | SMALL
ITEMS = st.fixed_dictionaries(
    {}, optional={"trustedContact": CONTACTS, "alertThreshold": ORDINARY, "drill": ORDINARY, "theirs": TYPES}
)


@given(TYPES)
def test_every_type_leads_to_plain_data_and_back_through_json(value):
    assert to_typed(loads(dumps(plain(value)))) == value


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
    assert to_typed(old) == as_before


class Table:
    """The one item of a table, changed by the expressions that DrillUser writes, while its condition holds."""

    def __init__(self, item):
        self.item = deepcopy(item)

    def get_item(self, **_):
        return {} if self.item is None else {"Item": deepcopy(self.item)}

    def require(self, ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues=None, **_):  # noqa: N803
        held = (self.item or {}).get(ExpressionAttributeNames["#trustedContact"])
        wanted = (ExpressionAttributeValues or {}).get(":held")
        absent = "attribute_not_exists(#trustedContact)"
        assert ConditionExpression == (absent if wanted is None else "#trustedContact = :held")
        if held != wanted:
            failed = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}}
            raise ClientError(failed, "UpdateItem")

    def delete_item(self, **asked):
        self.require(**asked)
        self.item = None

    def update_item(self, Key, UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues=None, **asked):  # noqa: N803
        self.require(
            ExpressionAttributeNames=ExpressionAttributeNames,
            ExpressionAttributeValues=ExpressionAttributeValues,
            **asked,
        )
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
    user = drill_user(table)
    live = user.live
    value = {name: plain(one) for name, one in wanted.items() if name in OURS}
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), "run")
        outcome = engine.carry_out(engine.plan("01", [Wanted(user, value)]), run_of(SETTINGS, record))
        assert {check.status for check in engine.verify(outcome, Run(SETTINGS, record))} == {"passed"}
        assert {name: table.item.get(name) for name in value} == {name: wanted[name] for name in value}
        undo = undo_plan(record.rows(LOG), lambda kind, identity: DrillUser(live, **identity))
        engine.roll_back(undo, run_of(SETTINGS, record))
    assert table.item == item


def drill_user(table):
    live = Live(SETTINGS, Identity("0", "us-east-1", "me", ""), None, {"dynamodb": table}, single={"dynamodb": table})
    return DrillUser(live, "users", "drill-x")


# What somebody's item may hold where the drill's has its own: each is a person's, however it is written.
JANE = "jane.roe@example.org"
SOMEBODYS = {
    "a contact": {"trustedContact": {"M": {"name": {"S": "Jane Roe"}, "phone": {"S": "+15550100123"}}}},
    "ours, and a number": {"trustedContact": {"M": {"name": {"S": SYNTHETIC["name"]}, "phone": {"S": "+15550100123"}}}},
    "an address alone": {"trustedContact": {"S": JANE}},
    "a field named so": {"trustedContact": {"M": {JANE: {"S": ""}}}},
    "a set": {"trustedContact": {"SS": [JANE, "Jane Roe"]}},
    "bytes": {"trustedContact": {"B": b"Jane Roe"}},
    "a number that is a telephone's": {"alertThreshold": {"N": "15550100123"}},
    "a set of numbers": {"alertThreshold": {"NS": ["15550100123"]}},
    "words": {"drill": {"S": "ask Jane Roe"}},
}
TOLD = re.compile("jane|roe|5550100|SmFuZSBSb2U", re.IGNORECASE)


@pytest.mark.parametrize("theirs", SOMEBODYS.values(), ids=SOMEBODYS)
def test_a_persons_contact_is_never_replaced_and_stands_in_no_file_error_or_table(theirs, tmp_path, capsys):
    before = {"userId": {"S": "drill-x"}, **theirs}
    table = Table(before)
    found = engine.plan("01", [Wanted(drill_user(table), desired.drill_user())])
    record = Record(tmp_path, "run")
    with pytest.raises(Refused, match="may be a person's contact; set drill_user_id to an id that nobody has") as error:
        engine.carry_out(found, run_of(SETTINGS, record))  # which may replace a hundred values
    record.write_json("plan.json", plan_data.plan_data([found], run_of(SETTINGS, record)))
    planned = engine.carry_out(found, run_of(load("local"), record))
    checked = engine.verify(planned, Run(load("local"), record))
    record.checked("01", checked)
    show.plan(found)
    show.outcome(planned)
    show.checks(checked)
    plan_table.changes([found])
    files = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    shown = capsys.readouterr()
    said = [str(error.value), planned.refusal, files, shown.out, shown.err, repr(found), repr(error.value)]
    assert [text for text in said if TOLD.search(text)] == []
    assert "not shown: " in files
    assert record.rows(LOG) == []
    assert table.item == before


@pytest.mark.parametrize("theirs", SOMEBODYS.values(), ids=SOMEBODYS)
def test_neither_a_drill_nor_an_undo_writes_over_what_has_become_a_persons_since(theirs, tmp_path):
    table, record = Table(None), Record(tmp_path, "run")
    user = drill_user(table)
    engine.carry_out(engine.plan("01", [Wanted(user, desired.drill_user())]), run_of(SETTINGS, record))
    table.item = {**table.item, **theirs}
    before = deepcopy(table.item)
    for value in (None, desired.drill_user(), user.read()):
        with pytest.raises(Refused, match="is a person's, or may be; set drill_user_id to an id that nobody has"):
            user.write(value)
    undo = undo_plan(record.rows(LOG), lambda kind, identity: drill_user(table))
    overwriting = SETTINGS.model_copy(update={"rollback_foreign": "overwrite"})
    (result,) = engine.roll_back(undo, run_of(overwriting, record)).results
    assert re.match("kept: its .* is a person's, or may be", result.said)
    assert table.item == before
    assert not TOLD.search((tmp_path / LOG).read_text())


def test_two_contacts_are_told_apart_and_the_same_one_is_the_same():
    first, second, again = (
        drill_user(Table({"userId": {"S": "drill-x"}, "trustedContact": {"S": mail}})).read()
        for mail in (JANE, "john.roe@example.org", JANE)
    )
    assert first == again != second
    assert len(dumps(first)) < 60  # too little of a digest to find a telephone number by


def test_a_contact_that_an_older_record_holds_is_given_back_to_the_byte_and_told_no_second_time(tmp_path):
    """Of a run of an earlier version, which was told to replace it."""
    theirs = SOMEBODYS["a contact"] | {"alertThreshold": {"N": "-0.5"}}
    ours = {name: to_typed(value) for name, value in desired.drill_user().items()}
    table, record = Table({"userId": {"S": "drill-x"}, **ours}), Record(tmp_path, "run")
    user = drill_user(table)
    before = {name: plain(value) for name, value in theirs.items()}
    whole = Change(user, before, desired.drill_user())
    rows = [plans.entry("01", whole, state) for state in ("intended", "applied")]
    undo = undo_plan([{**row, "trouble": ""} for row in rows], lambda kind, identity: user)
    outcome = engine.roll_back(undo, run_of(SETTINGS, record))
    assert outcome.states == ("applied",)
    assert table.item == {"userId": {"S": "drill-x"}, **theirs}
    assert {check.status for check in engine.verify(outcome, Run(SETTINGS, record))} == {"passed"}
    assert not TOLD.search((tmp_path / LOG).read_text() + repr(undo))


def test_a_mark_is_never_written_for_what_it_stands_for():
    table = Table({"userId": {"S": "drill-x"}})
    recorded = loads(dumps({"trustedContact": hidden(JANE)}))
    with pytest.raises(Refused, match="the record does not tell what trustedContact was"):
        drill_user(table).write(recorded)
    assert table.item == {"userId": {"S": "drill-x"}}


def test_a_contact_that_comes_between_reading_and_writing_stays():
    class Late(Table):
        def require(self, **asked):
            self.item = {"userId": {"S": "drill-x"}, **SOMEBODYS["a contact"]}
            super().require(**asked)

    for held, value in ((None, desired.drill_user()), ({"trustedContact": {"M": {}}}, None)):
        table = Late(held)
        with pytest.raises(NotAsWanted, match="The conditional request failed"):
            drill_user(table).write(value)
        assert table.item["trustedContact"] == SOMEBODYS["a contact"]["trustedContact"]
