"""Which tool manages a thing, by its tags; and that tags which may not be read are not taken for none. No AWS."""

import pytest
from botocore.exceptions import ClientError

from lib.aws import Identity, Live
from lib.phases.proofs import ownership
from lib.settings import load


@pytest.mark.parametrize(
    ("tags", "tool"),
    [
        (
            {"aws:cloudformation:stack-name": "your6", "aws:cloudformation:logical-id": "X"},
            "CloudFormation stack your6",
        ),
        ({"aws:cloudformation:stack-name": "s", "lambda:createdBy": "SAM"}, "AWS SAM"),
        ({"aws-cdk:cr-owned:abc": "true", "aws:cloudformation:stack-name": "s"}, "AWS CDK"),
        ({"aws:cloudformation:stack-name": "your6-prod", "STAGE": "prod"}, "Serverless Framework"),
        ({"ManagedBy": "Terraform"}, "Terraform"),
        ({"Owner": "team", "created_with": "OpenTofu 1.8"}, "OpenTofu"),
        ({"pulumi:project": "your6", "pulumi:stack": "prod"}, "Pulumi"),
        ({"aws-chalice": "version=1.31.2:stage=prod:app=your6"}, "Chalice"),
        ({"copilot-application": "your6", "copilot-environment": "prod"}, "AWS Copilot"),
        ({"crossplane-kind": "topic.sns.aws.upbound.io", "crossplane-name": "t"}, "Crossplane"),
        ({"services.k8s.aws/controller-version": "sns-1.0", "services.k8s.aws/namespace": "d"}, "ACK"),
        ({"app.kubernetes.io/managed-by": "Helm"}, "Kubernetes"),
        ({"provisioned": "by ansible"}, "Ansible"),
        ({"elasticbeanstalk:environment-name": "e"}, "AWS Elastic Beanstalk"),
        ({"amplify:app-name": "a"}, "AWS Amplify"),
        ({"aws:servicecatalog:productArn": "arn"}, "AWS Service Catalog"),
        ({"aws:proton:service": "arn"}, "AWS Proton"),
        ({"sst:app": "your6", "sst:stage": "prod"}, "SST"),
        ({"ZappaProject": "your6"}, "Zappa"),
    ],
)
def test_a_tool_is_known_by_its_tags(tags, tool):
    said = ownership.managed_by({**tags, "cost-center": "7"})
    assert said.startswith(tool)
    assert ": DRIFT, bring this change into its" in said


@pytest.mark.parametrize("key", ["managed-by", "ManagedBy", "acme:created_by", "Provisioner", "deployed-with", "repo"])
def test_a_tool_that_is_not_listed_is_shown_as_it_is(key):
    assert ownership.managed_by({key: "homegrown"}).startswith(f"perhaps a tool (tag {key})")


def test_a_tag_that_only_aws_can_set_is_shown():
    assert "tag aws:newservice:thing" in ownership.managed_by({"aws:newservice:thing": "x"})


def test_other_tags_are_nobodys():
    assert ownership.managed_by({}) == "nobody's tags"
    assert ownership.managed_by({"team": "care", "cost-center": "7", "stage": "prod"}) == (
        "nobody's tags (cost-center, stage, team)"
    )


class Refusing:
    """A client of any service whose every call is refused with this code."""

    def __init__(self, code):
        self.code = code

    def __getattr__(self, operation):
        def refuse(*_, **__):
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, operation)

        return refuse


class Everywhere(dict):
    """The same client for every service."""

    def __init__(self, client):
        super().__init__()
        self.client = client

    def __contains__(self, _):
        return True

    def __getitem__(self, _):
        return self.client


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "cannot tell: its tags may not be read (AccessDeniedException)"),
        ("AuthorizationError", "cannot tell: its tags may not be read (AuthorizationError)"),
        ("ThrottlingException", "cannot tell"),
        ("ResourceNotFoundException", "not there"),
        ("NoSuchTagSet", "nobody's tags"),
    ],
)
def test_tags_that_may_not_be_read_are_not_taken_for_none(code, said):
    settings = load("local")
    identity = Identity(settings.account_id, settings.region, "arn:aws:iam::000000000000:user/u", "")
    found = ownership.owners(Live(settings, identity, None, Everywhere(Refusing(code))))
    assert len(found) == 17
    assert {row["managed by"][: len(said)] for row in found} == {said}


SECRET = "zebra-umbrella-marmalade"


@pytest.mark.parametrize(
    "tags",
    [
        {"terraform:token": SECRET},
        {"note": f"set by terraform with token {SECRET}"},
        {"Pulumi:backend": f"https://user:{SECRET}@host"},
        {"aws:cloudformation:stack-name": "s", "STAGE": SECRET},
        {"managed-by": SECRET},
        {"repo": f"https://{SECRET}@host/repo"},
        {"team": SECRET},
    ],
)
def test_a_tags_value_is_nobodys_to_show(tags):
    assert SECRET not in ownership.managed_by(tags)
