"""A sixth route, added to a copy of the code as a person would: its row in the table, its branch in the definition, its
rule file and a scenario; and, since it decides by a number of its own, that number among the parameters.

Nothing else of the copy is touched. Run in it as a program, this module asks everything that reads routes.
"""

import json
import shutil
import sys
from pathlib import Path

from lib.settings import load

NAME, KIND = "severe", "Severe Risk Alert"
ROW = """    SEVERE = Row(
        "severe", 3, Mark("sky", "P", (0, (5, 1))), (Threshold("severe_risk_above"),),
        alert=Alert(f"{SOURCE}.severe", "Severe Risk Alert", "severe.json", "the severe alert"),
        told=(Told.CONTACT,), said="severe", advice="call the person now",
    )  # fmt: skip
"""
LIKE_HIGH = (
    ("RouteHigh", "RouteSevere"), ("SendHighRiskEvent", "SendSevereEvent"), ("HighRiskAbove", "SevereRiskAbove"),
    ("HighRiskRule", "SevereRule"), ("checkin.highrisk", "checkin.severe"), ("Immediate Intervention Required", KIND),
    ('"high"', '"severe"'),
)  # fmt: skip
DEFINITION = "lib/definitions/stepfunctions-phase3-definition.json"


def add(source: Path, folder: Path) -> None:
    """Copy the code, and add the route to the copy."""
    for part in ("lib", "rehearsal", "parameters"):
        shutil.copytree(source / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    _put(folder / "lib/routes.py", "    HIGH = Row(\n", ROW + "    HIGH = Row(\n")
    _branch(folder / DEFINITION)
    rule = (folder / "lib/definitions/rules/highrisk.json").read_text(encoding="utf-8")
    for old, new in LIKE_HIGH:
        rule = rule.replace(old, new)
    (folder / "lib/definitions/rules/severe.json").write_text(rule, encoding="utf-8")
    scenario = json.loads((folder / "lib/definitions/scenarios/test-high.json").read_text(encoding="utf-8"))
    scenario |= {"order": 7, "name": NAME, "title": "Severe risk"}
    scenario["checkinResult"]["risk_score"] = 92
    scenario["expect"] |= {"route": NAME, "events": [KIND]}
    (folder / "lib/definitions/scenarios/test-severe.json").write_text(json.dumps(scenario), encoding="utf-8")
    field = "    high_risk_above: Annotated"
    _put(
        folder / "lib/settings_schema.py",
        field,
        f"    severe_risk_above: Annotated[Number, Field(ge=0, lt=100)]\n{field}",
    )
    for path in (folder / "parameters").glob("*.yaml"):
        _put(path, "high_risk_above:", "severe_risk_above: 90\nhigh_risk_above:")


def copy_definitions(source: Path, folder: Path) -> None:
    """What is deployed, alone."""
    shutil.copytree(source / "lib" / "definitions", folder, dirs_exist_ok=True)


def _put(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def _branch(path: Path) -> None:
    definition = json.loads(path.read_text(encoding="utf-8"))
    states = definition["States"]

    def like(what: object) -> object:
        text = json.dumps(what)
        for old, new in LIKE_HIGH:
            text = text.replace(old, new)
        return json.loads(text)

    choices = states["EvaluateRisk"]["Choices"]
    choices.insert(1, like(choices[1]))
    states["RouteSevere"] = like(states["RouteHigh"])
    states["SendSevereEvent"] = like(states["SendHighRiskEvent"])
    path.write_text(json.dumps(definition), encoding="utf-8")


def ask() -> dict[str, object]:
    """What everything that reads routes says of the sixth, in the copy."""
    import pandas as pd

    from lib import routes
    from lib.asl import failure_paths
    from lib.asl.router import Router
    from lib.definitions import documents, lint, loader, templates, thresholds
    from lib.display.charts import alert_charts, chart_answers, style, tuning_charts
    from lib.display.charts.backtest_charts import moves
    from lib.drills import boundary_cases, evaluation, scenarios
    from lib.drills.subscribers import listeners
    from lib.phases import iam_permissions, post_implementation_review, threshold_tuning
    from lib.phases.proofs import failure_tests
    from lib.phases.proofs.backtest import count_moves
    from lib.resources import desired
    from lib.telemetry import checkin_frames, metrics, workflow_log
    from lib.telemetry.checkin_frames import Answer
    from rehearsal.single_failures import reachability

    s = load("local")
    live = nowhere(s, cloudwatch=(sent := Published()))
    definition, start = templates.definition(s), pd.Timestamp("2026-01-01", tz="UTC")
    router, cases = Router(definition), boundary_cases.cases(s)

    def words(figure: object) -> str:
        axes = figure.axes[0]
        labels = [*axes.get_yticklabels(), *axes.get_xticklabels(), *axes.texts, *axes.get_legend_handles_labels()[1]]
        return "\n".join(str(getattr(label, "get_text", lambda label=label: label)()) for label in labels)

    entered = [(f"checkin-{n}", route.state) for n, route in enumerate(routes.Route)] + [("drill-x", "RouteSevere")]

    def history() -> pd.DataFrame:
        rows = [Answer("user", start, (str(n), "0.5", '"stable"')) for n in range(101)]
        return checkin_frames.frame(rows, ["risk_score", "score", "trajectory"])

    log = pd.DataFrame([(start, f"arn:{name}", state) for name, state in entered], columns=workflow_log.COLUMNS)
    taken = workflow_log.routes(log)
    risks = pd.DataFrame({"risk_score": [json.dumps(n) for n in range(101)], "score": "0.5", "trajectory": '"stable"'})
    routed = router.routes(risks)
    pairs = count_moves(["high"] * 101, routed)
    latencies = pd.DataFrame([(start, NAME, "trusted", 0.5)], columns=["time", "route", "topic", "seconds"])
    swept = pd.DataFrame([(n, NAME, 3.0, n == 1) for n in range(3)], columns=["value", "route", "count", "now"])
    sections = documents.sections(s, definition, "graph", loader.rules())
    now = threshold_tuning.current(definition, s)
    sent_of = metrics.publish_drill(live, [metrics.DrillLatency(NAME, NAME, "trusted", None, start)])
    return {
        "cases": [case.name for case in cases],
        "wrong": [c.name for c in cases if router.route(c.given["checkinResult"]) != c.expect["route"]],
        "thresholds": thresholds.thresholds_of(definition),
        "findings": [str(one) for one in lint.check(definition, s.thresholds)],
        "log": taken["route"].tolist(),
        "review": {
            row["route"]: [row["check-ins"], row["drills"]] for row in post_implementation_review.by_route(taken)
        },
        "alerted": chart_answers.alert_counts(taken, taken["drill"]),
        "backtest": {row["to"]: [row["alert"], row["count"]] for _, row in pairs.iterrows()},
        "tuned": {row["route"]: row["check-ins"] for row in threshold_tuning.routes(history(), now)},
        "tuning": [threshold_tuning.out_of_order(now, "SevereRiskAbove", value) for value in (80, 90, 95)],
        "charts": {
            "alerts by route": words(alert_charts.alerts_by_route(taken, None)),
            "alert latency": words(alert_charts.alert_latency(latencies, None, 30)),
            "backtest": words(moves(pairs)),
            "by threshold": words(tuning_charts.alerts_by_threshold(swept, "SevereRiskAbove", 1)),
            "risks": words(tuning_charts.risk_distribution(pd.DataFrame({"risk_score": [92.0]}), s.thresholds)),
        },
        "drawn": style.describe(alert_charts.alerts_by_route(taken, None)),
        "marks": [[mark.colour, mark.marker, str(mark.line)] for mark in (route.row.mark for route in routes.Route)],
        "permissions": {
            need.without: iam_permissions.is_allowed([templates.policy(s)], need)
            for need in iam_permissions.needs(live)
        },
        "documents": {section: text for (_, section), text in sections.items()},
        "metrics": [sent_of, sent.routes],
        "rules": [rule["name"] for rule in loader.rules()],
        "planned": [item.resource.name for item in desired.event_rules(live)],
        "listeners": [item.resource.name for item in listeners(live, "x")],
        "judged": evaluation.rules_of([KIND]),
        "scenarios": [case.name for case in scenarios.load()],
        "outcome": scenarios.outcome(NAME),
        "failures": sorted(failure_paths.reach(definition, failure_tests.starts(s))),
        "single failures": list(reachability.inputs(s)),
        "states": router.way({"risk_score": 92, "score": 0.5}).states,
    }


class Published:
    """What CloudWatch was given."""

    def __init__(self) -> None:
        self.routes = list[str]()

    def put_metric_data(self, **asked: list[dict[str, list[dict[str, str]]]]) -> None:
        """Keep the routes of the metrics."""
        rows = [row["Dimensions"] for row in asked["MetricData"]]
        self.routes += [one["Value"] for row in rows for one in row if one["Name"] == "Route"]


if __name__ == "__main__":
    from accounts import nowhere

    sys.stdout.write(json.dumps(ask()))
