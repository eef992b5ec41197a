"""Who else manages what the plan touches, by its tags: their next deployment would undo the plan. Read-only.

Tags that may not be read tell nothing: then nobody can tell, and that is said.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import error_code, readable
from lib.checks import brief
from lib.definitions import loader
from lib.errors import NotAsWanted
from lib.resources.existing.baseline_pieces import DEAD_LETTER_QUEUES
from lib.routes import LOW_SENTIMENT_RULE

Tags = Mapping[str, str]
Read = Callable[[], Tags]

NOBODYS, NOT_THERE = "nobody's tags", "not there"
UNTAGGED_BUCKET = "NoSuchTagSet"
ABSENT = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")  # what AWS calls an error of a thing that is not there
SHOWN = 60  # characters of a tag's key


@dataclass(frozen=True)
class Tool:
    """A tool that deploys, and the tags by which it is known: patterns of keys, and words in a key or value."""

    name: str
    keys: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    change: str = "code"

    def sign(self, tags: Tags) -> str:
        """The tag that tells, by its key, or "": a value may be a token or a path with one, and is nobody's to show."""
        for key, value in sorted(tags.items()):
            known = any(fnmatchcase(key.lower(), pattern) for pattern in self.keys)
            if known or any(word in f"{key} {value}".lower() for word in self.words):
                return f"tag {brief(key, SHOWN)}"
        return ""


# Those that deploy by another of them stand before it.
TOOLS = (
    Tool("AWS SAM", ("lambda:createdby", "aws:sam:*"), change="template"),
    Tool("AWS CDK", ("aws:cdk:*", "aws-cdk:*")),
    Tool("AWS Copilot", ("copilot-*",), change="manifest"),
    Tool("AWS Amplify", ("amplify:*",)),
    Tool("AWS Elastic Beanstalk", ("elasticbeanstalk:*",), change="environment"),
    Tool("AWS Service Catalog", ("aws:servicecatalog:*",), change="product"),
    Tool("AWS Proton", ("aws:proton:*",), change="template"),
    Tool("AWS Control Tower", ("aws-control-tower", "aws:controltower:*"), change="landing zone"),
    Tool("Chalice", ("aws-chalice",), ("chalice",)),
    Tool("SST", ("sst:*",)),
    Tool("Zappa", ("zappaproject",), ("zappa",)),
    Tool("Serverless Framework", words=("serverless framework", "serverless-framework")),
    Tool("Pulumi", ("pulumi:*",), ("pulumi",)),
    Tool("Terraform", words=("terraform", "terragrunt", "hashicorp")),
    Tool("OpenTofu", words=("opentofu", "tofu")),
    Tool("Crossplane", ("crossplane-*", "crossplane.io/*"), ("crossplane",), "manifest"),
    Tool("ACK", ("services.k8s.aws/*",), change="manifest"),
    Tool("Kubernetes", ("*kubernetes.io/*", "*k8s.aws/*"), change="manifest"),
    Tool("Ansible", words=("ansible",), change="playbook"),
    Tool("CloudFormation", ("aws:cloudformation:*",), ("cloudformation",), "template"),
)
STACK = "aws:cloudformation:stack-name"
# What people and tools that are not listed call it; the last part of a key, without its marks.
SAYS_A_TOOL = re.compile(
    r"(managed|created|provisioned|deployed|built|maintained|generated|owned|controlled)(by|with|using|through|from)?"
    r"|provisioner|deployer|tool|ownertool|iac|iactool|infrastructureascode|automation|automatedby|orchestrator|repo"
    r"|repository|gitrepo|gitrepository|sourcerepo|stack|stackname"
)


def owners(live: Live) -> list[dict[str, str]]:
    """Every piece that the plan touches or relies on, and which tool manages it by its tags."""
    return [{"what": name, "managed by": _spoken(name, read)} for name, read in _pieces(live).items()]


def _spoken(name: str, read: Read) -> str:
    try:
        with readable(f"reading the tags of {name}"):
            return managed_by(read())
    except NotAsWanted as error:
        cause = error.__cause__
        code = error_code(cause) if isinstance(cause, ClientError) else "no answer"
        if code == UNTAGGED_BUCKET:
            return NOBODYS
        if any(word in code for word in ABSENT):
            return NOT_THERE
        return f"cannot tell: its tags may not be read ({code}); ask whoever may"


def managed_by(tags: Tags) -> str:
    """Which tool these tags name, else what may be one, else that they are nobody's."""
    tools = [(tool, sign) for tool in TOOLS if (sign := tool.sign(tags))]
    if STACK in tags and "STAGE" in tags:
        tools.insert(0, (Tool("Serverless Framework"), "tag STAGE"))
    if tools:
        named = " and ".join(_named(tool, sign, tags) for tool, sign in tools)
        return f"{named}: DRIFT, bring this change into its {tools[0][0].change} as well"
    perhaps = [f"tag {brief(key, SHOWN)}" for key in sorted(tags) if _says_a_tool(key)]
    if perhaps:
        return f"perhaps a tool ({', '.join(perhaps)}): ask its owner whether its next deployment undoes this change"
    return f"{NOBODYS} ({brief(', '.join(sorted(tags)), 2 * SHOWN)})" if tags else NOBODYS


def _named(tool: Tool, sign: str, tags: Tags) -> str:
    if tool.name == "CloudFormation" and STACK in tags:
        return f"CloudFormation stack {tags[STACK]}"
    return f"{tool.name} ({sign})"


def _says_a_tool(key: str) -> bool:
    """`managed-by`, `ManagedBy`, `acme:created_by`; also any other tag that only AWS can set."""
    last = re.split(r"[:/.]", key)[-1]
    return key.startswith("aws:") or bool(SAYS_A_TOOL.fullmatch(re.sub(r"[-_ ]", "", last).lower()))


def _pieces(live: Live) -> dict[str, Read]:
    """What the plan touches or relies on, and how its tags are read."""
    s, sns, events = live.settings, live.client("sns"), live.client("events")
    queues = (*DEAD_LETTER_QUEUES, s.ops_dead_letter_queue_name, s.events_dead_letter_queue_name)
    rules = (LOW_SENTIMENT_RULE, *(rule["name"] for rule in loader.rules()))
    topics = {s.alert_topic_name: s.alert_topic_arn, s.ops_topic_name: s.ops_topic_arn}
    functions = {s.processor_function_name: s.processor_arn, s.dispatcher_function_name: s.dispatcher_arn}
    return {
        f"state machine {s.state_machine_name}": lambda: _pairs(
            live.client("stepfunctions").list_tags_for_resource(resourceArn=s.state_machine_arn)["tags"]
        ),
        f"role {s.execution_role_name}": lambda: _paged(live, "iam", "list_role_tags", RoleName=s.execution_role_name),
        f"table {s.table_name}": lambda: _paged(live, "dynamodb", "list_tags_of_resource", ResourceArn=s.table_arn),
        f"bucket {s.checkin_bucket_name}": lambda: _pairs(
            live.client("s3").get_bucket_tagging(Bucket=s.checkin_bucket_name)["TagSet"]
        ),
        f"log group {s.log_group_name}": lambda: live.client("logs").list_tags_for_resource(
            resourceArn=s.log_group_arn.removesuffix(":*")
        )["tags"],
        **{f"function {name}": partial(_function, live, arn) for name, arn in functions.items()},
        **{f"topic {name}": partial(_listed, sns, {"ResourceArn": arn}) for name, arn in topics.items()},
        **{f"rule {name}": partial(_listed, events, {"ResourceARN": s.rule_arn(name)}) for name in rules},
        **{f"queue {name}": partial(_queue, live, name) for name in queues},
    }


def _function(live: Live, arn: str) -> Tags:
    return dict(live.client("lambda").list_tags(Resource=arn).get("Tags", {}))


def _listed(client: Any, asked: Mapping[str, str]) -> Tags:  # noqa: ANN401 - boto3 clients have no type
    return _pairs(client.list_tags_for_resource(**asked)["Tags"])


def _queue(live: Live, name: str) -> Tags:
    sqs = live.client("sqs")
    return dict(sqs.list_queue_tags(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"]).get("Tags", {}))


def _paged(live: Live, service: str, operation: str, **asked: str) -> Tags:
    """All tags of a kind of thing whose tags come in pages."""
    pages = live.client(service).get_paginator(operation).paginate(**asked)
    return {key: value for page in pages for key, value in _pairs(page["Tags"]).items()}


def _pairs(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {row.get("Key") or row["key"]: row.get("Value") or row.get("value") or "" for row in rows}
