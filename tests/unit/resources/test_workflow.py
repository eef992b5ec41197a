"""The workflow's versions on every page, the text of its definition, and the candidate that is made and removed."""

from dataclasses import dataclass, field, replace

import pytest
from all_pages import Paged, live
from machines import NOW, StepFunctions, connected, described, says

from lib.asl.json_text import to_text
from lib.errors import NotAsWanted
from lib.resources.workflow import RUN_TAG, Candidate, Workflow, _text, value_of, versions
from lib.resources.workflow_alias import WorkflowAlias, routed_to
from lib.settings import load
from lib.values.exact_json import Laid


def test_the_newest_version_is_not_only_of_the_first_page():
    rows = [{"stateMachineVersionArn": f"arn:{number}"} for number in range(150)]
    pages = [{"stateMachineVersions": rows[:100]}, {"stateMachineVersions": rows[100:]}]
    assert len(versions(live(stepfunctions=Paged(list_state_machine_versions=pages)), "arn")) == 150


def test_a_text_that_no_longer_says_the_same_is_not_written():
    changed = Laid({"a": 2}, '{"a":1}')
    assert _text(changed) == to_text({"a": 2})


# The candidate

LOCAL = load("local")
VALUE = {**value_of(described("new")), "run": "r1"}


@dataclass
class Machines(StepFunctions):
    """Step Functions that makes workflows and removes them: each is going for so many looks."""

    tags: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    going: int = 0

    def _describe_state_machine(self, stateMachineArn):  # noqa: N803 - AWS's own names
        if self.held.get(stateMachineArn, {}).get("status") == "DELETING":
            self.going -= 1
            if self.going < 0:
                del self.held[stateMachineArn]
        return super()._describe_state_machine(stateMachineArn)

    def _create_state_machine(self, name, type, tags, **value):
        arn = LOCAL.arn("states", f"stateMachine:{name}")
        assert (type, arn in self.held) == ("STANDARD", False)
        self.held[arn], self.tags[arn] = {**value, "status": "ACTIVE"}, tags
        return {"stateMachineArn": arn, "creationDate": NOW}

    def _delete_state_machine(self, stateMachineArn):  # noqa: N803
        self.held[stateMachineArn]["status"] = "DELETING"
        return {}

    def _list_tags_for_resource(self, resourceArn):  # noqa: N803
        return {"tags": self.tags.get(resourceArn, [])}


@pytest.fixture
def states():
    held = {LOCAL.state_machine_arn: {**described("old"), "status": "ACTIVE"}}
    return Machines(LOCAL.state_machine_arn, held)


@pytest.fixture
def candidate(states):
    return Candidate(connected(LOCAL, stepfunctions=states), LOCAL.state_machine_name)


def test_a_candidate_is_made_by_its_own_name_with_the_run_that_made_it_and_removed(candidate, states):
    assert (candidate.read(), candidate.is_left) == (None, False)
    candidate.write(VALUE)
    assert candidate.arn == f"{LOCAL.state_machine_arn}-candidate"
    assert states.tags[candidate.arn] == [{"key": RUN_TAG, "value": "r1"}]
    assert (candidate.read(), candidate.is_left) == (VALUE, True)
    candidate.write(None)
    assert (candidate.read(), candidate.is_left) == (None, False)
    assert states.runs() == "old"
    assert states.wrote == ["create_state_machine", "delete_state_machine"]


def test_somebodys_workflow_of_that_name_is_said_and_never_taken_for_a_candidate(candidate, states):
    states.held[candidate.arn] = {**described("theirs"), "status": "ACTIVE"}
    states.tags[candidate.arn] = [{"key": "owner", "value": "somebody"}]
    assert not candidate.is_left
    with pytest.raises(NotAsWanted, match=r"Your6-CheckinWorkflow-candidate that no run of ours made.*nothing was"):
        candidate.read()
    assert states.wrote == []


@pytest.mark.parametrize("looks", [0, 1, 5])
def test_one_that_aws_is_still_removing_is_gone_and_is_waited_for_before_another_is_made(looks, candidate, states):
    candidate.write(VALUE)
    states.going = 10_000
    candidate.write(None)
    assert (candidate.read(), states.held[candidate.arn]["status"]) == (None, "DELETING")
    states.going = looks
    candidate.write({**VALUE, "run": "r2"})
    assert candidate.read()["run"] == "r2"


def test_one_that_aws_does_not_remove_in_time_keeps_another_from_being_made(candidate, states):
    candidate.write(VALUE)
    states.going = 10_000
    candidate.write(None)
    with pytest.raises(NotAsWanted, match="still removing the candidate of workflow Your6-CheckinWorkflow before"):
        candidate.write(VALUE)
    assert states.wrote == ["create_state_machine", "delete_state_machine"]


def test_who_may_make_no_workflow_is_told_so_in_a_sentence(candidate, states):
    def denies(call, given):
        if call == "create_state_machine":
            raise says("AccessDeniedException")

    states.before = denies
    with pytest.raises(NotAsWanted, match=r"writing candidate of workflow Your6-CheckinWorkflow.*AccessDenied"):
        candidate.write(VALUE)
    assert states.runs() == "old"


# Executions for which an undo waits


@dataclass
class Executions(StepFunctions):
    """Step Functions in which executions run, by the name of each the definition that it runs."""

    run: dict[str, str] = field(default_factory=dict)

    def get_paginator(self, operation):
        assert operation == "list_executions"
        return type("Pages", (), {"paginate": lambda _, **given: [{"executions": self._rows()}]})()

    def _rows(self):
        return [{"executionArn": f"{self.arn}:{name}"} for name in self.run]

    def _describe_state_machine_for_execution(self, executionArn):  # noqa: N803
        return {"definition": self.run[executionArn.rpartition(":")[2]]}


def given_back(**run):
    """An account in which the workflow and the alias `live` were given back what they held, which is not the same."""
    arn = LOCAL.state_machine_arn
    held = {arn: described("edited"), f"{arn}:1": described("released"), f"{arn}:2": described("the run's")}
    texts = {name: described(comment)["definition"] for name, comment in run.items()}
    aws = Executions(arn, held, {"live": {f"{arn}:1": 100}, "somebody's": {f"{arn}:2": 100}}, run=texts)
    there = connected(LOCAL, stepfunctions=aws)
    return Workflow(there, LOCAL.state_machine_name), WorkflowAlias(there, LOCAL.state_machine_name, "live")


def test_an_undo_waits_for_no_execution_of_what_an_alias_was_given_back():
    machine, alias = given_back(hangs="released", too="edited")
    machine.settle([alias, machine])
    alias.settle([machine])
    with pytest.raises(NotAsWanted, match=r"1 executions still run on another definition .*, such as hangs; "):
        machine.settle([machine])  # of an alias that was not given back, nobody knows what its executions need


@pytest.mark.parametrize("comment", ["the run's", "of last year"])
def test_an_undo_waits_for_an_execution_of_any_other_definition(comment):
    machine, alias = given_back(hangs=comment, other="released")
    with pytest.raises(NotAsWanted, match=r"1 executions still run on another definition .*, such as hangs; "):
        machine.settle([alias, machine])


def test_of_an_alias_that_is_gone_nothing_is_harmless():
    machine, alias = given_back(hangs="released")
    with pytest.raises(NotAsWanted, match="1 executions still run"):
        machine.settle([replace(alias, alias="gone")])


def test_a_workflow_that_was_never_updated_is_published_by_the_revision_that_aws_calls_its_first():
    aws = StepFunctions(
        LOCAL.state_machine_arn, {LOCAL.state_machine_arn: {**described("first"), "revisionId": None}}, {"live": {}}
    )
    published = []
    aws._publish_state_machine_version = lambda **given: (
        published.append(given["revisionId"]) or {"stateMachineVersionArn": f"{LOCAL.state_machine_arn}:1"}
    )
    there = connected(LOCAL, stepfunctions=aws)
    held = Workflow(there, LOCAL.state_machine_name).read()
    WorkflowAlias(there, LOCAL.state_machine_name, "live").write(routed_to(held))
    assert published == ["INITIAL"]


def test_a_workflow_with_all_the_versions_that_it_may_have_is_given_back_its_definition_all_the_same():
    arn = LOCAL.state_machine_arn
    aws, whole = StepFunctions(arn, {arn: described("the run's")}), StepFunctions._update_state_machine

    def update(publish=False, **given):
        if publish:
            raise says("ServiceQuotaExceededException")
        return whole(aws, publish=publish, **given)

    aws._update_state_machine = update
    thing = Workflow(connected(LOCAL, stepfunctions=aws), LOCAL.state_machine_name)
    thing.write(value_of(described("released")))
    assert aws.runs() == "released"
