"""CloudWatch's metric alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lib.aws import Live
from lib.aws_answers import readable
from lib.changes.resource import Field, Place
from lib.errors import NotAsWanted
from lib.resources.live_thing import LiveThing
from lib.resources.monitoring import alarm_listing
from lib.resources.monitoring.alarm_listing import COMPOSITE, METRIC

NAME, TAGS = "AlarmName", "Tags"
EMPTY: tuple[Any, ...] = (None, "", [], {})
WINDOW = "EvaluationWindow"
SLIDING: dict[str, Any] = {"SlidingWindow": {}}  # as good as none given
THEIRS = "somebody is told by it of something else; give ours another name, by the workflow's, or theirs"


@dataclass(frozen=True)
class Alarm(LiveThing):
    """Value: all that PutMetricAlarm takes, but for name and tags, without what is empty; dimensions by their names.

    Which fields those are, botocore's model of the call says, so that none of an alarm that was there before is lost.
    Its tags stay with an alarm that exists; its state is CloudWatch's, and no part of the value.
    """

    alarm: str
    kind: ClassVar[str] = "alarm"
    together: ClassVar[bool] = True
    noticed: ClassVar[str] = "operations, when it goes off"
    special: ClassVar[Mapping[Place, Field]] = {
        (): Field(missing_means_all=True),
        ("MetricName",): Field(lived_on=THEIRS),
        ("Metrics",): Field(lived_on=THEIRS),
    }

    @classmethod
    def read_all(cls, things: Sequence[Self]) -> list[Any]:
        """Of many, for the nine times a second that an account may ask for alarms. All by one connection. Read-only."""
        if not things:
            return []
        live, last = things[0].live, things[-1]
        with readable(f"reading {len(things)} alarms", masked=live.settings.masked), last._understood():
            listed = alarm_listing.of_both_kinds(live, [thing.alarm for thing in things])
            rows = [_of_name(listed, thing.alarm) for thing in things]
            return [row and value_of(live, row) for row in rows]

    def _read(self) -> dict[str, Any] | None:
        description = _description(self.live, self.alarm)
        return description and value_of(self.live, description)

    def _write(self, value: dict[str, Any] | None) -> None:
        cloudwatch = self.live.client("cloudwatch")
        if value is None:
            cloudwatch.delete_alarms(AlarmNames=[self.alarm])
        else:
            _description(self.live, self.alarm)  # a composite alarm of this name is somebody's
            cloudwatch.put_metric_alarm(AlarmName=self.alarm, **value)


def _description(live: Live, name: str) -> dict[str, Any] | None:
    """A metric alarm as CloudWatch describes it, None where there is none. Read-only.

    Raises NotAsWanted where a composite alarm has the name: CloudWatch would not take another of it.
    """
    return _of_name(alarm_listing.of_both_kinds(live, [name]), name)


def _of_name(listed: Mapping[str, Sequence[dict[str, Any]]], name: str) -> dict[str, Any] | None:
    if any(one[NAME] == name for one in listed[COMPOSITE]):
        raise NotAsWanted(
            f"{name} is a composite alarm that somebody made; expected none of this name, or a metric alarm. It was "
            "left alone: rename it, or have it renamed, and plan again"
        )
    return next((one for one in listed[METRIC] if one[NAME] == name), None)


def value_of(live: Live, description: Mapping[str, Any]) -> dict[str, Any]:
    """What of a described alarm PutMetricAlarm takes: the value of an `Alarm`. Asks AWS nothing."""
    taken = live.client("cloudwatch").meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    value = {key: description[key] for key in taken.keys() - {NAME, TAGS} if description.get(key) not in EMPTY}
    # A whole number may be sent as an integer, which botocore leaves one; to us 1 is another value than 1.0.
    value |= {key: float(value[key]) for key in value if taken[key].type_name == "double"}
    if value.get(WINDOW) == SLIDING:
        value.pop(WINDOW)
    if "Dimensions" in value:
        value["Dimensions"] = sorted(value["Dimensions"], key=lambda one: str(one["Name"]))
    return {key: value[key] for key in sorted(value)}
