"""Stand-in for Your6-AlertDispatcher, for the rehearsal account only. It sends no SMS: only the topic is reached.

It looks the user up, tells a drill from the real thing, and publishes to the trusted-contact topic. What a person wrote
in a check-in goes into no message.
"""

import functools
import json
import os
import re
from datetime import UTC, datetime
from typing import Any

# detail-type -> (route, what it says to the trusted contact)
ALERTS = {
    "Low Sentiment Alert": ("standard", "seems to be having a hard time. Please get in touch today."),
    "Crisis Protocol Alert": ("crisis", "may be in crisis. Please reach them now; the operations team is informed."),
    "Immediate Intervention Required": ("high", "is at high risk. Please reach them within the hour."),
    "Proactive Outreach Recommended": ("proactive", "has been declining. A call in the next days would help."),
}
SUBJECT_LENGTH = 100
DRILL_NAME = re.compile(r"\bdrill-[a-z0-9-]+-[A-Za-z0-9]+-[0-9a-f]{6}\b")


def execution_of(event: dict[str, Any]) -> str:
    """The execution that sent the event: on AWS in `resources`; else `detail.executionArn`; else "unknown".

    The embedded AWS puts nothing into `resources`, and the standard alert has no executionArn. A drill's preview is
    synthetic and names its execution, so a drill is found there.
    """
    named = [arn for arn in event.get("resources") or [] if ":execution:" in arn]
    drill = DRILL_NAME.search(str(event["detail"].get("textPreview") or ""))
    return str(named[0] if named else event["detail"].get("executionArn") or (drill and drill[0]) or "unknown")


def message(event: dict[str, Any], user: dict[str, Any] | None) -> dict[str, Any]:
    """The alert for the trusted contact. Raises ValueError for a detail-type or a detail that it does not know."""
    kind, detail = event.get("detail-type"), event.get("detail") or {}
    if kind not in ALERTS:
        raise ValueError(f"unknown detail-type {kind!r}; expected one of {', '.join(ALERTS)}")
    if not detail.get("userId"):
        raise ValueError("alert without a userId")
    route, advice = ALERTS[kind]
    drill = detail.get("drill") is True or (user or {}).get("drill") is True
    contact = (user or {}).get("trustedContact", {}).get("name", "unknown")
    unknown = "" if contact != "unknown" else " No trusted contact is on record: the contact is unknown."
    return {
        "alert": kind,
        "route": route,
        "userId": detail["userId"],
        "contactName": contact,
        "drill": drill,
        "execution": execution_of(event),
        "sentTimestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "text": f"{'[DRILL] ' if drill else ''}{detail['userId']} {advice}{unknown}",
    }


def subject(alert: dict[str, Any]) -> str:
    """At most 100 printable ASCII characters; a drill says so first."""
    words = f"{'[DRILL] ' if alert['drill'] else ''}Your6 {alert['route']} alert for {alert['userId']}"
    return "".join(letter if " " <= letter <= "~" else "?" for letter in words)[:SUBJECT_LENGTH]


@functools.cache
def _client(service: str) -> Any:  # noqa: ANN401 - boto3 clients have no type
    import boto3  # here, so that composing a message alone needs no AWS

    return boto3.client(service)


def _user(user_id: str) -> dict[str, Any] | None:
    from boto3.dynamodb.types import TypeDeserializer

    table, key = os.environ["DYNAMODB_TABLE"], {"userId": {"S": user_id}}
    item = _client("dynamodb").get_item(TableName=table, Key=key).get("Item")
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()} if item else None


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Tell the trusted contact. An unknown user still raises an alert: silence would be worse."""
    user_id = (event.get("detail") or {}).get("userId")
    alert = message(event, _user(user_id) if user_id else None)
    attributes = {"drill": str(alert["drill"]).lower(), "route": alert["route"], "execution": alert["execution"]}
    _client("sns").publish(
        TopicArn=os.environ["SNS_TOPIC_ARN"],
        Subject=subject(alert),
        Message=json.dumps(alert),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
    return {"statusCode": 200, "route": alert["route"], "drill": alert["drill"], "delivered": True}
