"""Whose address it is that SNS shows, which addresses no parameter may hold, and what a record may not hold."""

import html
from urllib.parse import quote

import pytest

from lib.errors import BadParameters
from lib.settings import check, load, mask
from lib.values import subscriber_addresses

HOOK = "https://events.example.org/integration/0123456789abcdef0123/enqueue"
TOKEN = "https://alerts.example.org/sns?apiKey=abc-def-0123-4567&team=ops"


def given(protocol, endpoint):
    return load("local", {"ops_subscription_protocol": protocol, "ops_subscription_endpoint": endpoint})


@pytest.mark.parametrize(
    ("protocol", "ours", "shown"),
    [
        ("email", "Jim.Doe@Example.org", "jim.doe@example.org"),
        ("email", "jim+your6@example.org", "jim+your6@example.org"),
        ("sms", "+1 (555) 010-0000", "+15550100000"),
        ("sms", "+15550100000", "+1-555-010-0000"),
        ("https", "https://user:****@example.org/hook", "https://user:****@example.org/hook"),
        ("https", "https://user:****@example.org/hook", "https://****:****@example.org/hook"),
        ("https", "https://example.org", "https://example.org/"),
        ("https", "https://Example.ORG:443/hook", "https://example.org/hook"),
        ("http", "http://example.org:80/", "http://example.org"),
        ("https", TOKEN, TOKEN),
        ("sqs", "arn:aws:sqs:eu-west-1:111122223333:Pager", "arn:aws:sqs:eu-west-1:111122223333:Pager"),
    ],
)
def test_an_address_is_known_again_as_sns_shows_it(protocol, ours, shown):
    assert subscriber_addresses.same(protocol, ours, shown)
    given(protocol, ours)


@pytest.mark.parametrize(
    ("protocol", "ours", "shown"),
    [
        ("email", "jim@example.org", "jim@example.com"),
        ("sms", "+15550100000", "+15550100001"),
        ("https", "https://example.org/hook?team=a", "https://example.org/hook?team=b"),
        ("https", "https://example.org/Hook", "https://example.org/hook"),
        ("https", "https://one:****@example.org/", "https://two:****@example.org/"),
        ("https", "https://example.org/", "https://somebody@example.org/"),
        ("https", "https://example.org:8443/", "https://example.org/"),
        ("sqs", "arn:aws:sqs:us-east-1:111122223333:Pager", "arn:aws:sqs:us-east-1:111122223333:pager"),
        ("https", "https://[broken/", "https://[broken"),
    ],
)
def test_another_address_is_not_taken_for_ours(protocol, ours, shown):
    assert not subscriber_addresses.same(protocol, ours, shown)


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("https", "https://user:swordfish@example.org/hook"),
        ("http", "http://user:swordfish@example.org"),
        ("https", "https://swordfish@example.org/hook"),  # a user alone is as often the key
        ("https", "https://:swordfish@example.org/hook"),
        ("https", "https://swordfish:@example.org/hook"),
    ],
)
def test_a_password_is_refused_as_a_parameter_and_told_nowhere(protocol, endpoint):
    with pytest.raises(BadParameters, match="no parameter may hold a secret: subscribe it by hand") as caught:
        given(protocol, endpoint)
    assert "swordfish" not in f"{caught.value} {caught.value.__cause__} {caught.value.__cause__!r}"


@pytest.mark.parametrize("protocol", ["email", "sms", "sqs"])
def test_an_address_of_another_protocol_is_refused_without_being_told(protocol):
    with pytest.raises(BadParameters, match=f"the {protocol} protocol expects") as caught:
        given(protocol, "https://user:swordfish@example.org/hook?to=jim@example.org&token=swordfish")
    assert "swordfish" not in str(caught.value) and "jim@" not in str(caught.value)


def test_a_password_in_the_endpoint_url_is_refused_and_not_told():
    with pytest.raises(BadParameters, match="parameter endpoint_url: found 'ht") as caught:
        load("local", {"endpoint_url": "http://user:swordfish@127.0.0.1:4566"})
    assert "swordfish" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("wrong", [15550100000, ["jim@example.org"], {"to": "jim@example.org"}])
def test_an_address_of_another_type_is_refused_without_being_told(wrong):
    with pytest.raises(BadParameters) as caught:
        check({**load("local").model_dump(), "ops_subscription_endpoint": wrong})
    told = f"{caught.value} {caught.value.__cause__}"
    assert "15550100000" not in told and "jim@" not in told


def test_a_broken_file_is_refused_without_a_word_of_it(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("ops_subscription_endpoint: jim@example.org: [\n", encoding="utf-8")
    with pytest.raises(BadParameters, match=r"own\.yaml is not valid YAML: .* in line 1$") as caught:
        load(str(file))
    assert "jim" not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize("endpoint", [HOOK, TOKEN, "https://u:****@example.org/x?to=jim@example.org&token=0123456789"])
def test_a_masked_url_tells_neither_host_nor_key(endpoint):
    assert mask(endpoint) == "ht***"


@pytest.mark.parametrize("written", [str, html.escape, lambda text: quote(text, safe=""), str.upper])
@pytest.mark.parametrize(("protocol", "endpoint"), [("https", HOOK), ("https", TOKEN), ("email", "jim+b@example.org")])
def test_no_record_holds_an_address_however_it_is_written(protocol, endpoint, written):
    hidden = given(protocol, endpoint).masked(f"AWS refused <{written(endpoint)}>.")
    assert written(endpoint) not in hidden
    assert hidden.startswith("AWS refused <") and hidden.endswith(">.")


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [(HOOK, "0123456789abcdef0123"), (TOKEN, "abc-def-0123-4567"), (TOKEN, "/sns?apiKey=abc-def-0123-4567&team=ops")],
)
def test_no_record_holds_the_key_of_a_url_alone(endpoint, key):
    assert given("https", endpoint).masked(f"path {key} was not found") == "path *** was not found"


def test_a_phone_number_is_hidden_as_it_was_typed_and_as_sns_writes_it():
    settings = given("sms", "+1 (555) 010-0000")
    assert settings.masked("to +1 (555) 010-0000, that is +15550100000") == "to +1***, that is +1***"
    assert subscriber_addresses.as_dialled("sms", settings.ops_subscription_endpoint) == "+15550100000"
