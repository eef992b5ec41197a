"""A proposal says what it rests on, and a plan takes it only where it still speaks of this account and its numbers."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import tuned
import yaml
from tuned import SETTINGS, WINDOW, found, population

from lib.errors import BadParameters, Refused
from lib.phases.tuning import proposal, proposal_file, uncertainty
from lib.record import records, sealing
from lib.record.records import Record, Run
from lib.settings import with_changes

MOMENT = datetime.now(UTC)


@pytest.fixture
def run(tmp_path):
    return Run(SETTINGS, Record(tmp_path / "run", "run"))


def kept(joint, run):
    return proposal.keep(joint, uncertainty.assess(joint, tuned.now(), SETTINGS, WINDOW), run, WINDOW)


@pytest.fixture
def path(run):
    said = kept(found(population(users=200)), run)
    assert "Do not follow it" not in said
    assert f"`runbook plan local --thresholds {run.record.folder}/evidence/thresholds-proposal.yaml" in said
    return run.record.folder / proposal_file.KEPT


def content(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_it_says_numbers_reasons_intervals_data_and_until_when(path):
    said = content(path)
    assert said["thresholds"] == {
        "crisis_risk_above": 80, "high_risk_above": 70, "moderate_risk_above": 40, "sentiment_below": -0.6,
        "proactive_risk_above": 30,
    }  # fmt: skip
    assert said["now"]["crisis_risk_above"] == 95
    assert "costs least" in said["why"]
    assert said["doubts"] == [] and "less than now" in said["intervals"][1]
    assert len(said["later_weeks"]) == 2 and len(said["other_costs"]) == 4
    assert said["data"]["checkins"] == said["data"]["reviewed"] == 3000
    assert len(said["data"]["sha256"]) == 64
    assert said["data"]["from"] == "2026-01-01T00:00:00+00:00"
    assert said["judged_by"]["outcome_costs"] == SETTINGS.outcome_costs
    assert "a clinician" in said["may_approve"]
    assert (said["environment"], said["account_id"], said["run_id"]) == ("local", "000000000000", "run")
    assert datetime.fromisoformat(said["holds_until"]) - datetime.fromisoformat(said["made_at"]) == proposal.HOLDS


def test_other_data_has_another_sum(path):
    one, other = found(population(users=200)), found(population(seed=2, users=200))
    assert content(path)["data"]["sha256"] == proposal._digest(one.checkins) != proposal._digest(other.checkins)


def test_where_nothing_is_proposed_nothing_is_kept(run):
    said = kept(found(tuned.checkins([tuned.risky(5)])), run)
    assert said.startswith("There is no proposal: of 1 check-ins none is reviewed")
    assert run.record.kept_as(proposal_file.KEPT) == []


def test_what_speaks_against_it_is_said_and_kept_with_it(run):
    frame = population(users=200)
    frame.loc[frame["risk_score"] <= 50, ["outcome", "weight"]] = ["", 0.0]
    said = kept(found(frame), run)
    assert re.search(r"Do not follow it: of 1,\d{3} check-ins without an alert none is reviewed", said)
    assert "; no review stands for 1," in said
    assert len(content(run.record.folder / proposal_file.KEPT)["doubts"]) == 2
    warned = proposal_file.doubts(run.record.folder / proposal_file.KEPT)
    assert len(warned) == 2 and warned[0].startswith("the tuning says not to follow it: of 1,")


def test_the_plan_takes_its_five_numbers(path):
    taken = proposal_file.proposed_parameters(path, SETTINGS, MOMENT)
    assert taken == content(path)["thresholds"]
    assert with_changes(SETTINGS, **taken).crisis_risk_above == 80


def test_one_of_another_account_is_refused(path):
    other = with_changes(SETTINGS, environment="elsewhere")
    with pytest.raises(Refused, match="is of local 000000000000 us-east-1; expected one of elsewhere 000000000000 us-"):
        proposal_file.proposed_parameters(path, other, MOMENT)
    other = with_changes(SETTINGS, region="eu-west-1")
    with pytest.raises(
        Refused, match="is of local 000000000000 us-east-1; expected one of local 000000000000 eu-west-1"
    ):
        proposal_file.proposed_parameters(path, other, MOMENT)


def test_one_that_is_too_old_is_refused(path):
    proposal_file.proposed_parameters(path, SETTINGS, MOMENT + timedelta(days=29))
    with pytest.raises(Refused, match=r"holds until .* UTC; tune again"):
        proposal_file.proposed_parameters(path, SETTINGS, MOMENT + timedelta(days=31))


def test_one_that_was_compared_with_other_thresholds_is_refused(path):
    other = with_changes(SETTINGS, crisis_risk_above=96)
    with pytest.raises(Refused, match="was compared with crisis_risk_above 95, which the live workflow had"):
        proposal_file.proposed_parameters(path, other, MOMENT)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "format: 1", "format: 2", "format: 2\nthresholds: {crisis_risk_above: 80}",
        "format: 2\nthresholds: [1]", "<<<<", "format: 2\nformat: 2",
    ],
)  # fmt: skip
def test_what_is_no_proposal_is_said(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadParameters, match=r"mine\.yaml (is no proposal of format 2|is not valid|says format twice)"):
        proposal_file.proposed_parameters(file, SETTINGS, MOMENT)


NUMBERS = dict.fromkeys(proposal_file.PARAMETERS, 50)


@pytest.mark.parametrize(
    "edited",
    [
        {"thresholds": NUMBERS | {"crisis_risk_above": "80"}}, {"thresholds": list(NUMBERS)},
        {"now": NUMBERS | {"crisis_risk_above": 10**400}}, {"now": NUMBERS | {"crisis_risk_above": float("nan")}},
        {"holds_until": "2027-01-01T00:00:00"}, {"holds_until": "2027-01-01T00:00:00+12:00"},
        {"holds_until": "9999-12-31T23:59:59-12:00"}, {"holds_until": 20270101}, {"holds_until": "soon"},
        {"format": True}, {"format": 2.0}, {"doubts": "none"}, {"doubts": {"a": "b"}}, {"doubts": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_was_edited_into_no_proposal_is_one_sentence(path, edited):
    path.write_text(yaml.safe_dump(content(path) | edited), encoding="utf-8")
    with pytest.raises(BadParameters, match="is no proposal of format 2"):
        proposal_file.proposed_parameters(path, SETTINGS, MOMENT)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadParameters, match="cannot be read as a file"):
        proposal_file.proposed_parameters(tmp_path / "none.yaml", SETTINGS, MOMENT)


def test_one_that_somebody_edited_is_refused_where_the_run_that_made_it_is_here(tmp_path):
    settings = with_changes(SETTINGS, outputs_dir=str(tmp_path / "outputs"))
    run, copy = Run(settings, records.open_run(settings)), tmp_path / "copy.yaml"
    kept(found(population(users=200)), run)
    sealing.seal(run.record)
    text = (run.record.folder / proposal_file.KEPT).read_text(encoding="utf-8")
    copy.write_text(text, encoding="utf-8")
    assert proposal_file.require_as_made(copy, settings) == ""
    copy.write_text(text.replace("crisis_risk_above: 80", "crisis_risk_above: 99"), encoding="utf-8")
    with pytest.raises(Refused, match=rf"copy\.yaml is not as run {run.record.run_id} made and sealed it"):
        proposal_file.require_as_made(copy, settings)
    copy.write_text(text.replace(run.record.run_id, "r-elsewhere"), encoding="utf-8")
    assert "which is not on this machine" in proposal_file.require_as_made(copy, settings)
