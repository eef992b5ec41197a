"""The faulty proxy, as a caller sees it: what it hears of each kind of fault, and whether AWS did it all the same."""

import threading
from functools import partial

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from lib.aws_answers import error_code
from lib.errors import Refused
from lib.values.foreign.aws_codes import THROTTLING
from rehearsal.account import fault_proxy
from rehearsal.account.calls import operation_of
from rehearsal.account.fault_proxy import DELAY, DROP, FREEZE, REFUSE, Fault

HOLD = 0.1  # what is asked to be held for longer than a caller waits is held by an event
KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
NAME = "/fault/parameter"
# A write in each of the protocols, of something that need not exist to be refused.
WRITES = {
    "json": ("ssm", lambda c: c.put_parameter(Name=NAME, Value="1", Type="String")),
    "query": ("sns", lambda c: c.create_topic(Name="fault-topic")),
    "rest-json": ("lambda", lambda c: c.remove_permission(FunctionName="fault-function", StatementId="one")),
    "rest-xml": ("s3", lambda c: c.create_bucket(Bucket="fault-bucket")),
}


@pytest.fixture
def proxy(server):
    with fault_proxy.running_proxy(server.endpoint, HOLD) as found:
        yield found


@pytest.fixture
def faulty(proxy):
    """`faulty("sqs")`: a client that goes through the proxy, asks once, and waits for as long as it takes."""
    return partial(through, proxy, None)


@pytest.fixture
def hasty(proxy):
    """The same of a caller who loses patience: for what is never answered."""
    return partial(through, proxy, 0.5)


def through(proxy, patience, service):
    once = {"retries": {"total_max_attempts": 1, "mode": "standard"}, "proxies": {}}
    config = Config(**once, read_timeout=patience, connect_timeout=None, s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=proxy.endpoint, config=config, **KEYS)


@pytest.fixture
def did(client):
    """Whether AWS holds what `write` writes, asked without the proxy; it is not there at first."""
    ssm = client("ssm")

    def found():
        return bool(ssm.get_parameters(Names=[NAME])["Parameters"])

    if found():
        ssm.delete_parameter(Name=NAME)
    return found


def write(faulty):
    WRITES["json"][1](faulty("ssm"))


def test_without_a_fault_everything_passes(proxy, faulty, did):
    write(faulty)
    assert did()
    assert [(call.said, call.number) for call in proxy.calls] == [("ssm PutParameter", 1)]


def test_the_address_in_an_answer_leads_back_to_the_proxy(proxy, faulty):
    url = faulty("sqs").create_queue(QueueName="fault-queue")["QueueUrl"]
    assert url.startswith(f"{proxy.endpoint}/")
    faulty("sqs").delete_queue(QueueUrl=url)
    assert [call.said for call in proxy.calls] == ["sqs CreateQueue", "sqs DeleteQueue"]


def test_bodies_pass_byte_by_byte(proxy, faulty):
    s3, body = faulty("s3"), bytes(range(256)) * 40
    s3.create_bucket(Bucket="fault-bytes")
    s3.put_object(Bucket="fault-bytes", Key="a key/ä.bin", Body=body)
    assert s3.head_object(Bucket="fault-bytes", Key="a key/ä.bin")["ContentLength"] == len(body)
    assert s3.get_object(Bucket="fault-bytes", Key="a key/ä.bin")["Body"].read() == body
    s3.delete_object(Bucket="fault-bytes", Key="a key/ä.bin")
    assert [call.operation for call in proxy.calls] == ["PutBucket", "PutObject", "DeleteObject"]


def test_refuse_closes_the_connection_and_aws_never_hears_of_it(proxy, faulty, did):
    proxy.begin(Fault(REFUSE))
    with pytest.raises(ConnectionClosedError):
        write(faulty)
    assert not did()


@pytest.mark.parametrize("protocol", WRITES)
@pytest.mark.parametrize(("kind", "status"), [("bad request", {400}), ("server error", {500}), ("throttle", None)])
def test_an_error_is_the_services_own_and_aws_never_hears_of_it(proxy, faulty, client, kind, status, protocol):
    service, call = WRITES[protocol]
    proxy.begin(Fault(kind))
    with pytest.raises(ClientError, match="Rehearsed fault") as caught:
        call(faulty(service))
    code = error_code(caught.value)
    assert code in THROTTLING if kind == "throttle" else code and code not in THROTTLING
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (status or {400, 429, 503})
    topics = [row["TopicArn"].rsplit(":", 1)[-1] for row in client("sns").list_topics()["Topics"]]
    buckets = [row["Name"] for row in client("s3").list_buckets()["Buckets"]]
    assert "fault-topic" not in topics
    assert "fault-bucket" not in buckets


def test_drop_closes_the_connection_after_aws_did_it(proxy, faulty, did):
    heard = []
    proxy.begin(Fault(DROP), lambda call: heard.append((call.said, did())))
    with pytest.raises(ConnectionClosedError):
        write(faulty)
    assert did()
    assert heard == [("ssm PutParameter", True)]


def test_of_a_fault_that_is_told_later_the_next_call_is_the_one_to_hear_of(proxy, faulty, did):
    heard = []
    proxy.begin(Fault("server error", later=True), lambda call: heard.append(call.said))
    with pytest.raises(ClientError, match="Rehearsed fault"):
        write(faulty)
    assert heard == []
    with pytest.raises(ConnectionClosedError):
        faulty("sqs").list_queues()
    assert heard == ["sqs ListQueues"]
    write(faulty)
    assert did()
    assert heard == ["sqs ListQueues"]


def test_delay_outlasts_the_callers_patience_and_aws_does_it_then(proxy, hasty, did):
    heard, asked, held, released = [], [], threading.Event(), threading.Event()
    proxy.sleep = lambda seconds: (asked.append(seconds), held.set(), released.wait())
    proxy.begin(Fault(DELAY), lambda call: heard.append(did()))
    with pytest.raises(ReadTimeoutError):
        write(hasty)
    held.wait()
    assert not did()
    assert (heard, asked) == ([False], [HOLD])
    released.set()
    assert proxy.quiet(None)
    assert did()


def test_freeze_answers_nothing_any_more_until_it_is_thawed(proxy, faulty, hasty, did):
    proxy.begin(Fault(FREEZE))
    faulty("ssm").get_parameters(Names=[NAME])  # what came before it passed
    with pytest.raises(ReadTimeoutError):
        write(hasty)
    assert proxy.wait_struck(None)
    with pytest.raises(ReadTimeoutError):
        hasty("ssm").get_parameters(Names=[NAME])
    proxy.thaw()
    assert proxy.quiet(None)
    assert not did()  # what was frozen never came
    write(faulty)
    assert did()


def test_it_strikes_the_nth_change_and_counts_no_reading(proxy, faulty):
    sqs = faulty("sqs")
    proxy.begin(Fault(REFUSE, at=2))
    url = sqs.create_queue(QueueName="fault-second")["QueueUrl"]
    sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    with pytest.raises(ConnectionClosedError):
        sqs.tag_queue(QueueUrl=url, Tags={"a": "b"})
    sqs.delete_queue(QueueUrl=url)
    assert [(call.operation, call.number) for call in proxy.struck] == [("TagQueue", 2)]


def test_it_strikes_an_operation_every_time(proxy, faulty, did):
    proxy.begin(Fault("throttle", operation="PutParameter"))
    for _ in range(3):
        with pytest.raises(ClientError):
            write(faulty)
    assert not did()
    assert [call.number for call in proxy.struck] == [1, 2, 3]
    proxy.begin()
    write(faulty)
    assert did()


def test_it_strikes_once_at_the_first_change_at_which_something_is_so(proxy, faulty):
    answers = iter([False, True, True])
    proxy.begin(Fault(REFUSE, at=2, when=lambda: next(answers)))
    sqs = faulty("sqs")
    for name in ("fault-one", "fault-two"):  # the first is too early, at the second it is not so
        sqs.create_queue(QueueName=name)
    with pytest.raises(ConnectionClosedError):
        sqs.create_queue(QueueName="fault-three")
    for name in ("fault-one", "fault-two"):
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
    assert [(call.operation, call.number) for call in proxy.struck] == [("CreateQueue", 3)]


FUNCTION = "/2015-03-31/functions/one"


@pytest.mark.parametrize(
    ("method", "path", "said", "mutating"),
    [
        ("GET", FUNCTION, "lambda GetFunction", False),
        ("GET", f"{FUNCTION}/policy", "lambda GetFunction", False),
        ("PUT", f"{FUNCTION}/configuration", "lambda UpdateFunctionConfiguration", True),
        ("POST", f"{FUNCTION}/policy?Qualifier=1", "lambda AddPermission", True),
        ("DELETE", f"{FUNCTION}/policy/a-statement", "lambda RemovePermission", True),
        ("POST", f"{FUNCTION}/invocations", "lambda Invoke", True),
        ("POST", f"{FUNCTION}/something-new", "lambda PostFunction", True),
        ("GET", "/bucket?list-type=2", "s3 GetBucket", False),
        ("HEAD", "/bucket/a/key", "s3 HeadObject", False),
        ("DELETE", "/bucket/a/key", "s3 DeleteObject", True),
    ],
)
def test_a_rest_call_is_known_by_method_and_path(method, path, said, mutating):
    call = operation_of(method, path, {}, b"")
    assert (call.said, call.mutating) == (said, mutating)


def test_it_stands_before_nothing_but_this_machine():
    with pytest.raises(Refused), fault_proxy.running_proxy("https://sqs.us-east-1.amazonaws.com", HOLD):
        pass
