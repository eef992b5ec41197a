"""What AWS takes as a name, kind by kind, by its documentation. No AWS, no files.

A name that AWS takes is taken, also one that nobody would choose today; one that it refuses, or that cannot serve here,
is refused with what would.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictStr,
)

from lib.values.run_names import SAMPLE

# What CloudWatch Logs takes; 0 keeps for ever.
Days = Literal[
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


FIFO = ".fifo"
# Step Functions takes any language; these characters it refuses.
MACHINE = r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}"
LONGEST_MACHINE = 80
CANDIDATE = "-candidate"  # ends the name of the temporary workflow on which a definition is tried
BUCKET = r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]"
# Buckets that were made in us-east-1 before March 2018 may be named so.
OLD_BUCKET = r"[A-Za-z0-9._\-]{3,255}"
OLD_BUCKETS_IN = "us-east-1"
LOCK_LEVELS = 15
LOCK_ARN_LENGTH = 1011
RESERVED_BY_SSM = ("aws", "ssm")
GUARDS = "/your6/phase3-runbook/guards"  # below it, an account keeps what guards it
# Of each pair, one would take the other's place.
APART = {
    (
        "alert_topic_name",
        "ops_topic_name",
    ): "whoever is paged would be told of every alert, and a contact of every page",
    ("processor_function_name", "dispatcher_function_name"): "one function cannot score a check-in and send its alert",
    ("ops_dead_letter_queue_name", "events_dead_letter_queue_name"): "an event that was lost would look like a page",
}


def _kind(pattern: str, expected: str) -> AfterValidator:
    def fits(name: str) -> str:
        if not re.fullmatch(pattern, name):
            raise ValueError(f"expected {expected}")
        return name

    return AfterValidator(fits)


def _standard(what: str, longest: int) -> AfterValidator:
    def fits(name: str) -> str:
        if name.endswith(FIFO):
            raise ValueError(
                f"a FIFO {what} cannot serve here: people are paged by mail, SMS or https and events come from rules, "
                f"and AWS delivers neither by FIFO; expected a standard {what}"
            )
        if not re.fullmatch(rf"[A-Za-z0-9_\-]{{1,{longest}}}", name):
            raise ValueError(f"expected 1 to {longest} letters, digits, - and _")
        return name

    return AfterValidator(fits)


def _bucket(name: str) -> str:
    """A bucket's name apart from what its region adds; see `bucket_trouble`."""
    if not re.fullmatch(OLD_BUCKET, name) or ".." in name or _is_address(name):
        raise ValueError("expected 3 to 63 lower-case letters, digits, dots and hyphens, and no IP address")
    return name


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(name))
    except ValueError:
        return False


def bucket_trouble(name: str, region: str) -> str:
    """Why no bucket of this region has this name, or ""."""
    if re.fullmatch(BUCKET, name) or region == OLD_BUCKETS_IN:
        return ""
    return (
        f"checkin_bucket_name: found {name!r}; expected 3 to 63 lower-case letters, digits, dots and hyphens: "
        f"only old buckets of {OLD_BUCKETS_IN} are named otherwise"
    )


def _lock(name: str) -> str:
    levels = name.removeprefix("/").split("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_.\-]+", level) for level in levels) or ("/" in name and name[0] != "/"):
        raise ValueError("expected letters, digits and _.- in levels that begin with /")
    if len(levels) > LOCK_LEVELS:
        raise ValueError(f"SSM takes at most {LOCK_LEVELS} levels, this has {len(levels)}")
    if levels[0].lower().startswith(RESERVED_BY_SSM):
        raise ValueError("names that begin with aws or ssm belong to AWS; expected another one")
    if f"{name}/".startswith(f"{GUARDS}/"):
        raise ValueError(f"what lies below {GUARDS} guards the account, and a lock is taken away; expected another one")
    return name


def lock_trouble(name: str, arn_of: Callable[[str, str], str]) -> str:
    """Why SSM would find this name too long, or "": it counts the ARN, which `arn_of` gives by service and resource."""
    length = len(arn_of("ssm", f"parameter/{name.removeprefix('/')}"))
    if length <= LOCK_ARN_LENGTH:
        return ""
    return f"lock_name: its ARN has {length} characters; SSM takes {LOCK_ARN_LENGTH}"


def candidate_of(machine: str) -> str:
    """The name of a workflow's candidate, as long as AWS takes: never the workflow's own, nor another's candidate's."""
    if len(machine) + len(CANDIDATE) <= LONGEST_MACHINE:
        return machine + CANDIDATE
    end = f"-{hashlib.sha256(machine.encode()).hexdigest()[:8]}{CANDIDATE}"
    return machine[: LONGEST_MACHINE - len(end)] + end


def clash(named: Mapping[str, str], queue_arn: Callable[[str], str], arn_of: Callable[[str, str], str]) -> str:
    """Why one thing cannot be both that these parameters name it for, or ""."""
    for (one, other), why in APART.items():
        if named[one] == named[other]:
            return f"{one} and {other} are both {named[one]}: {why}; expected two"
    bucket = named["record_store"].removeprefix("s3://").partition("/")[0]
    if bucket == named["checkin_bucket_name"]:
        return (
            f"record_store is in {bucket}, the bucket of the check-ins: each file of a record would be taken for a "
            "check-in that somebody sent; expected a bucket of its own"
        )
    for queue in ("ops_dead_letter_queue_name", "events_dead_letter_queue_name"):
        if named["ops_subscription_endpoint"] == queue_arn(named[queue]):
            return (
                f"ops_subscription_endpoint is {queue} {named[queue]}: pages would lie among those that could not be "
                "delivered; expected a queue that somebody reads"
            )
    return _second_trouble(named["second_alarm_action"], arn_of("sns", ""), arn_of("sns", named["ops_topic_name"]))


def _second_trouble(second: str, here: str, operations: str) -> str:
    """Why nobody would be told by this topic of what is wrong with the operations topic, or "". `here`: before a
    topic's name in an ARN of this account and region."""
    if second == operations:
        return (
            "second_alarm_action is the operations topic: it would have to tell that it can tell nobody; expected the "
            "ARN of another topic, or nothing"
        )
    if second and second.split(":")[:4] != here.split(":")[:4]:
        return f"second_alarm_action: found {second!r}; an alarm tells topics of its own region: expected {here}..."
    return ""


def _environment(given: str) -> str:
    if given == SAMPLE:
        raise ValueError("whose folder in outputs/ is the sample's; expected another name")
    return given


Environment = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$"), AfterValidator(_environment)]
MachineName = Annotated[
    StrictStr, _kind(MACHINE, '1 to 80 characters without blanks, brackets, wildcards and "#%\\^|~`$&,;:/')
]
RoleName = Annotated[StrictStr, _kind(r"[A-Za-z0-9_+=,.@\-]{1,64}", "1 to 64 letters, digits and +=,.@-_, no path")]
PolicyName = Annotated[StrictStr, _kind(r"[A-Za-z0-9_+=,.@\-]{1,128}", "1 to 128 letters, digits and +=,.@-_")]
FunctionName = Annotated[
    StrictStr, _kind(r"[A-Za-z0-9_\-]{1,64}", "1 to 64 letters, digits, - and _: the name alone, no ARN, no alias")
]
TableName = Annotated[StrictStr, _kind(r"[A-Za-z0-9_.\-]{3,255}", "3 to 255 letters, digits and _.-")]
BucketName = Annotated[StrictStr, AfterValidator(_bucket)]
TopicName = Annotated[StrictStr, _standard("topic", 256)]
QueueName = Annotated[StrictStr, _standard("queue", 80)]
DashboardName = Annotated[StrictStr, _kind(r"[A-Za-z0-9_\-]{1,255}", "1 to 255 letters, digits, - and _")]
RecordStore = Annotated[StrictStr, Field(pattern=r"^(|s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](/[A-Za-z0-9_.\-]+)*)$")]
LogGroupName = Annotated[
    StrictStr,
    _kind(
        r"/aws/vendedlogs/states/[A-Za-z0-9_./#\-]{1,489}",
        "/aws/vendedlogs/states/ and letters, digits and _./#-, 512 characters in all",
    ),
]
SecondAction = Annotated[
    StrictStr,
    _kind(r"(|arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_\-]{1,256})", "the ARN of a standard topic, or nothing"),
]
LockName = Annotated[StrictStr, AfterValidator(_lock)]
# Of every partition: us-gov-west-1, us-isob-east-1, eusc-de-east-1, ap-southeast-7.
Region = Annotated[StrictStr, _kind(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}", "a region's name, such as us-east-1")]
