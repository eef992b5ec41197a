"""What stands in place of a person's contact, and every place where a live value is written down or shown. No AWS."""

import json
import re
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
from botocore.exceptions import ClientError
from fakes import World, run_of
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output
from papermill.exceptions import PapermillExecutionError

from lib.aws_answers import readable
from lib.changes import drift, engine, loss_guard, plan_data, undo_plan
from lib.changes.plans import Change, Plan
from lib.checks import Check, Status, brief
from lib.cli import notebooks
from lib.display import console, executed, plan_table, show
from lib.errors import NotAsWanted
from lib.record.records import LOG, Record, Run
from lib.settings import load
from lib.values import contacts
from lib.values.check_registry import Id
from lib.values.exact_json import dumps, loads

MAIL, PHONE = "jane.roe@example.org", "+15550100123"
HOOK = "https://hooks.example.org/services/T0/B0/key-8f31c2"
SAID = f"mail {MAIL}, call {PHONE}, post to {HOOK}"
SETTINGS = load("local", {"mode": "apply"})


def tells(text):
    return [part for part in ("jane.roe", "5550100123", "key-8f31c2") if part in text]


def test_a_mark_tells_so_little_that_nobody_finds_a_number_by_trying_all():
    assert re.fullmatch(r"\(not shown: [0-9a-f]{4}\)", contacts.mask_text(PHONE))


@pytest.mark.parametrize(("path", "told"), [("a" * 14, True), ("a" * 15, False), ("a?b", False), ("a#b", False)])
def test_of_a_url_a_long_path_a_query_or_a_fragment_may_be_a_key(path, told):
    url = f"https://h.example.org/{path}"
    assert (contacts.mask_text(url) == url) is told


@pytest.mark.parametrize(
    ("contact", "left"),
    [
        (PHONE, ""), ("+1 (555) 010-0123", ""), ("+44 20 7946 0018", ""), ("(555) 010-0123", ""), ("555-010-0123", ""),
        ("1-555-010-0123", ""), ("555.010.0123", ""), (f"tel:{PHONE}", "tel:"), (MAIL, ""),
        (f"mailto:{MAIL}", "mailto:"), ("jane%2Broe@example.org", ""), ("jane%2Broe%40example.org", ""),
        ("jane.roe%40example.org", ""), ("J.Roe+x@mail.example.co.uk", ""), ("jane@exämple.de", ""),
        (HOOK, "https://hooks.example.org/"), ("https://u:secret@h.example.org", "https://h.example.org/"),
        ("https://h.example.org/?k=1", "https://h.example.org/"),
        ("amqps://jane:x@h.example.org/q", "amqps://h.example.org/"),
        ("https://[half/an/address/that/is/none", ""), (f"-{HOOK}", "-https://hooks.example.org/"),
        (f"3.{HOOK}", "3.https://hooks.example.org/"), (f"1{HOOK}", "1https://hooks.example.org/"),
        (f"x=1{HOOK}", "x=1https://hooks.example.org/"), (f"://{HOOK[8:]}", "://hooks.example.org/"),
        (HOOK.replace("https", "HTTPS"), "https://hooks.example.org/"), (HOOK.replace("/", r"\/"), ""),
        (HOOK.replace(":", "%3A").replace("/", "%2F"), ""), (HOOK.replace(":", "%3a").replace("/", "%2f"), ""),
        ("https://exämple.de/?k=1", "https://exämple.de/"), (f"https://h/{PHONE}", "https://h/"),
        ("https://h/j@x.org", "https://h/"), ("3.git+ssh://u:p@h/x", "3.git+ssh://h/"),
        (f"tel:%2B{PHONE[1:]}", "tel:"), (f"sms:%2b{PHONE[1:]}", "sms:"), (f"+{PHONE}", "+"), (f"SMS:{PHONE}", "SMS:"),
        ("+1\u2011555\u2011010\u20110123", ""), ("555\u2010010\u20100123", ""), ("JANE.ROE@EXAMPLE.ORG", ""),
        (r"jane.roe\u0040example.org", ""), ("jane.roe%40example%2Eorg", ""), ("jane@[10.0.0.1]", ""),
    ],
)  # fmt: skip
def test_a_contact_is_not_told_wherever_it_stands(contact, left):
    for before, after in (("", ""), ("call ", " now"), ('{"to": "', '"}'), ("line\n", "\nline"), ("(", ")")):
        shown = contacts.mask_text(f"{before}{contact}{after}")
        mark = shown.removeprefix(f"{before}{left}").split(")")[0] + ")"
        assert contacts.is_mark(mark), shown
        assert contacts.mask_text(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:sns:us-east-1:205930636302:Your6-OperationsAlerts", "2026-11-27T17:00:00.123+00:00", "-0.6 -> +0.051",
        "550e8400-e29b-41d4-a716-446655440000", "20261127T170000Z-f8a8", "plan-0123456789abcdef", "10.0.0.1:4566",
        "http://h.example.org:4566", "3.14159265358979", "205930636302", "1_764_262_800",
        "Your6@Phase3", "/aws/vendedlogs/states/Your6-CheckinWorkflow", "+0000", "20261127-170000-123456",
    ],
)  # fmt: skip
def test_what_is_no_contact_stays_to_the_letter(text):
    assert contacts.mask_text(text) == text


@pytest.mark.parametrize("before", [MAIL, PHONE])
def test_what_stands_before_an_address_hides_nothing_of_it_and_is_hidden_itself(before):
    assert not tells(contacts.mask_text(f"{before}{HOOK}"))
    assert not tells(contacts.mask_text(f"{before}{PHONE}{MAIL}{PHONE}"))


@given(st.text() | st.text(alphabet="a1+-.:/@%2B\\é ", max_size=60))
def test_what_is_shown_once_is_shown_alike_ever_after(text):
    shown = contacts.mask_text(text)
    assert contacts.mask_text(shown) == shown


def test_every_text_and_key_of_a_value_is_shown_without_contacts_and_nothing_else_is_touched():
    text = f'{{"to": {{"{MAIL}": [1.10, true, null, "{PHONE}"]}}, "a": 3.0e2, "a": "{HOOK}", "n": 15550100}}'
    shown = dumps(contacts.mask_data(loads(text)))
    assert not tells(shown)
    assert [part for part in ("1.10", "true", "null", "3.0e2", '"n": 15550100') if part not in shown] == []
    plain = {"Resource": "arn:aws:sns:us-east-1:205930636302:x", "n": [1, None, {"a": ""}]}
    assert contacts.mask_data(plain) == plain


def test_a_mark_of_a_whole_value_holds_it_in_memory_alone():
    mark = contacts.hidden({"name": "Jane Roe"})
    assert mark.value == {"name": "Jane Roe"}
    assert contacts.is_mark(mark)
    assert "Jane" not in f"{mark} {mark!r} {dumps([mark])} {json.dumps({'a': mark})}"
    assert deepcopy(mark).value == mark.value
    assert not hasattr(loads(dumps(mark)), "value")
    assert contacts.hidden("a") == contacts.hidden("a") != contacts.hidden("b")
    assert contacts.hides({"a": [{"b": mark}]}) and not contacts.hides({"a": [{"b": "(not shown: never)"}]})


@pytest.fixture
def found():
    """A plan that replaces what holds contacts, by something of ours."""
    world = World({"theirs": {"DisplayName": SAID, MAIL: [PHONE]}})
    return engine.plan("01", world.wanted(theirs={"DisplayName": "ours"}))


def test_a_plan_holds_no_contact_and_what_an_undo_restores_is_kept_whole_beside_it(found, tmp_path, capsys):
    record = Record(tmp_path, "run")
    record.write_json("plan.json", plan_data.plan_data([found], run_of(SETTINGS, record, found)))
    show.plan(found)
    plan_table.changes([found])
    said = loss_guard.refusal([found], run_of(SETTINGS, record, found))
    outcome = engine.carry_out(found, run_of(SETTINGS.model_copy(update={"may_replace": 9}), record, found))
    record.checked("01", engine.verify(outcome, Run(SETTINGS, record)))
    back = undo_plan.plan(record.changes(), lambda kind, identity: found.changes[0].resource)
    show.plan(back)
    plan_table.changes([back])
    shown = capsys.readouterr()
    assert "not shown: " in said
    assert not tells(said + shown.out + shown.err)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and tells(path.read_text())] == [LOG]
    assert (tmp_path / LOG).stat().st_mode & 0o777 == 0o600
    engine.roll_back(back, run_of(SETTINGS, record, back))
    assert found.changes[0].resource.read() == {"DisplayName": SAID, MAIL: [PHONE]}


def test_another_contact_in_its_place_is_drift_and_the_same_one_is_none(found):
    (change,) = found.changes
    other = Change(change.resource, {**change.before, "DisplayName": SAID.replace("0123", "0124")}, change.after)
    saved = plan_data.plan_data([found], run_of(SETTINGS, None, found))["changes"]
    assert drift.find_drift(saved, [change], []) == []
    assert drift.find_drift(saved, [other], []) == ["thing theirs (DisplayName)"]
    assert drift.find_drift([{"phase": "01", **change.row()}], [change], []) == []  # as an earlier version kept it
    assert Plan("01", (other,)).fingerprint != found.fingerprint


def test_evidence_and_answers_hold_no_contact(tmp_path):
    record = Record(tmp_path, "run")
    record.keep_json("evidence/x.json", {"name": f"a\n{PHONE}", MAIL: [HOOK]})
    record.keep_text("evidence/x.csv", f"name,size\n{MAIL},1.5\n")
    record.checked("01", [Check(Id.AS_WANTED, SAID, Status.PASSED, SAID, SAID, SAID)])
    assert not tells("".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file()))
    assert ",1.5\n" in (tmp_path / "evidence/x.csv").read_text()


def test_who_approves_is_named_in_the_record(tmp_path):
    record = Record(tmp_path, "run")
    record.checked("approval", [Check(Id.TWO_PERSONS, "two", Status.PASSED, f"approved by {MAIL}", "another")])
    assert tells((tmp_path / "checks.jsonl").read_text())


def test_a_table_a_difference_and_an_error_show_no_contact(capsys, tmp_path):
    show.table([{"name": SAID, "value": [SAID]}])
    show.table(pd.DataFrame({"such as": [SAID, None], "n": [1.5, None]}))
    (tmp_path / "some.diff").write_text(f"- {SAID}\n+ ours")
    show.diff(tmp_path / "some.diff")
    show.checks([Check(Id.AS_WANTED, SAID, Status.PASSED, SAID, SAID)])
    console.table(SAID, ["what"], [[SAID]])
    with pytest.raises(NotAsWanted) as refused, readable("subscribing"):
        raise ClientError({"Error": {"Code": "InvalidParameter", "Message": f"Endpoint: {SAID}"}}, "Subscribe")
    shown = capsys.readouterr()
    assert not tells(shown.out + shown.err + str(refused.value) + brief({"a": SAID}))
    assert "InvalidParameter" in str(refused.value)


def test_an_error_that_quotes_a_contact_is_kept_without_it():
    error = new_output("error", ename="KeyError", evalue=SAID, traceback=[f"\x1b[31mKeyError\x1b[0m: {SAID}"])
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[error, new_output("stream", text=SAID)])])
    executed.make_legible(notebook)
    assert not tells(json.dumps(notebook))
    assert "\x1b[31mKeyError\x1b[0m: mail (not shown: " in notebook.cells[0].outputs[0].traceback[0]
    failure = PapermillExecutionError(1, 1, "x", "KeyError", SAID, [SAID])
    assert not tells(notebooks._told(failure, Record(Path("nowhere"), "run"))[1])
