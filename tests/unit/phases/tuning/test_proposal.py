"""A proposal says what it rests on, and a plan takes it only where it still speaks of this account and its numbers."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import tuned
import yaml
from tuned import SETTINGS, WINDOW, found, population

from lib.changes.stepped_cells import CELLS
from lib.errors import BadParameters, Refused
from lib.phases.tuning import proposal, proposal_file, uncertainty
from lib.phases.tuning.search import Answer
from lib.record import records, sealing
from lib.record.records import Record, Run
from lib.record.seals import manifest
from lib.record.seals.seal_chain import State
from lib.settings import with_changes


def moment():
    """Now, and not when this module was loaded: what a test makes is younger than that."""
    return datetime.now(UTC)


@pytest.fixture
def run(tmp_path):
    return Run(SETTINGS, Record(tmp_path / "run", "run"))


def kept(joint, run):
    return proposal.keep(joint, uncertainty.assess(joint, tuned.now(), SETTINGS, WINDOW), run, WINDOW)


@cache
def judged():
    """A joint setting and how sure it is: computed once, since no test changes it."""
    joint = found(population(users=200))
    return joint, uncertainty.assess(joint, tuned.now(), SETTINGS, WINDOW)


@pytest.fixture
def path(run):
    said = proposal.keep(*judged(), run, WINDOW)
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
    assert said["doubts"] == [] and uncertainty.BEFOREHAND in said["intervals"][1]
    assert len(said["later_weeks"]) == 2 and len(said["other_costs"]) == 4
    assert said["data"]["checkins"] == said["data"]["reviewed"] == 3000
    assert len(said["data"]["sha256"]) == 64
    assert said["data"]["from"] == "2026-01-01T00:00:00+00:00"
    assert said["judged_by"]["outcome_costs"] == SETTINGS.outcome_costs
    assert "a clinician" in said["may_approve"]
    assert (said["environment"], said["account_id"], said["run_id"]) == ("local", "000000000000", "run")
    assert datetime.fromisoformat(said["holds_until"]) - datetime.fromisoformat(said["made_at"]) == proposal.HOLDS


def test_other_data_has_another_sum(path):
    one, other = judged()[0], found(population(seed=2, users=200))
    assert content(path)["data"]["sha256"] == proposal._digest(one.checkins) != proposal._digest(other.checkins)


def test_where_nothing_is_proposed_nothing_is_kept(run):
    said = kept(found(tuned.checkins([tuned.risky(5)])), run)
    assert said.startswith("There is no proposal: of 1 check-ins none is reviewed")
    assert run.record.kept_as(proposal_file.KEPT) == []


def test_what_speaks_against_keeping_what_is_is_said_where_nothing_is_proposed(run):
    joint, sure = judged()
    keeps = replace(joint, answer=Answer.KEEP, why="no other setting costs less")
    said = proposal.keep(keeps, replace(sure, doubts=("few are reviewed",)), run, WINDOW)
    assert said == "Do not rely on it: few are reviewed. There is no proposal: no other setting costs less."


def test_what_speaks_against_it_is_said_and_kept_with_it(run):
    frame = population(users=200)
    frame.loc[frame["risk_score"] <= 50, ["outcome", "weight"]] = ["", 0.0]
    said = kept(found(frame), run)
    assert said.startswith("Do not follow it: ") and "holds until" in said
    assert re.search(r"Do not follow it: of 1,\d{3} check-ins without an alert none is reviewed", said)
    assert "; no review stands for 1," in said
    assert len(content(run.record.folder / proposal_file.KEPT)["doubts"]) == 2
    warned = proposal_file.read(run.record.folder / proposal_file.KEPT).doubts
    assert len(warned) == 2 and warned[0].startswith("the tuning says not to follow it: of 1,")


def test_the_plan_takes_its_five_numbers(path):
    taken = proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment())
    assert taken == content(path)["thresholds"]
    assert with_changes(SETTINGS, **taken).crisis_risk_above == 80


def test_one_of_another_account_is_refused(path):
    other = with_changes(SETTINGS, environment="elsewhere")
    with pytest.raises(Refused, match="is of local 000000000000 us-east-1; expected one of elsewhere 000000000000 us-"):
        proposal_file.proposed_parameters(proposal_file.read(path), other, moment())
    other = with_changes(SETTINGS, region="eu-west-1")
    with pytest.raises(
        Refused, match="is of local 000000000000 us-east-1; expected one of local 000000000000 eu-west-1"
    ):
        proposal_file.proposed_parameters(proposal_file.read(path), other, moment())


def test_one_that_is_too_old_is_refused(path):
    proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment() + timedelta(days=29))
    with pytest.raises(Refused, match=r"holds until .* UTC; tune again"):
        proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment() + timedelta(days=31))


def test_one_that_was_compared_with_other_thresholds_is_refused(path):
    other = with_changes(SETTINGS, crisis_risk_above=96)
    with pytest.raises(Refused, match="was compared with crisis_risk_above 95, which the live workflow had"):
        proposal_file.proposed_parameters(proposal_file.read(path), other, moment())


def test_one_that_the_live_workflow_has_moved_on_from_is_said(path):
    taken = proposal_file.read(path)

    def said(**changed):
        return proposal_file.moved_on(taken, tuned.now(**changed).definition)

    assert said() == ""
    proposes = {"CrisisRiskAbove": 80, "HighRiskAbove": 70, "ModerateRiskAbove": 40}
    assert said(**proposes) == ""  # it was carried out already
    assert "the live workflow has crisis_risk_above 93 by now, with which it was not compared" in said(
        CrisisRiskAbove=93
    )
    assert proposal_file.moved_on(taken, {"States": {}}) == ""  # that of before the update: nothing of ours is live


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
        proposal_file.proposed_parameters(proposal_file.read(file), SETTINGS, moment())


NUMBERS = dict.fromkeys(proposal_file.PARAMETERS, 50)


@pytest.mark.parametrize(
    "edited",
    [
        {"thresholds": NUMBERS | {"crisis_risk_above": "80"}}, {"thresholds": list(NUMBERS)},
        {"now": NUMBERS | {"crisis_risk_above": 10**400}}, {"now": NUMBERS | {"crisis_risk_above": float("nan")}},
        {"holds_until": "2027-01-01T00:00:00"}, {"holds_until": "2027-01-01T00:00:00+12:00"},
        {"holds_until": "9999-12-31T23:59:59-12:00"}, {"holds_until": 20270101}, {"holds_until": "soon"},
        {"made_at": None}, {"made_at": "2026-01-01T00:00:00"}, {"made_at": "2026-01-01"}, {"environment": ["local"]},
        {"format": True}, {"format": 2.0}, {"doubts": "none"}, {"doubts": {"a": "b"}}, {"doubts": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_was_edited_into_no_proposal_is_one_sentence(path, edited):
    path.write_text(yaml.safe_dump(content(path) | edited), encoding="utf-8")
    with pytest.raises(BadParameters, match="is no proposal of format 2"):
        proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment())


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadParameters, match="cannot be read as a file"):
        proposal_file.read(tmp_path / "none.yaml")


@pytest.mark.parametrize("clock", [timedelta(minutes=-5), timedelta(0)])
def test_one_that_was_made_by_a_clock_a_little_ahead_is_taken(path, clock):
    assert proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment() + clock)


def test_one_of_the_future_is_refused(path):
    with pytest.raises(Refused, match=r"says that it was made at .* UTC, and here it is .*; set the clock"):
        proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment() - timedelta(hours=1))


def test_one_that_holds_longer_than_any_is_none(path):
    made = datetime.fromisoformat(content(path)["made_at"])
    longer = {"holds_until": (made + proposal.HOLDS + timedelta(seconds=1)).isoformat()}
    path.write_text(yaml.safe_dump(content(path) | longer), encoding="utf-8")
    with pytest.raises(BadParameters, match="is no proposal of format 2"):
        proposal_file.proposed_parameters(proposal_file.read(path), SETTINGS, moment())


def test_one_that_no_tuning_can_have_written_is_not_even_read(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("format: 2\nenvironment: &e [x]\nregion: *e\n", encoding="utf-8")
    with pytest.raises(BadParameters, match=r"mine\.yaml refers from one value to another"):
        proposal_file.read(file)
    file.write_text(f"format: 2\nwhy: {'x' * proposal_file.MOST_BYTES}", encoding="utf-8")
    with pytest.raises(BadParameters, match=r"mine\.yaml is larger than 1,000,000 bytes"):
        proposal_file.read(file)


def test_it_is_read_once_whatever_becomes_of_its_file(path):
    taken, text = proposal_file.read(path), path.read_text(encoding="utf-8")
    path.write_text("format: 1", encoding="utf-8")
    assert proposal_file.proposed_parameters(taken, SETTINGS, moment()) and taken.text == text


def test_what_stands_in_it_twice_is_written_twice(run):
    joint = found(population(users=200))
    sure = uncertainty.assess(joint, tuned.now(), SETTINGS, WINDOW)
    row = {"people in danger count": "twice"}
    proposal.keep(joint, replace(sure, costs=[row, row]), run, WINDOW)
    kept_text = (run.record.folder / proposal_file.KEPT).read_text(encoding="utf-8")
    assert proposal_file.read(run.record.folder / proposal_file.KEPT).said["other_costs"] == [row, row]
    assert "&id" not in kept_text


def made(tmp_path, tells="08_threshold_tuning.ipynb", telling="{}", name=proposal_file.KEPT):
    """A run that kept a proposal under this name, and what tells what it did; its settings, and a copy of that file."""
    settings = with_changes(SETTINGS, outputs_dir=str(tmp_path / "outputs"))
    run, copy = Run(settings, records.open_run(settings)), tmp_path / "copy.yaml"
    kept(found(population(users=200)), run)
    if name != proposal_file.KEPT:
        (run.record.folder / proposal_file.KEPT).rename(run.record.folder / name)
    (run.record.folder / tells).write_text(telling, encoding="utf-8")
    sealing.seal(run.record)
    copy.write_text((run.record.folder / name).read_text(encoding="utf-8"), encoding="utf-8")
    return settings, run.record, copy


def as_made(copy, settings, unverified=False):
    return proposal_file.require_as_made(proposal_file.read(copy), settings, unverified)


def edit(copy, there, other):
    text = copy.read_text(encoding="utf-8")
    assert there in text
    copy.write_text(text.replace(there, other), encoding="utf-8")


def test_one_that_somebody_edited_is_refused_where_the_run_that_made_it_is_here(tmp_path):
    settings, record, copy = made(tmp_path)
    assert as_made(copy, settings) == ""
    copy.write_bytes(copy.read_bytes().replace(b"\n", b"\r\n"))
    assert as_made(copy, settings) == ""
    edit(copy, "crisis_risk_above: 80", "crisis_risk_above: 99")
    for unverified in (False, True):
        with pytest.raises(Refused, match=rf"copy\.yaml is not as run {record.run_id} made and sealed it"):
            as_made(copy, settings, unverified)


def test_one_of_a_run_that_is_not_here_needs_a_word_that_it_is_taken_so(tmp_path):
    settings, record, copy = made(tmp_path)
    edit(copy, record.run_id, "r-elsewhere")
    with pytest.raises(Refused, match=r"is of run r-elsewhere, which is not on this machine, .*say --unverified"):
        as_made(copy, settings)
    assert "nobody compared it with what that kept" in as_made(copy, settings, unverified=True)


@pytest.mark.parametrize("run_id", ["''", "../../x", "/", "drills", "3", "null", "[a]"])
def test_one_of_what_can_be_no_run_is_refused_whoever_says_otherwise(run_id, tmp_path):
    settings, record, copy = made(tmp_path)
    edit(copy, f"run_id: {record.run_id}", f"run_id: {run_id}")
    for unverified in (False, True):
        with pytest.raises(BadParameters, match=r"copy\.yaml names no run that could have made it"):
            as_made(copy, settings, unverified)


def test_one_that_the_tuning_was_stepped_through_for_is_taken(tmp_path):
    settings, _, copy = made(tmp_path, CELLS, '{"phase": "08"}\n')
    assert as_made(copy, settings) == ""


@pytest.mark.parametrize(("tells", "telling"), [(CELLS, '{"phase": "07"}\n'), ("plan.json", "{}")])
def test_a_run_that_did_not_tune_made_none_whatever_lies_in_its_record(tells, telling, tmp_path):
    settings, record, copy = made(tmp_path, tells, telling)
    with pytest.raises(Refused, match=rf"run {record.run_id} did not tune: its record tells of no phase 08"):
        as_made(copy, settings)


def test_what_a_plan_was_given_is_no_proposal_of_its_run(tmp_path):
    settings, record, copy = made(tmp_path, name=proposal_file.GIVEN)
    with pytest.raises(Refused, match=rf"is not as run {record.run_id} made and sealed it"):
        as_made(copy, settings)


def manifest_removed(record):
    (record.folder / records.MANIFEST).unlink()


def manifest_broken(record):
    (record.folder / records.MANIFEST).write_text("{}", encoding="utf-8")


def seal_of_it_cut_off(record):
    seals = manifest.read(record.folder)
    others = tuple(seal for seal in seals.seals if proposal_file.KEPT not in {claim.path for claim in seal.files})
    cut = replace(seals, seals=(*others[:-1], replace(others[-1], state=State.GOING_ON)))
    (record.folder / records.MANIFEST).write_text(cut.to_text(), encoding="utf-8")


@pytest.mark.parametrize("attack", [manifest_removed, manifest_broken, seal_of_it_cut_off])
def test_a_forged_one_is_refused_also_where_nothing_tells_any_more_what_was_sealed(attack, tmp_path):
    settings, record, copy = made(tmp_path)
    edit(copy, "crisis_risk_above: 80", "crisis_risk_above: 99")
    (record.folder / proposal_file.KEPT).write_bytes(copy.read_bytes())
    attack(record)
    with pytest.raises(Refused, match=rf"copy\.yaml is .*run {record.run_id}"):
        as_made(copy, settings)


def test_one_of_a_run_that_was_killed_after_it_tuned_is_as_it_was_sealed(tmp_path):
    settings, record, copy = made(tmp_path)
    records.open_to_write(Run(settings, record))
    record.append("checks.jsonl", {"n": 1})
    assert as_made(copy, settings) == ""
