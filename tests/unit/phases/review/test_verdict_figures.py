"""The figures beside the criteria: of this run's evidence, and said where there is none, or no sample to be sure of."""

import json

import pandas as pd
import pytest

from lib.checks import Check
from lib.drills import scenarios
from lib.phases import validation
from lib.phases.review import verdict_figures
from lib.phases.review.verdict_figures import NO_SAMPLE, NOTHING
from lib.record.records import Run
from lib.settings import ROOT, load
from lib.telemetry import exact_tests
from lib.values.check_registry import Id

S = load("local")
SAMPLE = ROOT / "outputs" / "sample" / "evidence"


def split(before, after):
    """(succeeded, of) of check-ins on each side of the change."""
    rows = [("check-ins", when, *side) for when, side in (("before", before), ("after", after))]
    return pd.DataFrame(rows, columns=["who", "when", "succeeded", "finished"])


def figures(record, before=(0, 0), after=(0, 0)):
    return verdict_figures.of_run(Run(S, record), split(before, after))


def crisis(trusted, operations):
    seconds = {"trusted": trusted, "operations": operations}
    return {
        "scenario": "crisis", "expected_route": "crisis", "route": "crisis", "started": "2026-03-01T12:00:00+00:00",
        "checks": [{"name": "c", "status": "passed"}],
        **{f"{topic}_seconds": said for topic, said in seconds.items()},
        **{f"{topic}_alerts": int(said is not None) for topic, said in seconds.items()},
        **{f"expected_{topic}_alerts": 1 for topic in seconds},
    }  # fmt: skip


def test_without_evidence_each_says_that_there_is_none(record):
    found = figures(record)
    assert [found[one].value for one in (Id.CRITERION_1, Id.CRITERION_2, Id.CRITERION_5)] == [NOTHING] * 3
    assert (found[Id.CRITERION_3].interval, found[Id.CRITERION_4].value) == (verdict_figures.TOO_FEW, "no check-in yet")


def test_a_crisis_of_which_one_alert_is_lost_or_late_proves_nothing_of_itself(record):
    record.keep_json(validation.EVIDENCE[validation.DIRECT], [crisis(1.0, 2.5)] * 18 + [crisis(1.0, 31.0)])
    late = figures(record)[Id.CRITERION_2]
    assert (late.value, late.limit) == ("slowest 31.00 s; 37 of 38 (97.4%) alerts in time", "under 30 s, each")
    assert late.interval.startswith(exact_tests.percent(exact_tests.proven_share(exact_tests.Tally(18, 19), 0.05)))
    record.keep_json(validation.EVIDENCE[validation.DIRECT], [crisis(1.0, 2.5)] * 18 + [crisis(1.0, None)])
    assert figures(record)[Id.CRITERION_2].value == "1 LOST; 37 of 38 (97.4%) alerts in time"


def test_shares_have_their_interval_and_the_difference_its_own(record):
    found = figures(record, before=(48, 80), after=(56, 70))
    # Newcombe's own example, to a tenth of a point.
    assert found[Id.CRITERION_3].interval == "+5.2 to +33.4 points against before"
    low, high = exact_tests.wilson(56, 70)
    assert found[Id.CRITERION_4].interval == f"{low:.1%} to {high:.1%}"
    assert found[Id.CRITERION_4].limit.startswith("over 50.0%, and at most ")
    alone = figures(record, after=(70, 70))
    assert alone[Id.CRITERION_4].limit == f"over {exact_tests.percent(1 - S.success_rate_margin)}"
    assert alone[Id.CRITERION_3].interval == verdict_figures.TOO_FEW


def test_a_scenario_that_failed_is_none_of_those_that_passed(record):
    good, bad = ({"checks": [{"name": "c", "status": status}]} for status in ("passed", "failed"))
    names = [one.name for one in scenarios.load()]
    rows = [{**(bad if name == names[0] else good), "scenario": name, "expected_route": "none"} for name in names]
    record.keep_json(validation.EVIDENCE[validation.PLANNED], rows)
    record.keep_json(validation.EVIDENCE[validation.BOUNDARIES], [])
    record.keep_json("evidence/dashboard_metrics.json", {"a": True, "b": False})
    found = figures(record)
    assert found[Id.CRITERION_1].value == f"{len(names) - 1} of {len(names)} scenarios, 0 of 0 boundary cases"
    assert (found[Id.CRITERION_5].value, found[Id.CRITERION_5].interval) == (
        "1 of 2 metrics have a datapoint",
        NO_SAMPLE,
    )


def test_the_figures_of_a_whole_run_equal_a_direct_count_of_its_evidence(record):
    for name in (*validation.EVIDENCE.values(), "evidence/dashboard_metrics.json"):
        record.keep_json(name, json.loads((SAMPLE / name.removeprefix("evidence/")).read_text(encoding="utf-8")))
    counted = pd.read_csv(SAMPLE / "success_rate.csv")
    found = verdict_figures.of_run(Run(S, record), counted)
    drills = [row for name in validation.EVIDENCE.values() for row in record.latest(name)]
    crises = [row for row in drills if row["expected_route"] == "crisis"]
    slowest = max(row[f"{topic}_seconds"] for row in crises for topic in ("trusted", "operations"))
    of = 2 * len(crises)
    assert found[Id.CRITERION_2].value == f"slowest {slowest:.2f} s; {of} of {of} (100.0%) alerts in time"
    mine = counted[(counted["who"] == "check-ins") & (counted["when"] == "after")].iloc[0]
    assert found[Id.CRITERION_4].value.startswith(f"{mine['succeeded']} of {mine['finished']} ")


@pytest.mark.parametrize("criterion", [Id.CRITERION_1, Id.CRITERION_5])
def test_they_stand_beside_the_answer_and_take_nothing_from_it(record, criterion):
    row = {**Check(criterion, "n", "failed", "f", "e").to_row(), "evidence": ["a.json"]}
    (beside,) = verdict_figures.add_figures([row], figures(record))
    assert {key: beside[key] for key in row} == row
    assert Check.from_row(beside).status == "failed"
    assert set(beside) - set(row) == {"value", "limit", "interval"}
