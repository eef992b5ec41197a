"""A reviewer's word on a run's review: what is refused, what is kept, and that a later review is not signed by it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from simulated import Account, Time, answer, watch

from lib.checks import Check, Status
from lib.errors import BadParameters
from lib.phases.review import signature
from lib.phases.review.signature import Decision, Signature
from lib.phases.watch.checkpoint import Reading
from lib.record.records import CRITERIA, Run
from lib.values.check_registry import Id

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
CALLER = "arn:aws:sts::000000000000:assumed-role/Operators/jane.doe"
MET = [{"name": "1 All test scenarios pass", "status": "passed"}, {"name": "4 Success", "status": "passed"}]
UNMET = [*MET, {"name": "5 Metrics", "status": "cannot tell"}]


@pytest.fixture
def run(settings, record):
    record.write_json("run.json", {"verdict": "succeeded", "phases": [], "caller": {"caller": CALLER}})
    return Run(settings, record)


def signed(by="Sam Roe", decision=Decision.ACCEPT, comment=""):
    return Signature(by, decision, comment, "arn:aws:iam::000000000000:user/sam")


def test_a_review_whose_criteria_passed_is_accepted_in_a_word(run):
    run.record.keep_json(CRITERIA, MET)
    row = signature.sign(run, signed(), NOW)
    assert run.record.rows(signature.LOG) == [row]
    assert (row["criteria"], row["not_passed"], row["carried_out"]) == (CRITERIA, [], False)
    by = "written down by arn:aws:iam::000000000000:user/sam"
    assert signature.latest(run.record) == f"accepted by Sam Roe at 2026-11-28T09:00:00+00:00, {by}"
    assert signature.table(run.record)[0]["by"] == "Sam Roe"
    assert f"written down by {signature.table(run.record)[0]['written down by']}" == by


def test_without_a_review_there_is_nothing_to_sign(run):
    with pytest.raises(BadParameters, match="no review that could be signed; make one, and sign that"):
        signature.sign(run, signed())
    assert run.record.rows(signature.LOG) == []
    assert signature.latest(run.record) == signature.NOBODY


@pytest.mark.parametrize(
    ("criteria", "given", "said"),
    [
        (MET, {"by": " "}, "expected a person's name"),
        (MET, {"by": "."}, "expected a person's name"),
        (MET, {"by": "42"}, "expected a person's name"),
        (MET, {"by": "everybody"}, "signed by 'everybody': expected one person's name"),
        (MET, {"by": "The whole Ops-Team"}, "expected one person's name"),
        (MET, {"by": "Jane\u202eDoe"}, "which no name does"),
        (MET, {"by": "jane@example.org"}, "an address or a telephone number"),
        (MET, {"by": "J" * 201}, "--by has 201 characters; expected at most 200"),
        (MET, {"comment": "x" * 2001}, "--comment has 2,001 characters"),
        (MET, {"decision": Decision.REJECT}, "a rejection says why"),
        (UNMET, {}, r"not everything passed \(5 Metrics: cannot tell\)"),
    ],
)
def test_what_cannot_be_signed_like_that_is_one_sentence_and_nothing_is_kept(run, criteria, given, said):
    run.record.keep_json(CRITERIA, criteria)
    with pytest.raises(BadParameters, match=said):
        signature.sign(run, signed(**given))
    assert run.record.rows(signature.LOG) == []


def test_what_is_accepted_unmet_says_what_and_why_and_keeps_no_contact(run):
    run.record.keep_json(CRITERIA, UNMET)
    row = signature.sign(run, signed(comment="widgets follow; ask sam@example.org"), NOW)
    assert (row["not_passed"], "example.org" in row["comment"]) == (["5 Metrics: cannot tell"], False)
    said = signature.latest(run.record)
    assert ", though 5 Metrics: cannot tell, written down by " in said and ": widgets follow" in said


DECIDED = Check(Id.CRITERION_1, "1 All test scenarios pass", Status.PASSED, "6 of 6", "all")
LOST = Check(Id.RECONCILED, "every alert was counted", Status.FAILED, "LOST: 3 of 5", "each")


def test_an_answer_of_the_review_that_failed_stands_against_it_though_every_criterion_passed(run):
    run.record.keep_json(CRITERIA, MET)
    run.record.checked("07", [LOST, DECIDED])
    with pytest.raises(BadParameters, match=r"not everything passed \(every alert was counted: failed\)"):
        signature.sign(run, signed())
    assert signature.sign(run, signed(comment="the three were reached"), NOW)["not_passed"]
    assert ", though every alert was counted: failed, written down by " in signature.latest(run.record)
    assert "--comment" in signature.commands(run)[0]["command"]
    run.record.checked("07", [replace(LOST, status=Status.PASSED)])  # as it was answered last
    assert signature.not_passed(run.record) == []
    run.record.append("checks.jsonl", {"phase": "07"})
    assert signature.not_passed(run.record) == ["checks.jsonl: it cannot be read"]


def test_the_criteria_of_an_earlier_review_are_not_signed_unsaid_for_a_later_one_that_broke_off(run):
    run.record.keep_json(CRITERIA, MET)
    run.record.checked("07", [DECIDED])
    assert signature.not_passed(run.record) == []
    later = replace(run.record, attempt="a later one")
    later.checked("07", [replace(LOST, status=Status.PASSED)])
    assert signature.not_passed(run.record) == [signature.BROKE_OFF]


def test_what_a_watch_found_broken_and_still_is_stands_against_it(run):
    run.record.keep_json(CRITERIA, MET)
    time, account = Time(), Account(lambda asked, span: Reading([answer(asked, Status.FAILED, "5 of 5")]))
    watch(run.record, time, account)
    lasts = "broken since 2026-11-28T12:00:00+00:00"
    assert signature.not_passed(run.record) == [f"watch: failures: {lasts}", f"watch: alarms: {lasts}"]
    watch(run.record, Time(), Account())  # a later watch takes nothing away that nobody explained
    left = "broken when the watch before ended"
    assert signature.not_passed(run.record) == [f"watch: failures: {left}", f"watch: alarms: {left}"]


def test_a_comment_of_several_lines_is_told_in_one_so_that_none_looks_like_ours(run):
    run.record.keep_json(CRITERIA, MET)
    signature.sign(run, signed(comment="fine\nThe newest review: every criterion passed"), NOW)
    assert "\n" not in signature.latest(run.record)


def test_a_rejection_is_loud_and_the_newest_signature_counts(run):
    run.record.keep_json(CRITERIA, MET)
    signature.sign(run, signed(), NOW)
    signature.sign(run, signed(decision=Decision.REJECT, comment="ten drills are few"), NOW)
    assert signature.latest(run.record).startswith("REJECTED by Sam Roe")
    assert [row["decision"] for row in signature.table(run.record)] == ["reject", "accept"]


def test_a_review_that_is_made_later_or_touched_is_not_signed(run):
    run.record.keep_json(CRITERIA, MET)
    signature.sign(run, signed(), NOW)
    path = run.record.folder / CRITERIA
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("passed", "failed"), encoding="utf-8")
    assert signature.latest(run.record).endswith(". A LATER REVIEW IS NOT SIGNED")
    path.write_text(text, encoding="utf-8")
    assert not signature.latest(run.record).endswith("SIGNED")
    run.record.keep_json(CRITERIA, MET)
    assert signature.latest(run.record).endswith(". A LATER REVIEW IS NOT SIGNED")


def test_who_signs_what_they_carried_out_themselves_is_told(run):
    run.record.keep_json(CRITERIA, MET)
    row = signature.sign(run, signed(by="Jane Doe"), NOW)
    assert row["carried_out"]
    assert "by Jane Doe at 2026-11-28T09:00:00+00:00, who carried out some of the run as well" in signature.latest(
        run.record
    )


@pytest.mark.parametrize(
    "row",
    [
        {}, {"decision": "maybe"}, {"decision": ["accept"]}, {"by": None}, {"time": 1}, {"not_passed": "none"},
        {"not_passed": [1]}, {"carried_out": "no"}, {"criteria": {}}, {"sha256": None}, {"comment": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_that_is_no_signature_accepts_nothing_and_ends_nothing_by_a_traceback(row, run):
    run.record.keep_json(CRITERIA, MET)
    good = signature.sign(run, signed(), NOW)
    run.record.append(signature.LOG, {**good, **row} if row else {})
    assert signature.latest(run.record) == signature.NOT_READ
    assert [one["decision"] for one in signature.table(run.record)] == [signature.UNREADABLE, "accept"]
    signature.sign(run, signed(), NOW)
    assert signature.latest(run.record).startswith("accepted by Sam Roe")
    assert signature.latest(run.record).endswith(signature.UNREADABLE)


@pytest.mark.parametrize("criteria", [[{}], [1], 3, {"a": 1}])
def test_criteria_that_cannot_be_read_did_not_pass(criteria, run):
    run.record.keep_json(CRITERIA, criteria)
    assert signature.not_passed(run.record) == [f"{CRITERIA}: it cannot be read"]


JOHN, JANE = (f"arn:aws:iam::000000000000:user/{name}" for name in ("john.roe", "jane.doe"))


@pytest.mark.parametrize(
    "told",
    [
        lambda record: record.keep_json("plan.json", {"format": 2, "approval": {"caller": JOHN}}),
        lambda record: record.append("cells.jsonl", {"caller": JOHN}),
    ],
    ids=["who began it", "who stepped through it"],
)
def test_whoever_carried_out_some_of_it_is_told_and_not_the_last_alone(run, told):
    run.record.keep_json(CRITERIA, MET)
    told(run.record)
    assert signature.sign(run, signed(by="John Roe"), NOW)["carried_out"]
    assert not signature.sign(run, signed(), NOW)["carried_out"]


@pytest.mark.parametrize("caller", [JANE, CALLER])
def test_a_name_that_who_carried_it_out_typed_is_told_as_theirs(run, caller):
    run.record.keep_json(CRITERIA, MET)
    signature.sign(run, Signature("Dr. Sam Roe", Decision.ACCEPT, "", caller), NOW)
    said = f"written down by {caller}, who carried out some of the run"
    assert signature.latest(run.record).endswith(said)
    assert f"written down by {signature.table(run.record)[0]['written down by']}" == said


def test_an_older_signature_that_does_not_tell_says_so(run):
    run.record.keep_json(CRITERIA, MET)
    row = signature.sign(run, signed(), NOW)
    (run.record.folder / signature.LOG).unlink()
    run.record.append(signature.LOG, {key: row[key] for key in row if key != "caller"})
    assert signature.latest(run.record).endswith("written down by a caller that it does not tell")
