"""A watch over the embedded account, by a clock of its own: real executions that fail are called out and published.

Every question is asked there as it would be on AWS; what each says of an incident is tests/unit/phases/watch.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulated import Account, Time, watch
from steps import carried_out
from test_rehearsal_bridge import checkin

from lib.aws import connect
from lib.phases.watch import breaks, criteria, reader, summary
from lib.phases.watch.breaks import Kind
from lib.phases.watch.checkpoint import Asked
from lib.phases.watch.reader import Reader
from lib.resources import connected_run
from lib.settings import with_changes
from rehearsal.account import bridge

FAILING = {"StartAt": "Out", "States": {"Out": {"Type": "Fail", "Error": "Made"}}}


def test_a_burst_of_real_failures_is_called_out_within_one_interval_and_reaches_operations(account, client, received):
    _, record = carried_out(account, "01", "02", "04", "03")
    published = bridge.prepare(account.endpoint_url, account.state_machine_arn)
    # What happens here happens now: so the watch began twenty minutes ago, by a clock that only its sleep moves.
    time = Time(datetime.now(UTC) - timedelta(minutes=20))
    live = replace(connect(with_changes(account, mode="plan")), sleep=time.pass_by, clock=lambda: time.ran)
    run = connected_run.of(live, record)
    change = criteria.change_moment(run)

    def plant(_: Time) -> None:
        machine = account.state_machine_arn
        client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=json.dumps(FAILING))
        assert [checkin(account)[1] for _ in range(5)] == ["FAILED"] * 5
        bridge.drain(published)

    time.at[time.wall + timedelta(minutes=20)] = plant
    asked = Account()
    asked.tell = Reader(run).tell
    rows = watch(record, time, asked, length=timedelta(minutes=30), questions=reader.questions(run))

    quiet, half, loud = [row for row in rows if row["row"] == Kind.CHECKPOINT]
    unread = [one["checks"] for row in (quiet, half, loud) for one in row["answers"] if one["error"]]
    assert unread == [] and {one["asked"] for one in loud["answers"]} == set(Asked)
    checks = [one for row in (quiet, half) for answered in row["answers"] for one in answered["checks"]]
    assert [one["name"] for one in checks if one["status"] == "failed"] == []
    said = {one.name: one for one in breaks.every_break(rows)}
    burst = said["watch: check-ins that fail"]
    assert (burst.since, burst.value[:21]) == (loud["time"], "5 of 5 check-ins fail")
    assert f"watch: alarm {account.state_machine_name}-executions-failed" in said
    notices = [one for one in received("Rehearsal-OperationsInbox") if one.get("Subject", "").startswith("[WATCH]")]
    (about,) = [one for one in notices if "check-ins that fail" in one["Subject"]]
    # How many and what became of them, and nobody's name: it is mailed.
    assert f"run {record.run_id} of local" in about["Message"] and "; 5 FAILED" in about["Message"]
    assert burst.value[:40] in about["Message"] and "checkin-" not in about["Message"]
    assert "BROKEN since" in summary.of_run(record).said
    assert change is not None
