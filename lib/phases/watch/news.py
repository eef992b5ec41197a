"""What the operations topic is told by a watch: that a criterion broke, and that it is over. It publishes, no more.

No word of a check-in, no address and no account secret stands in a message: which criterion, value, limit, since when.
Nor does an execution's name, which may be a person's, beside what became of their alert: a message is mailed, and lies
in inboxes that nobody here empties. The command in it shows whose they are, where the record is.
"""

from lib.aws_answers import readable
from lib.errors import NotAsWanted, RunbookError
from lib.phases.watch.breaks import Break, News
from lib.phases.watch.pace import for_people
from lib.record import command_lines
from lib.resources.connected_run import ConnectedRun
from lib.resources.existing import subscriptions
from lib.values import contacts, escape

MARK = "[WATCH]"  # begins every subject and message, as [DRILL] does those of a drill
LONGEST_SUBJECT = 100  # characters; SNS refuses a longer one, or one that is not ASCII
LONGEST_PART = 1_500  # of a value or a limit: what a person reads on a telephone
WORDS = {News.BROKEN: "BROKEN", News.OVER: "is over"}


def subject(run: ConnectedRun, one: Break, news: News) -> str:
    """The subject line, as SNS takes it."""
    text = f"{MARK} {WORDS[news]}: {one.name} ({run.settings.environment})"
    plain = " ".join(text.encode("ascii", "replace").decode().split())
    return plain if len(plain) <= LONGEST_SUBJECT else f"{plain[: LONGEST_SUBJECT - 3]}..."


def message(run: ConnectedRun, one: Break, news: News) -> str:
    """The whole message: who says it, of which run, which criterion, with which value against which limit."""
    since = f"since {for_people(one.since)}" + (f", over at {for_people(one.over)}" if one.over else "")
    lines = [
        f"{MARK} {WORDS[news]}: {one.name}",
        f"value: {_cut(one.without_names or one.value)}",
        f"limit: {_cut(one.limit)}",
        since,
        f"run {run.record.run_id} of {run.settings.environment}, account {run.live.identity.account} in "
        f"{run.settings.region}; said by the watch of {run.live.identity.caller}",
        f"look: {command_lines.anywhere(run.settings, 'status', run.record.run_id)}",
    ]
    return contacts.mask_text("\n".join(escape.one_line(line) for line in lines))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PART else f"{text[:LONGEST_PART]}... ({len(text):,} characters)"


def publish(run: ConnectedRun, one: Break, news: News) -> str:
    """Tell the operations topic; returns the message's id. Raises RunbookError where it may not have been taken, or
    where SNS took it and nobody can hear of it: without a confirmed subscriber a topic takes every message.

    A call is made once, and tried again at the next checkpoint: told twice is better than not at all.
    """
    with readable("telling the operations topic of the watch", writing=True, masked=run.settings.masked):
        said = {"Subject": subject(run, one, news), "Message": message(run, one, news)}
        answer = run.live.once().client("sns").publish(TopicArn=run.settings.ops_topic_arn, **said)
    _require_heard(run)
    return str(answer["MessageId"])


def _require_heard(run: ConnectedRun) -> None:
    """Raise NotAsWanted where nobody subscribes to the topic. Where AWS does not tell, it has taken the message."""
    topic = run.settings.ops_topic_name
    try:
        with readable(f"listing the subscribers of {topic}"):
            counts = subscriptions.audience(run.live, topic)
    except RunbookError:
        return
    if not counts["confirmed"] and subscriptions.FOREIGN not in counts:
        said = ", ".join(f"{count} {word}" for word, count in counts.items())
        raise NotAsWanted(
            f"{topic} took it, and it has no confirmed subscriber ({said}), so that nobody hears of it; tell them "
            "yourself, and have one confirmed"
        )
