"""Phase 01 beyond its plan: nothing of the processor's environment was lost, and a page reaches somebody. Read-only."""

from collections.abc import Sequence

from lib.aws import Live
from lib.aws_answers import readable
from lib.checks import Check, Status
from lib.drills import drill_pace
from lib.errors import RunbookError
from lib.resources.existing.subscriptions import FOREIGN, audience, ended_by_a_mail
from lib.resources.functions import environment_keys
from lib.values.check_registry import Id
from lib.values.modes import Approval, Mode

SUBSCRIBERS, A_SUBSCRIBER = "operations subscribers", "at least one confirmed, without a filter"


def nothing_lost(live: Live, before: Sequence[str]) -> list[Check]:
    """Whether every variable that the processor had is still there. Names only."""
    now = environment_keys(live, live.settings.processor_function_name)
    lost = [key for key in before if key not in now]
    found = f"lost {', '.join(lost)}" if lost else f"{len(now)} variables, none lost"
    return [
        Check(
            Id.VARIABLES_KEPT,
            "the processor's environment variables",
            Status.FAILED if lost else Status.PASSED,
            found,
            ", ".join(before),
        )
    ]


def operations_reachable(live: Live, needed: bool = False) -> list[Check]:
    """Whether the operations topic has a confirmed subscriber; without one, a crisis page reaches nobody.

    `waiting` until a person has confirmed; where it is `needed` and approval is required, that is `failed`. Of what
    another account subscribed nobody can tell here whether a filter lets a page through.
    """
    with readable("listing the operations topic's subscribers"):
        counts = audience(live, live.settings.ops_topic_name)
        loose = ended_by_a_mail(live, live.settings.ops_topic_name)
    stops = needed and live.settings.approval == Approval.REQUIRED and live.settings.mode == Mode.APPLY
    otherwise = Status.CANNOT_TELL if FOREIGN in counts else Status.FAILED if stops else Status.WAITING
    status = Status.PASSED if counts["confirmed"] else otherwise
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    if not counts["confirmed"]:
        said += ", whose filter AWS tells there alone" if FOREIGN in counts else ": A CRISIS PAGE REACHES NOBODY YET"
    if loose:
        said += (
            f"; whoever has a mail of theirs can end {loose} of them by its link: docs/operate.md says how to confirm"
        )
    return [Check(Id.OPERATIONS_SUBSCRIBERS, SUBSCRIBERS, status, said, A_SUBSCRIBER)]


def operations_reachable_now(live: Live) -> list[Check]:
    """The same where nothing ends by it: what AWS refuses to tell nobody can call a failure, nor a pass."""
    try:
        return operations_reachable(live)
    except RunbookError as error:
        return [Check(Id.OPERATIONS_SUBSCRIBERS, SUBSCRIBERS, Status.CANNOT_TELL, str(error), A_SUBSCRIBER)]


def contacts_reachable(live: Live) -> list[Check]:
    """Whether anybody subscribes to the trusted-contact topic; `waiting` where nobody does.

    The dispatcher also reaches a contact by SMS, which no topic knows of.
    """
    with readable("listing the trusted-contact topic's subscribers"):
        counts = audience(live, live.settings.alert_topic_name)
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    if not counts["confirmed"] and FOREIGN not in counts:
        said += ": only an SMS of the dispatcher would reach a contact"
    return [
        Check(
            Id.CONTACT_SUBSCRIBERS,
            "trusted-contact subscribers",
            Status.PASSED if counts["confirmed"] else Status.CANNOT_TELL if FOREIGN in counts else Status.WAITING,
            said,
            "at least one",
        )
    ]


def drill_audience(live: Live) -> list[dict[str, object]]:
    """Who hears of a drill: the subscribers of both topics, counted; and how fast drills start for them. Read-only."""
    with readable("listing the topics' subscribers"):
        topics = (live.settings.alert_topic_name, live.settings.ops_topic_name)
        counted = {topic: audience(live, topic) for topic in topics}
    pace = drill_pace.PACED if drill_pace.is_paced(live) else drill_pace.AT_ONCE
    ways = dict.fromkeys(how for counts in counted.values() for how in counts)
    return [
        {"topic": topic, **{f"{how} subscribers": counts.get(how, 0) for how in ways}, "drills start": pace}
        for topic, counts in counted.items()
    ]
