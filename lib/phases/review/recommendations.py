"""What a review recommends: each tied to the figure that says so, and nothing without one. Calls nothing."""

from collections.abc import Sequence

from lib.checks import WORST_FIRST, Check, Status
from lib.values.check_registry import Id

# What to do where a check did not pass, by its id and how it was answered.
DO = {
    (Id.OPERATIONS_SUBSCRIBERS, Status.WAITING): "Have somebody subscribe to the operations topic, and confirm it.",
    (Id.OPERATIONS_SUBSCRIBERS, Status.CANNOT_TELL): "See by hand who subscribes to the operations topic.",
    (Id.RECONCILED, Status.FAILED): "Look at each execution that is named, and reach out to the person; then see why.",
    (Id.RECONCILED, Status.CANNOT_TELL): "See why it was not counted; review again once the metrics are there.",
    (Id.UNDELIVERED, Status.FAILED): "Read what lies in the dead-letter queues, reach out, and mend what failed.",
    (Id.UNDELIVERED, Status.WAITING): "Read what lies in the queue, decide whose it is, and empty it.",
    (Id.UNDELIVERED, Status.CANNOT_TELL): "See whether metrics are published here at all, and the queues there.",
    (Id.UNSCORED_SHARE, Status.FAILED): "An incident: read the check-ins, reach out, see what the processor answers.",
    (Id.UNSCORED_SHARE, Status.WAITING): "Read each of these check-ins: nobody knows how these people are.",
    (Id.UNSCORED_SHARE, Status.CANNOT_TELL): "Review again with more check-ins.",
    (Id.REAL_LATENCY, Status.FAILED): "See in the history of the executions that are named which step was late.",
    (Id.REAL_LATENCY, Status.CANNOT_TELL): "Let drills tell until there is a real crisis: drill every six days.",
    (Id.AS_FORECAST, Status.WAITING): "Have a clinician look at the thresholds of what is named, by notebook 08.",
    (Id.AS_FORECAST, Status.CANNOT_TELL): "Review again with more check-ins, before any threshold is moved.",
    (Id.LONG_ENOUGH, Status.CANNOT_TELL): "Review again when a day has passed.",
    (Id.SUCCESS_RATE, Status.FAILED): "Give the workflow back its definition from before the run, then see what fails.",
    (Id.SUCCESS_RATE, Status.CANNOT_TELL): "Review again with as many check-ins as it names.",
    (Id.NO_NEW_KIND, Status.WAITING): "Look at the kinds of failure that are new.",
    (Id.NO_WORSE_PART, Status.FAILED): "Look at the stretch of time that it names.",
    (Id.AS_FAST, Status.WAITING): "Look at what became slower, before the limit is near.",
    (Id.STILL_COME, Status.WAITING): "See whether check-ins still start: silence is no success.",
}  # fmt: skip


def rows(answers: Sequence[Check]) -> list[dict[str, object]]:
    """What to do, the worst first: the check, its figure, and the recommendation. None of what passed."""
    named = [(one, DO[one.id, one.status]) for one in answers if (one.id, one.status) in DO]
    ordered = sorted(named, key=lambda pair: WORST_FIRST.index(pair[0].status))
    return [{"do": what, "status": one.status, "because": one.name, "figure": one.found} for one, what in ordered]
