"""What is somebody else's in an account, and ours beside it: a client that answers what it is given; a statement."""

from lib import routes
from lib.aws import Identity, Live
from lib.aws_answers import answer
from lib.settings import load

LOCAL = load("local").model_copy(update={"verify_timeout_seconds": 0, "poll_seconds": 0})
RULE = LOCAL.rule_arn(routes.LOW_SENTIMENT_RULE)
EVENTS = {"Service": "events.amazonaws.com"}


class Fake:
    """A client whose operations answer what they are given, and that keeps what it is asked to write."""

    def __init__(self, **answers):
        self.answers, self.written = answers, []

    def __getattr__(self, operation):
        def call(**given):
            if operation.startswith(("put_", "set_", "add_", "remove_", "delete_")):
                self.written.append((operation, given))
            found = self.answers.get(operation, {})
            if isinstance(found, Exception):
                raise found
            return answer(found, operation)

        return call

    def get_paginator(self, operation):
        return type("Pages", (), {"paginate": lambda _, **given: [getattr(self, operation)(**given)]})()


def live(**clients):
    return Live(LOCAL, Identity("0", "us-east-1", "me", ""), None, clients, single=clients)


def allow(**more):
    return {
        "Sid": "ours",
        "Effect": "Allow",
        "Principal": EVENTS,
        "Action": "lambda:InvokeFunction",
        "Resource": "x",
        **more,
    }
