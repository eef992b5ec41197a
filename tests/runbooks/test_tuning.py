"""An analyst's path: check-ins of a month, a sample that people review, and a proposal that the plan takes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from steps import Ended, runbook, words

from lib.cli import change_commands
from lib.phases.tuning import proposal_file, reviews
from lib.settings import Settings

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = ("--from", "2026-01-01", "--to", "2026-01-31")
CHECKINS, PEOPLE = 480, 40
FLOOR = ("--set", "crisis_recall_floor=0.8")


def record_month(settings: Settings, s3: Any) -> dict[str, float]:
    """Check-ins of a month in the bucket, by the moment their risk."""
    drawn = np.random.default_rng(5)
    risks = {}
    for at in range(CHECKINS):
        moment = FIRST + timedelta(hours=1.5 * at)
        risk = round(float(drawn.uniform(0, 100)), 1)
        said = {"userId": f"person-{at % PEOPLE}", "risk_score": risk, "score": 0.4, "trajectory": "stable"}
        key = f"person-{at % PEOPLE}/{moment:%Y/%m/%d}/{moment.isoformat()}.json"
        s3.put_object(Bucket=settings.checkin_bucket_name, Key=key, Body=json.dumps({**said, "timestamp": str(moment)}))
        risks[moment.isoformat()] = risk
    return risks


@pytest.fixture
def told(account: Settings, client: Callable[[str], Any], tmp_path: Path) -> tuple[Ended, Ended]:
    """The tuning without reviews, and in the same run with them: who has a risk above 80 is in a crisis.

    What the bucket holds is converted first, and both read that.
    """
    risks = record_month(account, client("s3"))
    ended = CliRunner().invoke(change_commands.main, words(account, "history", "--from", DAYS[1], "--json"))
    (converted,) = json.loads(ended.stdout)
    assert (ended.exit_code, converted["new"], converted["whole"]) == (0, CHECKINS, True), ended.stderr
    without = runbook(account, "tune", *DAYS)
    sample = pd.read_csv(without.record.folder / reviews.TEMPLATE, dtype=str, keep_default_na=False)
    sample["outcome"] = ["crisis" if risks[moment] > 80 else "none" for moment in sample["time"]]
    file = tmp_path / "reviewed.csv"
    sample.to_csv(file, index=False)
    run_id = without.record.run_id
    return without, runbook(account, "tune", *DAYS, "--run-id", run_id, "--labels", str(file), *FLOOR)


def test_from_an_export_to_a_proposal(told: tuple[Ended, Ended], account: Settings) -> None:
    without, reviewed = told
    assert (without.code, reviewed.code) == (0, 0), reviewed.complained
    kept = without.record.kept_as("08_threshold_tuning.ipynb")
    first, second = ((without.record.folder / name).read_text(encoding="utf-8") for name in kept)
    assert "none is reviewed, so that no setting can be judged" in first
    assert f"{CHECKINS:,}, from the bucket, as it was at" in first
    assert f"{CHECKINS:,} check-ins in 30 Parquet files, counted by DuckDB" in second
    assert "There is no proposal" in first and "There is no proposal" not in second
    said = yaml.safe_load((reviewed.record.folder / proposal_file.KEPT).read_text(encoding="utf-8"))
    assert said["data"]["from"].startswith("2026-01-01") and said["data"]["checkins"] == CHECKINS
    assert 75 <= said["thresholds"]["crisis_risk_above"] <= 85
    assert said["account_id"] == account.account_id
    planned = runbook(account, "plan", "--thresholds", str(reviewed.record.folder / proposal_file.KEPT))
    assert planned.code == 0
    parameters = planned.record.read_json("plan.json")["parameters"]
    assert {name: parameters[name] for name in proposal_file.PARAMETERS} == said["thresholds"]
