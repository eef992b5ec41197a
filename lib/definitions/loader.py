"""The only reader of `lib/definitions/`: definition, policy, rules, alarms, dashboard and scenarios, as they stand.

Each is held against the table of routes: a route of one that another does not know is refused, and never left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lib import routes
from lib.asl import json_text
from lib.asl.states import State, walk
from lib.errors import BadParameters
from lib.routes import Route, Unrouted
from lib.values.alerts import Alert

FOLDER = Path(__file__).parent
DEFINITION, DASHBOARD = "stepfunctions-phase3-definition.json", "dashboard.json"
POLICY = "policies/phase3-execution-policy.json"
DECISION = "EvaluateRisk"  # where the definition decides the route
UNROUTED = (Unrouted.INVALID, Unrouted.UNPROCESSED)  # what it says of a check-in before there is a route


def template(name: str) -> Any:  # noqa: ANN401
    """A file of `lib/definitions/`, parsed. Raises BadParameters when it is missing, not JSON, or repeats a key."""
    try:
        return json_text.parse_ours((FOLDER / name).read_text(encoding="utf-8"), f"lib/definitions/{name}")
    except FileNotFoundError as error:
        raise BadParameters(f"lib/definitions/{name} is missing; restore it from the repository") from error
    except UnicodeDecodeError as error:
        raise BadParameters(f"lib/definitions/{name} is not JSON in UTF-8: {error}") from error


def definition() -> dict[str, Any]:
    """The workflow with its placeholders. Raises BadParameters where its routes are not those of the table."""
    workflow: dict[str, Any] = template(DEFINITION)
    every = list(walk(workflow))
    said = {state.name: route for state in every if (route := _said(state))}
    unknown = sorted(set(said.values()) - {*Route, *UNROUTED})
    _require(not unknown, DEFINITION, f"says route {', '.join(unknown)}, which does not stand in lib/routes.py")
    for route in Route:
        _require(said.get(route.state) == route, DEFINITION, f"has no state {route.state} that says route {route}")
    for source, kind in _published(every):
        routes.of_event(source, kind)
    decision = workflow["States"][DECISION]
    tried = list(dict.fromkeys([choice["Next"] for choice in decision["Choices"]] + [decision["Default"]]))
    wanted = [route.state for route in Route]
    _require(tried == wanted, DEFINITION, f"tries {', '.join(tried)} in {DECISION}; expected {', '.join(wanted)}")
    return workflow


def unrouted_states() -> dict[str, Unrouted]:
    """The states that say of a check-in that it takes no route, so that operations are told: name -> what is said."""
    return {state.name: Unrouted(said) for state in walk(definition()) if (said := _said(state)) in UNROUTED}


def policy() -> dict[str, Any]:
    """The execution role's policy with its placeholders."""
    return dict(template(POLICY))


def dashboard() -> dict[str, Any]:
    """The dashboard's widgets with their placeholders. Raises BadParameters for a metric of an unknown route."""
    body: dict[str, Any] = template(DASHBOARD)
    for metric in (metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])):
        if "Route" in metric:
            routes.of(metric[metric.index("Route") + 1])
    return body


def rules() -> list[dict[str, Any]]:
    """The new event rules: name, description, pattern, targetId, samples; in the order of their files' names.

    Raises BadParameters where they are not the rules of the table's alerts, one each.
    """
    wanted = {alert.file: alert for alert in routes.ALERTS if alert.file}
    there = {path.name for path in (FOLDER / "rules").glob("*.json")}
    _require(there <= set(wanted), "rules", f"{', '.join(sorted(there - set(wanted)))} is no rule of lib/routes.py")
    return [_rule(file, wanted[file]) for file in sorted(wanted)]


def _rule(file: str, alert: Alert) -> dict[str, Any]:
    name = f"rules/{file}"
    rule: dict[str, Any] = template(name)
    pattern, sample = rule["pattern"], rule["sample"]
    carried = (pattern["source"], pattern["detail-type"])
    _require(carried == ([alert.source], [alert.detail_type]), name, f"carries {carried}, not its event of the table")
    event = (sample["source"], sample["detail-type"], sample["detail"]["route"])
    expected = (alert.source, alert.detail_type, routes.of_event(alert.source, alert.detail_type))
    _require(event == expected, name, f"has the sample {event}; expected {expected}")
    return rule


def rules_by_alert() -> dict[Alert, str]:
    """The rule that carries each alert of the table, by its name; today's among them."""
    return {
        alert: _rule(alert.file, alert)["name"] if alert.file else routes.LOW_SENTIMENT_RULE for alert in routes.ALERTS
    }


def publishing_states() -> dict[Alert, str]:
    """The state of the definition that publishes each alert of the table. Raises BadParameters where none does."""
    published = {(source, kind): state for state, source, kind in _publishers(walk(template(DEFINITION)))}
    lacking = [alert for alert in routes.ALERTS if (alert.source, alert.detail_type) not in published]
    _require(not lacking, DEFINITION, f"publishes no {', '.join(alert.detail_type for alert in lacking)}")
    return {alert: published[alert.source, alert.detail_type] for alert in routes.ALERTS}


def alarms() -> dict[str, dict[str, Any]]:
    """The templates of the alarms, by file, in the order of the files' names; what is right of one, its lint says."""
    files = [f"alarms/{path.name}" for path in sorted((FOLDER / "alarms").glob("*.json"))]
    return {file: dict(template(file)) for file in files}


def scenarios() -> list[dict[str, Any]]:
    """The plan's scenarios, in the plan's order: name, title, order, checkinResult, expect.

    Raises BadParameters for one that expects an unknown route or event, and for a route that is tried in none.
    """
    every = [_scenario(path.name) for path in (FOLDER / "scenarios").glob("test-*.json")]
    tried = {one["expect"]["route"] for one in every}
    lacking = [route for route in routes.SCORED if route not in tried]
    _require(not lacking, "scenarios", f"none of them expects route {', '.join(lacking)}")
    return sorted(every, key=lambda one: int(one["order"]))


def _scenario(file: str) -> dict[str, Any]:
    name = f"scenarios/{file}"
    scenario: dict[str, Any] = template(name)
    lacking = [key for key in ("name", "title", "order", "checkinResult", "expect") if key not in scenario]
    _require(not lacking, name, f"lacks {', '.join(lacking)}; expected name, title, order, checkinResult, expect")
    route = routes.of(scenario["expect"]["route"])
    due = [route.row.alert.detail_type] if route.row.alert else []
    _require(
        scenario["expect"]["events"] == due, name, f"expects {scenario['expect']['events']} of route {route}; not {due}"
    )
    return scenario


def _said(state: State) -> str:
    """The route that a state says, "" for one that says none or takes it from before."""
    parameters = state.body.get("Parameters")
    return str(parameters.get("route", "")) if state.type == "Pass" and isinstance(parameters, Mapping) else ""


def _published(every: Iterable[State]) -> Iterator[tuple[str, str]]:
    """Source and detail-type of each event that the definition publishes."""
    yield from ((source, kind) for _, source, kind in _publishers(every))


def _publishers(every: Iterable[State]) -> Iterator[tuple[str, str, str]]:
    """State, source and detail-type of each event that the definition publishes."""
    for state in every:
        if str(state.body.get("Resource", "")).endswith(":events:putEvents"):
            for entry in state.body["Parameters"]["Entries"]:
                yield state.name, entry["Source"], entry["DetailType"]


def _require(holds: bool, name: str, trouble: str) -> None:
    if not holds:
        raise BadParameters(f"lib/definitions/{name} {trouble}")
