"""A restore waits for nobody to mend a parameters file: what the run recorded stands in for what is not right in it."""

import os

import pytest
import yaml

from lib import settings
from lib.cli.recorded_parameters import NEEDED, load
from lib.errors import BadParameters, Refused
from lib.record import records
from lib.settings import ROOT, Settings


@pytest.fixture
def file(tmp_path):
    """Writes the parameters file of an environment outside of the checkout, with other values or without some."""

    def write(text="", without=(), **other):
        values = yaml.safe_load((ROOT / "parameters" / "local.yaml").read_text(encoding="utf-8"))
        values |= {"environment": "mine", "outputs_dir": str(tmp_path), "mode": "plan"} | other
        path = tmp_path / "mine.yaml"
        kept = {key: value for key, value in values.items() if key not in without}
        path.write_text(text or yaml.safe_dump(kept), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def recorded(file):
    """The name of a run that recorded its parameters, with the address masked."""
    paged = {"ops_subscription_protocol": "sms", "ops_subscription_endpoint": "+15550100100"}
    chosen = settings.load(file(**paged), {"mode": "apply"})
    record = records.open_run(chosen)
    record.write_json("run.json", {"format": 1, "parameters": chosen.recorded()})
    return record.run_id


def asked(file, run_id, **more):
    return load(file, {"mode": "apply", "run_id": run_id, **more})


def test_a_file_that_is_right_is_all_that_counts(file, recorded):
    found, wrong = asked(file(table_name="another"), recorded)
    assert (found.table_name, found.mode, wrong) == ("another", "apply", "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ops_subscription_endpoint": ""}, "parameter ops_subscription_endpoint"),
        ({"ops_subscription_endpoint": "nobody"}, "ops_subscription_endpoint: found"),
        ({"without": ("ops_subscription_endpoint", "ops_subscription_protocol")}, "is missing"),
        ({"high_risk_above": 99.5}, "thresholds out of order"),
        ({"alert_topic_name": "Your6-Ops", "ops_topic_name": "Your6-Ops"}, "Your6-Ops"),
        ({"unheard_of": 1}, "unknown parameter"),
        ({"burst_drills": "many"}, "parameter burst_drills"),
    ],
)
def test_what_a_restore_does_not_go_by_is_as_the_run_recorded_it(file, recorded, wrong, said):
    found, why = asked(file(**wrong), recorded)
    assert said in why
    assert (found.mode, found.run_id, found.environment, found.high_risk_above) == ("apply", recorded, "mine", 85)
    assert found.run_folder.is_dir()


@pytest.mark.parametrize("key", [key for key in Settings.model_fields if key not in ("mode", "run_id", "outputs_dir")])
def test_no_line_that_is_missing_keeps_anybody_from_it(file, recorded, key):
    found, why = asked(file(without=(key,), environment="mine"), recorded)
    assert f"parameter {key} is missing" in why
    assert found.account_id == "000000000000"


def test_nor_does_a_file_that_is_gone(file, recorded, tmp_path):
    path = file()
    (tmp_path / "mine.yaml").unlink()
    found, why = asked(path, recorded, outputs_dir=str(tmp_path))
    assert "no parameters for environment" in why
    assert (found.account_id, found.environment) == ("000000000000", "mine")


def test_nor_does_a_conflict_that_a_merge_left(file, recorded, tmp_path):
    path = file(text="<<<<<<< HEAD\nmode: plan\n=======\nmode: apply\n>>>>>>> x\n")
    found, why = asked(path, recorded, outputs_dir=str(tmp_path))
    assert "mine.yaml is not valid YAML" in why
    assert (found.account_id, found.mode) == ("000000000000", "apply")


def test_what_a_restore_goes_by_is_as_the_file_says_where_that_is_right(file, recorded):
    found, why = asked(file(burst_drills=0, answer_timeout_seconds=7), recorded)
    assert why and found.answer_timeout_seconds == 7
    assert set(NEEDED) < set(Settings.model_fields)


@pytest.mark.parametrize("wrong", [None, "", "0,2", [], {"a": 1}, -1, 10**12, "60 s", "\0"])
@pytest.mark.parametrize("key", [key for key in NEEDED if key not in ("environment", "outputs_dir")])
def test_and_as_the_run_recorded_it_where_that_is_wrong(file, recorded, key, wrong):
    right, _ = asked(file(), recorded)
    found, why = asked(file(**{key: wrong}), recorded)
    if why:
        assert key in why
        assert getattr(found, key) == getattr(right, key)
    else:
        assert getattr(found, key) == wrong  # which is right: an endpoint may be empty, and a profile any text


def test_one_slip_takes_nothing_else_of_the_file_along(file, recorded):
    found, _ = asked(file(profile=None, answer_timeout_seconds=7), recorded)
    assert (found.profile, found.answer_timeout_seconds) == ("", 7)


def test_a_broken_file_beside_it_keeps_nobody_from_it(file, recorded, tmp_path, monkeypatch):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "other.yaml").write_text("{", encoding="utf-8")
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    assert asked(file(), recorded)[1] == ""
    assert asked(file(burst_drills=0, answer_timeout_seconds=7), recorded)[0].answer_timeout_seconds == 7
    assert asked(file(account_id="111122223333"), recorded)[0].account_id == "000000000000"


@pytest.mark.parametrize(
    "other", [{"environment": None}, {"environment": ["mine"]}, {"environment": ""}, {"environment": "Mine"}]
)
def test_the_environment_is_called_as_its_file_where_that_does_not_say(file, recorded, other):
    assert asked(file(**other), recorded)[0].environment == "mine"


@pytest.mark.parametrize("folder", [None, "", 7])
def test_a_folder_of_records_that_is_none_is_given_by_an_option(file, recorded, tmp_path, folder):
    found, _ = asked(file(outputs_dir=folder), recorded, outputs_dir=str(tmp_path))
    assert found.run_folder.is_dir()


def test_what_is_right_by_itself_and_wrong_together_is_as_recorded(file, recorded):
    found, why = asked(file(account_id="111122223333"), recorded)
    assert "does not go with account_id 111122223333" in why
    assert found.account_id == "000000000000"


def test_no_option_says_another_account_lock_or_workflow_than_the_file_or_the_record(file, recorded, tmp_path):
    for text in ("", "{"):
        for other in ({"lock_name": "/another/lock"}, {"state_machine_name": "Another"}, {"region": "eu-west-1"}):
            with pytest.raises(Refused, match=next(iter(other))):
                asked(file(text=text, burst_drills=0), recorded, outputs_dir=str(tmp_path), **other)


@pytest.mark.parametrize("told", [None, {"format": 1}, {"format": 1, "parameters": "none"}])
def test_without_a_record_that_tells_them_the_file_has_to_be_mended(file, recorded, tmp_path, told):
    record = records.Record(tmp_path / "mine" / recorded, recorded)
    (record.folder / "run.json").unlink()
    if told:
        record.write_json("run.json", told)
    with pytest.raises(BadParameters, match=r"burst_drills: found 0.*Nor does a record of run .*set outputs_dir to"):
        asked(file(burst_drills=0), recorded)


@pytest.mark.parametrize("place", ["junk", "a pipe", "of a newer version"])
def test_nor_does_a_record_that_cannot_be_read_hide_what_is_wrong_with_the_file(file, recorded, tmp_path, place):
    verdict = records.Record(tmp_path / "mine" / recorded, recorded).folder / "run.json"
    verdict.unlink()
    told = {"junk": "{", "of a newer version": '{"format": 99}'}
    os.mkfifo(verdict) if place == "a pipe" else verdict.write_text(told[place], encoding="utf-8")
    with pytest.raises(BadParameters, match=r"burst_drills: found 0.*Nor does a record of run"):
        asked(file(burst_drills=0), recorded)


@pytest.mark.parametrize("run_id", ["../elsewhere", "none"])
def test_a_run_that_is_none_has_recorded_nothing(file, recorded, run_id):
    with pytest.raises(BadParameters):
        asked(file(burst_drills=0), run_id)
