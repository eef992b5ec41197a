"""Who is due an alert when something fails: by the plan's table, and by whom the definition tells instead. Pure.

Whose own way is what was broken is not due by it: of a topic that is gone nobody behind it can hear, and the definition
tells others instead, who are due then. Everybody else on the way is, whatever else fails beside it.
"""

from collections.abc import Mapping
from typing import Any

from lib import routes
from lib.asl.failure_paths import Start, tasks_tried
from lib.asl.states import State, walk
from lib.routes import DRILL_PREFIX
from lib.values.alerts import Told
from rehearsal.single_failures.catalogue import Failure
from rehearsal.single_failures.ground import CONTACT, OPERATIONS
from rehearsal.single_failures.reachability import CALM, INVALID, UNPROCESSED

EVENTS, TOPICS = "events:putEvents", "sns:publish"
WHO = {Told.CONTACT: CONTACT, Told.OPERATIONS: OPERATIONS}


def due(
    definition: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]], failure: Failure, ops_topic: str
) -> frozenset[str]:
    """The audiences that must be told with this failure, of those that the plan tells and that stand in for them.

    `ops_topic`: the name of the operations topic, by which its alerts are known from those of the other.
    """
    if not failure.given:
        return frozenset()
    own = () if failure.behind else (failure.task,)
    start, every = Start(dict(given[failure.given]), CALM, f"{DRILL_PREFIX}walk"), list(walk(definition))
    broken = frozenset(state.where for state in every if state.name in (*own, *failure.also))
    sending = [state for state in every if state.is_task(EVENTS) or state.is_task(TOPICS)]
    cut = [one for one in sending if one.where in broken or (failure.behind and one.is_task(EVENTS))]
    tried = tasks_tried(definition, start, broken)
    standing = {_whom(one, ops_topic) for one in sending if one.where in tried and one not in cut}
    return frozenset(standing | (_planned(failure.given) - {_whom(one, ops_topic) for one in cut}))


def _planned(given: str) -> set[str]:
    """Whom the plan tells of a check-in of this kind."""
    if given in (INVALID, UNPROCESSED):
        return {OPERATIONS}
    return {WHO[one] for one in routes.of(given).row.told}


def _whom(state: State, ops_topic: str) -> str:
    """An event is for a person's contacts; a message for those of its topic."""
    topic = str(state.body.get("Parameters", {}).get("TopicArn", ""))
    return OPERATIONS if state.is_task(TOPICS) and topic.rpartition(":")[2] == ops_topic else CONTACT
