"""Two names that may be one person's, names that only look like one, and callers that are nobody's name."""

import pytest

from lib.changes.persons import nobody, odd, same_person

JANE = "arn:aws:iam::205930636302:user/jane.doe"


@pytest.mark.parametrize(
    ("person", "caller"),
    [
        ("Jane Doe", JANE),
        ("jane_doe", JANE),
        ("JANE.DOE", JANE),
        ("jane.doe+x", JANE),
        ("Jane Doe", "arn:aws:iam::205930636302:user/jane_doe@example.org"),
        ("jane.doe", "arn:aws:sts::205930636302:assumed-role/AWSReservedSSO_Ops_1a/Jane_Doe+admin@other.example.org"),
        ("Doe, Jane (reviewer)", JANE),
        ("Jane M. Doe", JANE),
        ("JaneDoe", JANE),
        ("doe.jane", JANE),
        ("j\u0430ne.doe", JANE),
        ("\u0441\u043e\u0441\u043e", "arn:aws:iam::205930636302:user/coco"),
        ("\u0421\u041e\u0421\u041e", "arn:aws:iam::205930636302:user/coco"),
        ("\u039a\u0391\u03a4\u0395", "arn:aws:iam::205930636302:user/kate"),
        ("\uff4a\uff41\uff4e\uff45\uff0e\uff44\uff4f\uff45", JANE),
        ("jane\u200d.\u2060doe\ufeff", JANE),
        ("jane\u00ad.doe", JANE),
        ("jane.doe\u3164", JANE),
        ("j\u0301ane.doe", JANE),
        ("jane.d0e", JANE),
        ("bi11", "arn:aws:iam::205930636302:user/bill"),
        ("S\u00f8ren", "arn:aws:iam::205930636302:user/soren"),
        ("jane.doe", "arn:aws:sts::205930636302:assumed-role/team/jane.doe/session"),
    ],
)
def test_names_that_a_reader_may_take_for_one(person, caller):
    assert same_person(person, caller)


@pytest.mark.parametrize(
    "person",
    [
        "bob",
        "Jane Roe",
        "jane",
        "john.doe",
        "jane.doe2",
        "Олена",
        "田中",
        "Иван Петров <ivan@example.org>",
        "bob@jane.doe.example.org",
        "janet.doe",
    ],
)
def test_another_persons_name(person):
    assert not same_person(person, JANE)
    assert odd(person) == ""


def test_an_address_that_begins_with_a_plus_is_still_somebodys():
    assert same_person("+jane@example.org", "arn:aws:iam::205930636302:user/jane")


def test_two_persons_of_one_mail_domain_are_two():
    assert not same_person("bob@example.org", "arn:aws:iam::205930636302:user/jane.doe@example.org")


def test_a_name_of_one_word_is_not_a_part_of_a_longer_one():
    assert not same_person("jane.roe", "arn:aws:iam::205930636302:user/jane")


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("j\u0430ne.doe", "mixes CYRILLIC and LATIN letters"),
        ("jane.d\u03bfe", "mixes GREEK and LATIN letters"),
        ("J\u0430ne Roe", "mixes CYRILLIC and LATIN letters"),
        ("b\u043eb@example.org", "mixes CYRILLIC and LATIN letters"),
        ("jane\u3164doe", "mixes HANGUL and LATIN letters"),
        ("\U0001f179ane", "NEGATIVE SQUARED LATIN CAPITAL LETTER J, which no name does"),
        ("\u202eenaj", "RIGHT-TO-LEFT OVERRIDE, which no name does"),
        ("ja\x1bne", "0x1b, which no name does"),
        ("\ue000ane", "which no name does"),
        ("...", "no letter and no digit"),
        ("\u200b", "no letter and no digit"),
    ],
)
def test_what_is_written_as_no_name_is(person, why):
    assert why in odd(person)


@pytest.mark.parametrize(
    "person", ["佐々木", "はな子 田中", "カナ子", "김민수", "O'Brien-Łukasz", "josé", "jane.doe+x@example.org", "4711"]
)
def test_what_names_hold_is_not_odd(person):
    assert odd(person) == ""


@pytest.mark.parametrize(
    "session",
    [
        "GitHubActions",
        "botocore-session-1764230000",
        "i-0123456789abcdef0",
        "aws-sdk-js-session-1764230000",
        "AWSCLI-Session",
        "1764230000",
        "0f5a7c1e2b3d4f5a7c1e2b3d4f5a7c1e",
        "ci",
        "deploy-bot",
        "gitlab-runner",
        "AWSCodeBuild-1a2b",
        "your6.svc",
    ],
)
def test_a_session_that_a_machine_named_is_nobody(session):
    for role in ("Deploy", "AWSReservedSSO_Deploy_1a2b3c4d5e6f7a8b"):
        assert nobody(f"arn:aws:sts::205930636302:assumed-role/{role}/{session}") == f"{session} is nobody's name"


def test_the_root_is_nobody_and_a_session_is_what_somebody_called_it():
    assert nobody("arn:aws:iam::205930636302:root") == "root is nobody's name"
    called = "jane.doe is what whoever took the role on called the session"
    assert nobody("arn:aws:sts::205930636302:assumed-role/Operations/jane.doe") == called
    assert nobody("arn:aws:sts::205930636302:federated-user/jane.doe") == called


@pytest.mark.parametrize(
    "caller",
    [
        JANE,
        "arn:aws:iam::205930636302:user/team/cicely.abbot",
        "arn:aws-us-gov:iam::205930636302:user/jane.doe",
        "arn:aws:sts::205930636302:assumed-role/AWSReservedSSO_Ops_1a2b/jane.doe@example.org",
    ],
)
def test_whom_the_account_names_is_somebody(caller):
    assert nobody(caller) == ""
