"""The way in: the guard before everything, one sentence for each way of not getting there, the log of every call."""

import contextlib
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import botocore.loaders
import botocore.session
import pytest
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    LoginRefreshRequired,
    MetadataRetrievalError,
    TokenRetrievalError,
)
from botocore.retries.standard import ExponentialBackoff

from lib.aws import NOT_TOLD, Identity, _client, _models, _session, connect
from lib.aws_answers import absent_is_none, answer_or_code, error_code, readable
from lib.errors import BadParameters, NameHeld, NotAsWanted, Refused, Throttled, Unreachable
from lib.settings import load
from lib.values.foreign.aws_codes import BAD_CREDENTIALS

IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{account}:user/operator</Arn><UserId>U</UserId><Account>{account}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
ERROR = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>it says so</Message></Error>
<RequestId>request-2</RequestId></ErrorResponse>"""


class Account:
    """An account on loopback that knows who is calling, and nothing else."""

    def __init__(self):
        self.account, self.refusal, self.silent, self.asked = "000000000000", "", False, []
        self.endpoint = ""

    def settings(self):
        return load("local", {"endpoint_url": self.endpoint})

    def answer(self, body):
        self.asked.append(body)
        who = "GetCallerIdentity" in body
        if self.refusal or not who:
            return (403 if who else 400), ERROR.format(code=self.refusal or "NotFound")
        return 200, IDENTITY.format(account=self.account)


@pytest.fixture
def account():
    known = Account()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if known.silent:
                known.asked.append(body)
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, text = known.answer(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield known
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def retries_come_at_once(monkeypatch):
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)


def test_the_account_of_the_parameters_is_entered(account):
    live = connect(account.settings())
    assert live.identity == Identity("0" * 12, "us-east-1", "arn:aws:iam::000000000000:user/operator", account.endpoint)


def test_another_account_is_refused_before_any_other_call(account):
    account.account = "205930636302"
    with pytest.raises(
        Refused, match="belong to account 205930636302, the parameters of local name 000000000000"
    ) as caught:
        connect(account.settings())
    assert caught.value.exit_code == 3
    assert len(account.asked) == 1
    assert "Action=GetCallerIdentity" in account.asked[0]


def test_at_once_an_sts_that_is_silent_stops_nobody(account):
    account.silent = True
    live = connect(account.settings(), at_once=True)
    assert len(account.asked) == 1
    assert live.identity == Identity("0" * 12, "us-east-1", NOT_TOLD, account.endpoint)


@pytest.mark.parametrize("code", ["ServiceUnavailable", "Throttling", "AccessDenied"])
def test_nor_one_that_does_not_say(account, code):
    account.refusal = code
    assert connect(account.settings(), at_once=True).identity.caller == NOT_TOLD
    with pytest.raises(NotAsWanted):
        connect(account.settings())


def test_but_another_account_and_credentials_that_are_none_do(account):
    account.account = "205930636302"
    with pytest.raises(Refused, match="belong to account 205930636302"):
        connect(account.settings(), at_once=True)
    account.refusal = "ExpiredToken"
    with pytest.raises(Unreachable, match="log in again"):
        connect(account.settings(), at_once=True)


def test_nobodys_credentials_file_decides_anything_at_an_endpoint_of_its_own(account, tmp_path, monkeypatch):
    (tmp_path / "credentials").write_text("no section", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    assert connect(account.settings()).identity.account == "0" * 12


def test_a_client_is_made_once_and_reused(account):
    live = connect(account.settings())
    assert live.client("sns") is live.client("sns")
    assert live.client("sns").meta.region_name == "us-east-1"


def test_a_stray_endpoint_in_the_environment_is_ignored(account, monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SNS"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    live = connect(account.settings())
    assert live.client("sns").meta.endpoint_url == account.endpoint


def test_on_aws_too_a_stray_endpoint_is_ignored(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    prod = load("prod")
    assert _client(_session(prod), prod, "sns", 1).meta.endpoint_url == "https://sns.us-east-1.amazonaws.com"


class Sent(Exception):
    """A call that was about to leave this machine."""


def host_of(client) -> str:
    """Where a call of this client goes; it does not leave."""

    def stopped(request, **_):
        raise Sent(request.url)

    client.meta.events.register("before-send", stopped)
    with pytest.raises(Sent) as sent:
        client.list_topics()
    return str(sent.value)


@pytest.fixture(params=["AWS_DATA_PATH", "data_path", "~/.aws/models"])
def models_of_this_machine(request, tmp_path, monkeypatch):
    """A folder of botocore's models by which SNS is somewhere else, where botocore itself would find it."""
    folder = tmp_path / "models" / "sns" / "2010-03-31"
    folder.mkdir(parents=True)
    elsewhere = {"url": "https://sns.example.org", "properties": {}, "headers": {}}
    rules = {
        "version": "1.0",
        "parameters": {},
        "rules": [{"conditions": [], "endpoint": elsewhere, "type": "endpoint"}],
    }
    (folder / "endpoint-rule-set-1.json").write_text(json.dumps(rules))
    config, models = tmp_path / "config", str(tmp_path / "models")
    config.write_text(f"[default]\ndata_path = {models}\n" if request.param == "data_path" else "")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    if request.param == "AWS_DATA_PATH":
        monkeypatch.setenv("AWS_DATA_PATH", models)
    elif request.param == "~/.aws/models":
        monkeypatch.setattr(botocore.loaders.Loader, "CUSTOMER_DATA_PATH", models)  # of HOME as botocore is imported
    _models.cache_clear()
    yield
    _models.cache_clear()


@pytest.mark.usefixtures("models_of_this_machine")
def test_models_of_this_machine_lead_no_call_elsewhere(account, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    prod, local = load("prod"), account.settings()
    assert host_of(botocore.session.Session().create_client("sns", "us-east-1")) == "https://sns.example.org/"
    assert host_of(_client(_session(prod), prod, "sns", 1)) == "https://sns.us-east-1.amazonaws.com/"
    assert host_of(_client(_session(local), local, "sns", 1)) == f"{account.endpoint}/"


def test_real_credentials_are_never_shown_to_a_custom_endpoint(account, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "REAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    live = connect(account.settings())
    assert live.session.get_credentials().access_key != "REAL"


def test_a_proxy_of_this_machine_is_not_asked_for_a_custom_endpoint(account, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert connect(account.settings()).identity.account == "0" * 12


def test_without_credentials_one_sentence_says_so():
    with pytest.raises(Unreachable, match=r"^no usable AWS credentials while connecting \(Unable to locate") as caught:
        connect(load("prod"))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_profile_that_does_not_exist_is_told():
    with pytest.raises(
        Unreachable, match=r"no usable AWS credentials while connecting \(The config profile \(nobody\)"
    ):
        connect(load("prod", {"profile": "nobody"}))


@pytest.mark.parametrize(
    "error",
    [
        TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
        MetadataRetrievalError(error_msg="no answer"),
        LoginRefreshRequired(),
        CredentialRetrievalError(provider="x", error_msg="no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_login_that_is_over_is_no_wrong_parameter_and_says_to_log_in_again(error):
    with pytest.raises(Unreachable, match=r"no usable AWS credentials while asking .*log in again"), readable("asking"):
        raise error


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "InvalidToken", "InvalidSignatureException"])
def test_of_any_service_credentials_that_it_does_not_take_are_told(code):
    with pytest.raises(Unreachable, match="does not take these credentials"), readable("asking"):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Ask")


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.QueueDeletedRecently", "StateMachineDeleting"])
def test_the_name_of_what_was_removed_a_moment_ago_is_waited_for(code):
    with pytest.raises(NameHeld, match="AWS asked to wait while making it"), readable("making it", writing=True):
        raise ClientError({"Error": {"Code": code, "Message": "wait 60 seconds"}}, "Create")


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_credentials_that_aws_does_not_take_are_told(code, account):
    account.refusal = code
    with pytest.raises(
        Unreachable, match=f"AWS does not take these credentials while connecting .*{code}.*log in again"
    ):
        connect(account.settings())


def test_any_other_refusal_is_told_in_awss_words(account):
    account.refusal = "AccessDenied"
    with pytest.raises(NotAsWanted, match=r"AWS refused while connecting: .*\(AccessDenied\).*it says so"):
        connect(account.settings())


def test_a_closed_port_is_told_in_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = load("local", {"endpoint_url": f"http://127.0.0.1:{taken.getsockname()[1]}"})
        rows = []
        with pytest.raises(Unreachable, match=r"no answer while connecting .*check endpoint_url and the network"):
            connect(closed, rows.append)
    assert [row["outcome"] for row in rows] == ["no answer: EndpointConnectionError"]


def test_an_answer_that_breaks_off_is_told_and_was_retried(account):
    account.silent = True
    with pytest.raises(Unreachable, match="no answer while connecting"):
        connect(account.settings())
    assert len(account.asked) > 1


def test_every_call_becomes_one_row_without_its_payload(account):
    rows = []
    live = connect(account.settings(), rows.append)
    with contextlib.suppress(ClientError):
        live.client("sns").publish(TopicArn="arn:aws:sns:us-east-1:000000000000:T", Message="the text of a check-in")
    account.silent = True
    with contextlib.suppress(Exception):
        live.client("sns").get_topic_attributes(TopicArn="arn:aws:sns:us-east-1:000000000000:T")
    assert [(row["service"], row["operation"], row["outcome"]) for row in rows] == [
        ("sts", "GetCallerIdentity", "ok"),
        ("sns", "Publish", "NotFound"),
        ("sns", "GetTopicAttributes", "no answer: ConnectionClosedError"),
    ]
    assert [row["resource"] for row in rows] == ["", *["arn:aws:sns:us-east-1:000000000000:T"] * 2]
    assert [row["request_id"] for row in rows] == ["request-1", "request-2", ""]
    keys = ["time", "service", "operation", "resource", "milliseconds", "outcome", "retries", "request_id"]
    assert all(list(row) == keys for row in rows)
    assert "check-in" not in str(rows)


def test_calls_whose_number_is_that_of_the_data_share_a_row_and_a_failed_one_has_its_own(account):
    rows = []
    live = connect(account.settings(), rows.append)

    def who(_number):
        with contextlib.suppress(ClientError):
            live.client("sts").get_caller_identity()

    with live.calls.together(), ThreadPoolExecutor(4) as pool:
        list(pool.map(who, range(20)))
        account.refusal = "Throttled"
        who(20)
    who(21)
    assert [(row["outcome"], row.get("calls")) for row in rows] == [
        ("ok", None),
        ("Throttled", None),
        ("ok", 20),
        ("Throttled", None),
    ]
    assert rows[2]["operation"] == "GetCallerIdentity"
    assert rows[2]["milliseconds"] >= 0


def test_what_was_counted_together_is_logged_also_where_the_reading_breaks_off(account):
    rows = []
    live = connect(account.settings(), rows.append)
    with pytest.raises(KeyboardInterrupt), live.calls.together():
        live.client("sts").get_caller_identity()
        raise KeyboardInterrupt
    assert [row.get("calls") for row in rows] == [None, 1]


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "Operation")


def test_only_the_named_errors_mean_that_something_is_absent():
    with absent_is_none("NotFound"):
        raise refusal("NotFound")
    with pytest.raises(ClientError), absent_is_none("NotFound"):
        raise refusal("AccessDenied")
    assert error_code(refusal("AccessDenied")) == "AccessDenied"
    assert error_code(ClientError({}, "Operation")) == ""


def test_a_call_that_cannot_be_made_names_what_was_being_done(account):
    live = connect(account.settings())
    with (
        pytest.raises(BadParameters, match="could not be made while writing queue Q: Parameter validation failed"),
        readable("writing queue Q"),
    ):
        live.client("sqs").set_queue_attributes(QueueUrl=None, Attributes={})


def test_the_cause_is_kept():
    with pytest.raises(Unreachable) as caught, readable("reading"):
        raise EndpointConnectionError(endpoint_url="http://x")
    assert isinstance(caught.value.__cause__, EndpointConnectionError)


def test_our_own_errors_pass_as_they_are():
    with pytest.raises(Refused, match=r"^no$"), readable("reading"):
        raise Refused("no")


@pytest.mark.parametrize("code", ["ConcurrentModificationException", "ConflictException", "OperationAbortedException"])
def test_a_write_that_met_somebody_elses_change_was_not_made_and_may_be_tried_again(code):
    error = ClientError({"Error": {"Code": code, "Message": "at this moment"}}, "PutRule")
    with pytest.raises(Throttled), readable("writing rule X", writing=True):
        raise error


def refused(code):
    def read():
        raise ClientError({"Error": {"Code": code}}, "Describe")

    return read


@pytest.mark.parametrize("answer", [{"a": 1}, "AccessDenied", "", None])
def test_what_is_answered_is_never_taken_for_a_refusal(answer):
    assert answer_or_code(lambda: answer) == (answer, "")


@pytest.mark.parametrize("code", ["AccessDeniedException", "NotFoundException", "ThrottlingException"])
def test_of_a_refusal_the_code_is_the_answer(code):
    assert answer_or_code(refused(code)) == (None, code)


@pytest.mark.parametrize("code", BAD_CREDENTIALS)
def test_credentials_that_aws_does_not_take_are_no_answer_of_one_thing(code):
    with pytest.raises(ClientError):
        answer_or_code(refused(code))
