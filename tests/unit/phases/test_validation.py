"""What phase 05 says of drills that did not run, and of what AWS refused to tell of those that did. No AWS."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from drilled import drill

from lib.drills import evaluation
from lib.drills.drill_session import Group, Session
from lib.drills.scenarios import Scenario
from lib.errors import NotAsWanted
from lib.phases import validation
from lib.phases.proofs import candidate, way_in
from lib.settings import load
from lib.values.check_registry import Id

LOCAL = load("local", {"mode": "apply"}).model_copy(update={"not_exercised_here": []})
UNREAD = {"unread": {"revision": "AWS refused while reading it", "path": "AWS refused while reading it"}}


def rows(*drills):
    return [evaluation.row(one, LOCAL, "r1") for one in drills]


def case(name):
    return Scenario(name, "", {}, drill().scenario.expect)


def ran(session, drilled, groups):
    (check,) = [one for one in validation.checks(session, drilled, groups, LOCAL) if one.id is Id.DRILLS_RAN]
    return check.status, check.found


def test_a_drill_that_did_not_run_fails_and_its_series_is_named():
    whole = [drill(), drill(group=validation.DIRECT), drill(group=validation.DIRECT)]
    groups = [Group(validation.PLANNED, [case("crisis")]), Group(validation.DIRECT, [case("crisis")] * 2)]
    assert ran(Session(whole), rows(*whole), groups) == ("passed", "3")
    for lacking in (whole[:-1], whole[1:], []):
        status, said = ran(Session(lacking), rows(*lacking), groups)
        number = sum(one.group == validation.DIRECT for one in lacking)
        assert status == "failed"
        assert (f"{validation.DIRECT}: {number} of 2" in said) is (number < 2)
        assert (f"{validation.PLANNED}: 0 of 1" in said) is (whole[0] not in lacking)


def test_one_too_many_is_no_series_of_ours_and_none_at_all_is_no_success():
    twice = [drill(), drill()]
    assert ran(Session(twice), rows(*twice), [Group(validation.PLANNED, [case("crisis")])])[0] == "failed"
    assert ran(Session(), [], [])[0] == "failed"


def test_what_aws_refuses_to_tell_is_no_failure_of_a_drill_and_no_pass_of_its_series():
    drilled = rows(drill(revision=None, **UNREAD), drill(group=validation.DIRECT, revision=None, **UNREAD))
    assert [row["verdict"] for row in validation.results(drilled)] == ["cannot tell"]
    assert validation.paths(drilled) == [{"scenario": "crisis", "path": "AWS refused while reading it"}]
    groups = [Group(validation.PLANNED, [case("crisis")]), Group(validation.DIRECT, [case("crisis")])]
    found = validation.checks(Session(), drilled, groups, LOCAL)
    (whole,) = [check for check in found if check.id is Id.CRISES_WHOLE]
    assert (whole.status, whole.found.startswith("0 of 1; such as crisis")) == ("cannot tell", True)


def test_drills_are_judged_though_nobody_can_tell_what_check_ins_run_now(monkeypatch):
    def refuses(live):
        raise NotAsWanted("AWS refused while reading the workflow")

    monkeypatch.setattr(way_in.traffic_entries, "read", refuses)
    run = SimpleNamespace(live=None, settings=LOCAL, record=SimpleNamespace(keep_json=lambda name, rows: None))
    lost = drill(messages=[])
    (row,) = validation.rows(run, Session([lost]))
    assert (row["verdict"]["status"], len(row["checks"])) == ("failed", len(evaluation.judge(lost, LOCAL, "r1")))


@pytest.mark.parametrize(("counted", "status"), [({candidate.NAME: 1}, "passed"), ({}, "failed")])
def test_the_live_workflow_is_not_updated_by_a_candidate_of_which_nobody_can_tell(counted, status, monkeypatch):
    one = replace(drill(), group=candidate.NAME, revision=None)
    monkeypatch.setattr(candidate.desired, "candidate", lambda plan: object())
    monkeypatch.setattr(candidate, "_untouched", lambda run: "the live workflow was not touched")
    session, run = Session([one], counted=counted), SimpleNamespace(settings=LOCAL)
    groups = [Group(candidate.NAME, [one.scenario])]
    tried, *_ = candidate.checks(run, None, session, rows(one), groups)
    assert tried.status == status
    said = f"nobody can tell: {candidate.NAME}: interventions recorded; the live workflow was not touched"
    assert (said in tried.found) is (status == "failed")
