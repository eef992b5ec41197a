"""The workflow's versions on every page, and the text of its definition."""

from all_pages import Paged, live

from lib.asl.json_text import to_text
from lib.resources.workflow import _text, versions
from lib.values.exact_json import Laid


def test_the_newest_version_is_not_only_of_the_first_page():
    rows = [{"stateMachineVersionArn": f"arn:{number}"} for number in range(150)]
    pages = [{"stateMachineVersions": rows[:100]}, {"stateMachineVersions": rows[100:]}]
    assert len(versions(live(stepfunctions=Paged(list_state_machine_versions=pages)), "arn")) == 150


def test_a_text_that_no_longer_says_the_same_is_not_written():
    changed = Laid({"a": 2}, '{"a":1}')
    assert _text(changed) == to_text({"a": 2})
