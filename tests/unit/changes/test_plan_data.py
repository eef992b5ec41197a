"""What a plan is made from, as its record keeps it: the parameters, the notebooks and the code."""

import hashlib
import json
import shutil

import pytest
from approvals import needing_approval, other_value

from lib.changes import engine, plan_data
from lib.settings import OF_THE_RUN, Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return needing_approval(tmp_path)


@pytest.mark.parametrize("key", OF_THE_RUN)
def test_who_makes_the_run_and_where_its_record_lies_is_no_part_of_it(settings, key):
    other = settings.model_copy(update={key: other_value(key, getattr(settings, key))})
    assert plan_data.made_from(other) == plan_data.made_from(settings)


def test_every_version_tells_a_subscriber_by_the_same_eight_digits(settings):
    """By others, no run of an earlier version could be rolled back."""
    digest = hashlib.sha256(settings.ops_subscription_endpoint.encode()).hexdigest()
    assert plan_data.made_from(settings)["subscriber"] == digest[:8]


@pytest.mark.parametrize("path", ["runbooks/08_threshold_tuning.ipynb", "lib/definitions/rules/crisis.json"])
def test_what_was_taken_away_or_renamed_counts_as_edited(settings, checkout, path):
    before = plan_data.made_from(settings)
    (checkout / path).rename((checkout / path).with_stem("moved"))
    assert plan_data.made_from(settings) != before


@pytest.mark.parametrize("way", ["link to a file", "link to a folder", "a new package", "a copy beside it"])
def test_whatever_can_be_imported_is_part_of_the_approved_code(settings, checkout, tmp_path, way):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "__init__.py").write_text("", encoding="utf-8")
    (elsewhere / "other.py").write_text("said = 1", encoding="utf-8")
    before = plan_data.made_from(settings)
    if way == "link to a file":
        (checkout / "lib" / "other.py").symlink_to(elsewhere / "other.py")
    elif way == "link to a folder":
        (checkout / "lib" / "other").symlink_to(elsewhere)
        (elsewhere / "again").symlink_to(elsewhere)  # round and round
    elif way == "a new package":
        shutil.copytree(elsewhere, checkout / "lib" / "other")
    else:
        shutil.copy(elsewhere / "other.py", checkout / "lib" / "changes-Copy1.py")
    added = plan_data.made_from(settings)
    assert added["code"] != before["code"]
    (elsewhere / "other.py").write_text("said = 2", encoding="utf-8")
    assert ("link" in way) == (plan_data.made_from(settings)["code"] != added["code"])


def test_a_kept_plan_reads_as_it_was_kept(settings, world, wanted):
    data = plan_data.plan_data([engine.plan("01", wanted)], world.run(settings, None))
    assert json.loads(json.dumps(data)) == data
