"""A plan in the terminal: what is most dangerous first, the counts, and what a run does besides."""

import io

import pytest
from fakes import FakeResource, World
from machines import StepFunctions, connected, described

from lib.changes import engine
from lib.changes.plans import Plan, Wanted
from lib.display import console, plan_table
from lib.resources.workflow import Workflow, value_of


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


def test_many_places_are_counted_by_what_becomes_of_them(shown):
    world = World({"workflow": {f"k{at}": at for at in range(30)} | {"gone": 1}})
    said = shown(engine.plan("03", world.wanted(workflow={f"k{at}": at + 1 for at in range(30)} | {"new": 1})))
    assert "gone: - 1" in said
    assert "and 20 more places (19 replaced, 1 added), which plan.json has" in said


def test_what_a_run_does_besides_is_said_of_its_phases_alone():
    assert "alerts marked [DRILL] reach who subscribes" in plan_table.besides(["05"], [])
    assert "00, 08 only read" in plan_table.besides(["00", "08"], [])
    assert "[DRILL]" not in plan_table.besides(["01"], [])
    assert "SSM parameters" in plan_table.besides([], [])


def test_nothing_to_do_is_said_with_its_count(shown):
    world = World({"a": 1})
    assert shown(engine.plan("01", world.wanted(a=1))).strip() == (
        "Plan: 0 to add, 0 to change, 0 to remove; 1 as wanted already"
    )
    assert shown(Plan("01", ())).strip() == "Plan: 0 to add, 0 to change, 0 to remove"


def wanted_by_03(settings, comment):
    live = connected(settings, stepfunctions=StepFunctions("", {settings.state_machine_arn: described("old")}))
    wanted = value_of(described(comment))
    return engine.plan("03", [Wanted(Workflow(live, settings.state_machine_name), wanted)])


def test_what_is_there_only_for_a_while_is_shown_and_counted_nowhere(shown, settings):
    said = " ".join(shown(wanted_by_03(settings, "new"), width=120).split())
    assert said.startswith("Plan: 0 to add, 1 to change, 0 to remove")
    assert "+- 1 for a while" in said and "candidate of workflow Your6-CheckinWorkflow" in said
    (row,) = plan_table.temporary_rows(wanted_by_03(settings, "new"))
    assert (row["what"], row["who notices"]) == (
        "candidate of workflow Your6-CheckinWorkflow", "nobody: only drills start it",
    )  # fmt: skip


def test_where_check_ins_run_the_same_there_is_no_candidate(shown, settings):
    assert "for a while" not in shown(wanted_by_03(settings, "old"))
    assert plan_table.temporary_rows(wanted_by_03(settings, "old")) == []
    assert "candidate" not in plan_table.besides(["03"], [wanted_by_03(settings, "old")])
    assert "candidate" in plan_table.besides(["03"], [wanted_by_03(settings, "new")])
