"""The IAM and queue policies of the baseline, as plain data. No AWS."""

from typing import Any

from lib.settings import Settings

Document = dict[str, Any]


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: list[str], resource: str | list[str]) -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def trust(service: str) -> Document:
    """Who may assume a role: one AWS service."""
    principal = {"Service": f"{service}.amazonaws.com"}
    return _document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def workflow(settings: Settings) -> Document:
    """`Your6StepFunctionsPolicy`: what the workflow may do before Phase 3."""
    return _document(
        _allow(["lambda:InvokeFunction"], [settings.processor_arn, settings.dispatcher_arn]),
        _allow(["sns:Publish"], settings.alert_topic_arn),
    )


def functions(settings: Settings) -> Document:
    """What the two functions may do."""
    return _document(
        _allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], settings.arn("logs", "*")),
        _allow(["dynamodb:GetItem"], settings.table_arn),
        _allow(["s3:PutObject"], f"arn:{settings.partition}:s3:::{settings.checkin_bucket_name}/*"),
        _allow(["sns:Publish"], settings.alert_topic_arn),
        _allow(["sqs:SendMessage"], [settings.queue_arn("Your6-CheckinDLQ"), settings.queue_arn("Your6-AlertDLQ")]),
    )


def inbox(settings: Settings, queue: str, topic_arn: str) -> Document:
    """Lets one topic, and nothing else, send to a test queue."""
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": settings.queue_arn(queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
    )
