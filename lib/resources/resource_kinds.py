"""Every kind of live thing that the plan touches, one file a kind."""

from typing import Any

from lib.aws import Live
from lib.errors import BadParameters
from lib.resources.document_sections import Section
from lib.resources.functions import EnvironmentVariable, Permission
from lib.resources.live_thing import LiveThing
from lib.resources.monitoring.alarms import Alarm
from lib.resources.monitoring.logs_and_widgets import LogGroup, Widgets
from lib.resources.monitoring.metric_filters import MetricFilter
from lib.resources.queues import Queue, QueueStatement
from lib.resources.roles import InlinePolicy
from lib.resources.rules import Rule, Target
from lib.resources.topics import Subscription, Topic
from lib.resources.users import DrillUser
from lib.resources.workflow import Candidate, Workflow
from lib.resources.workflow_alias import WorkflowAlias

KINDS: dict[str, type[LiveThing]] = {
    thing.kind: thing
    for thing in (
        Queue, QueueStatement, Topic, Subscription, EnvironmentVariable, Permission, InlinePolicy, Workflow,
        WorkflowAlias, Rule, Target, LogGroup, MetricFilter, Alarm, Widgets, DrillUser, Section, Candidate,
    )
}  # fmt: skip


def reopen(live: Live, kind: str, identity: dict[str, Any]) -> LiveThing:
    """A resource from what a record holds of it. Raises BadParameters for a record of another version."""
    try:
        return KINDS[kind](live, **identity)
    except (KeyError, TypeError) as error:
        raise BadParameters(f"the record names a {kind!r} with {identity}, which this version does not know") from error
