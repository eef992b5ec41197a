"""What each phase of the plan wants, as a list of live things and their values. Read-only.

Asks the account only for what it calls the things that exist (`names`), what real traffic starts (`entries`), and which
keys topics have (`encryption`).
"""

from collections.abc import Sequence
from typing import Any

from lib.asl.functions import Called
from lib.aws import Live
from lib.changes import engine
from lib.changes.plans import Plan, Wanted
from lib.definitions import alarm_templates, documents, loader, templates
from lib.definitions.alarm_templates import AlarmTemplate
from lib.resources.existing import names, traffic_entries
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.resources.existing.encryption import WRITE, topics_keys, workflows_keys
from lib.resources.existing.traffic_entries import Entries
from lib.resources.resource_kinds import (
    Alarm,
    Candidate,
    DrillUser,
    EnvironmentVariable,
    InlinePolicy,
    LogGroup,
    MetricFilter,
    Permission,
    Queue,
    QueueStatement,
    Rule,
    Section,
    Subscription,
    Target,
    Topic,
    Widgets,
    Workflow,
    WorkflowAlias,
)
from lib.resources.topics import FROM_PARAMETERS
from lib.resources.users import SYNTHETIC
from lib.resources.workflow_alias import routed_to
from lib.values.subscriber_addresses import Protocol

FOURTEEN_DAYS = str(14 * 24 * 3600)
WIDGET_PREFIX = "Phase 3:"


def infrastructure(live: Live, known: Entries | None = None) -> list[Wanted]:
    """Phase 01: operations topic, subscription with dead-letter queue, the processor's variable, the drill user."""
    s = live.settings
    names.require_variable_seen(live, known)
    subscription = Subscription(live, s.ops_topic_name, str(s.ops_subscription_protocol), _recordable(live))
    dead_letters = {"dead_letter_queue": s.queue_arn(s.ops_dead_letter_queue_name), "raw": "false", "filter": ""}
    return [
        Wanted(Topic(live, s.ops_topic_name), {"DisplayName": "Your6 operations alerts"}),
        *queue_fed_by(live, s.ops_dead_letter_queue_name, "sns.amazonaws.com", [s.ops_topic_arn]),
        Wanted(subscription, dead_letters),
        Wanted(EnvironmentVariable(live, s.processor_function_name, names.VARIABLE), s.ops_topic_arn),
        Wanted(DrillUser(live, s.table_name, s.drill_user_id), drill_user()),
    ]


def iam_permissions(live: Live, _known: Entries | None = None) -> list[Wanted]:
    """Phase 02: one inline policy of the execution role."""
    s = live.settings
    names.role_arn(live)  # refuses where the workflow has another role
    return [Wanted(InlinePolicy(live, s.execution_role_name, s.execution_policy_name), policy(live))]


def state_machine(live: Live, known: Entries | None = None) -> list[Wanted]:
    """Phase 03: workflow, the aliases by which real traffic comes, dashboard widgets."""
    s, known = live.settings, known or traffic_entries.read(live)
    wanted = workflow(live, known)
    return [
        Wanted(Workflow(live, s.state_machine_name), wanted),
        # No alias follows an update. After it, so that an undo, last first, moves check-ins back before anything else.
        *(Wanted(WorkflowAlias(live, s.state_machine_name, alias), routed_to(wanted)) for alias in known.used),
        Wanted(Widgets(live, s.dashboard_name, WIDGET_PREFIX), _widgets(live)),
    ]


def candidate(plan: Plan, run_id: str = "") -> Wanted | None:
    """What is tried before a plan changes what check-ins run: the workflow that it wants, without a log. Read-only.

    None where the plan changes nothing of that. It belongs to the run of this id.
    """
    moved = [one.resource for one in plan.pending if isinstance(one.resource, Workflow | WorkflowAlias)]
    wanted = [one.after for one in plan.changes if isinstance(one.resource, Workflow)]
    if not moved or not wanted:
        return None
    value = {**wanted[0], "loggingConfiguration": {"level": "OFF", "includeExecutionData": False}, "run": run_id}
    return Wanted(Candidate(moved[0].live, moved[0].machine), value)


def event_rules(live: Live, _known: Entries | None = None) -> list[Wanted]:
    """Phase 04: the alarms with the log that they watch; then the new rules, each with the dispatcher as its target,
    permission, retries and dead-letter queue. So nothing is carried of which no alarm would tell that it was lost."""
    s, dispatcher = live.settings, names.dispatcher(live)
    queue = s.events_dead_letter_queue_name
    wanted = _monitors(live)
    wanted += queue_fed_by(live, queue, "events.amazonaws.com", [s.rule_arn(rule["name"]) for rule in loader.rules()])
    for rule in loader.rules():
        wanted += _rule(live, rule, dispatcher, s.queue_arn(queue))
    return wanted


def _monitors(live: Live) -> list[Wanted]:
    """The workflow's log group, the metric filter on it, and every alarm."""
    s, wanted = live.settings, alarms(live)
    return [
        Wanted(LogGroup(live, s.log_group_name), {"retentionInDays": s.log_retention_days}),
        metric_filter(live, wanted),
        *(Wanted(Alarm(live, alarm.name), alarm.value) for alarm in wanted),
    ]


def alarms(live: Live) -> list[AlarmTemplate]:
    """Every alarm that is wanted, with what its file says of it."""
    return alarm_templates.of(live.settings, DEAD_LETTER_QUEUES)


def metric_filter(live: Live, wanted: Sequence[AlarmTemplate]) -> Wanted:
    """The filter on the workflow's log by which some of these alarms count."""
    name, value = alarm_templates.metric_filter(live.settings, wanted)
    return Wanted(MetricFilter(live, live.settings.log_group_name, name), value)


def documentation(live: Live, known: Entries | None = None) -> list[Wanted]:
    """Phase 06: marked sections of the application's README.md and CLAUDE.md, from the wanted definition."""
    known = known or traffic_entries.read(live)
    definition = workflow(live, known)["definition"]
    texts = documents.sections(live.settings, definition, templates.mermaid(definition), loader.rules(), known.arn)
    return [Wanted(Section(live, file, section), text) for (file, section), text in texts.items()]


# The phases that change something, by their notebook, in the order in which they run (`run_phases.NOTEBOOKS` says why).
# Each takes the ways in as well, where they were read just now: a whole plan asks for them once (`plan_all`).
PHASES = {
    "01": infrastructure,
    "02": iam_permissions,
    "04": event_rules,
    "03": state_machine,
    "06": documentation,
}


def plan_all(live: Live) -> list[Plan]:
    """The plan of every phase that changes something. Read-only."""
    known = traffic_entries.read(live)
    return [engine.plan(number, wanted(live, known)) for number, wanted in PHASES.items()]


def drill_user() -> dict[str, Any]:
    """The synthetic user of every drill: its contact is the operations team, and it has no phone and no address."""
    return {"trustedContact": dict(SYNTHETIC), "alertThreshold": 0, "drill": True}


def policy(live: Live) -> dict[str, Any]:
    """The execution role's Phase 3 policy: the plan's 2.2, what logging needs, and the keys of what it uses."""
    document = templates.policy(live.settings)
    keys = sorted({key for _, key in topics_keys(live)})
    if keys:
        actions = ["kms:GenerateDataKey*", "kms:Decrypt"]
        statement = {"Sid": "UseTheTopicsKeys", "Effect": "Allow", "Action": actions, "Resource": keys}
        document["Statement"] = [*document["Statement"], statement]
    for what, key, used in workflows_keys(live):
        actions = ["kms:GenerateDataKey*" if one in WRITE else one for one in used]
        statement = {"Sid": f"UseTheKeyOfThe{what.title()}", "Effect": "Allow", "Action": actions, "Resource": key}
        document["Statement"] = [*document["Statement"], statement]
    return document


def workflow(live: Live, known: Entries | None = None) -> dict[str, Any]:
    """The workflow: rendered definition, unchanged role, logging of every event without execution data."""
    s, processor = live.settings, names.function_arn(live, names.processor(live, known))
    return {
        "definition": templates.definition(s, processor),
        "roleArn": names.role_arn(live),
        "loggingConfiguration": {
            "level": "ALL",
            "includeExecutionData": False,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": s.log_group_arn}}],
        },
    }


def _widgets(live: Live) -> list[dict[str, Any]]:
    """The dashboard's Phase 3 widgets."""
    return list(templates.dashboard(live.settings)["widgets"])


def _recordable(live: Live) -> str:
    s = live.settings
    return s.ops_subscription_endpoint if s.ops_subscription_protocol == Protocol.SQS else FROM_PARAMETERS


def queue_fed_by(
    live: Live,
    name: str,
    service: str,
    sources: list[str],
    *,
    sid: str = "AcceptUndelivered",
    kept_for: str = FOURTEEN_DAYS,
) -> list[Wanted]:
    """A queue that takes what a service sends of these sources alone, and keeps it so many seconds."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": live.settings.queue_arn(name),
        "Condition": {"ArnEquals": {"aws:SourceArn": sources}},
    }
    return [
        Wanted(Queue(live, name), {"MessageRetentionPeriod": kept_for}),
        Wanted(QueueStatement(live, name, sid), statement),
    ]


def _rule(live: Live, rule: dict[str, Any], dispatcher: Called, dead_letter_arn: str) -> list[Wanted]:
    s, name = live.settings, rule["name"]
    target = {
        "Arn": names.function_arn(live, dispatcher),
        "RetryPolicy": {"MaximumRetryAttempts": 8, "MaximumEventAgeInSeconds": 3600},
        "DeadLetterConfig": {"Arn": dead_letter_arn},
    }
    invoke = {"Principal": "events.amazonaws.com", "Action": "lambda:InvokeFunction", "SourceArn": s.rule_arn(name)}
    value = {"EventPattern": rule["pattern"], "State": "ENABLED", "Description": rule["description"]}
    return [
        Wanted(Permission(live, dispatcher.said, f"{name}-invokes"), invoke),
        Wanted(Rule(live, name), value),
        Wanted(Target(live, name, rule["targetId"]), target),
    ]
