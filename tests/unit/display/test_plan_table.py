"""A plan in the terminal: what is dangerous first, what differs in a value and not its first words, the counts."""

import io
import json

import pytest
from fakes import FakeResource, World

from lib.changes import engine
from lib.changes.plans import Plan, Wanted
from lib.display import console, plan_table
from lib.telemetry.configuration import value_differences
from lib.telemetry.configuration.value_differences import differences
from lib.values import contacts

LONG = "every check-in is scored, and routed to one of six routes, of which two are crises. " * 9


class Relied(FakeResource):
    """One on which others rely, such as the workflow."""

    others_rely = True


@pytest.fixture
def shown(monkeypatch):
    """What the terminal is shown of these plans."""

    def shows(*plans, width=80):
        file = io.StringIO()
        monkeypatch.setattr(console, "console", console.Output(file=file, width=width, **console.PLAIN))
        plan_table.changes(plans)
        return file.getvalue()

    return shows


def planned():
    world = World({"policy": {"a": 1}, "workflow": {"definition": {"x": 1}}, "gone": 1, "same": 1})
    first = engine.plan("01", world.wanted(new1=1, new2={"b": 2}, same=1, policy={"a": 2}))
    wanted = [Wanted(Relied(world, "workflow"), {"definition": {"x": 2}}), *world.wanted(gone=None)]
    return [first, engine.plan("03", wanted)]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_is_most_dangerous_comes_first_with_the_counts(width, shown):
    said = shown(*planned(), width=width)
    assert " ".join(said.split()).startswith("Plan: 2 to add, 2 to change, 1 to remove; 1 as wanted already - remove")
    order = ["- remove, phase 03: thing gone", "~ change, phase 03: thing workflow", "~ change, phase 01: thing policy"]
    places = [said.index(one) for one in [*order, "+ 2 to add", "thing new1", "thing new2"]]
    assert places == sorted(places)
    assert "definition.x: 1 -> 2" in said and "undo         restore the value before" in said
    assert "thing same" not in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["b: 2 -> 3"]),
        ({"a": 1}, {"b": 2}, ["a: - 1", "b: + 2"]),  # what goes stands before what comes
        ({"a": None}, {}, ["a: - does not exist"]),
        ([1, 2, 3], [1, 3], ["[1]: - 2"]),
        (["x", "z"], ["x", "y", "z"], ["[1]: + y"]),
        ({"Statement": [{"Sid": "A", "x": 1}, {"Sid": "B"}]}, {"Statement": [{"Sid": "B"}, {"Sid": "A", "x": 2}]},
         ["Statement[A].x: 1 -> 2"]),
        ('{"Statement": [1], "b": 1}', '{"Statement": [1], "b": 2}', ["b: 1 -> 2"]),  # a policy is a text
        ("{not JSON 1", "{not JSON 2", ["all of it: {not JSON 1 -> {not JSON 2"]),
        (1, 1.0, ["all of it: 1 -> 1.0"]),
        ({"x": {}}, {"x": []}, ["x: {} -> []"]),
    ],
)  # fmt: skip
def test_each_place_that_differs_is_shown_and_no_other(before, after, said):
    assert [f"{one.place}: {one.said}" for one in differences(before, after)] == said


def test_of_a_long_text_the_part_that_differs_is_shown_and_not_its_first_words():
    (found,) = differences({"text": f"{LONG}above 95 {LONG}"}, {"text": f"{LONG}above 90 {LONG}"})
    was, would = found.said.split(" -> ")
    assert "above 95" in was and "above 90" in would
    assert len(found.said) < 200 and was.startswith("...") and was.endswith("...")


@pytest.mark.parametrize(("one", "other"), [("aXb", "aYb"), ("ab", "aab"), ("", "x"), ("same tail", "tail")])
def test_what_differs_of_two_texts_is_whole(one, other):
    before, after = value_differences.differing_part(f"{LONG}{one}{LONG}", f"{LONG}{other}{LONG}")
    assert before.strip(".") != after.strip(".")


def test_a_persons_contact_is_shown_nowhere_not_even_a_half_of_it():
    one, other = (f"{LONG} call +4917055501{end} " for end in ("00", "77"))
    (found,) = differences({"note": one}, {"note": other})
    assert "+49" not in found.said and "5501" not in found.said
    assert found.said == "a person's contact -> another one" or contacts.mask_text(found.said) == found.said
    assert "5501" not in json.dumps(found.to_row())


def test_many_places_are_counted_by_what_becomes_of_them(shown):
    world = World({"workflow": {f"k{at}": at for at in range(30)} | {"gone": 1}})
    said = shown(engine.plan("03", world.wanted(workflow={f"k{at}": at + 1 for at in range(30)} | {"new": 1})))
    assert "gone: - 1" in said
    assert "and 20 more places (19 replaced, 1 added), which plan.json has" in said


def test_what_a_run_does_besides_is_said_of_its_phases_alone():
    assert "alerts marked [DRILL] reach who subscribes" in plan_table.besides(["05"])
    assert "00, 08 only read" in plan_table.besides(["00", "08"])
    assert "[DRILL]" not in plan_table.besides(["01"])
    assert "SSM parameters" in plan_table.besides([])


def test_nothing_to_do_is_said_with_its_count(shown):
    world = World({"a": 1})
    assert shown(engine.plan("01", world.wanted(a=1))).strip() == (
        "Plan: 0 to add, 0 to change, 0 to remove; 1 as wanted already"
    )
    assert shown(Plan("01", ())).strip() == "Plan: 0 to add, 0 to change, 0 to remove"
