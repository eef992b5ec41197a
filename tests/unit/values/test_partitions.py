"""An account lies in the partition of its region, and so does every ARN that is made for it."""

import json

import pytest
from accounts import nowhere

from lib.asl import interpreter
from lib.changes.plans import Wanted
from lib.definitions import templates
from lib.errors import BadParameters
from lib.phases import iam_permissions
from lib.resources import desired
from lib.resources.existing import names
from lib.settings import ROOT, Settings, load, with_changes
from lib.values import partitions
from rehearsal.account import baseline, policies

QUEUE = "arn:{partition}:sqs:{region}:205930636302:Inbox"
REGIONS = {
    "us-east-1": "aws",
    "ap-southeast-7": "aws",
    "us-gov-west-1": "aws-us-gov",
    "us-gov-east-1": "aws-us-gov",
    "cn-north-1": "aws-cn",
    "cn-northwest-1": "aws-cn",
    "us-iso-east-1": "aws-iso",
    "us-isob-east-1": "aws-iso-b",
    "eusc-de-east-1": "aws-eusc",
}


def at(region: str, partition: str) -> Settings:
    queue = QUEUE.format(partition=partition, region=region)
    given = {"region": region, "ops_subscription_protocol": "sqs", "ops_subscription_endpoint": queue}
    return with_changes(load("prod"), **given)


@pytest.mark.parametrize(("region", "partition"), REGIONS.items())
def test_a_region_lies_in_its_partition(region, partition):
    assert partitions.of_region(region) == partition
    assert at(region, partition).arn("sns", "x") == f"arn:{partition}:sns:{region}:205930636302:x"
    assert at(region, partition).arn("iam", "role/x") == f"arn:{partition}:iam::205930636302:role/x"


@pytest.mark.parametrize("region", ["xx-nowhere-1", "us-moon-x-1", "zz-gov-west-1", "cn-gov-north-1"])
def test_a_region_in_no_partition_is_refused_in_one_sentence(region):
    with pytest.raises(
        BadParameters, match=f"parameter region: found '{region}', is in no partition of AWS"
    ) as refused:
        with_changes(load("prod"), region=region)
    assert "\n" not in str(refused.value)


def test_a_queue_of_another_partition_is_not_one_of_this_accounts():
    with pytest.raises(BadParameters, match="ops_subscription_endpoint"):
        at("us-gov-west-1", "aws")


def _everything(settings: Settings) -> list[str]:
    """Every value that is planned for an account in which nothing exists, and every identity, as text."""
    live = nowhere(settings)
    wanted: list[Wanted] = [item for phase in desired.PHASES.values() for item in phase(live)]
    texts = [json.dumps([item.resource.identity, item.value]) for item in wanted]
    return [*texts, *(need.resource for need in iam_permissions.needs(live)), names.role_arn(live)]


@pytest.mark.parametrize(("region", "partition"), REGIONS.items())
def test_no_arn_that_is_planned_lies_in_another_partition(region, partition):
    texts = _everything(at(region, partition))
    found = {text.split(":")[0] for whole in texts for text in whole.split("arn:")[1:]}
    assert found == {partition}


def test_service_integrations_are_the_partitions_too():
    states = json.dumps(templates.definition(at("us-gov-west-1", "aws-us-gov")))
    assert states.count("arn:aws-us-gov:states:::") == 18
    assert "arn:aws:" not in states


def test_the_rehearsals_account_lies_in_its_partition_too():
    chosen = at("us-gov-west-1", "aws-us-gov")
    texts = [json.dumps(baseline.definition(chosen)), json.dumps(policies.functions(chosen))]
    assert {part.split(":")[0] for text in texts for part in text.split("arn:")[1:]} == {"aws-us-gov"}


@pytest.mark.parametrize("folder", ["lib", "rehearsal"])
def test_no_file_names_a_thing_of_one_partition(folder):
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".json", ".yaml", ".ipynb")]
    assert files
    assert [path.name for path in files if "arn:aws:" in path.read_text(encoding="utf-8")] == []


def test_what_a_walk_makes_up_lies_in_no_partition():
    made = json.dumps(interpreter.context_of("any", {}))
    assert '"arn:any:states:any:any:execution:any:any"' in made and "arn:aws" not in made
