"""The one table of routes: a sixth is added and nothing loses it; what nobody knows is refused and never left out."""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter

import pandas as pd
import pytest
import sixth_route
from accounts import nowhere

from lib import routes
from lib.asl.router import Router
from lib.definitions import documents, loader, templates
from lib.display.charts import alert_charts, backtest_charts, chart_answers, tuning_charts
from lib.drills import boundary_cases, evaluation, scenarios
from lib.errors import BadParameters
from lib.phases import post_implementation_review
from lib.phases.proofs.backtest import count_moves
from lib.routes import Route, Unrouted
from lib.settings import ROOT, Settings, load
from lib.telemetry import metrics, workflow_log
from rehearsal.account.functions import alert_dispatcher

LOCAL = load("local")
NOW = pd.Timestamp("2026-01-01", tz="UTC")
WEIRD = "sideways"


@pytest.fixture(scope="module")
def sixth(tmp_path_factory):
    """Everything that reads routes, asked in a copy of the code to which a sixth was added."""
    folder = tmp_path_factory.mktemp("sixth")
    sixth_route.add(ROOT, folder)
    paths = os.pathsep.join(map(str, (folder, ROOT / "tests")))
    program = [sys.executable, str(ROOT / "tests" / "unit" / "sixth_route.py")]
    ended = subprocess.run(
        program, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_its_threshold_has_its_edges_and_the_definition_sends_every_case_where_the_table_says(sixth):
    edges = {f"severe-{side}" for side in ("at", "just-above", "just-below")}
    assert edges | {"declining-severe"} <= set(sixth["cases"])
    assert len(sixth["cases"]) == len(boundary_cases.cases(LOCAL)) + 4
    assert (sixth["wrong"], sixth["findings"]) == ([], [])
    assert sixth["thresholds"]["SevereRiskAbove"] == 90
    assert [bool(why) for why in sixth["tuning"]] == [True, False, True]


def test_no_check_in_of_it_is_lost_by_the_log_the_review_or_the_backtest(sixth):
    assert sorted(sixth["log"]) == sorted([*Route, "severe", "severe"])
    assert sixth["review"]["severe"] == [1, 1]
    assert sum(checkins for checkins, _ in sixth["review"].values()) == len(Route) + 1
    assert "6 of 7 check-ins raised an alert" in sixth["alerted"]
    assert (sixth["tuned"]["severe"], sum(sixth["tuned"].values())) == (5, 101)
    assert sixth["backtest"]["severe"] == ["other", 5]
    assert sum(count for _, count in sixth["backtest"].values()) == 101


def test_it_is_drawn_and_looks_like_no_other(sixth):
    for name, words in sixth["charts"].items():
        assert "severe" in words, name
    for part in zip(*sixth["marks"], strict=True):
        assert max(Counter(part).values()) == 1, part


def test_its_permission_is_asked_for_and_its_documents_have_no_empty_cell(sixth):
    assert sixth["permissions"]["the severe alert falls back to the topic"] is True
    rows = [line for text in sixth["documents"].values() for line in text.split("\n") if re.search(r"\bsevere\b", line)]
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in rows if line.startswith("|")]
    assert len(tables) == 3
    assert all(all(cells) for cells in tables), tables
    assert "none of 1 to 4" in sixth["documents"]["thresholds"]
    assert "Severe, high-risk, standard and proactive alerts go by event" in sixth["documents"]["step-functions"]


def test_it_is_drilled_listened_to_and_counted(sixth):
    assert sixth["scenarios"][-1] == "severe"
    assert sixth["outcome"]["events"] == [sixth_route.KIND]
    assert "Your6-SevereRule" in sixth["rules"]
    for place in ("planned", "listeners"):
        assert any("Your6-SevereRule" in name for name in sixth[place]), place
    assert sixth["judged"] == ["Your6-SevereRule"]
    assert sixth["metrics"] == [1, ["severe"]]
    assert "SendSevereEvent" in sixth["failures"]
    assert sixth["single failures"][:2] == ["crisis", "severe"]
    assert "SendSevereEvent" in sixth["states"]


def frame(*names):
    return pd.DataFrame(
        [(NOW, name, f"arn:{n}", False) for n, name in enumerate(names)],
        columns=["time", "route", "execution", "drill"],
    )


def says(route):
    """A definition that ends in this route."""
    definition = templates.definition(LOCAL)
    definition["States"]["RouteNone"]["Parameters"]["route"] = route
    return Router(definition)


READERS = {
    "table": lambda: routes.of(WEIRD),
    "level": lambda: routes.level(WEIRD),
    "state": lambda: routes.of_state("RouteSideways"),
    "threshold": lambda: routes.of_placeholder("SidewaysAbove"),
    "event": lambda: routes.of_event("your6.checkin.sideways", "Sideways"),
    "workflow log": lambda: workflow_log.routes(
        pd.DataFrame([(NOW, "arn:x", "RouteSideways")], columns=workflow_log.COLUMNS)
    ),
    "review": lambda: post_implementation_review.by_route(frame("none", WEIRD)),
    "chart of routes": lambda: alert_charts.alerts_by_route(frame(WEIRD), None),
    "chart's answer": lambda: chart_answers.alert_counts(frame(WEIRD), frame(WEIRD)["drill"]),
    "chart of latency": lambda: alert_charts.alert_latency(frame(WEIRD).assign(seconds=1.0), None, 30),
    "chart of thresholds": lambda: tuning_charts.alerts_by_threshold(
        pd.DataFrame([(1, WEIRD, 2.0)], columns=["value", "route", "count"])
    ),
    "backtest": lambda: count_moves(["none"], [WEIRD]),
    "chart of the backtest": lambda: backtest_charts.moves(
        pd.DataFrame([(WEIRD, "none", "lower", 1)], columns=["from", "to", "alert", "count"])
    ),
    "router": lambda: says(WEIRD).route({"risk_score": 1, "score": 0.5}),
    "outcome of a drill": lambda: scenarios.outcome(WEIRD),
    "rules of a drill": lambda: evaluation.rules_of(["Sideways"]),
    "metrics": lambda: metrics.publish_drill(
        nowhere(LOCAL), [metrics.DrillLatency("x", WEIRD, "trusted", None, NOW.to_pydatetime())]
    ),
    "documents": lambda: documents.event_types(
        LOCAL, [{"name": "x", "pattern": {"source": ["your6.checkin.sideways"], "detail-type": ["Sideways"]}}]
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_whatever_reads_routes_refuses_one_that_nobody_knows(reader):
    with pytest.raises(BadParameters, match=r"(?i)sideways"):
        READERS[reader]()


def test_what_a_live_workflow_says_loses_no_alert_by_it():
    assert [routes.as_said(word) for word in ("crisis", WEIRD, None, "")] == [
        Route.CRISIS, Unrouted.FOREIGN, Unrouted.FAILED, Unrouted.FAILED,
    ]  # fmt: skip


# The four, held against each other


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of what is deployed, to break."""
    sixth_route.copy_definitions(ROOT, tmp_path)
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    return tmp_path


def broken(path, *pairs):
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "pair", "read", "words"),
    [
        (loader.DEFINITION, ('"route": "none"', '"route": "sideways"'), loader.definition, "says route sideways"),
        (loader.DEFINITION, ('"RouteHigh"', '"RouteRather"'), loader.definition, "has no state RouteHigh"),
        (loader.DEFINITION, ("checkin.highrisk", "checkin.sideways"), loader.definition, "sideways"),
        (loader.DEFINITION, ('"Next": "RouteNone"', '"Next": "RouteHigh"'), loader.definition, "tries RouteCrisis"),
        (loader.DASHBOARD, ('"Route", "crisis"', '"Route", "sideways"'), loader.dashboard, "no route 'sideways'"),
        ("rules/crisis.json", ('"route": "crisis"', '"route": "high"'), loader.rules, "has the sample"),
        ("rules/crisis.json", ('"source": ["your6.checkin.crisis"]', '"source": ["x"]'), loader.rules, "not its event"),
        (
            "scenarios/test-high.json",
            ('"route": "high"', '"route": "sideways"'),
            loader.scenarios,
            "no route 'sideways'",
        ),
        ("scenarios/test-high.json", ("Immediate Intervention Required", "Other"), loader.scenarios, "expects "),
        ("scenarios/test-high.json", ('"title"', '"heading"'), loader.scenarios, "lacks title"),
    ],
)
def test_what_is_deployed_is_refused_where_it_is_not_that_of_the_table(copy, file, pair, read, words):
    read()
    broken(copy / file, pair)
    with pytest.raises(BadParameters, match=words):
        read()


def test_no_rule_and_no_scenario_can_be_forgotten(copy):
    (copy / "rules" / "more.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadParameters, match=r"more\.json is no rule of lib/routes\.py"):
        loader.rules()
    (copy / "rules" / "more.json").unlink()
    (copy / "rules" / "crisis.json").unlink()
    with pytest.raises(BadParameters, match=r"crisis\.json is missing"):
        loader.rules()
    (copy / "scenarios" / "test-high.json").unlink()
    with pytest.raises(BadParameters, match="none of them expects route high"):
        loader.scenarios()


# The table itself


# A scenario's name, an outcome that people reviewed, or a kind of made-up days, and no route.
OTHERS = {
    ("lib/values/reviewed.py", "crisis"),
    ("lib/values/check_registry.py", "crisis"),
    ("lib/cli/drill_command.py", "crisis"),
}
WORDS = {*(route for route in Route if route not in ("none", "high", "standard")), "invalid", "unprocessed", "no route"}
FACTS = [
    routes.SOURCE,
    routes.LOW_SENTIMENT_RULE,
    *(alert.detail_type for alert in routes.ALERTS),
    *(threshold.placeholder for threshold in routes.THRESHOLDS),
    *(route.state for route in Route),
]


def repeated(source):
    """What of the table a module writes down again; its docstrings may speak of it."""
    tree = ast.parse(source)
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    every = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in spoken]
    texts = [node.value for node in every if isinstance(node.value, str)]
    starts = [text for text in texts if text.startswith(routes.DRILL_PREFIX)]
    return starts + [text for text in texts if text in WORDS or any(fact in text for fact in FACTS)]


def test_no_module_writes_a_fact_of_the_table_down_again():
    there = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "rehearsal").glob("*.py")]
    names = {path.relative_to(ROOT).as_posix(): path for path in there} | {"lib/routes.py": None}
    modules = {name: path.read_text(encoding="utf-8") for name, path in names.items() if path}
    found = {(name, text) for name, source in modules.items() for text in repeated(source)}
    assert found == OTHERS


@pytest.mark.parametrize(
    "source",
    [
        'A = "drill-x"',
        'A = f"drill-{b}"',
        'if a == "crisis":\n    b()',
        'A = {"RouteHigh": 1}',
        "A = 'CrisisRiskAbove'",
    ],
)
def test_that_rule_can_fail(source):
    assert len(repeated(source)) == 1


def test_the_table_says_what_the_plan_says():
    """Written a second time from the plan's words."""
    assert {route.value: route.row.level for route in Route} == {
        "crisis": 4, "high": 3, "standard": 2, "proactive": 1, "none": 0, "unscored": 2,
    }  # fmt: skip
    assert [threshold.placeholder for threshold in routes.THRESHOLDS] == [
        "CrisisRiskAbove", "HighRiskAbove", "ModerateRiskAbove", "SentimentBelow", "ProactiveRiskAbove",
    ]  # fmt: skip
    assert {route.value: [one.value for one in route.row.told] for route in Route} == {
        "crisis": ["trusted", "operations"], "high": ["trusted"], "standard": ["trusted"], "proactive": ["trusted"],
        "none": [], "unscored": ["trusted", "operations"],
    }  # fmt: skip
    assert [(alert.source, alert.detail_type) for alert in routes.ALERTS] == [
        ("your6.checkin", "Low Sentiment Alert"),
        ("your6.checkin.crisis", "Crisis Protocol Alert"),
        ("your6.checkin.highrisk", "Immediate Intervention Required"),
        ("your6.checkin.proactive", "Proactive Outreach Recommended"),
    ]


def test_each_threshold_is_a_parameter_and_each_number_of_that_kind_is_a_threshold():
    numbers = {name for name in Settings.model_fields if name.endswith(("_above", "_below"))}
    assert numbers == {threshold.parameter for threshold in routes.THRESHOLDS}


def test_who_is_told_and_what_is_tried_fit_together():
    for route in Route:
        assert bool(route.row.told) == bool(route.row.alert) == bool(route.row.advice) == bool(route.row.said), route
    assert all(alert.source.startswith(routes.SOURCE) for alert in routes.ALERTS)
    assert f'"{routes.DRILL_PREFIX}*"' in (loader.FOLDER / loader.DEFINITION).read_text(encoding="utf-8")


def test_the_stand_in_of_the_dispatcher_knows_every_alert():
    """It is packed alone, as the function that it stands for is, so it has its own words."""
    known = {kind: route for kind, (route, _) in alert_dispatcher.ALERTS.items()}
    assert known == {alert.detail_type: routes.of_detail_type(alert.detail_type) for alert in routes.ALERTS}
    assert alert_dispatcher.DRILL_NAME.search(f"{routes.DRILL_PREFIX}x-abc-012345")
