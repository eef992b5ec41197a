"""How far the drills of a session are, for who watches them: plain data. Harms no drill, and no result rests on it.

Where nobody watches, nothing more is read of AWS, and nobody is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from lib.aws import Live
from lib.drills.drill_session import Group
from lib.drills.scenarios import Scenario
from lib.telemetry import executions
from lib.telemetry.execution_status import Execution
from lib.wait import answer_within, idle

# As long as a history is waited for, and all of them together: then none is read any more, so that no drill is held up.
HISTORY_SECONDS, HISTORIES_SECONDS = 2, 30


class Stage(StrEnum):
    """What is done now."""

    SETTING_UP = "sets the temporary subscribers up"
    SETTLING = "gives the temporary subscribers time to be known everywhere"
    DRILLING = "drills"
    COLLECTING = "waits for the alerts of these drills"
    LISTENING = "listens for alerts that must not come"
    CLEARING = "removes the temporary subscribers"
    OVER = "is over"


@dataclass(frozen=True)
class WatchedDrill:
    """The execution that is waited for, as it was seen last; so many others were started `beside` it.

    `states` are those that it has entered, in order; None where they cannot be read. `seconds` is how long it is
    waited for.
    """

    scenario: str
    execution: str
    status: str
    states: Sequence[str] | None = None
    seconds: float = 0.0
    beside: int = 0


@dataclass(frozen=True)
class EndedDrill:
    """A drill whose execution was waited for: with which status, and with which it had to end; None is any."""

    group: str
    scenario: str
    status: str
    expected: str | None


@dataclass(frozen=True)
class Progress:
    """How far a session is: `drills` of all groups, `group` the one that is drilled, `seconds` since it began.

    `lasts` is how many seconds this stage takes at the most, 0 where nobody knows.
    """

    stage: Stage
    drills: int
    group: str = ""
    in_group: int = 0
    ended: Sequence[EndedDrill] = ()
    watched: WatchedDrill | None = None
    seconds: float = 0.0
    lasts: float = 0.0

    @property
    def ended_in_group(self) -> int:
        """How many drills of the group have ended."""
        return sum(one.group == self.group for one in self.ended)


Observer = Callable[[Progress], None]


class Watch:
    """Tells an observer, where there is one. Whatever fails in it is said nowhere, and it is told only of the end."""

    def __init__(self, live: Live, groups: Sequence[Group], observer: Observer | None) -> None:
        self._live, self._observer, self._began = live, observer, live.clock()
        self._tells = observer is not None
        self._left = float(HISTORIES_SECONDS)
        self._progress = Progress(Stage.SETTING_UP, sum(len(group.cases) for group in groups))

    @property
    def live(self) -> Live:
        """The connection, with each pause of which the seconds go on."""

        def pause(seconds: float) -> None:
            self._tell()
            idle(seconds, self._live.sleep)

        return replace(self._live, sleep=pause) if self._observer else self._live

    def enter(self, stage: Stage, group: Group | None = None, lasts: float = 0.0) -> None:
        """What is done from now on, and of which group."""
        of = {"group": group.name, "in_group": len(group.cases)} if group else {}
        self._tell(stage=stage, lasts=lasts, watched=None, **of)

    def looking(self, scenario: Scenario, beside: int) -> Callable[[Execution], None]:
        """Whom to show each look at an execution of this scenario."""
        began = self._live.clock()

        def look(execution: Execution) -> None:
            if self._tells:
                states, waited = self._states(execution.arn), self._live.clock() - began
                one = WatchedDrill(scenario.name, execution.name, execution.status, states, waited, beside)
                self._tell(watched=one)

        return look

    def end(self, scenario: Scenario, execution: Execution) -> None:
        """A drill's execution has ended, or was waited for long enough."""
        one = EndedDrill(self._progress.group, scenario.name, execution.status, scenario.expect["status"])
        self._tell(ended=(*self._progress.ended, one))

    def close(self) -> None:
        """The session is over, however it ended; also for an observer that has failed, which may show something."""
        self._tells = self._observer is not None
        self._tell(stage=Stage.OVER, lasts=0.0, watched=None)

    def _states(self, arn: str) -> Sequence[str] | None:
        """The states that an execution has entered so far, by one read."""
        if self._left <= 0:
            return None
        began, ask = self._live.clock(), partial(executions.path, self._live, arn)
        try:
            states = answer_within(HISTORY_SECONDS, ask, "reading a history")
            self._left -= self._live.clock() - began
            return states
        except Exception:  # noqa: BLE001 - it is only shown; whoever needs a history reads it himself, and hears of it
            self._left = 0
            return None

    def _tell(self, **changed: Any) -> None:  # noqa: ANN401 - the fields of a Progress
        if self._observer is None:
            return
        seconds = self._live.clock() - self._began
        self._progress = replace(self._progress, seconds=seconds, **changed)
        try:
            if self._tells:
                self._observer(self._progress)
        except Exception:  # noqa: BLE001 - whatever fails in who only watches, no drill fails by it
            self._tells = False
