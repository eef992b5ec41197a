"""What is said of a drill: each check passes on a whole one, and fails on one with that thing broken. No AWS."""

from dataclasses import replace

import pytest
from drilled import NAME, RESULT, STARTED, detail, drill, event, received

from lib import settings
from lib.drills import boundary_cases, evaluation
from lib.drills.alert_content import wordless_check
from lib.drills.drill_session import Session
from lib.phases import success_criteria
from lib.settings import load
from lib.telemetry.execution_status import Execution

LOCAL = load("local").model_copy(update={"not_exercised_here": []})


def failed(one, revision="r1", given=LOCAL):
    return {c.name.removeprefix("crisis: ") for c in evaluation.judge(one, given, revision) if c.status == "failed"}


def test_a_whole_drill_passes_every_check():
    found = evaluation.judge(drill(), LOCAL, "r1")
    assert {check.status for check in found} == {"passed"}
    assert len(found) == 12


def without(channel):
    return [message for message in drill().received if message.channel != channel]


SPOILED = {
    "status": (drill(execution=Execution("a", "FAILED", STARTED, None, {"route": "crisis"}, "Boom")), {"status"}),
    "route": (drill(execution=Execution("a", "SUCCEEDED", STARTED, STARTED, {"route": "high"}, "")), {"route"}),
    "silent contact": (drill(messages=without("trusted")), {"alerts to the trusted contact", "received in time"}),
    "silent operations": (drill(messages=without("operations")), {"alerts to operations", "received in time"}),
    "silent at all": (
        drill(messages=[event(), received("rules", rule="Your6-CrisisProtocolRule")]),
        {"alerts to the trusted contact", "alerts to operations", "received in time"},
    ),
    "twice": (drill(messages=[*drill().received, received("trusted")]), {"alerts to the trusted contact"}),
    "no event": (drill(messages=without("events")), {"events"}),
    "not behind its rule": (drill(messages=without("rules")), {"behind its rule"}),
    "behind another rule": (
        drill(messages=[*without("rules"), received("rules", rule="Your6-HighRiskRule")]), {"behind its rule"},
    ),
    "late": (drill(messages=[*without("trusted"), received("trusted", 30.1)]), {"received in time"}),
    "unmarked": (drill(messages=[*without("trusted"), received("trusted", subject="Your6")]), {"marked as a drill"}),
    "quoting": (
        drill(messages=[*without("trusted"), received("trusted", text=RESULT["text"])]),
        {"no check-in text in an alert"},
    ),
    "not recorded": (drill(interventions=0), {"intervention recorded"}),
    "recorded twice": (drill(interventions=2), {"intervention recorded"}),
    "another revision": (drill(revision="r0"), {"ran on the live revision"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_each_check_fails_on_a_drill_with_that_broken(name):
    one, expected = SPOILED[name]
    assert failed(one) == expected


@pytest.mark.parametrize("field", ["userId", "riskScore", "sentimentScore", "trajectory", "textPreview", "drill"])
def test_an_event_that_says_something_else_is_seen(field):
    messages = [*without("events"), event(**{field: "else"})]
    (found,) = [check for check in evaluation.judge(drill(messages=messages), LOCAL, "r1") if check.status == "failed"]
    assert (found.name, found.found) == ("crisis: content", f"other than given: {field}")


def test_a_message_to_operations_that_says_something_else_is_seen():
    wrong = received("operations", **detail(riskScore=5, textPreview=""))
    assert failed(drill(messages=[*without("operations"), wrong])) == {"content"}


def test_what_a_result_lacks_is_said_as_the_workflow_assumes_it():
    given = {"risk_score": 98, "score": -0.9}
    said = {"trajectory": "unknown", "textPreview": ""}
    told = received("operations", **{k: v for k, v in detail(**said).items() if k != "textPreview"})
    messages = [received("trusted"), told, event(**said), received("rules", rule="Your6-CrisisProtocolRule")]
    assert failed(drill(given={"checkinResult": given}, messages=messages)) == set()


def test_a_number_is_no_boolean_and_no_text():
    (check,) = [c for c in evaluation.judge(drill(interventions=True), LOCAL, "r1") if c.status == "failed"]
    assert check.name == "crisis: intervention recorded"


def test_the_revision_is_not_exercised_where_the_environment_does_not_say():
    found = evaluation.judge(drill(), settings.load("local"), "r2")
    assert [check.name for check in found if check.status == "not exercised here"] == [
        "crisis: ran on the live revision"
    ]


def test_a_drill_with_others_beside_it_is_not_asked_for_its_revision_or_its_count():
    names = {check.name for check in evaluation.judge(drill(interventions=None, revision=None), LOCAL, "r1")}
    assert not {"crisis: intervention recorded", "crisis: ran on the live revision"} & names


def test_all_checks_as_one():
    good, bad = drill(), drill(messages=without("trusted"))
    assert evaluation.summary(good, evaluation.judge(good, LOCAL, "r1")).status == "passed"
    check = evaluation.summary(bad, evaluation.judge(bad, LOCAL, "r1"))
    assert check.status == "failed"
    assert "alerts to the trusted contact: found 0, expected 1" in check.found


def test_a_stray_and_a_lost_intervention_are_seen():
    whole = Session([drill()], [], {"scenarios": 1})
    assert (evaluation.strays(whole).status, evaluation.interventions(whole, "scenarios").status) == (
        "passed",
        "passed",
    )
    spoiled = replace(whole, strays=[received("trusted")], counted={"scenarios": 0})
    assert evaluation.strays(spoiled).found == "1 on trusted"
    assert evaluation.interventions(spoiled, "scenarios").status == "failed"


def test_of_drills_that_did_not_run_nothing_passes():
    nothing = Session()
    assert evaluation.strays(nothing).status == "cannot tell"
    assert evaluation.interventions(nothing, "scenarios").status == "cannot tell"


def test_listeners_that_could_not_be_removed_are_a_failure():
    assert evaluation.clearance(Session()).status == "passed"
    assert evaluation.clearance(Session(left="queue x")).found == "queue x"
    assert evaluation.clearance(Session(left="queue x")).status == "failed"


def test_a_few_words_of_the_check_in_are_seen_and_the_name_of_its_execution_is_none():
    quoting = received("trusted", text=f"They wrote: {RESULT['text'][:14]} ... about {drill().execution.name}")
    named = received("trusted", text=f"Drill {drill().execution.name} is over")
    text = {"checkinResult": {**RESULT, "text": f"I cannot go on like this {drill().execution.name}"}}
    cut = received("trusted", text="He says: I cannot go on like this")
    for messages, leaks in (([named], set()), ([cut], {"no check-in text in an alert"}), ([quoting], set())):
        assert (
            failed(drill(messages=[*without("trusted"), *messages], given=text)) & {"no check-in text in an alert"}
            == leaks
        )


def test_a_row_holds_no_word_of_the_check_in():
    assert RESULT["text"] not in str(evaluation.row(drill(), LOCAL, "r1"))


def test_one_alert_in_time_does_not_stand_for_one_that_is_lost():
    half = drill(messages=[m for m in drill().received if m.channel != "trusted"])
    (check,) = [c for c in evaluation.judge(half, LOCAL, "r1") if c.name.endswith("received in time")]
    assert (check.status, "LOST to trusted" in check.found) == ("failed", True)


def test_what_aws_refuses_to_tell_of_a_drill_is_no_pass_and_no_failure():
    for one, revision, name in (
        (drill(interventions=None, unread={"interventions": "asked to wait"}), "r1", "intervention recorded"),
        (drill(revision=None, unread={"revision": "asked to wait"}), "r1", "ran on the live revision"),
        (drill(), None, "ran on the live revision"),
    ):
        checks = evaluation.judge(one, LOCAL, revision)
        assert [c.name for c in checks if c.status != "passed"] == [f"crisis: {name}"]
        whole = evaluation.summary(one, checks)
        assert whole.status == "cannot tell" and whole.found.partition("; ")[2].startswith(f"{name}: ")
        row = evaluation.row(one, LOCAL, revision)
        assert success_criteria.verdict(row) == "cannot tell" and not success_criteria.good(row)


@pytest.mark.parametrize("case", [case.name for case in boundary_cases.cases(LOCAL) if case.name.startswith("text-")])
@pytest.mark.parametrize("within", ["body", "raw"])
def test_an_alert_that_quotes_a_text_is_no_pass_in_any_script(case, within):
    (scenario,) = [one for one in boundary_cases.cases(LOCAL) if one.name == case]
    given = scenario.input(NAME)
    text = given["checkinResult"].get("text")
    quoting = replace(received("trusted", text=text), raw=NAME)  # as JSON, it need not look like what it says
    if within == "raw":
        quoting = replace(received("trusted"), raw=f"{NAME}: {text}")
    without_name = replace(quoting, raw=quoting.raw if within == "body" else f"{text}".replace(NAME, "").strip())
    for message in (quoting, without_name):
        one = drill(messages=[message], given=given, scenario=scenario)
        check = wordless_check(one)
        assert (check and check.status) == (None if not isinstance(text, str) else "failed")
    quiet = drill(messages=[received("trusted"), received("operations")], given=given, scenario=scenario)
    check = wordless_check(quiet)
    assert (check and check.status) == (None if not isinstance(text, str) else "passed")


def test_a_full_stop_behind_the_name_is_no_text():
    for text in (f"{NAME}.", f"{NAME} ...", NAME):
        one = drill(given={"checkinResult": {**RESULT, "text": text}}, messages=[received("trusted", text="a. b ...")])
        assert wordless_check(one).status == "passed"
