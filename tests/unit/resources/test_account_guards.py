"""What an account keeps of its guards: made once, read by every machine, and never taken for absent."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lib.aws import Identity, Live
from lib.changes.account import Use
from lib.errors import Refused, Throttled, Unanswered, Unreachable
from lib.phases import preflight
from lib.resources.account_guards import PLACE, AccountGuards
from lib.settings import load, with_changes

OPERATOR = "arn:aws:iam::000000000000:user/jane.doe"
APPROVED = "plan-0123456789abcdef"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def says(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")


class Store:
    """Two calls of SSM over a dictionary. It replaces nothing; `fails` is raised by the calls that it names."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.fails: dict[str, Exception] = {}

    def get_parameter(self, **given: Any) -> dict[str, Any]:
        self._fail("get")
        if given["Name"] not in self.kept:
            raise says("ParameterNotFound")
        return {"Parameter": {"Value": self.kept[given["Name"]], "Version": 1, "LastModifiedDate": WHEN}}

    def put_parameter(self, **given: Any) -> dict[str, Any]:
        self._fail("put")
        assert given["Overwrite"] is False
        if given["Name"] in self.kept:
            raise says("ParameterAlreadyExists")
        self.kept[given["Name"]] = given["Value"]
        self._fail("answer")
        return {"Version": 1}

    def _fail(self, call: str) -> None:
        if call in self.fails:
            raise self.fails[call]


@pytest.fixture
def store() -> Store:
    return Store()


def guards(store: Store, who: str = OPERATOR, **other: Any) -> AccountGuards:
    chosen = with_changes(load("local"), approval="required", not_exercised_here=[]).model_copy(update=other)
    return AccountGuards(Live(chosen, Identity("000000000000", "us-east-1", who, "AWS"), None, {"ssm": store}))


def test_what_one_run_used_every_machine_sees_with_who_and_when(store):
    assert guards(store).used(APPROVED) is None
    guards(store).use(APPROVED, "r1")
    assert guards(store, outputs_dir="/elsewhere").used(APPROVED) == Use("r1", OPERATOR, "2026-01-02 03:04:05 UTC")
    assert guards(store).used("plan-fedcba9876543210") is None
    assert all(json.loads(text)["format"] == 1 and len(text) < 1024 for text in store.kept.values())


def test_the_run_itself_goes_on_with_it_and_no_other_does(store):
    guards(store).use(APPROVED, "r1")
    before = dict(store.kept)
    guards(store, who="arn:aws:iam::000000000000:user/bob").use(APPROVED, "r1")  # resumed by somebody else
    with pytest.raises(Refused, match=rf"{APPROVED} was applied by run r1 of {OPERATOR} at 2026-01-02 03:04:05 UTC;"):
        guards(store).use(APPROVED, "r2")
    assert store.kept == before


def test_it_is_kept_by_the_workflow_whatever_lock_folder_or_environment_a_caller_names(store):
    here = guards(store).place
    assert here.startswith(f"{PLACE}/")
    assert guards(store, environment="elsewhere", outputs_dir="/x").place == here
    assert guards(store, state_machine_name="Another").place != here
    assert guards(store, region="eu-west-1").place != here


def test_the_first_use_is_kept_without_asking_anything(store):
    store.fails["get"] = says("AccessDeniedException")
    guards(store).use(APPROVED, "r1")
    store.fails.clear()
    assert guards(store).used(APPROVED).run_id == "r1"


def test_every_version_looks_in_the_same_place(store):
    """A place of another name would find no approval used."""
    digest = hashlib.sha256(b"arn:aws:states:us-east-1:000000000000:stateMachine:Your6-CheckinWorkflow").hexdigest()
    assert guards(store).place == f"/your6/phase3-runbook/guards/{digest[:16]}"


def test_once_used_approval_stays_required_and_the_lock_the_same(store):
    assert (guards(store, approval="none").approval_lifted(), guards(store).lock_lifted()) == ("", "")
    guards(store).use(APPROVED, "r1")
    why = guards(store, approval="none").approval_lifted()
    assert why.startswith("approval none: the account keeps that Your6-CheckinWorkflow (since run r1 of arn:aws:iam")
    assert (guards(store).approval_lifted(), guards(store).lock_lifted()) == ("", "")


@pytest.mark.parametrize("asked", ["required", "none"])
def test_the_first_lock_that_was_taken_is_the_one_that_is_taken(store, asked):
    guards(store, approval=asked).keep_lock("r1")
    kept = dict(store.kept)
    guards(store).keep_lock("r2")
    assert guards(store).lock_lifted() == ""
    name = f"{guards(store).place}/lock"
    store.kept[name] = store.kept[name].replace(load("local").lock_name, "/the/lock")
    assert "takes /the/lock; a run under another lock would write beside" in guards(store).lock_lifted()
    with pytest.raises(Refused, match="takes /the/lock"):
        guards(store).keep_lock("r3")
    assert store.kept.keys() == kept.keys()


def test_what_each_run_began_to_write_is_kept_once_and_is_nobody_elses(store):
    first, many = ["a" * 32, "b" * 32], [f"{number:032x}" for number in range(150)]
    guards(store).keep_written("r1", first)
    guards(store).keep_written("r1", first)
    assert len(store.kept) == 1
    guards(store, who="arn:aws:iam::000000000000:user/bob").keep_written("r1", [*first, *many])
    assert guards(store).wrote("r1") == {*first, *many}
    assert (guards(store).wrote("r2"), guards(store, state_machine_name="Another").wrote("r1")) == (set(), set())
    assert all(len(text) <= 4096 for text in store.kept.values())


@pytest.mark.parametrize(("count", "parameters"), [(63, 1), (64, 1), (65, 2), (128, 2), (129, 3)])
def test_of_what_a_run_writes_64_go_into_a_parameter(count, parameters, store):
    guards(store).keep_written("r1", [f"{number:032x}" for number in range(count)])
    assert len(store.kept) == parameters


def test_two_processes_of_a_run_take_nothing_from_each_other(store):
    mine, place = guards(store), f"{guards(store).place}/wrote/r1"
    read = mine._read

    def meanwhile(name):
        found = read(name)
        if found is None and f"{place}/1" not in store.kept:
            guards(store).keep_written("r1", ["b" * 32])
        return found

    object.__setattr__(mine, "_read", meanwhile)
    mine.keep_written("r1", ["a" * 32])
    assert guards(store).wrote("r1") == {"a" * 32, "b" * 32}


@pytest.mark.parametrize("value", ["", "hello", "[]", '{"wrote": "x"}', '{"wrote": [1, null]}'])
def test_of_what_is_kept_and_not_understood_no_write_is_known(store, value):
    store.kept[f"{guards(store).place}/wrote/r1/1"] = value
    assert guards(store).wrote("r1") == set()
    guards(store).keep_written("r1", ["a" * 32])
    assert guards(store).wrote("r1") == {"a" * 32}


def test_every_plan_that_a_run_was_begun_with_is_kept_by_whom_and_is_of_no_other_run(store):
    assert guards(store).begun("r1") == set()
    guards(store).keep_begun("r1", "a" * 32)
    guards(store, who="arn:aws:iam::000000000000:user/bob").keep_begun("r1", "b" * 32)
    assert guards(store, outputs_dir="/elsewhere").begun("r1") == {"a" * 32, "b" * 32}
    assert (guards(store).begun("r2"), guards(store, state_machine_name="Another").begun("r1")) == (set(), set())
    place = guards(store).place
    assert list(store.kept) == [f"{place}/begun/r1/1", f"{place}/begun/r1/2"]
    assert [json.loads(text)["caller"].rpartition("/")[2] for text in store.kept.values()] == ["jane.doe", "bob"]


def test_what_begins_a_run_asks_nothing_and_replaces_nothing(store):
    store.fails["get"] = says("AccessDeniedException")
    guards(store).keep_begun("r1", "a" * 32)
    kept = dict(store.kept)
    guards(store).keep_begun("r1", "b" * 32)
    assert {name: store.kept[name] for name in kept} == kept


@pytest.mark.parametrize("value", ["", "hello", "[]", '{"plan": null}', '{"plan": ["x"]}'])
def test_a_begin_that_is_not_understood_is_of_no_plan(store, value):
    store.kept[f"{guards(store).place}/begun/r1/1"] = value
    assert not {one for one in guards(store).begun("r1") if len(one) == 32}
    guards(store).keep_begun("r1", "a" * 32)
    assert "a" * 32 in guards(store).begun("r1")


def test_a_run_that_is_undone_is_so_for_what_it_was_begun_with_by_then(store):
    guards(store).keep_undone("r1")
    assert store.kept == {}  # it used no approval that could be over
    for plan in ("a" * 32, "b" * 32):
        guards(store).keep_begun("r1", plan)
    guards(store).keep_undone("r1")
    kept = dict(store.kept)
    guards(store, who="arn:aws:iam::000000000000:user/bob").keep_undone("r1")
    assert store.kept == kept
    guards(store).keep_begun("r1", "c" * 32)
    said = f"by {OPERATOR} at 2026-01-02 03:04:05 UTC"
    assert [guards(store).undone("r1", one * 32) for one in "abc"] == [said, said, ""]
    assert guards(store).undone("r2", "a" * 32) == ""


def test_what_is_kept_of_an_undo_and_not_understood_is_there(store):
    store.kept[f"{guards(store).place}/undone/r1/{'a' * 32}"] = "hello"
    assert guards(store).undone("r1", "a" * 32) == "by None at 2026-01-02 03:04:05 UTC"


@pytest.mark.parametrize("call", ["get", "put"])
def test_where_a_begin_or_an_undo_may_not_be_asked_or_kept_it_is_refused(store, call):
    found = guards(store)
    found.keep_begun("r1", "a" * 32)
    store.fails[call] = says("AccessDeniedException")
    asks = [lambda: found.begun("r1"), lambda: found.undone("r1", "a" * 32), lambda: found.keep_undone("r1")]
    puts = [lambda: found.keep_begun("r1", "b" * 32), lambda: found.keep_undone("r1")]
    for attempt in asks if call == "get" else puts:
        with pytest.raises(Refused, match="needs ssm:GetParameter and ssm:PutParameter"):
            attempt()


def test_a_read_that_aws_asked_to_put_off_is_no_missing_permission(store):
    """Who is told to lack a permission, or to roll back without this guard, would do so for a hiccup."""
    store.fails["get"] = says("ThrottlingException")
    with pytest.raises(Throttled, match="Try again in a minute") as caught:
        guards(store).undone("r1", "a" * 32)
    assert "ssm:PutParameter" not in str(caught.value)


@pytest.mark.parametrize("run_id", ["", "../used", "a/b", "x" * 100])
def test_what_is_no_run_wrote_nothing(store, run_id):
    store.fails["get"] = AssertionError("asked")
    assert guards(store).wrote(run_id) == set()


@pytest.mark.parametrize("value", ["", "hello", "[]", "[" * 4096, '{"format": 2, "more": 1}'])
def test_what_is_there_and_is_not_understood_is_there(store, value):
    found = guards(store)
    for name in (f"used/{APPROVED}", "approval", "lock"):
        store.kept[f"{found.place}/{name}"] = value
    assert found.used(APPROVED).said == "run None of None at 2026-01-02 03:04:05 UTC"
    assert guards(store, approval="none").approval_lifted() != ""
    assert found.lock_lifted() != ""
    with pytest.raises(Refused, match="an approval is good for one run"):
        found.use(APPROVED, "r1")


@pytest.mark.parametrize("call", ["get", "put"])
def test_where_it_may_not_be_asked_or_kept_nothing_is_written_and_the_permissions_are_named(store, call):
    store.fails[call] = says("AccessDeniedException")
    found = guards(store)
    for attempt in (lambda: found.use(APPROVED, "r1"), *([lambda: found.used(APPROVED)] if call == "get" else [])):
        if call == "get":
            store.kept[f"{found.place}/used/{APPROVED}"] = "{}"
        with pytest.raises(Refused, match=r"AccessDenied.*needs ssm:GetParameter and ssm:PutParameter on /your6.*/\*"):
            attempt()


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (says("ThrottlingException"), Throttled),
        (says("InternalServerError", 500), Unanswered),
        (ReadTimeoutError(endpoint_url="x"), Unanswered),
    ],
)
def test_a_use_that_nobody_knows_of_stops_the_write_and_is_the_same_runs_afterwards(store, failure, error):
    store.fails["answer"] = failure
    with pytest.raises(error):
        guards(store).use(APPROVED, "r1")
    store.fails.clear()
    guards(store).use(APPROVED, "r1")
    assert guards(store).used(APPROVED).run_id == "r1"


def test_an_answer_that_lacks_something_is_no_absence(store, monkeypatch):
    found = guards(store)
    monkeypatch.setattr(store, "get_parameter", lambda **given: {"Parameter": {}})
    assert found.used(APPROVED).said == "run None of None at a time that AWS does not tell"
    monkeypatch.setattr(store, "get_parameter", lambda **given: {})
    assert found.lock_lifted() != ""


def test_the_preflight_asks_for_it(store):
    assert preflight.kept_guards(guards(store).live).status == "passed"
    guards(store).use(APPROVED, "r1")
    assert preflight.kept_guards(guards(store).live).status == "passed"
    lifted = preflight.kept_guards(guards(store, approval="none").live)
    assert (lifted.status, "since run r1 of" in lifted.found) == ("failed", True)
    store.fails["get"] = says("AccessDeniedException")
    denied = preflight.kept_guards(guards(store).live)
    assert (denied.status, "needs ssm:GetParameter" in denied.found) == ("failed", True)


def test_where_nothing_answers_it_is_not_taken_for_unused(store):
    store.fails["get"] = ReadTimeoutError(endpoint_url="x")
    for attempt in (lambda: guards(store).used(APPROVED), guards(store).lock_lifted, guards(store).approval_lifted):
        with pytest.raises(Unreachable):
            attempt()
