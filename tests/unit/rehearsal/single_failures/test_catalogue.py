"""Which single failures there are, derived from the definition; how a task is broken; how a trial is judged. No I/O."""

import copy
import json

import pytest

from lib import settings
from lib.asl.states import walk
from lib.definitions import templates
from rehearsal.single_failures import audiences, definition_mutations, reachability, report, verdicts
from rehearsal.single_failures.catalogue import BEHIND, Failure, behind_events, of_tasks, shorten
from rehearsal.single_failures.definition_mutations import FAULTS, MISSING, SLOW
from rehearsal.single_failures.ground import Alert, Drill, about
from rehearsal.single_failures.reachability import Way

LOCAL = settings.load("local")
PLAIN = templates.definition(LOCAL)
GIVEN = reachability.inputs(LOCAL)
OWN = verdicts.own_errors(PLAIN)
CRISIS_UNREACHED = ("SendCrisisEvent", "TellContactsDirectly", "TellOperations", "TellContactsInstead")


def tasks(definition):
    return {state.name for state in walk(definition) if state.is_task()}


def with_task(definition, name, after):
    """A copy with one more task, entered from another one's catch."""
    copied = copy.deepcopy(definition)
    copied["States"][name] = {**copied["States"][after], "Catch": []}
    copied["States"][after]["Catch"][0]["Next"] = name
    return copied


def test_every_task_of_the_definition_is_reached_by_some_input():
    found = reachability.ways(PLAIN, GIVEN)
    assert {way.task for way in found} == tasks(PLAIN)
    assert [way for way in found if not way.given] == []


@pytest.mark.parametrize(
    ("task", "given", "also"),
    [
        ("SendCrisisEvent", "crisis", ()),
        ("TellContactsDirectly", "crisis", ("SendCrisisEvent",)),
        ("TellContactsInstead", "crisis", ("TellOperations",)),
        ("RecordIntervention", "crisis", ()),
        ("LastResortOperations", "crisis", CRISIS_UNREACHED),
        ("ProcessCheckin", "unprocessed", ()),
        ("TellOperationsUnprocessed", "unprocessed", ("ProcessCheckin",)),
        ("TellContactsUnprocessed", "unprocessed", ("ProcessCheckin", "TellOperationsUnprocessed")),
        ("TellOperationsInvalid", "invalid", ()),
        ("TellContactsInvalid", "invalid", ("TellOperationsInvalid",)),
        ("TellOperationsUnscored", "unscored", ()),
        ("SendStandardEvent", "unscored", ()),
        ("TellOperationsOfAlert", "proactive", ("SendProactiveEvent", "TellContactsOfAlert")),
    ],
)
def test_what_must_fail_first_for_a_task_to_be_reached(task, given, also):
    (way,) = [way for way in reachability.ways(PLAIN, GIVEN) if (way.task, way.given) == (task, given)]
    assert sorted(way.also) == sorted(also)


def test_a_task_that_is_added_appears_with_what_leads_to_it():
    grown = with_task(PLAIN, "CallSomebody", "TellOperationsOfAlert")
    found = [way for way in reachability.ways(grown, GIVEN) if way.task == "CallSomebody"]
    assert Way("CallSomebody", "high", ("SendHighRiskEvent", "TellContactsOfAlert", "TellOperationsOfAlert")) in found
    assert [f.fault for f in of_tasks(grown, GIVEN) if (f.task, f.given) == ("CallSomebody", "high")]


def test_a_task_that_nothing_reaches_is_not_forgotten():
    grown = copy.deepcopy(PLAIN)
    grown["States"]["Nowhere"] = PLAIN["States"]["SendHighRiskEvent"]
    assert [way for way in reachability.ways(grown, GIVEN) if way.task == "Nowhere"] == [Way("Nowhere", "")]


def test_every_task_is_broken_in_every_way_and_every_event_has_what_lies_behind_it():
    found = of_tasks(PLAIN, GIVEN)
    assert {(f.task, f.fault) for f in found} == {(task, fault) for task in tasks(PLAIN) for fault in FAULTS}
    behind = behind_events(PLAIN, GIVEN)
    assert {f.given for f in behind} == {"crisis", "high", "standard", "proactive", "unscored"}
    assert {(f.behind, f.fault) for f in behind} == set(BEHIND)
    assert all(f.single for f in behind)


def test_in_brief_no_task_is_left_out_and_what_fails_alone_is_also_slow():
    every = of_tasks(PLAIN, GIVEN)
    found = shorten(every)
    assert {f.task for f in found} == tasks(PLAIN) and set(found) <= set(every)
    assert {f.task for f in found if f.fault == SLOW} == {f.task for f in every if f.single}
    assert len(found) == len(tasks(PLAIN)) + len({f.task for f in every if f.single})


@pytest.mark.parametrize("fault", FAULTS)
def test_breaking_leaves_limits_retries_and_catches_as_they_are(fault):
    for task in tasks(PLAIN) - {"ProcessCheckin"}:
        for broken in (
            definition_mutations.by_name(PLAIN, {task: fault}),
            definition_mutations.by_stand_in(
                PLAIN, {task: fault}, "arn:aws:lambda:us-east-1:000000000000:function:Saboteur"
            ),
        ):
            bodies = {state.name: state.body for state in walk(broken)}
            before = {state.name: state.body for state in walk(PLAIN)}
            changed = {name for name in before if name != "CrisisProtocol" and before[name] != bodies[name]}
            assert changed == {task}
            kept = ("TimeoutSeconds", "Retry", "Catch", "ResultPath", "Next")
            assert [bodies[task][key] for key in kept] == [before[task][key] for key in kept]


def test_a_limit_is_cut_only_for_something_slow_and_only_where_it_is_too_long():
    assert definition_mutations.cut_limit(PLAIN, "ProcessCheckin") == 130
    assert definition_mutations.cut_limit(PLAIN, "SendCrisisEvent") is None
    slow, gone = (definition_mutations.by_name(PLAIN, {"ProcessCheckin": fault}) for fault in (SLOW, MISSING))
    assert slow["States"]["ProcessCheckin"]["TimeoutSeconds"] == definition_mutations.PATIENCE_SECONDS
    assert gone["States"]["ProcessCheckin"]["TimeoutSeconds"] == 130


ONE = Failure("SendHighRiskEvent", MISSING, "high")
MORE = Failure("TellOperationsOfAlert", MISSING, "high", ("SendHighRiskEvent", "TellContactsOfAlert"))
RECORD = Failure("RecordIntervention", MISSING, "crisis")
BROKEN_CHECKIN = Failure("ProcessCheckin", MISSING, "unprocessed")
RULE_HIGH = Failure("SendHighRiskEvent", "disabled", "high", behind="rule")
RULE_CRISIS = Failure("SendCrisisEvent", "disabled", "crisis", behind="rule")


@pytest.mark.parametrize(
    ("failure", "status", "error", "reached", "carrier", "verdict", "why"),
    [
        (ONE, "SUCCEEDED", "", {"contact": 1.2}, "", "passed", "reached contact"),
        (ONE, "SUCCEEDED", "", {}, "", "silent", "SILENT"),
        (ONE, "SUCCEEDED", "", {"contact": 31}, "", "late", "LATE"),
        (ONE, "SUCCEEDED", "", {"operations": 1.8, "contact": 31}, "", "late", "LATE: contact after 31 s"),
        (ONE, "FAILED", "AlertUndelivered", {}, "", "silent", "NOBODY REACHED"),
        (MORE, "FAILED", "AlertUndelivered", {}, "", "passed", "failed visibly"),
        (MORE, "SUCCEEDED", "", {}, "", "silent", "SILENT"),
        (MORE, "RUNNING", "", {}, "", "silent", "STILL RUNS: it has not ended in the time of a trial; nobody was told"),
        (ONE, "RUNNING", "", {"operations": 1.8}, "", "late", "STILL RUNS"),
        (RECORD, "FAILED", "DynamoDB.ResourceNotFoundException", {"operations": 0.2}, "", "failed", "CUT OFF"),
        (RECORD, "FAILED", "DynamoDB.ResourceNotFoundException", {}, "", "silent", "CUT OFF"),
        (BROKEN_CHECKIN, "FAILED", "CheckinNotProcessed", {"operations": 0.2}, "", "passed", "reached operations"),
        (BROKEN_CHECKIN, "SUCCEEDED", "", {"operations": 0.2}, "", "failed", "SWALLOWED"),
        (BROKEN_CHECKIN, "SUCCEEDED", "", {}, "", "silent", "SILENT"),
        (BROKEN_CHECKIN, "FAILED", "CheckinNotProcessed", {}, "", "silent", "NOBODY REACHED"),
        (RULE_HIGH, "SUCCEEDED", "", {}, "queue X", "not exercised here", "queue X"),
        (RULE_HIGH, "SUCCEEDED", "", {}, "", "gap", "nothing carries it"),
        (RULE_CRISIS, "SUCCEEDED", "", {"operations": 0.2}, "", "passed", "reached operations"),
        (RULE_CRISIS, "SUCCEEDED", "", {}, "queue X", "silent", "SILENT"),
    ],
)
def test_silent_is_who_was_not_told_and_late_who_was_told_too_late(
    failure, status, error, reached, carrier, verdict, why
):
    found = verdicts.judge(failure, Drill("drill-a-b-123456", 0.0, status, error), reached, OWN, 30.0, carrier)
    assert (found[0], why in found[1]) == (verdict, True)


BOTH = {"contact", "operations"}


@pytest.mark.parametrize(
    ("failure", "due"),
    [
        (ONE, {"contact"}),
        (Failure("TellOperations", MISSING, "crisis"), {"contact"}),  # its topic is gone, so contacts are told instead
        (Failure("SendCrisisEvent", MISSING, "crisis"), BOTH),  # contacts are told directly
        (RECORD, BOTH),
        (RULE_CRISIS, {"operations"}),  # the event is accepted, and nothing carries it
        (RULE_HIGH, set()),
        (Failure("TellContactsDirectly", MISSING, "crisis", ("SendCrisisEvent",)), {"operations"}),
        (Failure("TellContactsOfAlert", MISSING, "high", ("SendHighRiskEvent",)), {"operations"}),
        (MORE, set()),
        (BROKEN_CHECKIN, {"operations"}),
        (Failure("TellOperationsUnprocessed", MISSING, "unprocessed", ("ProcessCheckin",)), {"contact"}),
        (Failure("TellOperationsUnscored", MISSING, "unscored"), {"contact"}),
        (Failure("", "", "crisis"), BOTH),
        (Failure("", "", "crisis", behind="rule"), {"operations"}),  # a control beside it
        (Failure("Unknown", MISSING, ""), set()),
    ],
)
def test_who_is_due_is_whose_own_way_is_whole_and_who_stands_in_for_others(failure, due):
    assert audiences.due(PLAIN, GIVEN, failure, LOCAL.ops_topic_name) == due


def test_an_audience_that_the_definition_forgets_is_due_by_the_plan():
    forgetful = copy.deepcopy(PLAIN)
    forgetful["States"]["TellOperationsUnscored"]["Parameters"]["TopicArn"] = LOCAL.alert_topic_arn
    assert audiences.due(forgetful, GIVEN, Failure("ProcessCheckin", MISSING, "unscored"), LOCAL.ops_topic_name) == BOTH


def test_who_was_due_and_was_never_told_is_no_better_than_who_was_told_too_late():
    ended = Drill("n", 0.0, "SUCCEEDED", "")
    found = verdicts.judge(RECORD, ended, {"contact": 1.0}, OWN, 30.0, due=BOTH)
    assert found == ("late", "LATE: operations NEVER; the limit is 30 s")
    assert verdicts.judge(RECORD, ended, {"contact": 1.0, "operations": 31.0}, OWN, 30.0, due=BOTH)[0] == "late"
    assert verdicts.judge(RECORD, ended, {"contact": 1.0, "operations": 2.0}, OWN, 30.0, due=BOTH)[0] == "passed"
    assert verdicts.judge(RECORD, ended, {}, OWN, 30.0, due=BOTH)[0] == "silent"
    assert verdicts.is_late({"contact": 1.0}, 30.0, BOTH) and not verdicts.is_late({"contact": 1.0}, 30.0)
    said = verdicts.judge_bystander("late", "why", {"contact": 1.0}, 30.0, BOTH)
    assert said == "why; late, and the unbroken control never told operations: the machine's"
    late = verdicts.row(RECORD, "moto", ended, {"contact": 1.0}, found, due=BOTH)
    assert report.cell([late]) == "LATE: contact 1.0 s, operations NEVER"


@pytest.mark.parametrize("reached", [{"contact": 31.0}, {"operations": 1.8, "contact": 45.0}, {"operations": 0.1}])
@pytest.mark.parametrize("status", ["SUCCEEDED", "RUNNING", "FAILED"])
def test_whoever_was_told_is_never_called_silent(reached, status):
    for failure in (ONE, MORE, RECORD, BROKEN_CHECKIN, RULE_HIGH, RULE_CRISIS):
        verdict, why = verdicts.judge(failure, Drill("n", 0.0, status, "Some.Error"), reached, OWN, 30.0)
        assert (verdict == "silent", "SILENT" in why) == (False, False)


@pytest.mark.parametrize(
    ("verdict", "control", "said"),
    [
        (
            "late",
            {"operations": 0.4, "contact": 33.0},
            "; late, and the unbroken control was late (33 s): the machine's",
        ),
        ("late", {"contact": 0.5}, "; the unbroken control took 0.5 s, so it is the failure's"),
        ("late", {}, "; the unbroken control told nobody either: the machine's, or the interpreter's"),
        ("silent", {"contact": 33.0}, "; silent, and the unbroken control was late (33 s): the machine's"),
        ("silent", {"contact": 0.5}, "; the unbroken control took 0.5 s, so it is the failure's"),
        ("passed", {"contact": 33.0}, ""),
        ("passed", {}, "; the unbroken control told NOBODY, so that its set-up proves little"),
        ("gap", {}, "; the unbroken control told NOBODY, so that its set-up proves little"),
    ],
)
def test_what_the_machine_did_is_told_by_the_control_beside_it(verdict, control, said):
    assert verdicts.judge_bystander(verdict, "why", control, 30.0) == f"why{said}"


def test_what_nothing_carries_is_a_gap_but_where_an_alarm_goes_off_that_is_named():
    assert verdicts.judge_alarms([], "why") == ("gap", "why")
    verdict, why = verdicts.judge_alarms(["b", "a"], "why")
    assert (verdict, why.endswith("this goes off: a, b")) == ("alarm", True)


def test_the_definitions_own_errors_are_those_of_its_fail_states():
    assert {"CrisisAlertUndelivered", "AlertUndelivered", "CheckinNotProcessed", "InvalidCheckin"} == OWN


def test_an_alert_belongs_to_the_drill_that_it_names_and_the_first_one_counts():
    alerts = [Alert("contact", at, json.dumps({"execution": name})) for at, name in ((12.0, "a-1"), (11.5, "a-1"))]
    alerts += [Alert("operations", 11.0, "a-12"), Alert("operations", 13.0, "of a-1, too")]
    assert about(alerts, Drill("a-1", 10.0, "SUCCEEDED", "")) == {"contact": 1.5, "operations": 3.0}


def row(interpreter, verdict, seconds, error="", task="T", fault=MISSING, also=(), machine_late=False):
    failure, drill = Failure(task, fault, "crisis", also), Drill("n", 0.0, "FAILED" if error else "SUCCEEDED", error)
    return verdicts.row(failure, interpreter, drill, seconds, (verdict, "why"), {"late": machine_late})


def test_the_matrix_says_the_latest_of_all_interpreters_and_the_worst_verdict():
    rows = [row("ministack", "passed", {"contact": 1.0}), row("moto", "passed", {"contact": 2.0, "operations": 0.2})]
    assert report.table(rows) == (
        ["task", "route", MISSING],
        [["T", "crisis", "contact 2.0 s, operations 0.2 s"]],
    )
    assert report.cell([row("moto", "passed", {}, "AlertUndelivered")]) == "fails: AlertUndelivered"
    late = row("moto", "late", {"contact": 31.0, "operations": 1.8})
    assert report.cell([*rows, row("moto", "gap", {}), late]) == "LATE: contact 31.0 s, operations 1.8 s"
    assert report.cell([*rows, row("moto", "silent", {}), late]) == "SILENT"


def test_the_summary_counts_every_verdict_and_the_exit_code_tells_of_silence(capsys):
    rows = [
        row("ministack", "passed", {"contact": 1.0}),
        row("moto", "passed", {}, "AlertUndelivered", also=("A",)),
        row("moto", "gap", {}),
        row("moto", "not exercised here", {}),
    ]
    well = [one for one in rows if one["verdict"] != "gap"]
    assert report.summary(rows) == (
        "Single failures: 4 tried on 2 interpreters, 1 reached a human, 1 failed visibly, 0 silent, "
        "0 late, 0 ended wrongly, 1 not exercised here, 0 set an alarm off, 1 uncarried beside the crisis"
    )
    assert report.report(well) == 0
    unstruck = row("moto", "did not strike", {"contact": 1.0})
    assert report.summary([unstruck]).endswith("0 uncarried beside the crisis, 1 never struck")
    late = [row("moto", "late", {"contact": 31.0}, machine_late=True), row("moto", "late", {"contact": 32.0})]
    assert "0 silent, 2 late (1 beside a late unbroken control: the machine's), 0 ended" in report.summary(
        [*rows, *late]
    )
    assert "1 set an alarm off, 1 uncarried" in report.summary([*rows, row("moto", "alarm", {})])
    for bad in (
        row("moto", "failed", {"contact": 1.0}),
        row("moto", "silent", {}),
        row("moto", "gap", {}),
        unstruck,
        *late,
    ):
        assert report.report([*well, bad]) == 1
    assert report.report([]) == 1
    assert "UNCARRIED" in capsys.readouterr().out
