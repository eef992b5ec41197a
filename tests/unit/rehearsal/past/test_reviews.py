"""The reviews of the weeks before, as notebook 08 takes them."""

import json
import os
from datetime import UTC, datetime

import checkin_buckets
import pandas as pd
import pytest

from lib.asl.answer_fields import ABSENT_CELL
from lib.asl.router import Router
from lib.definitions import templates
from lib.phases import threshold_tuning
from lib.phases.tuning import recall_floor
from lib.phases.tuning import reviews as read_reviews
from lib.record.records import Record
from lib.settings import ROOT, folder_of, load
from lib.telemetry import checkins as recorded
from lib.values.reviewed import Outcome
from rehearsal.past import checkins, reviews

UNTIL = datetime(2026, 3, 18, 14, 7, tzinfo=UTC)
RUN = "20260318T140700Z-0000"


@pytest.fixture(scope="module")
def past():
    return checkins.of_weeks(30, UNTIL)


@pytest.fixture
def settings(tmp_path):
    return load("local", {"outputs_dir": str(tmp_path), "run_id": RUN})


def test_notebook_08_takes_it_and_each_stands_for_its_share_of_its_route(settings, past):
    place = reviews.keep(settings, past)
    sample = pd.read_csv(place, dtype=str)
    assert list(sample) == reviews.COLUMNS == read_reviews.COLUMNS
    history = pd.DataFrame(
        {"userId": sample["userId"], "time": pd.to_datetime(sample["time"], utc=True, format="ISO8601")}
    )
    now = threshold_tuning.current(templates.definition(settings), settings)
    joined = read_reviews.join(history, now, settings.model_copy(update={"outcomes_file": str(place)}))
    assert joined["outcome"].tolist() == sample["outcome"].tolist()
    assert joined["weight"].sum() == pytest.approx(sum(not one.failed for one in past))
    assert set(sample["outcome"]) == set(Outcome)
    assert recall_floor.proofs(joined) >= recall_floor.reviews_needed(settings.crisis_recall_floor)


def test_a_relative_folder_is_named_as_it_was_given_so_that_no_record_holds_one_of_this_machine(past, tmp_path):
    given = os.path.relpath(tmp_path, ROOT)
    settings = load("local", {"outputs_dir": given, "run_id": RUN})
    place = reviews.keep(settings, past)
    assert str(place) == f"{given}/local/.reviewed/{RUN}.csv"
    assert settings.path(str(place)).is_file()


def test_a_person_is_the_runs_own_pseudonym(settings, past):
    mine, others = (
        reviews.reviews(one, past) for one in (settings, settings.model_copy(update={"run_id": f"{RUN[:-1]}1"}))
    )
    assert not set(mine["userId"]) & {*checkins.people(), *others["userId"]}
    assert mine["time"].tolist() == others["time"].tolist()


def test_its_people_are_those_that_notebook_08_reads(settings, past):
    few = [one for one in past if not one.failed][-9:]
    objects = {f"{one.user}/{one.moment:%Y/%m/%d}/{one.moment.isoformat()}.json": {"score": one.score} for one in few}
    live = checkin_buckets.of(checkin_buckets.Bucket(objects, page=1000), outputs_dir=settings.outputs_dir)
    record = Record(folder_of(settings, RUN), RUN)
    ahead = recorded.outlook(live, few[0].moment, UNTIL, record)
    read = recorded.history(ahead)
    assert set(read["userId"]) == set(reviews.reviews(settings, few)["userId"]) and len(read) == 9


def test_the_routes_are_those_of_the_router(settings, past):
    mine = reviews.reviews(settings, past)
    by_moment = {one.moment.isoformat(): one for one in past}
    drawn = [by_moment[moment] for moment in mine["time"]]
    cells = pd.DataFrame(
        {
            "risk_score": [ABSENT_CELL if one.risk is None else json.dumps(one.risk) for one in drawn],
            "score": [json.dumps(one.score) for one in drawn],
            "trajectory": [json.dumps(one.trajectory) for one in drawn],
        },
        dtype=object,
    )
    assert [str(route) for route in Router(templates.definition(settings)).routes(cells)] == mine["stratum"].tolist()
