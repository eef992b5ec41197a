"""What an HTTP request to AWS is, and how its service would refuse it. Pure: knows the wire, sends nothing.

Three protocols reach the account: JSON (the operation in `X-Amz-Target`), query (`Action=` in the body, answers in
XML) and REST (Lambda and S3: method and path).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

JSON, QUERY, REST_JSON, REST_XML = "json", "query", "rest-json", "rest-xml"
# An operation whose name begins with none of these changes something: a reading one that is taken for a change costs
# a trial, a change that is taken for reading would never be tried.
READING = (
    "Get", "List", "Describe", "Head", "Lookup", "Search", "Simulate", "Validate", "Filter", "Scan", "Query",
    "BatchGet", "Receive", "Test",
)  # fmt: skip
# Query calls do not say their service; these versions are those of the services that speak it.
SERVICE_OF_VERSION = {"2010-03-31": "sns", "2010-05-08": "iam", "2011-06-15": "sts"}
SERVICE_OF_TARGET = {
    "AmazonSQS": "sqs",
    "AmazonSSM": "ssm",
    "AWSEvents": "events",
    "AWSStepFunctions": "stepfunctions",
    "DynamoDB_20120810": "dynamodb",
    "GraniteServiceVersion20100801": "cloudwatch",
    "Logs_20140328": "logs",
}
LAMBDA = (
    ("PUT", r"/configuration$", "UpdateFunctionConfiguration"),
    ("PUT", r"/code$", "UpdateFunctionCode"),
    ("POST", r"/policy$", "AddPermission"),
    ("DELETE", r"/policy/[^/]+$", "RemovePermission"),
    ("POST", r"/invocations$", "Invoke"),
    ("POST", r"/functions/?$", "CreateFunction"),
    ("DELETE", r"/functions/[^/]+$", "DeleteFunction"),
)
# Status and code by protocol: the caller is wrong, the service is in trouble, the caller is too fast.
REFUSALS = {
    "bad request": {
        JSON: (400, "ValidationException"),
        QUERY: (400, "ValidationError"),
        REST_JSON: (400, "InvalidParameterValueException"),
        REST_XML: (400, "InvalidRequest"),
    },
    "server error": {
        JSON: (500, "InternalServerError"),
        QUERY: (500, "InternalFailure"),
        REST_JSON: (500, "ServiceException"),
        REST_XML: (500, "InternalError"),
    },
    "throttle": {
        JSON: (400, "ThrottlingException"),
        QUERY: (400, "Throttling"),
        REST_JSON: (429, "TooManyRequestsException"),
        REST_XML: (503, "SlowDown"),
    },
}
ANSWERED = {"x-amzn-RequestId": "rehearsed"}  # no answer of AWS is without one
# What a role that may not do it is told; no fault of a run, whose permissions are checked before it begins.
DENIED = "denied"
DENIALS = {
    JSON: (400, "AccessDeniedException"),
    QUERY: (403, "AuthorizationError"),
    REST_JSON: (403, "AccessDeniedException"),
    REST_XML: (403, "AccessDenied"),
}


@dataclass(frozen=True)
class Call:
    """One request to AWS. `number` counts the mutating ones from 1; a reading one has 0."""

    service: str
    operation: str
    protocol: str
    number: int = 0

    @property
    def mutating(self) -> bool:
        return not self.operation.startswith(READING)

    @property
    def said(self) -> str:
        """`sqs CreateQueue`."""
        return f"{self.service} {self.operation}"


def operation_of(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Service and operation of a request, by what each protocol says of them."""
    target = headers.get("X-Amz-Target", "")
    if target:
        prefix, _, operation = target.rpartition(".")
        return Call(SERVICE_OF_TARGET.get(prefix, prefix), operation, JSON)
    if body.startswith(b"Action=") or b"&Action=" in body:
        fields = parse_qs(body.decode("utf-8", "replace"))
        return Call(SERVICE_OF_VERSION.get(fields.get("Version", [""])[0], "query"), fields["Action"][0], QUERY)
    bare = urlsplit(path).path
    if re.match(r"/\d{4}-\d\d-\d\d/functions", bare):
        return Call("lambda", _lambda(method, bare), REST_JSON)
    return Call("s3", _s3(method, bare), REST_XML)


def _lambda(method: str, path: str) -> str:
    names = (name for verb, pattern, name in LAMBDA if verb == method and re.search(pattern, path))
    return next(names, "GetFunction" if method in ("GET", "HEAD") else f"{method.title()}Function")


def _s3(method: str, path: str) -> str:
    what = "Object" if path.strip("/").count("/") else "Bucket"
    return {"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete"}.get(method, method.title()) + what


def refusal(call: Call, kind: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body with which the call's service would refuse it: one of `REFUSALS`, or `DENIED`."""
    status, code = (DENIALS if kind == DENIED else REFUSALS[kind])[call.protocol]
    words = f"Rehearsed fault: {kind}"
    if call.protocol in (JSON, REST_JSON):
        body = json.dumps({"__type": code, "message": words}).encode()
        return status, {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": code, **ANSWERED}, body
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error>"
    whole = (
        error
        if call.protocol == REST_XML
        else f"<ErrorResponse>{error}<RequestId>rehearsed</RequestId></ErrorResponse>"
    )
    return status, {"Content-Type": "text/xml", **ANSWERED}, whole.encode()
