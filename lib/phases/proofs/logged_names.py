"""Whether CloudWatch logs the workflow's executions, as they are named. Read-only; it names nobody.

AWS starts an execution of nearly any name, and asks for plain ones where it is to be logged. Of what it does not log,
no alarm that counts states in the log can tell, nor can a watch or the review.
"""

from lib.aws import Live
from lib.checks import Check, Status
from lib.errors import RunbookError
from lib.routes import is_drill
from lib.telemetry import executions
from lib.telemetry.streams.log_coverage import is_promised
from lib.values.check_registry import Id

LOOK_THROUGH = 1000  # executions, among which those are found that are no drill
NAME, EXPECTED = "names that CloudWatch logs", "letters, digits, - and _ of ASCII alone"
UNLOGGED = (
    "AWS promises no log of such: the alarms on lost, undelivered and unscored alerts, a watch and the review may not "
    "see them. Have whatever starts check-ins name them otherwise"
)


def check(live: Live) -> Check:
    """Of the workflow's own name, and of the latest check-ins'; where another one has to be chosen, it waits."""
    machine = live.settings.state_machine_name
    if not is_promised(machine):
        return _answer(Status.WAITING, f"the workflow is called {machine}. {UNLOGGED}")
    try:
        names = [row["name"] for row in executions.recent(live, LOOK_THROUGH) if not is_drill(row["name"])]
    except RunbookError as error:  # a missing workflow is a finding of its own
        return _answer(Status.CANNOT_TELL, str(error))
    odd = [one for one in names if not is_promised(one)]
    if not odd:
        said = f"{len(names):,} latest check-ins" if names else f"no check-in among {LOOK_THROUGH:,} executions"
        return _answer(Status.PASSED if names else Status.CANNOT_TELL, said)
    others = (sign for sign in "".join(odd) if not is_promised(sign))
    signs = sorted({sign if sign.isascii() else "others than ASCII" for sign in others})
    held = f"{len(odd):,} of the {len(names):,} latest check-ins have names that hold {' '.join(signs)}"
    return _answer(Status.WAITING, f"{held}. {UNLOGGED}")


def _answer(status: Status, said: str) -> Check:
    return Check(Id.NAMES_LOGGED, NAME, status, said, EXPECTED)
