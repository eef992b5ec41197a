"""The words by which code decides: each member has its colour, order and sentence, and an unknown word is refused."""

import json

import pandas as pd
import pytest
from botocore.loaders import Loader

from lib.checks import Check, Status
from lib.cli import app
from lib.display.charts import backtest_charts, drill_charts, failure_chart, review_charts
from lib.drills import latency, subscribers
from lib.drills.broken_tasks import VISIBLE, Effect
from lib.drills.channels import Channel
from lib.errors import BadParameters, NotAsWanted
from lib.phases.proofs.aws_test_state import StateEnding
from lib.record import run_phases
from lib.record.run_phases import Phase
from lib.settings import load, with_changes
from lib.telemetry import route_moves
from lib.telemetry.configuration.facts import SENSES, Meaning, Sense
from lib.telemetry.execution_status import Count, Ending, ExecutionStatus, When, Who
from lib.telemetry.route_moves import Move
from lib.values.check_registry import Id
from lib.values.exact_json import dumps, parts_of
from lib.values.modes import Approval, Gap, Mode
from lib.values.subscriber_addresses import EXPECTED, Protocol
from lib.values.verdicts import Verdict, member
from rehearsal.account import bridge
from rehearsal.single_failures.ground import CONTACT, OPERATIONS

STATES = Loader().load_service_model("stepfunctions", "service-2")["shapes"]


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (failure_chart.TILES, {CONTACT, OPERATIONS, VISIBLE, *Effect} - {Effect.PASSED}),
        (route_moves.WORDS, {*Move}),
        (backtest_charts.KINDS, {*Move}),
        (review_charts.OUTCOMES, {*Count} - {Count.STARTED}),
        (SENSES, {*Sense}),
        (EXPECTED, {*Protocol}),
        (drill_charts.TOPICS, {*latency.TOPICS}),
        (bridge.METRICS, {*ExecutionStatus} - {ExecutionStatus.PENDING_REDRIVE}),
        (dict.fromkeys((*subscribers.QUEUES, Channel.RULES)), {*Channel}),
    ],
    ids=["tiles", "moves in words", "moves", "counts", "senses", "addresses", "topics", "metrics", "queues"],
)
def test_a_table_has_a_row_for_each_member(table, members):
    assert set(table) == members


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_of_a_phase_makes_a_runs_and_an_exit_code(verdict):
    done = [Phase("01", "one", verdict)]
    assert run_phases.overall(done) == (Verdict.NOT_RUN if verdict == Verdict.REFUSED else verdict)
    assert app.exit_code(done) == {
        **dict.fromkeys(run_phases.WELL, 0),
        Verdict.INTERRUPTED: 130,
    }.get(verdict, 1)


@pytest.mark.parametrize("meaning", [one for one in Meaning if one is not Meaning.TOLD])
def test_what_a_difference_means_is_a_status(meaning):
    assert Status(meaning) in (Status.FAILED, Status.CANNOT_TELL)


@pytest.mark.parametrize(
    ("shape", "enum"), [("ExecutionStatus", ExecutionStatus), ("TestExecutionStatus", StateEnding)]
)
def test_awss_words_are_all_known(shape, enum):
    assert {*enum} == {*STATES[shape]["enum"]}


@pytest.mark.parametrize("found", ["passsed", "PASSED", "", None, 1, ["passed"], {"passed": 1}])
def test_an_unknown_word_of_a_record_is_refused_with_what_was_found_and_expected(found):
    with pytest.raises(NotAsWanted, match=r"the status in x is .+, expected one of passed, failed, .*; see what wrote"):
        member(Status, found, "the status in x")


def test_a_long_word_is_not_told_whole():
    with pytest.raises(NotAsWanted) as refused:
        member(Status, "x" * 1000, "the status in x")
    assert len(str(refused.value)) < 300


def test_a_check_and_a_phase_of_an_unknown_word_are_refused():
    row = Check(Id.AS_WANTED, "queue x", Status.PASSED, "as wanted", "as wanted").to_row()
    with pytest.raises(NotAsWanted, match=r"status of check 'queue x' in the record is 'well', expected one of passed"):
        Check.from_row({**row, "status": "well"})
    with pytest.raises(BadParameters, match=r"verdict of phase 03 in run.json is 'well', expected one of running"):
        Phase.from_row({"number": "03", "notebook": "x", "verdict": "well"})


def test_what_is_read_is_the_member_and_what_is_written_is_the_word():
    check = Check(Id.AS_WANTED, "queue x", Status.NOT_APPLIED, "nothing", "as wanted")
    phase = Phase("03", "x", Verdict.SUCCEEDED)
    assert Check.from_row(check.to_row()).status is Status.NOT_APPLIED
    assert Phase.from_row(phase.to_row()).verdict is Verdict.SUCCEEDED
    assert (type(check.to_row()["status"]), type(phase.to_row()["verdict"])) == (str, str)


def test_parameters_are_members_in_code_and_plain_text_where_they_are_handed_on():
    settings = with_changes(load("local"), mode="apply", not_exercised_here=["execution_revision"])
    assert (settings.mode, settings.approval) == (Mode.APPLY, Approval.NONE)
    assert settings.mode is Mode.APPLY and settings.not_exercised_here == [Gap.EXECUTION_REVISION]
    plain = {type(part.value) for part in parts_of(settings.model_dump())}
    assert plain == {dict, list, str, int, float}
    assert {type(one) for one in (settings.recorded()["mode"], *settings.recorded()["not_exercised_here"])} == {str}


@pytest.mark.parametrize("enum", [Status, Verdict, Mode, Effect, Ending, When, Who, Move, Channel, Count, Protocol])
def test_a_member_is_written_as_its_word_wherever_it_is_written(enum):
    for one in enum:
        assert (f"{one}", f"{one:>3}", json.dumps([one]), dumps([one])) == (
            one.value, f"{one.value:>3}", json.dumps([one.value]), dumps([one.value]),
        )  # fmt: skip
        assert pd.DataFrame({"word": [one]}).to_csv() == pd.DataFrame({"word": [one.value]}).to_csv()
        assert {one.value: 1}[one] == 1
