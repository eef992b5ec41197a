"""An account as the doctor asks it: every service at once, and the answers by their names."""

from datetime import UTC, datetime

from botocore.exceptions import ClientError

from lib.aws import Identity, Live
from lib.definitions.access_policies import Whose
from lib.phases.doctor import account
from lib.phases.doctor.findings import Question
from lib.settings import load

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DATE = "Thu, 01 Jan 2026 12:00:00 GMT"
ROLE = "arn:aws:iam::000000000000:role/people/Operations"
SESSION = "arn:aws:sts::000000000000:assumed-role/Operations/jane"
USER = "arn:aws:iam::000000000000:user/jane"
ASKED = Question("something", "so", "do this")


def denied(code="AccessDenied", date=DATE):
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    return ClientError(answer, "Call")


class Aws:
    """Every service at once: each operation answers with its value, or raises it."""

    def __init__(self, **answers):
        self.calls = []
        self.answers = {
            "get_caller_identity": {"ResponseMetadata": {"HTTPHeaders": {"date": DATE}}},
            "describe_state_machine": {"status": "ACTIVE"},
            "list_tags_for_resource": {"tags": []},
            "list_subscriptions_by_topic": {"Subscriptions": []},
            "list_rules": {"Rules": []},
            "list_targets_by_rule": {"Targets": []},
            "list_queues": {},
            "get_parameter": denied("ParameterNotFound"),
            "list_objects_v2": {},
            "get_role": {"Role": {"Arn": ROLE}},
            "simulate_principal_policy": lambda given: {"EvaluationResults": decisions(given)},
        } | answers

    def __getattr__(self, operation):
        def call(**given):
            self.calls.append((operation, given))
            answer = self.answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer(given) if callable(answer) else answer

        return call

    def get_paginator(self, operation):
        return type("Pages", (), {"paginate": lambda _, **given: [getattr(self, operation)(**given)]})()


def decisions(given, decision="allowed"):
    return [{"EvalActionName": name, "EvalDecision": decision} for name in given["ActionNames"]]


class Services(dict):
    def __init__(self, aws):
        super().__init__()
        self.aws = aws

    def __contains__(self, service):
        return True

    def __missing__(self, service):
        return self.aws


def live(aws=None, caller=SESSION, **other):
    settings = load("local", {"not_exercised_here": [], **other})
    identity = Identity(settings.account_id, settings.region, caller, "AWS")
    return Live(settings, identity, None, clients=Services(aws or Aws()))


def of_account(connection, whose=Whose.OPERATOR, clock=lambda: NOW):
    found = account.findings(connection.settings, whose, clock, lambda settings: connection)
    return {one.question.name.partition(" of the ")[0]: one for one in found}
