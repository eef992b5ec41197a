"""Whether CloudWatch would take an alarm's definition, and whether it could ever go off: by what AWS documents. No AWS.

An alarm on a metric that nobody publishes is quiet for ever, so that metrics and their dimensions are asked of a table.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from lib.errors import BadParameters

OURS = "Your6/Workflow"
DRILL_PASSED = "DrillPassed"
ENTERED = "StatesEntered"  # by the metric filter; the workflow's name follows, since no log line holds it alone
# What is published, by namespace: its metrics, and the dimensions by which an alarm finds one.
PUBLISHED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "AWS/States": (
        frozenset({"ExecutionsStarted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted",
                   "ExecutionThrottled"}),
        frozenset({"StateMachineArn"}),
    ),
    "AWS/Events": (
        frozenset({"TriggeredRules", "Invocations", "FailedInvocations", "InvocationsFailedToBeSentToDlq"}),
        frozenset({"RuleName"}),
    ),
    "AWS/SNS": (
        frozenset({"NumberOfNotificationsFailed", "NumberOfNotificationsRedrivenToDlq",
                   "NumberOfNotificationsFailedToRedriveToDlq"}),
        frozenset({"TopicName"}),
    ),
    "AWS/SQS": (frozenset({"ApproximateNumberOfMessagesVisible"}), frozenset({"QueueName"})),
    "AWS/Lambda": (frozenset({"Errors", "Throttles", "DeadLetterErrors"}), frozenset({"FunctionName"})),
}  # fmt: skip
OF_OURS = {DRILL_PASSED: frozenset({"StateMachineArn"}), ENTERED: frozenset({"State"})}
HOUR, DAY, WEEK = 3600, 86_400, 604_800
LONGEST_NAME, LONGEST_DESCRIPTION = 255, 1024
MOST_OF_MATH = 10
# Actions run where the state changes: of whatever follows before it is OK again nobody is told, nor by OK.
FIRST_ONLY = "This tells of the first alone: look for others since, also when it says OK."


class Missing(StrEnum):
    """How an alarm takes a period without a datapoint."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


class Comparison(StrEnum):
    """When a datapoint breaches."""

    ABOVE = "GreaterThanThreshold"
    BELOW = "LessThanThreshold"


class Metric(BaseModel):
    """A metric that an alarm watches; `id` names it in math."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[StrictStr, Field(pattern=r"^[a-z][A-Za-z0-9_]*$")]
    namespace: StrictStr
    metric: StrictStr
    dimensions: dict[StrictStr, StrictStr]
    statistic: Annotated[StrictStr, Field(pattern="^(Sum|Maximum|Minimum|Average|SampleCount)$")]


class Definition(BaseModel):
    """One alarm, as a file of `lib/definitions/alarms/` says it, filled for an environment and a thing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    each: StrictStr
    suffix: Annotated[StrictStr, Field(min_length=1)]
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=MOST_OF_MATH)]
    expression: StrictStr = ""
    period: StrictInt
    evaluationPeriods: Annotated[StrictInt, Field(ge=1)]  # noqa: N815 - CloudWatch's word
    datapointsToAlarm: Annotated[StrictInt, Field(ge=1)]  # noqa: N815
    threshold: float
    comparison: Comparison
    missing: Missing
    missingBecause: Annotated[StrictStr, Field(min_length=10)]  # noqa: N815
    means: Annotated[StrictStr, Field(min_length=10)]
    do: Annotated[StrictStr, Field(min_length=10)]

    @property
    def description(self) -> str:
        """What whoever is told reads: what it means, what to do, and why silence counts as it does."""
        if self.missing == Missing.BREACHING:
            return f"{self.means} WHAT TO DO: {self.do} (Silence is an alarm: {self.missingBecause})"
        return f"{self.means} WHAT TO DO: {self.do} {FIRST_ONLY} (Silence is none: {self.missingBecause})"

    @property
    def is_of_several_services(self) -> bool:
        """Whether it compares metrics that come differently late, so that it may go off where nothing is wrong."""
        return len({metric.namespace for metric in self.metrics}) > 1

    @property
    def seconds(self) -> int:
        """How long after what it watches for it goes off, but for what CloudWatch itself is late."""
        return self.period * (self.evaluationPeriods if self.missing == Missing.BREACHING else self.datapointsToAlarm)


def parse(filled: Any, name: str) -> Definition:  # noqa: ANN401 - whatever the file says
    """A definition. Raises BadParameters with everything that is wrong with it, in one sentence."""
    try:
        definition = Definition.model_validate(filled)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors()]
        raise BadParameters(f"lib/definitions/{name}: {'; '.join(wrong)}") from error
    if trouble := [*_troubles(definition)]:
        raise BadParameters(f"lib/definitions/{name}: {'; '.join(trouble)}")
    return definition


def _troubles(one: Definition) -> Iterator[str]:
    for metric in one.metrics:
        yield from _unpublished(metric)
    if one.period < 1 or one.period % 60:  # shorter ones are of metrics of high resolution, of which none is published
        yield f"period {one.period}: CloudWatch takes a multiple of 60 seconds"
    most = WEEK if one.period >= HOUR else DAY
    if one.period * one.evaluationPeriods > most:
        window = f"{one.evaluationPeriods} periods of {one.period} s"
        yield f"{window}: CloudWatch looks back a day, and a week where a period is an hour or more"
    if one.datapointsToAlarm > one.evaluationPeriods:
        yield f"datapointsToAlarm {one.datapointsToAlarm} of {one.evaluationPeriods} periods can never be reached"
    if not isfinite(one.threshold) or one.threshold < 0 or abs(one.threshold) > 2**53:
        yield f"threshold {one.threshold}: expected a number from 0, since each of these metrics counts something"
    elif one.comparison == Comparison.BELOW and one.threshold == 0:
        yield "threshold 0: no count is below it, so that the alarm would never go off"
    named, ids = set(re.findall(r"\b[a-z]\w*", one.expression)), {metric.id for metric in one.metrics}
    if named != ids and (one.expression or len(ids) > 1):
        yield f"expression {one.expression!r}; expected one of {', '.join(sorted(ids))}, each of them"
    if len(one.description) > LONGEST_DESCRIPTION:
        yield f"description of {len(one.description)} characters: CloudWatch takes {LONGEST_DESCRIPTION}"


def _unpublished(metric: Metric) -> Iterator[str]:
    named = metric.metric.partition("-")[0]
    if metric.namespace == OURS:
        known, wanted = frozenset(OF_OURS), OF_OURS.get(named, frozenset())
    elif metric.namespace in PUBLISHED:
        known, wanted = PUBLISHED[metric.namespace]
    else:
        expected = ", ".join(sorted([*PUBLISHED, OURS]))
        yield f"namespace {metric.namespace}: nobody is known to publish it; expected one of {expected}"
        return
    if named not in known:
        yield f"metric {metric.namespace} {metric.metric} is unknown; expected one of {', '.join(sorted(known))}"
    elif set(metric.dimensions) != wanted:
        given = ", ".join(sorted(metric.dimensions)) or "none"
        by = ", ".join(sorted(wanted))
        yield f"dimensions {given} of {metric.namespace}; expected {by}, by which it is published"
