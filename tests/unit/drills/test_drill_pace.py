"""Drills start so slowly that SNS suspends nobody's e-mail subscription, and at once where there is none. No AWS."""

from dataclasses import replace

import pytest
from accounts import nowhere
from subscribers import Mailing

from lib.drills import drill_pace
from lib.errors import NotAsWanted
from lib.phases import infrastructure
from lib.wait import idle

OPERATIONS, CONTACTS = "Your6-OperationsAlerts", "Your6-TrustedContactAlerts"
MOST_BY_SNS = 10


def on_a_clock(settings, **topics):
    """A connection on whose clock time passes only while somebody sleeps, and whose topics have these subscribers."""
    now = [0.0]
    live = nowhere(settings, sns=Mailing({name.replace("_", "-"): of for name, of in topics.items()}))
    return replace(live, sleep=lambda seconds: now.__setitem__(0, now[0] + seconds), clock=lambda: now[0])


def starts(live, number):
    pace, at = drill_pace.of(live), []
    for _ in range(number):
        pace.wait()
        at.append(live.clock())
    return at


@pytest.mark.parametrize(
    "topics",
    [{"Your6_OperationsAlerts": ["email"]}, {"Your6_TrustedContactAlerts": ["sqs", "email-json"]}],
    ids=["operations", "a contact"],
)
def test_where_somebody_is_mailed_no_second_has_more_starts_than_half_of_what_sns_allows(settings, topics):
    at = starts(on_a_clock(settings, **topics), 50)
    busiest = max(sum(start <= one < start + 0.999 for one in at) for start in at)
    assert busiest <= drill_pace.MOST_A_SECOND <= MOST_BY_SNS / 2
    assert at[0] == 0 and at[-1] < 11


def test_without_an_e_mail_subscription_drills_start_at_once(settings):
    assert set(starts(on_a_clock(settings, Your6_OperationsAlerts=["sqs", "https", "sms"]), 50)) == {0.0}


def test_time_that_passes_anyway_is_not_waited_for_again(settings):
    live = on_a_clock(settings, Your6_OperationsAlerts=["email"])
    pace = drill_pace.of(live)
    pace.wait()
    idle(30, live.sleep)
    pace.wait()
    assert live.clock() == 30


def test_subscribers_that_nobody_can_list_are_not_taken_for_none(settings):
    with pytest.raises(NotAsWanted):
        drill_pace.of(nowhere(settings, sns=Mailing(refused="AuthorizationError")))


@pytest.mark.parametrize(("protocol", "said"), [("email", "at most 5 a second"), ("sqs", "at once")])
def test_who_hears_of_the_drills_says_how_fast_they_start(settings, protocol, said):
    rows = infrastructure.drill_audience(on_a_clock(settings, Your6_OperationsAlerts=[protocol]))
    assert [row["topic"] for row in rows] == [CONTACTS, OPERATIONS]
    assert all(row["drills start"].startswith(said) for row in rows)
