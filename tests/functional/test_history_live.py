"""The history of an account's bucket, counted by DuckDB and by Athena over the same files: one SQL text, one cube."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.definitions import templates
from lib.errors import BadParameters, NotAsWanted
from lib.phases import session, threshold_tuning
from lib.phases.counting import engines, table_outcomes
from lib.phases.tuning import counting, reviews, tune_options
from lib.phases.tuning.tune_options import Choice, Engine, OutcomeTable
from lib.resources.connected_run import ConnectedRun
from lib.settings import Settings
from lib.telemetry.history import athena, conversion, folder, outcome_items, sources
from lib.telemetry.history.reviewed_items import Items
from lib.telemetry.review_window import Window
from rehearsal.account import clients

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=5), None)
ODD = [None, "97", -1, 100.5, 95, 50, 30]
FILES, RESULTS = "history-files", "history-results"


@pytest.fixture(scope="module")
def run(module_account: Settings, server: Any) -> ConnectedRun:
    """A run whose history holds five days of the bucket; the same files lie in S3, with a table over them."""
    s3, drawn = clients.client(server.endpoint, "s3"), np.random.default_rng(3)
    for at in range(60):
        moment = START + timedelta(hours=2 * at)
        risk = ODD[at % 20] if at % 20 < len(ODD) else round(float(drawn.uniform(0, 100)), 1)
        said = {
            "risk_score": risk,
            "score": round(float(drawn.uniform(-1, 1)), 2),
            "trajectory": ("declining", "x")[at % 2],
        }
        key = f"person-{at % 7}/{moment:%Y/%m/%d}/{moment.isoformat()}.json"
        s3.put_object(Bucket=module_account.checkin_bucket_name, Key=key, Body=json.dumps({**said, "text": "zebra"}))
    begun = session.begin_with(module_account)
    history = folder.of(module_account)
    done = conversion.convert_bucket(begun.live, history, WINDOW.start, WINDOW.end, lambda *_: None)
    assert (done.new, done.aside) == (60, {})
    for bucket in (FILES, RESULTS):
        s3.create_bucket(Bucket=bucket)
    for path in history.files_of(START.date(), WINDOW.end.date()):
        s3.upload_file(str(path), FILES, f"checkins/{path.parent.name}/{path.name}")
    clients.client(server.endpoint, "glue").create_database(DatabaseInput={"Name": "tuning"})
    asked = clients.client(server.endpoint, "athena").start_query_execution(
        QueryString=athena.table_text(f"s3://{FILES}/checkins/"), QueryExecutionContext={"Database": "tuning"},
        ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/"},
    )  # fmt: skip
    assert asked["QueryExecutionId"]
    return begun


def reviewed(run: ConnectedRun) -> tuple[sources.Source, pd.DataFrame]:
    ahead = sources.outlook(run, WINDOW)
    read = sources.history(ahead)
    said = ["crisis" if at % 9 == 0 else "none" if at % 9 == 1 else "" for at in range(len(read))]
    return ahead, read.assign(outcome=said, weight=[2.5 if one else 0.0 for one in said])


def now(run: ConnectedRun) -> threshold_tuning.Current:
    return threshold_tuning.current(templates.definition(run.settings), run.settings)


def test_converted_check_ins_are_read_instead_of_the_bucket_and_are_the_same(run: ConnectedRun) -> None:
    ahead, read = reviewed(run)
    assert isinstance(ahead, sources.Converted) and "from the bucket, as it was at" in ahead.why
    assert (len(read), read.attrs["coverage"].complete) == (60, True)
    elsewhere = Window(WINDOW.start - timedelta(days=1), WINDOW.end, None)
    assert isinstance(sources.outlook(run, elsewhere), sources.Outlook)  # that day was never converted
    whole = sources.history(sources.outlook(run, elsewhere))
    columns = ["time", *(name for name in read if str(name).startswith("answer "))]
    order = ["time"]
    pd.testing.assert_frame_equal(
        read[columns].sort_values(order, ignore_index=True),
        whole[whole["time"] < WINDOW.end][columns].sort_values(order, ignore_index=True),
        check_dtype=False,
    )


def test_a_day_that_somebody_took_away_is_the_buckets_and_an_export_beside_it_is_said(
    run: ConnectedRun,
) -> None:
    history = folder.of(run.settings)
    day = sorted(history.files_from(sources.BUCKET))[0]
    away = day.with_name("taken-away")
    day.rename(away)
    try:
        assert isinstance(sources.outlook(run, WINDOW), sources.Outlook)
    finally:
        away.rename(day)
    shutil.copy(day, day.with_name("export-1.parquet"))
    try:
        ahead = sources.outlook(run, WINDOW)
        assert isinstance(ahead, sources.Converted) and "and 1 exported files: a run's evidence" in ahead.why
    finally:
        day.with_name("export-1.parquet").unlink()


def test_a_share_is_the_same_share_of_all_and_is_said(run: ConnectedRun) -> None:
    ahead = sources.outlook(run, WINDOW, most=30)
    read = sources.history(ahead)
    coverage = read.attrs["coverage"]
    assert (coverage.recorded, coverage.read, coverage.complete) == (60, len(read), False)
    assert 0 < len(read) < 60
    assert any("of every day, chosen by a hash" in row["how much"] for row in sources.estimate(ahead))
    counted = engines.count(run, ahead, read.assign(outcome="", weight=0.0), now(run), WINDOW)
    assert counted.cube.checkins == 60


def test_both_engines_give_the_same_cube(run: ConnectedRun) -> None:
    ahead, said = reviewed(run)
    tune_options.keep(run.record, Choice(Engine.ATHENA, "tuning", f"s3://{RESULTS}/"))
    counted = engines.count(run, ahead, said, now(run), WINDOW)
    assert counted.cube.checkins == 60 and "by Athena with the same result" in counted.said
    assert counted.cube.cells["weight"].sum() == pytest.approx(said["weight"].sum())
    kept = run.record.read_json(run.record.kept_as(engines.ABOUT)[-1])
    assert kept["cost_usd"] == pytest.approx(10 * 2**20 / 2**40 * 5)


def test_files_in_s3_that_are_not_those_of_the_history_are_found_out(
    run: ConnectedRun, client: Callable[..., Any]
) -> None:
    ahead, said = reviewed(run)
    counted = counting.count(sources.files(ahead), said, now(run), WINDOW)
    client("s3").delete_object(Bucket=FILES, Key="checkins/day=2026-01-02/bucket.parquet")
    tune_options.keep(run.record, Choice(Engine.ATHENA, "tuning", f"s3://{RESULTS}/"))
    with pytest.raises(NotAsWanted, match=r"Athena counted 48 check-ins and DuckDB 60; .* first on 2026-01-02"):
        engines.count(run, ahead, said, now(run), WINDOW)
    assert counted.cube.checkins == 60


OUTCOMES, BY_OBJECT, ODD_KEY = "reviewed-checkins", "reviewed-objects", "reviewed-oddly"
KEYS = {OUTCOMES: (("who", "S"), ("at", "S")), BY_OBJECT: (("object", "S"),), ODD_KEY: (("number", "N"),)}
SECRET = "zebra heliotrope"


@pytest.fixture(scope="module")
def dynamodb(run: ConnectedRun, server: Any) -> Any:
    """Tables of reviewed outcomes: one by person and moment, one by the object's name, one by a number."""
    made = clients.client(server.endpoint, "dynamodb")
    for table, keys in KEYS.items():
        made.create_table(
            TableName=table, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys],
            KeySchema=[
                {"AttributeName": name, "KeyType": ("HASH", "RANGE")[at]} for at, (name, _) in enumerate(keys)
            ],
        )  # fmt: skip
    fill(made, run.settings.drill_user_id)
    return made


def fill(dynamodb: Any, drill_user: str) -> None:
    """Outcomes of 25 check-ins, and items that hold none, each for a reason of its own."""
    for at in range(25):
        said = {"S": ("none", " Crisis ")[at % 2]}
        put(dynamodb, f"person-{at % 7}", moment(at).isoformat(), said, text={"S": SECRET})
    put(dynamodb, "person-0", moment(28).isoformat().replace("+00:00", "Z"), {"S": SECRET})
    for at, odd in ((29, {"N": "1"}), (30, {"S": ""}), (31, {"NULL": True})):
        put(dynamodb, f"person-{at % 7}", moment(at).isoformat(), odd)
    put(dynamodb, "person-1", "2025-06-01T00:00:00Z", {"S": "crisis"})
    put(dynamodb, "person-1", "soon", {"S": "crisis"})
    put(dynamodb, drill_user, moment(1).isoformat(), {"S": "crisis"})
    dynamodb.put_item(TableName=OUTCOMES, Item={"who": {"S": "person-2"}, "at": {"S": moment(30).isoformat()}})


def moment(at: int) -> datetime:
    return START + timedelta(hours=2 * at)


def put(dynamodb: Any, user: str, at: str, outcome: dict[str, Any], **more: Any) -> None:
    dynamodb.put_item(TableName=OUTCOMES, Item={"who": {"S": user}, "at": {"S": at}, "outcome": outcome, **more})


def of_table(run: ConnectedRun, monkeypatch: pytest.MonkeyPatch, table: str, **how: Any) -> Items:
    """What a table says, read in pages of ten items; nobody waits between them."""
    tune_options.keep(run.record, OutcomeTable(table, "outcome"))
    monkeypatch.setattr(outcome_items, "A_PAGE", 10)
    monkeypatch.setattr(outcome_items, "UNITS_A_SECOND", 1e9)
    ahead = sources.outlook(run, WINDOW, **how)
    return table_outcomes.read(run, ahead, sources.history(ahead), WINDOW)


def test_outcomes_of_a_table_are_taken_page_by_page_and_what_is_none_is_counted(
    run: ConnectedRun, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = of_table(run, monkeypatch, OUTCOMES)
    assert items.left_out == {
        outcome_items.NO_OUTCOME: 1, outcome_items.NO_TEXT: 2, outcome_items.ELSEWHEN: 1, outcome_items.NO_MOMENT: 1,
        outcome_items.DRILL: 1,
    }  # fmt: skip
    history = sources.history(sources.outlook(run, WINDOW))
    reviewed = reviews.join(history, now(run), run.settings, items)
    assert reviewed["outcome"].value_counts().to_dict() == {"": 35, "none": 13, "crisis": 12}
    assert reviewed.loc[reviewed["outcome"] != "", "weight"].eq(1).all()
    hours = (reviewed["time"] - pd.Timestamp(START)) // pd.Timedelta(hours=2)
    assert reviewed.loc[hours == 7, "outcome"].item() == "crisis"
    kept = run.record.folder / run.record.kept_as(table_outcomes.COUNTS)[-1]
    assert json.loads(kept.read_text())["taken"] == 25
    everything = "".join(path.read_text(errors="replace") for path in run.record.folder.rglob("*.json*"))
    assert not any(word in everything for word in SECRET.split())


def test_an_outcome_of_no_check_in_is_refused_and_of_a_share_it_is_counted(
    run: ConnectedRun, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dynamodb, "nobody", moment(3).isoformat(), {"S": "high"})
    history = sources.history(sources.outlook(run, WINDOW))
    unknown = of_table(run, monkeypatch, OUTCOMES)
    with pytest.raises(BadParameters, match=f"^table {OUTCOMES} names check-ins that are not among those read"):
        reviews.join(history, now(run), run.settings, unknown)
    shared = of_table(run, monkeypatch, OUTCOMES, most=30)
    part = sources.history(sources.outlook(run, WINDOW, most=30))
    assert shared.left_out[table_outcomes.NOT_READ] == 26 - len(shared.rows) > 0
    assert reviews.join(part, now(run), run.settings, shared)["outcome"].ne("").sum() == len(shared.rows)
    dynamodb.delete_item(TableName=OUTCOMES, Key={"who": {"S": "nobody"}, "at": {"S": moment(3).isoformat()}})


def test_an_item_may_be_known_by_the_name_of_its_object(
    run: ConnectedRun, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"person-4/{moment(4):%Y/%m/%d}/{moment(4).isoformat()}.json"
    for key in (name, "readme.md"):
        dynamodb.put_item(TableName=BY_OBJECT, Item={"object": {"S": key}, "outcome": {"S": "moderate"}})
    items = of_table(run, monkeypatch, BY_OBJECT)
    history = sources.history(sources.outlook(run, WINDOW))
    assert reviews.join(history, now(run), run.settings, items)["outcome"].value_counts()["moderate"] == 1
    assert items.left_out == {outcome_items.NO_CHECKIN: 1}


@pytest.mark.parametrize(
    ("table", "attribute", "error", "said"),
    [
        (ODD_KEY, "outcome", BadParameters, r"has the key number \(N\); expected the user \(S\) and the moment"),
        (OUTCOMES, "at", BadParameters, r"at is part of the key of table .*; expected an attribute besides it"),
        ("nobodys", "outcome", NotAsWanted, r"reading outcomes from table nobodys \(it needs dynamodb:DescribeTable"),
    ],
)
def test_a_table_that_cannot_be_read_is_a_sentence(
    run: ConnectedRun, dynamodb: Any, table: str, attribute: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        outcome_items.read(run.live, table, attribute, WINDOW, str)


def test_a_table_that_is_not_there_and_days_that_were_not_converted_are_refused(run: ConnectedRun) -> None:
    ahead, said = reviewed(run)
    tune_options.keep(run.record, Choice(Engine.ATHENA, "nobodys", f"s3://{RESULTS}/"))
    with pytest.raises(NotAsWanted, match=r"(?s)ended FAILED: .*It needs athena:StartQueryExecution"):
        engines.count(run, ahead, said, now(run), WINDOW)
    elsewhere = Window(WINDOW.start - timedelta(days=1), WINDOW.end, None)
    with pytest.raises(BadParameters, match="the history does not hold 2025-12-31 00:00"):
        engines.count(run, sources.outlook(run, elsewhere), said, now(run), elsewhere)
