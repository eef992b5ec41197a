"""What counts as a loss, what is ours, where a plan refuses itself, and that every kind says who notices. No AWS."""

import io
import json
import shutil
from dataclasses import replace

import pytest
from fakes import FakeResource, World, run_of
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lib.changes import engine, loss_guard, plans
from lib.changes.loss_guard import Ours
from lib.changes.plans import UNKNOWN, Change, Plan
from lib.display import console, page, plan_table, show
from lib.errors import Refused
from lib.record import records, run_index, sealing
from lib.record.records import LOG, Record, Run
from lib.resources.resource_kinds import KINDS
from lib.resources.topics import Subscription
from lib.settings import load


def change(before, after, kind="thing", label="x"):
    declared = {"special": KINDS[kind].special, "in_parts": KINDS[kind].in_parts} if kind in KINDS else {}
    made = type("Made", (FakeResource,), {"kind": kind, **declared})
    return Change(made(World({label: before}), label), before, after)


def lost(before, after, kind="thing", ours=None):
    """What goes, as `(path, before, after)`."""
    found = loss_guard.losses([Plan("01", (change(before, after, kind),))], ours or Ours())
    return [(".".join(loss.where), loss.before, loss.after) for loss in found]


TOLD = {"time": "2026-01-01T00:00:00+00:00", "phase": "01", "name": "thing x"}


def wrote(*values, kind="thing", label="x"):
    """What earlier runs wrote to the thing."""
    return Ours({json.dumps([kind, {"label": label}], sort_keys=True): values})


OF_X = loss_guard.losses([Plan("01", (change("is there", "wanted"),))], Ours())


def ours(settings, record, *told):
    """What is ours of the thing, where the account keeps what these records tell, and this one."""
    return loss_guard.ours(OF_X, World().believing(record, *told).run(settings, record))


@pytest.fixture
def settings(tmp_path):
    return load("local", {"mode": "apply", "outputs_dir": str(tmp_path / "outputs")})


@pytest.fixture
def record(settings):
    return records.open_run(settings)


def replacing(world):
    """A plan that replaces two values of one thing and makes another."""
    world.live["theirs"] = {"name": "a", "size": 1, "note": ""}
    return engine.plan("01", world.wanted(theirs={"name": "b", "size": 2, "note": "ours"}, new="born"))


@pytest.mark.parametrize("empty", ["", None, {}, [], False, "false", "OFF"])
def test_filling_what_was_empty_loses_nothing(empty):
    assert lost({"a": empty}, {"a": "wanted"}) == []


@pytest.mark.parametrize("value", ["a", 0, 1, True, "true", "DISABLED", {"b": 1}, ["b"]])
def test_a_value_that_another_takes_the_place_of_is_a_loss(value):
    assert [row[0] for row in lost({"a": value}, {"a": "wanted"})] == ["a"]


def test_each_field_that_differs_or_goes_is_one_loss():
    before = {"a": 1, "b": {"c": "x", "d": "y"}, "same": 5, "gone": {"much": 1, "more": 2}}
    after = {"a": 2, "b": {"c": "x", "d": "z"}, "same": 5, "new": 1}
    assert lost(before, after) == [("a", 1, 2), ("b.d", "y", "z"), ("gone", {"much": 1, "more": 2}, None)]


def test_nothing_is_lost_where_nothing_or_something_new_is_written():
    assert lost(None, {"a": 1}) == lost({"a": 1}, {"a": 1}) == lost({"a": UNKNOWN}, {"a": 1}) == []


def test_each_element_of_a_list_that_goes_is_a_loss_wherever_it_stood():
    first, second, third = {"Sid": "one"}, {"Sid": "two"}, {"Sid": "three"}
    assert lost({"Statement": [first, second]}, {"Statement": [third, second]}) == [("Statement", first, None)]
    assert lost({"Statement": [first, second]}, {"Statement": [second, first]}) == []
    assert lost([first, second], [second]) == [("", first, None)]


def test_a_statement_without_a_list_around_it_is_the_same_statement():
    alone = {"Sid": "one"}
    assert lost({"Statement": alone}, {"Statement": [alone, {"Sid": "two"}]}) == []
    assert lost({"Statement": alone}, {"Statement": [{"Sid": "two"}]}) == [("Statement", alone, None)]


def test_a_plain_value_is_one_loss_without_a_place():
    assert lost("a", "b") == [("", "a", "b")]


def test_a_removal_is_a_loss_even_of_what_a_run_wrote():
    assert lost({"a": 1}, None, ours=wrote({"a": 1})) == [("", {"a": 1}, None)]


def test_the_definition_is_what_the_change_is_there_to_replace_and_nothing_else_of_the_workflow():
    off, errors = {"level": "OFF"}, {"level": "ERROR", "destinations": [{"arn": "theirs"}]}
    before = {"definition": {"StartAt": "a", "States": {"a": {}}}, "roleArn": "r", "loggingConfiguration": off}
    after = {"definition": {"StartAt": "b"}, "roleArn": "r", "loggingConfiguration": {"level": "ALL"}}
    assert lost(before, after, "state machine") == []
    assert len(lost(before, after)) == 2
    other = {**before, "roleArn": "theirs", "loggingConfiguration": errors}
    assert lost(other, {**after, "loggingConfiguration": {"level": "ALL", "destinations": []}}, "state machine") == [
        ("roleArn", "theirs", "r"),
        ("loggingConfiguration.level", "ERROR", "ALL"),
        ("loggingConfiguration.destinations", {"arn": "theirs"}, None),
    ]


@pytest.mark.parametrize(
    ("days", "wanted", "is_lost"), [(365, 90, True), (0, 90, True), (30, 90, False), (30, 0, False), (90, 90, False)]
)
def test_only_a_shorter_retention_loses_logs(days, wanted, is_lost):
    found = lost({"retentionInDays": days}, {"retentionInDays": wanted}, "log group")
    assert bool(found) == is_lost


def test_a_condition_added_to_what_took_all_is_a_loss():
    open_to_all, narrow = {"Sid": "s", "Effect": "Allow"}, {"Sid": "s", "Effect": "Allow", "Condition": {"a": "b"}}
    assert lost(open_to_all, narrow, "queue policy") == [("Condition", None, {"a": "b"})]
    assert lost(open_to_all, narrow) == []
    pattern = {"EventPattern": {"source": ["a"]}, "State": "ENABLED", "Description": ""}
    narrower = {**pattern, "EventPattern": {"source": ["a"], "detail-type": ["b"]}, "Description": "ours"}
    assert lost(pattern, narrower, "rule") == [("EventPattern.detail-type", None, ["b"])]
    every = {**pattern, "EventPattern": {}}
    assert lost(every, pattern, "rule") == [("EventPattern.source", None, ["a"])]


def test_what_a_run_wrote_is_ours_whole_or_field_by_field():
    first, second = (
        {"pattern": {"source": ["a"]}, "state": "ENABLED"},
        {"pattern": {"source": ["b"]}, "state": "ENABLED"},
    )
    assert lost(first, second, ours=wrote(first)) == []
    paused = {**first, "state": "DISABLED"}
    assert lost(paused, second, ours=wrote(first)) == [("state", "DISABLED", "ENABLED")]
    assert lost(first, second, ours=wrote({"pattern": None})) != []
    assert lost(first, second, ours=wrote(first, label="another")) != []


def test_what_an_undo_put_back_is_not_ours(settings, record):
    row = {**TOLD, "kind": "thing", "identity": {"label": "x"}, "state": "intended", "before": None}
    record.append(LOG, {**row, "after": "ours", "undoes": False})
    record.append(LOG, {**row, "after": "theirs", "undoes": True})
    record.append(LOG, {**row, "after": "theirs", "undoes": True, "state": "applied"})
    found = ours(settings, records.open_run(settings), record)
    assert list(found.written.values()) == [["ours"]]
    assert lost("ours", "newer", ours=found) == []
    assert lost("theirs", "newer", ours=found) == [("", "theirs", "newer")]


def test_what_a_run_wrote_is_ours_in_whatever_order_its_row_names_the_thing(settings, record):
    class Twofold(FakeResource):
        @property
        def identity(self):
            return {"topic": "t", "endpoint": "e"}

    row = {**TOLD, "kind": "thing", "identity": {"endpoint": "e", "topic": "t"}, "state": "intended", "before": None}
    record.append(LOG, {**row, "after": "ours", "undoes": False})
    plan = Plan("01", (Change(Twofold(World(), "x"), "ours", "newer"),))
    lost = loss_guard.losses([plan], Ours())
    assert len(lost) == 1
    known = loss_guard.ours(lost, World().believing(record).run(settings, record))
    assert loss_guard.losses([plan], known) == []


def test_every_run_of_the_environment_counts_and_no_other_environments(settings, record):
    row = {**TOLD, "kind": "thing", "identity": {"label": "x"}, "state": "intended", "before": None, "undoes": False}
    first = records.open_run(settings)
    first.append(LOG, {**row, "after": "first"})
    elsewhere = settings.model_copy(update={"environment": "elsewhere"})
    second = records.open_run(elsewhere)
    second.append(LOG, {**row, "after": "second"})
    record.append(LOG, {**row, "after": "third"})
    assert sorted(*ours(settings, record, first, second).written.values()) == ["first", "third"]


@pytest.mark.parametrize(("live", "is_lost"), [("half", False), ("before", True), ("after", False)])
@pytest.mark.parametrize("state", ["intended", "failed", "half done"])
def test_what_this_run_left_half_written_is_ours_but_not_what_it_never_wrote_to(
    live, is_lost, state, settings, record, monkeypatch
):
    monkeypatch.setattr(FakeResource, "in_parts", True)
    row = {**TOLD, "kind": "thing", "identity": {"label": "x"}, "before": "before", "after": "after", "undoes": False}
    record.append(LOG, {**row, "state": "intended"})
    record.append(LOG, {**row, "state": state})
    assert bool(lost(live, "wanted", ours=ours(settings, record))) == is_lost
    other = records.open_run(settings)
    assert bool(lost("half", "wanted", ours=ours(settings, other)))


def forged(settings, record, **more):
    """A folder that somebody made, sealed like any, which tells of a run that wrote what is live."""
    made = Record(settings.runs_folder / "20260101T000000Z-f0f0", "20260101T000000Z-f0f0")
    made.folder.mkdir(parents=True)
    records.open_to_write(Run(settings, made))
    row = {**TOLD, "kind": "thing", "identity": {"label": "x"}, "state": "intended", "before": None, "undoes": False}
    made.append(LOG, {**row, "after": "theirs", **more})
    sealing.seal(made)
    return made


def test_a_forged_record_that_is_sealed_like_any_lifts_nothing_and_is_named(settings, record):
    made = forged(settings, record)
    assert run_index.as_sealed(settings) == [made, record]
    world = World({"x": "theirs"})
    plan = engine.plan("01", world.wanted(x="ours"))
    with pytest.raises(Refused, match=f"1 value .*The record of run {made.run_id} tells of writes .* does not keep"):
        loss_guard.require_no_loss([plan], world.run(settings, record))
    with pytest.raises(Refused, match="1 value that no recorded run wrote"):
        engine.carry_out(plan, world.run(settings, record))
    assert (world.writes, world.known) == ([], {})
    world.believing(made)
    loss_guard.require_no_loss([plan], world.run(settings, record))


def test_neither_does_one_that_bears_the_name_of_a_run_that_wrote_something_else_here(settings, record):
    made, world = forged(settings, record), World({"x": "theirs"})
    world.keep_written(made.run_id, ["0" * 32])
    plan = engine.plan("01", world.wanted(x="ours"))
    assert "1 value that no recorded run wrote" in loss_guard.refusal([plan], world.run(settings, record))


def test_neither_does_this_runs_own_record_or_a_write_that_it_tells_of_as_cut_short(settings, record, monkeypatch):
    monkeypatch.setattr(FakeResource, "in_parts", True)
    own, world = forged(settings, record), World({"x": "half"})
    plan = engine.plan("01", world.wanted(x="ours"))
    assert "1 value that no recorded run wrote" in loss_guard.refusal([plan], world.run(settings, own))
    world.believing(own)
    assert loss_guard.refusal([plan], world.run(settings, own)) == ""


def test_neither_does_what_it_wrote_of_another_thing_or_a_row_that_cannot_be_read(settings, record):
    world = World({"x": "theirs"})
    plan = engine.plan("01", world.wanted(x="ours"))
    for more in ({"identity": {"label": "y"}}, {"format": 9}):
        made = forged(settings, record, **more)
        world.believing(made)
        assert "1 value that no recorded run wrote" in loss_guard.refusal([plan], world.run(settings, record))
        shutil.rmtree(made.folder)


@pytest.mark.parametrize(
    "passed_over", [{"identity": {"label": "y"}}, {"format": 9}, {"state": "applied"}, {"undoes": True}], ids=str
)
def test_a_row_that_tells_of_no_write_of_the_thing_is_passed_over_unsaid_and_the_next_counts(
    passed_over, settings, record
):
    made = forged(settings, record, after="never kept", **passed_over)
    records.open_to_write(Run(settings, made))
    row = {**TOLD, "kind": "thing", "identity": {"label": "x"}, "before": None, "after": "ours", "undoes": False}
    made.append(LOG, {**row, "state": "intended"})
    sealing.seal(made)
    world = World()
    world.keep_written(made.run_id, [plans.row_digest(made.changes()[-1])])
    assert loss_guard.ours(OF_X, (world).run(settings, record)) == Ours({OF_X[0].key: ["ours"]}, {}, [])


def test_two_losses_that_say_the_same_are_the_same_whatever_the_key_of_the_thing():
    (one,) = OF_X
    assert one == replace(one, key="another") != replace(one, after="another")


def test_the_account_is_told_what_a_run_writes_before_its_first_write(settings, record):
    world, told = World(), []
    world.at_write = lambda label: told.append(len(world.known[record.run_id]))
    engine.carry_out(engine.plan("01", world.wanted(a=1, b=2)), world.run(settings, record))
    assert told == [2, 2]
    intended = [row for row in record.changes() if row["state"] == "intended"]
    assert world.wrote(record.run_id) == set(map(plans.row_digest, intended))
    later = records.open_run(settings)
    engine.carry_out(
        engine.plan("01", world.wanted(a=3, b=2)), world.run(settings, later)
    )  # its own value, without asking
    assert len(world.wrote(later.run_id)) == 1


def test_where_it_cannot_be_told_nothing_is_written(settings, record):
    world = World()

    def refuses(run_id, found):
        raise Refused("cannot be kept")

    world.keep_written = refuses
    with pytest.raises(Refused, match="cannot be kept"):
        engine.carry_out(engine.plan("01", world.wanted(a=1)), world.run(settings, record))
    assert (world.writes, record.rows(LOG)) == ([], [])


def test_what_is_temporary_loses_nothing():
    temporary = Change(World().thing("x"), "a", "b", temporary=True)
    assert loss_guard.losses([Plan("05", (temporary,))], Ours()) == []


def test_a_plan_refuses_itself_with_numbers_and_names(settings, record):
    plan = replacing(World())
    with pytest.raises(Refused) as refused:
        loss_guard.require_no_loss([plan], run_of(settings, record))
    assert str(refused.value) == (
        "this plan would replace 2 values that no recorded run wrote: thing theirs name ('a' -> 'b'); "
        "thing theirs size (1 -> 2); expected at most 0. Nothing of it was written. "
        "If they may go, set may_replace to 2"
    )


@pytest.mark.parametrize(("limit", "refused"), [(0, True), (1, True), (2, False), (100, False)])
def test_as_many_as_are_expected_may_go(limit, refused, settings, record):
    found = loss_guard.refusal([replacing(World())], run_of(settings.model_copy(update={"may_replace": limit}), record))
    assert bool(found) == refused


def test_all_phases_of_a_plan_are_counted_together(settings, record):
    plans = [replacing(World()), replacing(World())]
    assert loss_guard.refusal(plans, run_of(settings.model_copy(update={"may_replace": 3}), record)).startswith(
        "this plan would replace 4 values"
    )


def test_one_value_is_said_in_the_singular(settings, record):
    found = loss_guard.refusal([Plan("01", (change("a", "b"),))], run_of(settings, record))
    assert found.startswith("this plan would replace 1 value that no recorded run wrote: thing x ('a' -> 'b');")
    assert found.endswith("If it may go, set may_replace to 1")


def test_a_long_value_is_cut_and_one_that_goes_is_said():
    found = loss_guard.losses([Plan("01", (change({"a": "x" * 500, "b": 1}, {"a": "y"}),))], Ours())
    assert len(found[0].said) < 160
    assert found[1].said == "thing x b (1 -> nothing)"


def test_of_a_value_as_much_is_said_as_it_takes_to_know_it_again():
    def said(before):
        (loss,) = loss_guard.losses([Plan("01", (change(before, "new"),))], Ours())
        return loss.said

    assert said("x" * 120) == f"thing x ('{'x' * 120}' -> 'new')"
    assert said("x" * 121) != f"thing x ('{'x' * 121}' -> 'new')"
    assert "(121 characters)" in said("x" * 121)
    assert said(["y"] * 200).endswith(" -> 'new')")


def test_a_refused_plan_writes_nothing_and_records_nothing(settings, record):
    world = World()
    with pytest.raises(Refused, match="would replace 2 values"):
        engine.carry_out(replacing(world), world.run(settings, record))
    assert world.writes == world.holders == record.rows(LOG) == []
    outcome = engine.carry_out(replacing(world), world.run(settings.model_copy(update={"may_replace": 2}), record))
    assert outcome.states == ("applied", "applied")


def test_without_the_guard_it_would_be_written(settings, record, monkeypatch):
    monkeypatch.setattr(loss_guard, "losses", lambda plans, ours: [])
    world = World()
    engine.carry_out(replacing(world), world.run(settings, record))
    assert world.live["theirs"] == {"name": "b", "size": 2, "note": "ours"}


def test_in_plan_mode_the_refusal_is_shown_not_raised(settings, record, monkeypatch):
    said = []
    monkeypatch.setattr(page, "display", lambda shown: said.append(repr(shown)))
    planning = settings.model_copy(update={"mode": "plan"})
    outcome = engine.carry_out(replacing(World()), run_of(planning, record))
    show.outcome(outcome)
    assert said[-1].startswith("In apply mode this is REFUSED: this plan would replace 2 values")
    show.outcome(engine.carry_out(engine.plan("01", World().wanted(new=1)), run_of(planning, record)))
    assert said[-1].startswith("Plan mode: nothing was written.")


def test_what_a_run_wrote_a_later_run_may_replace_without_asking(settings):
    world = World()
    engine.carry_out(engine.plan("01", world.wanted(a={"risk": 90})), world.run(settings, records.open_run(settings)))
    engine.carry_out(engine.plan("01", world.wanted(a={"risk": 80})), world.run(settings, records.open_run(settings)))
    assert world.live == {"a": {"risk": 80}}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ANY_KIND = st.sampled_from(["thing", *KINDS])


@given(ANY_KIND, PLAIN, PLAIN)
def test_whatever_the_values_a_plan_can_be_judged_and_what_was_written_is_ours(kind, before, after):
    for row in loss_guard.losses([Plan("01", (change(before, after, kind),))], Ours()):
        assert row.said.startswith(f"{row.what} ")
    if after is not None:
        assert lost(before, after, kind, wrote(before, kind=kind)) == []
    assert lost(before, before, kind) == lost(None, after, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_who_notices(kind):
    assert KINDS[kind].noticed


@pytest.mark.parametrize(
    ("protocol", "who"),
    [
        ("email", "its owner, who gets a confirmation mail when it is new"),
        ("sqs", "nobody until the workflow publishes; then whoever reads the queue"),
        ("sms", "its owner, from the first alert on"),
        ("https", "its owner, who is asked to confirm it when it is new"),
    ],
)
def test_who_notices_a_subscription_depends_on_its_protocol(protocol, who):
    assert Subscription(None, "topic", protocol, "somewhere").noticed == who


def test_the_plans_tables_say_who_notices_but_only_where_something_changes(monkeypatch):
    drawn = {}
    monkeypatch.setattr(console, "table", lambda title, columns, rows: drawn.update(columns=columns, rows=rows))
    plan = engine.plan("01", World({"old": 1}).wanted(old=1, new=2))
    plan_table.changes([plan])
    assert drawn["columns"][-1] == "who notices"
    assert [row[-1] for row in drawn["rows"]] == ["whoever looks"]
    assert [plan_table.notebook_row(one)["who notices"] for one in plan.changes] == ["", "whoever looks"]


def test_a_narrow_table_cuts_nothing(monkeypatch):
    drawn = Console(width=60, file=io.StringIO())
    monkeypatch.setattr(console, "console", drawn)
    name = "arn:aws:sns:us-east-1:000000000000:" + 3 * "word"
    plan_table.changes([engine.plan("01", World().wanted(**{name: 1}))])
    said = drawn.file.getvalue()
    assert "…" not in said and all(part in said for part in name.split(":"))


def test_a_record_beside_the_environments_counts_as_this_runs(settings, tmp_path):
    elsewhere = Record(tmp_path, "r1")
    row = {**TOLD, "kind": "thing", "identity": {"label": "x"}, "state": "intended", "before": None, "after": "mine"}
    elsewhere.append(LOG, row)
    assert lost("mine", "wanted", ours=ours(settings, elsewhere)) == []


ROLE = {"definition": {}, "roleArn": "theirs", "loggingConfiguration": {}}


@pytest.mark.parametrize(
    ("kind", "before", "after", "instead"),
    [
        ("state machine", ROLE, {**ROLE, "roleArn": "ours"}, "set execution_role_name"),
        ("rule", {"EventPattern": {"source": ["a"]}}, {"EventPattern": {"source": ["b"]}}, "a rule of its own first"),
        ("rule target", {"Arn": "theirs"}, {"Arn": "ours"}, "a target of its own first"),
        ("environment variable", "theirs", "ours", "set ops_topic_name"),
        ("role policy", {"Statement": [{"Sid": "a"}]}, {"Statement": [{"Sid": "b"}]}, "another name first"),
        ("drill user", {"trustedContact": {"name": "a"}}, {"trustedContact": {"name": "b"}}, "set drill_user_id"),
        ("queue policy", {"Sid": "a"}, {"Sid": "a", "Condition": {"b": "c"}}, "somebody sends to the queue by it"),
        ("function permission", {"Sid": "a"}, {"Sid": "a", "Condition": {"b": "c"}}, "somebody calls the function"),
        ("rule target", {"Input": "theirs"}, {"Input": "ours"}, "would be sent something else"),
    ],
)
def test_no_refusal_advises_to_let_go_of_what_something_lives_on(kind, before, after, instead, settings, record):
    harmless = change({"DisplayName": "a"}, {"DisplayName": "b"}, "topic", "y")
    for changes_ in ((change(before, after, kind),), (harmless, change(before, after, kind))):
        found = loss_guard.refusal([Plan("01", changes_)], run_of(settings, record))
        assert instead in found
        assert "set may_replace" not in found


def test_no_number_lets_another_role_run_the_workflow(settings, record):
    many = settings.model_copy(update={"may_replace": 100})
    plan = Plan("03", (change(ROLE, {**ROLE, "roleArn": "ours"}, "state machine"),))
    assert "every execution would run as another role" in loss_guard.refusal([plan], run_of(many, record))
    assert loss_guard.refusal([Plan("03", (change("a", "b", "environment variable"),))], run_of(many, record)) == ""


def test_routes_of_an_alias_are_what_the_change_is_there_to_replace():
    before = {"routes": [{"version": "1", "runs": "a", "weight": 90}, {"version": "2", "runs": "b", "weight": 10}]}
    after = {"routes": [{"version": UNKNOWN, "runs": "c", "weight": 100}]}
    assert lost(before, after, "workflow alias") == []
    assert len(lost(before, after)) == 2
