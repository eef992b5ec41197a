"""Charts of alerts by route and of how fast they came: what is late, lost or a drill's is told apart."""

from itertools import pairwise
from math import nan

import pandas as pd
from drawn import CHANGE, at, axes_of, drills, routes, words

from lib.display.charts import alert_charts, style


def test_every_route_has_a_lane_with_its_counts_also_one_nobody_took() -> None:
    text = words(alert_charts.alerts_by_route(routes(), CHANGE))
    counted = ("1 check-in, 1 drill", "2 check-ins, 0 drills", "0 check-ins, 0 drills")
    for line in (*counted, "unscored", "no route", "proactive"):
        assert line in text.split("\n")
    said = "1 of 4 check-ins raised an alert, 1 of them crises, 1 REACHED NO ROUTE · 1 of 1 drill raised an alert, 1 of"
    assert f"{said} them crisis drills" in text
    assert "Which routes did check-ins and drills take?" in text


def test_crises_that_were_all_drills_are_no_crises_of_people() -> None:
    frame = pd.DataFrame([(at(0), "none", "a", False), *((at(1), "crisis", f"d{n}", True) for n in range(111))])
    text = words(alert_charts.alerts_by_route(frame.set_axis(["time", "route", "execution", "drill"], axis=1), CHANGE))
    assert "0 of 1 check-in raised an alert, 0 of them crises" in text
    assert "111 of 111 drills raised an alert, 111 of them crisis drills" in text
    assert "no check-in · 1 of 1 drill" in style.describe(alert_charts.alerts_by_route(routes().head(1), None))


def test_the_drill_that_fails_on_purpose_is_named_and_any_other_without_a_route_is_shouted() -> None:
    names = ["drill-unreadable-T0-a", "drill-crisis-T0-b", "checkin-c"]
    rows = [(at(1), "no route", f"arn:execution:w:{name}", name.startswith("drill")) for name in names]
    frame = pd.DataFrame(rows, columns=["time", "route", "execution", "drill"])
    text = words(alert_charts.alerts_by_route(frame, CHANGE))
    assert "0 of 1 check-in raised an alert, 0 of them crises, 1 REACHED NO ROUTE" in text
    assert "0 of them crisis drills, 1 failed on purpose (unreadable), 1 REACHED NO ROUTE" in text
    quiet = words(alert_charts.alerts_by_route(frame.head(1), CHANGE))
    assert "REACHED NO ROUTE" not in quiet


def test_what_could_not_be_read_of_the_log_is_said() -> None:
    frame = routes()
    frame.attrs.update({"unreadable": 3, "cut": "the log has more"})
    assert "3 lines of the log could not be read · the log has more" in words(
        alert_charts.alerts_by_route(frame, CHANGE)
    )


def test_routes_without_a_drill_column_count_as_real() -> None:
    assert "2 check-ins, 0 drills" in words(alert_charts.alerts_by_route(routes().drop(columns="drill"), None))


def test_alert_latency_counts_what_was_late_and_what_was_never_seen() -> None:
    frame = pd.DataFrame(
        [(at(0), "crisis", 0.4), (at(1), "crisis", 44.0), (at(2), "high", nan), (at(3), "failed", 0.0)],
        columns=["time", "route", "seconds"],
    )
    figure = alert_charts.alert_latency(frame, CHANGE, 30)
    text = words(figure)
    assert "2 of 4 alerts in time; slowest LOST; 1 of 4 LOST" in text
    assert "limit 30 s" in text
    assert axes_of(figure).get_xlim()[1] > 44


def test_alerts_that_were_all_lost_are_no_missing_data() -> None:
    figure = alert_charts.alert_latency(
        drills((6, "crisis", "trusted", nan), (6, "crisis", "operations", nan)), CHANGE, 30
    )
    text = words(figure)
    assert "0 of 2 alerts in time; slowest LOST; 2 of 2 LOST" in text
    assert "No datapoints" not in text
    assert all(line.get_xdata()[0] > 30 for line in axes_of(figure).lines if line.get_marker() == "X")


def test_drills_of_the_same_moment_do_not_hide_each_other() -> None:
    both = [("crisis", "operations"), *((route, "trusted") for route in ("crisis", "high", "standard", "proactive"))]
    figure = alert_charts.alert_latency(drills(*((6, route, topic, 0.41) for route, topic in both)), CHANGE, 30)
    spots = [
        tuple(point) for line in axes_of(figure).lines if line.get_marker() != "None" for point in line.get_xydata()
    ]
    assert len(spots) == len(set(spots)) == 5
    style.png(figure, 50)
    pixels = sorted(axes_of(figure).transData.transform(spots)[:, 1])
    assert min(b - a for a, b in pairwise(pixels)) >= 8 * 50 / 72, "marks are 8 points wide"
    text = words(figure).split("\n")
    assert "Was every drill's alert received within 30 s?" in text
    for said in ("crisis (2)", "high (1)", "unscored (0)", "no drill", "trusted 410 ms", "operations 410 ms"):
        assert said in text


def test_a_lane_names_its_slowest_drill_and_those_before_the_change_are_hollow() -> None:
    figure = alert_charts.alert_latency(
        drills((1, "crisis", "trusted", 0.8), (6, "crisis", "trusted", 44), (6, "crisis", "operations", nan)),
        CHANGE,
        30,
    )
    faces = {x: line.get_markerfacecolor() for line in axes_of(figure).lines for x in line.get_xdata()}
    assert faces[0.8] == "white"
    assert faces[44] != "white"
    text = words(figure).split("\n")
    for said in ("trusted 44 s", "operations 1 LOST", "route (hollow: before the change)"):
        assert said in text
    assert "trusted 800 ms" not in text
