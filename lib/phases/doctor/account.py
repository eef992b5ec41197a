"""The doctor's questions to the account: who calls, where, with which clock, and what of earlier runs is in the way.

Read-only.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Live, connect
from lib.aws_answers import answered_at, readable
from lib.checks import Status
from lib.definitions.access_policies import Whose
from lib.drills import drill_runner
from lib.errors import Refused, RunbookError, Unanswered, Unreachable, exit_code_of
from lib.phases.doctor import permissions
from lib.phases.doctor.findings import SECONDS, Finding, Question, Said, find_out, without_answer
from lib.record import command_lines
from lib.resources import run_lock
from lib.resources.workflow import description
from lib.settings import Settings
from lib.wait import answer_within

# AWS refuses who is five minutes off; a record that is a minute off can no longer be read beside AWS's own log.
MOST_SECONDS_OFF = 60
SIMULATION_SECONDS = 90.0  # some sixty calls
ACTIVE = "ACTIVE"  # as Step Functions calls a workflow that can be started
Clock = Callable[[], datetime]

NO_WAY = "not asked: there is no connection to the account"
NO_PARAMETERS = "not asked: no parameters say of which account"
OTHER_CODE = "not asked: what runs is not this checkout's code"
CREDENTIALS = Question(
    "credentials", "some that AWS takes", "log in again, or set profile; where nothing answers, see to the network"
)
CLOCK = Question(
    "clock",
    f"within {MOST_SECONDS_OFF} s of AWS's",
    "set this machine's clock by NTP (`timedatectl set-ntp true`)",
)
LEFT = Question(
    "temporary things", "none that a killed drill left",
    "nothing, where a run works now; else the next drills remove them, or a rollback of the run that left them",
)  # fmt: skip
STORE = Question(
    "record store", "a bucket that may be listed, or none", "make it, have it allowed, or set record_store"
)


def _now() -> datetime:
    return datetime.now(UTC)


def findings(
    settings: Settings, whose: Whose, clock: Clock = _now, link: Callable[[Settings], Live] = connect
) -> list[Finding]:
    """Every answer about the account. What needs a connection that cannot be made is `cannot tell`."""
    place, permitted, lock = _place(settings), _permitted(settings, whose), _lock_question(settings)
    try:
        live = answer_within(SECONDS, partial(link, settings), "connecting")
    except Exception as error:  # noqa: BLE001 - whatever it is, the doctor tells of it and goes on
        rest = (without_answer(one, NO_WAY) for one in (permitted, STORE, lock, LEFT))
        return [*_unconnected(place, error), _clock_of(error, clock), *rest]
    return [
        Finding(CREDENTIALS, Status.PASSED, live.identity.caller),
        find_out(place, partial(_workflow, live)),
        find_out(CLOCK, partial(_clock, live, clock)),
        find_out(permitted, partial(permissions.answer, live, whose), SIMULATION_SECONDS),
        find_out(STORE, partial(_store, live)),
        find_out(lock, partial(_lock, live)),
        find_out(LEFT, partial(_left, live)),
    ]


def without_answers(why: str) -> list[Finding]:
    """The same questions, where there is no account to be asked."""
    named = ("credentials", "account and region", "clock", "permissions", "record store", "lock", "temporary things")
    return [without_answer(Question(name, "an account that can be asked", ""), why) for name in named]


def _permitted(settings: Settings, whose: Whose) -> Question:
    command = command_lines.runbook(settings, "doctor", "--policy", whose)
    return Question(
        f"permissions of the {whose}", f"every action of policies/{whose}.json, by AWS's simulator",
        f"have the policy that `{command}` prints attached to who calls; to be told, the caller also needs "
        "iam:SimulatePrincipalPolicy and iam:GetRole on itself",
    )  # fmt: skip


def _lock_question(settings: Settings) -> Question:
    look = command_lines.runbook(settings, "lock")
    return Question("lock", "nobody holds it", f"see `{look}`: wait for that run, or --break a stale lock")


def _place(settings: Settings) -> Question:
    s = settings
    return Question(
        "account and region", f"{s.account_id} in {s.region}, with an active {s.state_machine_name}",
        "switch the profile, use the parameters of the account that you mean, or mend region and state_machine_name",
    )  # fmt: skip


def _unconnected(place: Question, error: Exception) -> list[Finding]:
    """Credentials that AWS took, for another account; or none that it takes, or nothing that answers."""
    if isinstance(error, Refused):
        taken = Finding(CREDENTIALS, Status.PASSED, "AWS takes them")
        return [taken, Finding(place, Status.FAILED, str(error), error.exit_code)]
    said = str(error) if isinstance(error, RunbookError) else f"{type(error).__name__}: {error}"
    # What every other command would end with; one that got no answer in time here would wait for it.
    ours = isinstance(error, RunbookError) and not isinstance(error, Unanswered)
    code = exit_code_of(error) if ours else Unreachable.exit_code
    return [Finding(CREDENTIALS, Status.FAILED, said, code), without_answer(place, NO_WAY)]


def _workflow(live: Live) -> Said:
    s = live.settings
    with readable(f"reading {s.state_machine_name}"):
        machine = description(live, s.state_machine_arn)
    where = f"{live.identity.account} in {live.identity.region} at {live.identity.endpoint}"
    if machine is None:
        return Status.FAILED, f"{where}, with no {s.state_machine_name}"
    status = Status.PASSED if machine["status"] == ACTIVE else Status.FAILED
    return status, f"{where}, with {s.state_machine_name} ({machine['status']})"


def _clock(live: Live, clock: Clock) -> Said:
    with readable("asking what time it is"):
        answer = live.client("sts").get_caller_identity()
    return _compared(answer, clock)


def _clock_of(error: Exception, clock: Clock) -> Finding:
    """AWS tells its time also where it refuses, which may be for the sake of this machine's."""
    cause = error.__cause__
    if isinstance(cause, ClientError):
        return find_out(CLOCK, partial(_compared, cause.response, clock))
    return without_answer(CLOCK, NO_WAY)


def _compared(answer: Any, clock: Clock) -> Said:  # noqa: ANN401 - an answer of botocore's
    theirs = answered_at(answer)
    if theirs is None:
        return Status.CANNOT_TELL, "the answer has no time"
    off = (clock() - theirs).total_seconds()
    how = "ahead of" if off > 0 else "behind"
    offset = f"{abs(off):.0f} s {how} AWS's"
    return Status.PASSED if abs(off) <= MOST_SECONDS_OFF else Status.FAILED, offset


def _store(live: Live) -> Said:
    named = live.settings.record_store
    if not named:
        return Status.NOT_APPLIED, "none: the record is kept on this machine alone"
    bucket, _, prefix = named.removeprefix("s3://").partition("/")
    with readable(f"listing {named}"):
        live.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    return Status.PASSED, f"{named} answers; whether it may be written, the permissions tell"


def _lock(live: Live) -> Said:
    lock = run_lock.read_lock(live)
    if lock is None:
        return Status.PASSED, "nobody holds it"
    return Status.FAILED if lock.stale else Status.WAITING, lock.said


def _left(live: Live) -> Said:
    left = [thing.name for thing in drill_runner.left_behind(live)]
    return (Status.WAITING, ", ".join(left)) if left else (Status.PASSED, "none")
