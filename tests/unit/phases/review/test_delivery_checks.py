"""What a review says of alerts: a lost one fails by name, what nobody counts passes nothing, drills are no people."""

from datetime import timedelta

import pandas as pd
import pytest
from delivered_alerts import CARRIED, NOW, deliveries
from sent_alerts import HOUR, alerts

from lib.phases.review import delivery_checks, delivery_tables
from lib.phases.review.delivered import Deliveries
from lib.telemetry.deliveries import reconciliation
from lib.telemetry.deliveries.dead_letters import DeadLetters
from lib.telemetry.deliveries.reconciliation import Place, Stage
from lib.telemetry.deliveries.sources import Metric, Thing


def routed(*names, drills=0):
    rows = [(pd.Timestamp(HOUR) + timedelta(minutes=1), name, f"e{n}", False) for n, name in enumerate(names)]
    rows += [(pd.Timestamp(HOUR) + timedelta(minutes=1), "unscored", f"d{n}", True) for n in range(drills)]
    return pd.DataFrame(rows, columns=["time", "route", "execution", "drill"])


def test_alerts_that_were_all_counted_pass():
    found = delivery_checks.alerts_reconciled(deliveries())
    assert (found.status, found.found) == (
        "passed", "3 alerts of check-ins and 0 of drills since the change",
    )  # fmt: skip


def test_a_lost_alert_fails_and_names_its_executions():
    found = delivery_checks.alerts_reconciled(deliveries(seen={HOUR: 2.0}))
    assert found.status == "failed"
    assert "LOST: 1 of 3 not matched by the rule R in the hour of 2026-03-01 10:00 UTC, among c0, c1, c2" in found.found


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sent": alerts()}, "no alert was sent, so nothing shows that one would arrive"),
        ({"gaps": "the log was read up to noon"}, "the log was read up to noon"),
        ({"sent": alerts(10, way="still open")}, "1 took a route and have sent no alert yet: c0"),
    ],
)
def test_nothing_passes_for_want_of_evidence(given, says):
    found = delivery_checks.alerts_reconciled(deliveries(**given))
    assert (found.status, says in found.found) == ("cannot tell", True)


def test_a_place_at_which_nobody_counts_is_no_pass():
    seen = deliveries()
    compared = reconciliation.compare([Stage(Place.DISPATCHER, "D", seen.alerts, None)], NOW)
    found = delivery_checks.alerts_reconciled(Deliveries(**{**vars(seen), "compared": compared}))
    assert (found.status, "nobody can tell of dispatcher invoked D" in found.found) == ("cannot tell", True)


def queue(count):
    return DeadLetters("Q", count, None, ())


@pytest.mark.parametrize(
    ("values", "letters", "status"),
    [
        (CARRIED, [queue(0)], "passed"),
        ({**CARRIED, (Thing.TOPIC, Metric.FAILED): 1.0}, [queue(0)], "failed"),
        ({**CARRIED, (Thing.RULE, Metric.RULE_LOST): 1.0}, [queue(0)], "failed"),
        ({**CARRIED, (Thing.FUNCTION, Metric.FUNCTION_DROPPED): 2.0}, [], "failed"),
        (CARRIED, [queue(2)], "waiting"),
        (CARRIED, [queue(None)], "cannot tell"),
        ({}, [queue(0)], "cannot tell"),
    ],
)
def test_what_failed_on_the_way(values, letters, status):
    assert delivery_checks.failures_on_the_way(deliveries(values=values, letters=letters)).status == status


def test_a_queue_that_was_filled_and_emptied_waits_for_a_person():
    seen = deliveries(values={**CARRIED, (Thing.QUEUE, Metric.VISIBLE): 5.0}, letters=[queue(0)])
    found = delivery_checks.failures_on_the_way(seen)
    said = "Your6-OperationsAlertsDLQ held up to 5: see whose they were; no metric of a failure since the change"
    assert (found.status, found.found) == ("waiting", said)
    (shown,) = [row for row in delivery_tables.counted_rows(seen) if row["metric"].startswith(Metric.VISIBLE)]
    assert shown["status"] == "waiting"


def test_an_sms_that_failed_may_be_another_applications_and_waits_for_a_person():
    seen = deliveries(values={**CARRIED, (Thing.PHONES, Metric.FAILED): 2.0})
    found = delivery_checks.failures_on_the_way(seen)
    assert (found.status, "2 of the whole account" in found.found) == ("waiting", True)
    rows = {row["what"]: row["status"] for row in delivery_tables.counted_rows(seen)}
    assert rows["phones SMS straight to phones"] == "waiting"
    both = deliveries(values={**CARRIED, (Thing.PHONES, Metric.FAILED): 2.0, (Thing.TOPIC, Metric.FAILED): 1.0})
    assert delivery_checks.failures_on_the_way(both).status == "failed"


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (alerts(10, 20), "passed", "2 of 2 in time, slowest 1.00 s"),
        (alerts(10, 20).assign(seconds=[1.0, 31.0]), "failed", "LATE: c1"),
        (alerts(10, 20).assign(seconds=[1.0, 31.0], at_most=True), "cannot tell", "does not show"),
        (alerts(10, 20).assign(seconds=[1.0, float("nan")]), "cannot tell", "does not show"),
        (
            alerts(10, 20).assign(seconds=[1.0, float("nan")], refused=[False, True]),
            "failed",
            "NOT EVERY ALERT TAKEN: c1",
        ),
        (alerts(10, 20, drills=(0, 1)), "cannot tell", "no real crisis"),
        (alerts(10, route="high"), "cannot tell", "no real crisis"),
    ],
)
def test_real_crises_alone_are_in_time_or_late(sent, status, says):
    found = delivery_checks.in_time(deliveries(sent), 30)
    assert (found.status, says in found.found) == (status, True), found


@pytest.mark.parametrize(
    ("names", "drills", "status"),
    [
        (["none"] * 500, 0, "passed"),
        (["none"] * 50, 0, "cannot tell"),
        (["none"] * 500 + ["unscored"], 0, "waiting"),
        (["none"] * 20 + ["unscored"] * 20, 0, "failed"),
        ([], 5, "cannot tell"),
        (["none"] * 500, 100, "passed"),
    ],
)
def test_many_that_nobody_could_score_are_an_incident_and_drills_are_none_of_them(names, drills, status):
    assert delivery_checks.scores_lacking(routed(*names, drills=drills)).status == status


def test_the_tables_say_what_is_missing_and_put_a_judgement_in_each_row():
    seen = deliveries(
        seen={HOUR: 2.0}, values={**CARRIED, (Thing.TOPIC, Metric.FAILED): 2.0}, letters=[queue(1), queue(None)],
    )  # fmt: skip
    (path,) = delivery_tables.path_rows(seen)
    assert (path["status"], path["lost"], path["check-ins"], path["drills"]) == ("failed", 1, 3, 0)
    (hour,) = delivery_tables.differing_hours(seen)
    assert (hour["hour (UTC)"], hour["executions to look at"]) == ("2026-03-01 10:00", "c0, c1, c2")
    rows = {row["metric"]: (row["status"], row["after"], row["before"]) for row in delivery_tables.counted_rows(seen)}
    assert rows["NumberOfNotificationsFailed"] == ("failed", "2", "no datapoint")
    assert rows["TriggeredRules"] == ("passed", "3", "no datapoint")
    assert [row["messages now"] for row in delivery_tables.dead_letter_rows(seen)] == ["1", "no such queue"]
    assert delivery_tables.notes(seen)[0].startswith(
        f"{len(seen.after) - 4} of {len(seen.after)} metrics have no datapoint"
    )


@pytest.mark.parametrize(
    ("sent", "counted", "moment", "lost", "missing"),
    [
        (alerts(10, 20), None, NOW, "cannot tell", "cannot tell"),
        (alerts(10, 58), {HOUR: 1.0}, HOUR + timedelta(hours=1), "cannot tell", "not counted yet"),
        (alerts(10, 20, way="not shown"), {HOUR: 1.0}, NOW, "cannot tell", "at most 1 alerts"),
        (alerts(10, 20), {HOUR: 1.0}, NOW, 1, "1 alerts"),
    ],
)
def test_how_many_are_missing_is_no_zero_where_nobody_can_tell(sent, counted, moment, lost, missing):
    compared = reconciliation.compare([Stage(Place.DISPATCHER, "D", sent, counted)], moment)
    seen = Deliveries(**{**vars(deliveries(sent)), "compared": compared})
    (path,), (hour,) = delivery_tables.path_rows(seen), delivery_tables.differing_hours(seen)
    assert (path["lost"], hour["missing"]) == (lost, missing)


def test_what_is_lost_in_one_hour_is_the_least_where_nobody_can_tell_of_another():
    sent = alerts(10, 20, 100)
    compared = reconciliation.compare([Stage(Place.RULE, "R", sent, {HOUR: 1.0})], HOUR + timedelta(minutes=102))
    (path,) = delivery_tables.path_rows(Deliveries(**{**vars(deliveries(sent)), "compared": compared}))
    assert (path["lost"], path["status"]) == ("at least 1", "failed")


def test_real_alerts_stand_beside_those_of_drills():
    drills = pd.DataFrame({"route": ["crisis", "crisis"], "seconds": [2.0, float("nan")]})
    rows = {row["what"]: row for row in delivery_checks.latency_rows(deliveries(), drills, 30)}
    crisis, high = rows["route crisis"], rows["route high"]
    assert (crisis["real alerts"], crisis["over 30 s"], crisis["lost of those"]) == (3, 0, 1)
    assert (high["real alerts"], high["slowest"]) == (0, "no time")


def test_what_is_lost_or_refused_is_infinitely_late_in_every_number():
    drills = pd.DataFrame({"route": ["crisis"] * 3, "seconds": [0.5, float("nan"), float("nan")]})
    sent = alerts(10, 20, 30).assign(seconds=[1.0, float("nan"), float("nan")], refused=[False, True, True])
    crisis = delivery_checks.latency_rows(deliveries(sent), drills, 30)[0]
    names = ("half of them, until accepted", "slowest", "over 30 s", "half of those, until received")
    assert [crisis[name] for name in names] == ["NEVER", "NEVER", 2, "NEVER"]
    (untimed, *_) = delivery_checks.latency_rows(deliveries(sent.assign(refused=False)), drills, 30)
    assert untimed["slowest"] == "1.00 s; 2 without a time"
