"""Check-ins as rows: a score outside its range is none, absent is not null, and no words are kept."""

import pytest
from checkin_buckets import GOOD, KEY, SECRET, recorded

from lib.telemetry import checkin_frames


@pytest.mark.parametrize("risk", [150, 100.01, -5, -0.01, 1e300])
@pytest.mark.parametrize("score", [1.01, -1.5, 99])
def test_a_score_outside_its_range_is_no_score(risk: float, score: float) -> None:
    frame = recorded({KEY: {**GOOD, "risk_score": risk, "score": score}, KEY.replace("30", "31"): GOOD})
    assert frame["risk_score"].isna().tolist() == frame["score"].isna().tolist() == [True, False]
    assert checkin_frames.outside(frame, "risk_score") == checkin_frames.outside(frame, "score") == 1


def test_absent_null_and_a_number_are_three_things() -> None:
    absent = {name: value for name, value in GOOD.items() if name != "score"}
    frame = recorded({KEY: absent, KEY.replace("30", "31"): {**GOOD, "score": None}, KEY.replace("30", "32"): GOOD})
    assert checkin_frames.cells(frame)["score"].tolist() == ["", "null", "-0.3"]
    assert frame["score"].isna().tolist() == [True, True, False]


def test_words_under_another_name_are_not_kept() -> None:
    said_so = {**GOOD, "trajectory": SECRET, "risk_score": SECRET, "note": SECRET, "score": [SECRET]}
    frame = recorded({KEY: said_so})
    assert SECRET not in frame.to_csv()
    assert checkin_frames.cells(frame)["score"].tolist() == ["[]"]
