"""Drills as they come back from a session, for tests of what is said of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lib import routes
from lib.definitions import loader
from lib.drills.drill_session import Drill, Received
from lib.drills.scenarios import Scenario, outcome
from lib.telemetry.execution_status import Execution

STARTED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
NAME = "drill-crisis-abc-012345"
RULES = {rule["sample"]["detail"]["route"]: rule["name"] for rule in loader.rules()}
RESULT = {"risk_score": 98, "score": -0.9, "trajectory": "declining", "text": f"Synthetic text of {NAME}."}


def detail(route: str = "crisis", **changed: Any) -> dict[str, Any]:
    """What an event of the drill says."""
    said = {
        "userId": "drill-operations",
        "riskScore": RESULT["risk_score"],
        "sentimentScore": RESULT["score"],
        "trajectory": RESULT["trajectory"],
        "textPreview": RESULT["text"],
        "timestamp": "2026-01-01T12:00:00.123Z",
        "route": route,
        "drill": True,
        "executionArn": NAME,
    }
    return said | changed


def received(channel: str, after: float = 0.5, subject: str = "[DRILL] Your6", **body: Any) -> Received:
    """A message `after` so many seconds."""
    said = body or {key: value for key, value in detail().items() if key not in ("textPreview", "executionArn")}
    return Received(channel, (STARTED + timedelta(seconds=after)).timestamp(), subject, said, f"{said} {NAME}")


def event(route: str = "crisis", **changed: Any) -> Received:
    """The event as it was published."""
    alert = routes.of(route).row.alert
    assert alert, f"route {route} sends no event"
    said = {"source": alert.source, "detail-type": alert.detail_type, "detail": detail(route, **changed)}
    return received("events", **said)


def drill(route: str = "crisis", messages: list[Received] | None = None, **changed: Any) -> Drill:
    """A crisis drill of which everything is as it should be, or with these messages."""
    whole = [
        received("trusted"),
        received("operations", 0.4),
        event(route),
        received("rules", rule=RULES.get(route, "")),
    ]
    ended = Execution(NAME, "SUCCEEDED", STARTED, STARTED + timedelta(seconds=1), {"route": route}, "")
    given = {
        "group": "scenarios",
        "scenario": Scenario("crisis", "Crisis", {"checkinResult": RESULT}, outcome(route)),
        "given": {"checkinResult": RESULT},
        "execution": ended,
        "received": whole if messages is None else messages,
        "interventions": 1,
        "path": [],
        "revision": "r1",
    }
    return Drill(**{**given, **changed})
