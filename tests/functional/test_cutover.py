"""The moment of the change is what a run recorded; what somebody did to the alias since is said, and passes nothing."""

import json
from datetime import datetime, timedelta

import pytest
from accounts import processor_starts, started_by_alias
from ways import applied, published

from lib.aws import connect
from lib.phases.review import asked_window
from lib.record import sealing
from lib.record.records import LOG
from lib.resources import connected_run
from lib.telemetry import continuity, cutover
from lib.telemetry.review_window import NO_CHANGE

LATER = timedelta(hours=3)


class Edited:
    """Step Functions where somebody edited the alias, or published the workflow's newest version, hours later."""

    def __init__(self, real, operation, field):
        self.real, self.operation, self.field = real, operation, field

    def __getattr__(self, name):
        def later(**given):
            answer = getattr(self.real, name)(**given)
            return answer | {self.field: answer[self.field] + LATER}

        return later if name == self.operation else getattr(self.real, name)


def edited(account, operation, field):
    live = connect(account)
    live.clients["stepfunctions"] = Edited(live.client("stepfunctions"), operation, field)
    return live


def written(record, kind):
    (row,) = [row for row in record.rows(LOG) if row["kind"] == kind and row["state"] == "applied"]
    return row["written"]


def test_an_alias_that_was_edited_since_moves_no_moment_and_is_said(account, client):
    arn = started_by_alias(account, "live")
    live, record = applied(account)
    moment = client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=arn)["updateDate"]
    assert written(record, "workflow alias") == moment.isoformat()
    found = cutover.read(live)
    assert (found.at, found.earliest, found.latest, found.doubt) == (moment, moment, moment, "")
    live = edited(account, "describe_state_machine_alias", "updateDate")
    found = cutover.read(live)
    assert (found.at, found.earliest, found.latest) == (moment, moment, moment + LATER)
    assert continuity.updated_at(live) == moment
    assert f"somebody edited it at {moment + LATER:%Y-%m-%d %H:%M:%S} UTC" in found.doubt
    assert found.doubt in str(asked_window.fields(cutover.window(live)))
    own = cutover.of_run(connected_run.of(live, record))
    assert (own.at, own.earliest, own.latest, own.later) == (moment, moment, moment, moment + LATER)


def test_a_workflow_that_was_updated_again_since_is_said_as_well(account):
    _, record = applied(account)
    live = edited(account, "describe_state_machine", "creationDate")
    found = cutover.read(live)
    assert found.at.isoformat() == written(record, "state machine")
    assert found.latest - found.at > timedelta(hours=2)
    assert found.doubt.startswith("a run moved the workflow at ")
    own = cutover.of_run(connected_run.of(live, record))
    assert (own.at, own.latest, own.later) == (found.at, found.at, found.latest)
    assert cutover.of_run(connected_run.of(connect(account), record)).later is None


class Published:
    """Step Functions where two newer versions were published, an hour and then three hours after the newest one."""

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)

    def list_state_machine_versions(self, **given):
        rows = self.real.list_state_machine_versions(**given)["stateMachineVersions"]
        arn = rows[0]["stateMachineVersionArn"]
        newer = [{"stateMachineVersionArn": f"{arn}{number}"} for number in (3, 1)]
        return {"stateMachineVersions": [*newer, *rows]}

    def describe_state_machine(self, stateMachineArn):  # noqa: N803 - AWS's own name
        hours = {"3": 3, "1": 1}.get(stateMachineArn[-1], 0) if len(stateMachineArn.rpartition(":")[2]) > 1 else 0
        answer = self.real.describe_state_machine(stateMachineArn=stateMachineArn[:-1] if hours else stateMachineArn)
        return answer | {"creationDate": answer["creationDate"] + timedelta(hours=hours)}


def test_of_two_deployments_since_the_first_ends_the_time_of_this_change(account):
    _, record = applied(account)
    live = connect(account)
    live.clients["stepfunctions"] = Published(live.client("stepfunctions"))
    own = cutover.of_run(connected_run.of(live, record))
    assert timedelta(hours=1) <= own.later - own.at < timedelta(hours=2)


def test_of_an_alias_that_somebody_moved_by_hand_nobody_can_say_when_it_began(account, client):
    """AWS says when it was last edited, and when there was a version for it to run; what ran between is unknown."""
    live, _ = applied(account)
    arn = started_by_alias(account, "live")
    edit = client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=arn)
    client("stepfunctions").update_state_machine_alias(stateMachineAliasArn=arn, description="theirs")
    found = cutover.read(live)
    version = edit["routingConfiguration"][0]["stateMachineVersionArn"]
    made = client("stepfunctions").describe_state_machine(stateMachineArn=version)["creationDate"]
    assert (found.earliest, version in found.versions) == (made, True)
    assert found.at == found.latest > edit["updateDate"]
    assert found.doubt.startswith("no recorded run moved alias live; AWS says only that it was last edited at ")


def test_where_aws_owed_the_answer_of_the_write_the_alias_tells_the_moment(account, client):
    arn = started_by_alias(account, "live")
    live, record = applied(account)
    rows = [{key: row[key] for key in row if key != "written"} for row in record.rows(LOG)]
    (record.folder / LOG).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    moment = client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=arn)["updateDate"]
    found = cutover.read(live)
    assert (found.earliest, found.latest, found.doubt) == (moment, moment, "")
    found = cutover.read(edited(account, "describe_state_machine_alias", "updateDate"))
    assert (found.at < found.latest, "somebody edited it at" in found.doubt) == (True, True)


def test_a_record_that_was_altered_since_it_was_sealed_tells_no_moment(account):
    live, record = applied(account)
    sealing.seal(record)
    text = (record.folder / LOG).read_text(encoding="utf-8")
    earlier = datetime.fromisoformat(written(record, "state machine")) - LATER
    (record.folder / LOG).write_text(text.replace(written(record, "state machine"), earlier.isoformat()), "utf-8")
    found = cutover.read(live)
    assert found.at == found.latest > earlier
    assert not found.doubt.startswith("a run moved")


@pytest.mark.parametrize("publishes", [False, True])
def test_what_check_ins_run_that_is_not_the_newest_version_has_no_moment(publishes, account, client):
    live, _ = applied(account)
    assert cutover.read(live) is not None
    states, arn = client("stepfunctions"), account.state_machine_arn
    now = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps({**now, "Comment": "somebody's"}))
    if publishes:
        processor_starts(account, f"{arn}:1")
        published(client, account)
    assert cutover.read(live) is None
    assert NO_CHANGE in str(asked_window.fields(cutover.window(live)))


def test_of_an_alias_that_another_run_moved_before_it_was_edited_last_that_run_ends_the_time(account):
    """AWS tells the last edit alone: between the two, what the other run deployed would count as this change's."""
    started_by_alias(account, "live")
    _, record = applied(account)
    _, other = applied(account.model_copy(update={"moderate_risk_above": 55.0}))
    sealing.seal(other)
    own = cutover.of_run(connected_run.of(edited(account, "describe_state_machine_alias", "updateDate"), record))
    assert own.at.isoformat() == written(record, "workflow alias")
    assert own.later.isoformat() == written(other, "workflow alias")
