"""By which connection a watch asks: a new one once AWS did not answer, the old one where there is no other."""

from datetime import timedelta

import pytest
from fakes import World
from machines import connected
from simulated import START, answer

from lib.errors import NotAsWanted, Refused, Unreachable
from lib.phases.watch.checkpoint import Asked, Reading
from lib.phases.watch.reader import Reader, questions
from lib.resources.connected_run import ConnectedRun
from lib.settings import load

S = load("local")
ROWS = [{"row": "watch begun", "time": START.isoformat(), "since": (START - timedelta(minutes=20)).isoformat(),
         "for_seconds": 3600, "every_seconds": 900}]  # fmt: skip


class Account:
    """What a question meets by each connection that it is asked by, in order."""

    def __init__(self, record, *meets):
        self.meets, self.by, self.made = list(meets), [], []
        self.run = ConnectedRun(S, record, World(), World().lock, connected(S))

    def asking(self, run):
        def ask(span):
            self.by.append(run.live)
            if error := self.meets.pop(0):
                raise error
            return Reading([answer(Asked.ALARMS)])

        return {Asked.ALARMS: ask}

    def connect(self, settings, log):
        self.made.append(connected(settings))
        return self.made[-1]

    def read(self, times, connect=None):
        reader = Reader(self.run, self.asking, connect or self.connect)
        return [reader.read(ROWS, lambda: START, lambda: 0.0) for _ in range(times)]


def test_after_no_answer_the_next_checkpoint_connects_anew_and_stays_with_that(record):
    aws = Account(record, Unreachable("no answer"), None, None)
    assert [made.answers[0].error for made in aws.read(3)] == ["Unreachable", "", ""]
    assert aws.by == [aws.run.live, aws.made[0], aws.made[0]] and len(aws.made) == 1


def test_what_aws_refuses_is_asked_again_by_the_same_connection(record):
    aws = Account(record, NotAsWanted("AWS refused"), None)
    aws.read(2)
    assert aws.made == []


@pytest.mark.parametrize("error", [Unreachable("no answer"), Refused("these credentials belong to another account")])
def test_where_no_other_connection_is_to_be_had_the_old_one_says_what_is_in_the_way(record, error):
    def connect(settings, log):
        raise error

    aws = Account(record, Unreachable("no answer"), Unreachable("still none"))
    last = aws.read(2, connect)[-1]
    assert aws.by == [aws.run.live] * 2
    assert last.checks[0].found == "Unreachable: still none"


def test_a_span_begins_where_the_watch_does_and_never_ends_before_it_begins(record):
    aws = Account(record, None)
    (made,) = aws.read(1)
    assert made.answers[0].span.since == START - timedelta(minutes=20)
    until = (START + timedelta(hours=2)).isoformat()
    answers = [{"asked": "alarms", "error": "", "counts": {}, "until": until}]
    ahead = [*ROWS, {"row": "checkpoint", "time": START.isoformat(), "answers": answers}]
    aws.meets.append(None)
    made = Reader(aws.run, aws.asking).read(ahead, lambda: START, lambda: 0.0)
    assert made.answers[0].span.since == START - timedelta(minutes=20)
    # Where the watch itself began by that clock: as long as it went on by it, and one interval more.
    every = [{**row, "since": until, "time": until} for row in ROWS]
    ahead = [*every, ahead[-1] | {"time": (START + timedelta(hours=3)).isoformat()}]
    aws.meets.append(None)
    made = Reader(aws.run, aws.asking).read(ahead, lambda: START, lambda: 0.0)
    assert made.answers[0].span.since == START - timedelta(minutes=75)


def test_every_question_is_asked_and_deliveries_by_whoever_reads_them(record):
    run = Account(record).run
    assert list(questions(run)) == list(Asked)
    mine = Reading([answer(Asked.DELIVERIES)])
    assert questions(run, lambda run, span: mine)[Asked.DELIVERIES](None) is mine
