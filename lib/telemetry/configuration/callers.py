"""What sends events to the functions, topics and workflow that alerts pass, beside what the plan makes. Read-only.

A second way to them tells people twice, and no drill that ran before it came speaks of it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lib import routes
from lib.aws import Live, pages_of
from lib.aws_answers import absent_is_none
from lib.changes.plans import Value
from lib.definitions import loader
from lib.resources.existing.subscriptions import LISTENING
from lib.resources.existing.traffic_starters import DEFAULT_BUS
from lib.routes import LOW_SENTIMENT_RULE
from lib.telemetry.configuration.facts import Sense
from lib.telemetry.configuration.patterns import could_take
from lib.telemetry.configuration.readings import Reading, only, parse_document

OF_A_MAPPING = (
    "EventSourceArn", "SelfManagedEventSource", "FunctionArn", "FilterCriteria", "BatchSize", "StartingPosition",
    "Topics", "Queues", "DestinationConfig", "FunctionResponseTypes",
)  # fmt: skip
HALTED = ("Disabled", "Disabling", "Deleting")
OF_A_URL = ("FunctionArn", "AuthType", "InvokeMode")


def _passes_alerts(live: Live, arn: str) -> bool:
    """Whether this is one of the functions, by whichever version or alias, a topic of alerts, or the workflow."""
    s = live.settings
    ways = (s.dispatcher_arn, s.processor_arn, s.state_machine_arn, s.alert_topic_arn, s.ops_topic_arn)
    return any(arn == way or arn.startswith(f"{way}:") for way in ways)


def alert_senders(live: Live, rows: Mapping[str, Mapping[str, Any]], field: str = "Arn") -> Value:
    """Of these rows, those that send to what alerts pass, and where to."""
    return {key: row[field] for key, row in rows.items() if _passes_alerts(live, str(row.get(field, "")))}


def of_the_bus(live: Live) -> list[Reading]:
    """The enabled rules of others that could take our events: those that send them to what alerts pass, and the rest.

    Of every bus, since an event may be passed on from one to another.
    """
    rules = cache(lambda: dict(_rules(live)))

    def again() -> Value:
        return {name: one for name, one in rules().items() if alert_senders(live, one["targets"])}

    def others() -> Value:
        return {name: sorted(t["Arn"] for t in one["targets"].values()) for name, one in rules().items()}

    return [
        Reading("others' rules that send our events to what alerts pass", Sense.WHOLE, again),
        Reading("others' rules that could take our events", Sense.NOTE, others),
    ]


def _rules(live: Live) -> Iterator[tuple[str, dict[str, Any]]]:
    events = live.client("events")
    ours = {LOW_SENTIMENT_RULE, *(rule["name"] for rule in loader.rules())}
    for bus in _all(events.list_event_buses, "EventBuses"):
        name = str(bus["Name"])
        for rule in _all(events.list_rules, "Rules", EventBusName=name):
            known = name == DEFAULT_BUS and (rule["Name"] in ours or rule["Name"].startswith(LISTENING))
            pattern = parse_document(rule.get("EventPattern"))
            if not known and rule["State"] != "DISABLED" and pattern is not None and _takes(live, pattern):
                rows = _all(events.list_targets_by_rule, "Targets", Rule=rule["Name"], EventBusName=name)
                targets = {str(row["Id"]): {key: value for key, value in row.items() if key != "Id"} for row in rows}
                where = rule["Name"] if name == DEFAULT_BUS else f"{rule['Name']} of bus {name}"
                yield where, {"EventPattern": pattern, "targets": targets}


def _takes(live: Live, pattern: Any) -> bool:  # noqa: ANN401
    s = live.settings
    known = [{"source": alert.source, "detail-type": alert.detail_type} for alert in routes.ALERTS]
    return any(could_take(pattern, {**one, "account": s.account_id, "region": s.region}) for one in known)


def of_a_function(live: Live, name: str) -> list[Reading]:
    """What feeds a function without being asked, by whichever version or alias, and the URLs that it answers at."""
    aws, pipes = live.client("lambda"), live.client("pipes")

    def mappings() -> Value:
        with absent_is_none("ResourceNotFoundException"):
            aliases = [row["Name"] for row in _paged(aws, "list_aliases", "Aliases", FunctionName=name)]
            called = [name, *(f"{name}:{alias}" for alias in aliases)]
            rows = [
                row
                for one in called
                for row in _paged(aws, "list_event_source_mappings", "EventSourceMappings", FunctionName=one)
            ]
            return {row["UUID"]: {**only(row, OF_A_MAPPING), "on": row.get("State") not in HALTED} for row in rows}
        return None

    def urls() -> Value:
        with absent_is_none("ResourceNotFoundException"):
            rows = _paged(aws, "list_function_url_configs", "FunctionUrlConfigs", FunctionName=name)
            return {row["FunctionArn"].partition(":function:")[2]: only(row, OF_A_URL) for row in rows}
        return None

    def piped() -> Value:
        prefix = live.settings.arn("lambda", f"function:{name}")
        rows = _all(pipes.list_pipes, "Pipes", TargetPrefix=prefix)
        mine = [row for row in rows if row["Target"] == prefix or row["Target"].startswith(f"{prefix}:")]
        return {row["Name"]: only(row, ("Source", "Target", "Enrichment", "DesiredState")) for row in mine}

    return [
        Reading("event source mappings", Sense.WHOLE, mappings),
        Reading("pipes", Sense.WHOLE, piped),
        Reading("URLs", Sense.MEMBERS, urls),
    ]


def _paged(client: Any, operation: str, key: str, **given: str) -> list[dict[str, Any]]:  # noqa: ANN401
    return [row for page in client.get_paginator(operation).paginate(**given) for row in page[key]]


def _all(call: Any, key: str, **given: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - boto3 has no types
    return (row for page in pages_of(call, "NextToken", **given) for row in page.get(key, []))
