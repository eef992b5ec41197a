"""The stand-in functions in the embedded account, and the baseline workflow that calls them."""

import json

import pytest
from waiting import FOR_EVER

from rehearsal.account import baseline, traffic

ROUTES = {
    "Low Sentiment Alert": "standard",
    "Crisis Protocol Alert": "crisis",
    "Immediate Intervention Required": "high",
    "Proactive Outreach Recommended": "proactive",
}
WORDS = "unmistakable words of a veteran"


def invoke(client, function, payload):
    answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def event(kind, **detail):
    told = {"userId": "user-001", "sentimentScore": -0.9, "textPreview": WORDS, "timestamp": "2026-01-01T00:00:00Z"}
    return {"source": "your6.checkin", "detail-type": kind, "detail": {**told, **detail}}


@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("kind", ROUTES)
def test_each_event_reaches_the_trusted_contact(module_account, client, received, kind, drill):
    detail = {"drill": True, "executionArn": "arn:of:execution:x"} if drill else {}
    error, answer = invoke(client, module_account.dispatcher_function_name, event(kind, **detail))
    assert error is None
    assert answer == {"statusCode": 200, "route": ROUTES[kind], "drill": drill, "delivered": True}
    (notice,) = received(baseline.TRUSTED_INBOX)
    told = json.loads(notice["Message"])
    assert (told["route"], told["drill"], told["contactName"]) == (ROUTES[kind], drill, "Contact of user-001")
    assert notice["Subject"].startswith("[DRILL] ") is drill
    assert notice["MessageAttributes"]["route"]["Value"] == ROUTES[kind]
    assert notice["MessageAttributes"]["execution"]["Value"] == ("arn:of:execution:x" if drill else "unknown")
    assert WORDS not in json.dumps(notice)


def test_the_drill_user_is_known_by_the_table(module_account, client, received):
    item = {"userId": {"S": "drill-operations"}, "drill": {"BOOL": True}}
    client("dynamodb").put_item(TableName=module_account.table_name, Item=item)
    invoke(client, module_account.dispatcher_function_name, event("Low Sentiment Alert", userId="drill-operations"))
    (notice,) = received(baseline.TRUSTED_INBOX)
    assert notice["Subject"].startswith("[DRILL] ")


def test_an_unknown_user_still_raises_an_alert(module_account, client, received):
    error, _ = invoke(client, module_account.dispatcher_function_name, event("Low Sentiment Alert", userId="nobody"))
    assert error is None
    assert "contact is unknown" in received(baseline.TRUSTED_INBOX)[0]["Message"]


def test_an_unknown_event_is_an_error(module_account, client):
    error, answer = invoke(client, module_account.dispatcher_function_name, event("Something Else"))
    assert error
    assert "unknown detail-type" in answer["errorMessage"]


def test_the_processor_records_without_the_text(module_account, client):
    checkin = {"userId": "user-002", "text": f"hopeless {WORDS}", "timestamp": "2026-02-03T04:05:06+00:00"}
    error, result = invoke(client, module_account.processor_function_name, checkin)
    assert error is None
    assert result["text"] == checkin["text"]
    key = "user-002/2026/02/03/2026-02-03T04:05:06+00:00.json"
    found = client("s3").get_object(Bucket=module_account.checkin_bucket_name, Key=key)["Body"].read().decode()
    assert WORDS not in found
    assert json.loads(found)["risk_score"] == result["risk_score"]


@pytest.mark.parametrize("payload", [{"userId": "user-001"}, {"text": "hello"}])
def test_an_incomplete_checkin_is_an_error(module_account, client, payload):
    assert invoke(client, module_account.processor_function_name, payload)[0]


def test_the_baseline_workflow_alerts_by_its_rule(module_account, client, received):
    checkin = {"userId": "user-003", "text": "Hopeless, an awful day."}
    arn = traffic._start(module_account.endpoint_url, module_account.state_machine_arn, checkin)
    assert traffic._finished(module_account, arn, FOR_EVER) == "SUCCEEDED"
    assert json.loads(received(baseline.TRUSTED_INBOX)[0]["Message"])["route"] == "standard"


def test_the_baseline_workflow_fails_visibly(module_account, received):
    arn = traffic._start(module_account.endpoint_url, module_account.state_machine_arn, {"userId": "user-003"})
    assert traffic._finished(module_account, arn, FOR_EVER) == "FAILED"
    assert "could not be processed" in received(baseline.TRUSTED_INBOX)[0]["Message"]
