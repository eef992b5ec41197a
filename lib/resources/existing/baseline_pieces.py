"""The pieces of the baseline that the plan takes for granted, each read live. Read-only."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import error_code, readable
from lib.checks import Check, Status
from lib.errors import RunbookError
from lib.resources.rules import targets
from lib.routes import LOW_SENTIMENT_RULE
from lib.values.check_registry import Id
from lib.values.numbers import plural
from lib.wait import until

DEAD_LETTER_QUEUES = ("Your6-CheckinDLQ", "Your6-AlertDLQ")


@dataclass(frozen=True)
class Piece:
    """How a piece was found. `more` is for the reader and decides nothing; `otherwise` is what another state is."""

    state: str
    more: str = ""
    otherwise: Status = Status.FAILED

    def __str__(self) -> str:
        return f"{self.state}; {self.more}" if self.more else self.state


def pieces(live: Live) -> list[Check]:
    """Whether every piece of the baseline is there, one check each. Read-only."""
    s = live.settings
    reads: dict[str, tuple[str, Callable[[], Piece]]] = {
        f"state machine {s.state_machine_name}": ("ACTIVE, STANDARD", lambda: _machine(live)),
        f"its role {s.execution_role_name}": ("exists", lambda: _role(live)),
        f"function {s.processor_function_name}": ("Active", lambda: _function(live, s.processor_function_name)),
        f"function {s.dispatcher_function_name}": ("Active", lambda: _function(live, s.dispatcher_function_name)),
        f"table {s.table_name}": ("ACTIVE, key userId", lambda: _table(live)),
        f"topic {s.alert_topic_name}": ("exists", lambda: _topic(live)),
        f"bucket {s.checkin_bucket_name}": ("exists", lambda: _bucket(live)),
        f"dashboard {s.dashboard_name}": ("exists", lambda: _dashboard(live)),
        f"rule {LOW_SENTIMENT_RULE}": ("ENABLED, to the dispatcher", lambda: _rule(live)),
        **{f"queue {name}": ("exists", partial(_queue, live, name)) for name in DEAD_LETTER_QUEUES},
    }
    return [_exists(name, expected, read) for name, (expected, read) in reads.items()]


def _exists(name: str, expected: str, read: Callable[[], Piece]) -> Check:
    try:
        with readable(f"reading {name}"):
            piece = read()
    except RunbookError as error:
        more = f"{expected}; it belongs to the system before the change"
        return Check(Id.BASELINE_PIECE, name, Status.FAILED, str(error), more, name)
    status = Status.PASSED if piece.state == expected else piece.otherwise
    return Check(Id.BASELINE_PIECE, name, status, str(piece), expected, name)


def _machine(live: Live) -> Piece:
    answer = live.client("stepfunctions").describe_state_machine(stateMachineArn=live.settings.state_machine_arn)
    return Piece(f"{answer['status']}, {answer['type']}")


def _role(live: Live) -> Piece:
    live.client("iam").get_role(RoleName=live.settings.execution_role_name)
    return Piece("exists")


def _function(live: Live, name: str) -> Piece:
    def asked() -> str:
        return str(live.client("lambda").get_function_configuration(FunctionName=name)["State"])

    # Just made or deployed, it becomes Active by itself. botocore's own waiter would go on for one that is Inactive.
    state = until(asked, lambda state: state != "Pending", live.patience()).seen
    if state != "Inactive":
        return Piece(state)
    # Lambda sends a function to sleep that was idle for weeks. What wakes it fails, and has to be tried again.
    return Piece(state, "its next invocation fails and wakes it: invoke it once", Status.WAITING)


def _table(live: Live) -> Piece:
    table = live.client("dynamodb").describe_table(TableName=live.settings.table_name)["Table"]
    status = table["TableStatus"]
    serves, more = ("ACTIVE", status) if status == "UPDATING" else (status, "")  # it serves while it is updated
    return Piece(f"{serves}, key {' + '.join(key['AttributeName'] for key in table['KeySchema'])}", more)


def _topic(live: Live) -> Piece:
    live.client("sns").get_topic_attributes(TopicArn=live.settings.alert_topic_arn)
    return Piece("exists")


def _bucket(live: Live) -> Piece:
    try:
        live.client("s3").head_bucket(Bucket=live.settings.checkin_bucket_name)
    except ClientError as error:
        if error_code(error) != "403":
            raise
        why = "this caller may not look at it, so AWS does not say whether it is there"
        return Piece("hidden", why, Status.CANNOT_TELL)
    return Piece("exists")


def _dashboard(live: Live) -> Piece:
    live.client("cloudwatch").get_dashboard(DashboardName=live.settings.dashboard_name)
    return Piece("exists")


def _queue(live: Live, name: str) -> Piece:
    live.client("sqs").get_queue_url(QueueName=name)
    return Piece("exists")


def _rule(live: Live) -> Piece:
    """Whatever else it reaches, the dispatcher must be among it."""
    state = live.client("events").describe_rule(Name=LOW_SENTIMENT_RULE)["State"]
    arns = [str(target["Arn"]) for target in targets(live, LOW_SENTIMENT_RULE).values()]
    reached = [arn for arn in arns if f"{arn}:".startswith(f"{live.settings.dispatcher_arn}:")]
    who = "to the dispatcher" if reached else f"and not to {live.settings.dispatcher_function_name}"
    others = len(arns) - len(reached[:1])
    more = plural(others, "other target") if others else ""
    # Such as ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
    return Piece(f"{'ENABLED' if state.startswith('ENABLED') else state}, {who}", more)
