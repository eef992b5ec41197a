"""`apply --only 03 --candidate-only`: the definition is tried, the live workflow stays, and the record says so."""

from steps import carried_out, runbook, shown

from lib.phases.proofs import candidate
from lib.values.verdicts import Verdict


def test_a_candidate_alone_is_tried_and_another_day_the_plan_is_carried_out(account, client):
    def revision():
        return client("stepfunctions").describe_state_machine(stateMachineArn=account.state_machine_arn)["revisionId"]

    carried_out(account, "01", "02", "04")
    before = revision()
    tried = runbook(account, "apply", "--only", "03", "--candidate-only")
    assert tried.code == 0, (tried.said[-2000:], tried.complained)
    assert (tried.verdict["verdict"], tried.phase("03")["verdict"]) == (Verdict.TRIED, Verdict.TRIED)
    assert (tried.verdict["mode"], tried.changed(), revision()) == ("candidate", [], before)
    assert "The live workflow was not touched." in tried.said and "Next: runbook apply local --only 03" in tried.said
    assert "changes nothing that lasts" in tried.said
    assert {candidate.TRIED, "candidate: crisis"} <= tried.checks("passed")
    assert "CANDIDATE" in shown(tried.record.folder / "03_state_machine.ipynb")
    told = runbook(account, "status", tried.record.run_id)
    assert told.code == 0 and Verdict.TRIED in told.said
    assert "Undo:" not in tried.said  # nothing of it is left
    undone = runbook(account, "rollback", tried.record.run_id)
    assert (undone.code, "what it made for a while is gone: there is nothing to undo" in undone.complained) == (2, True)
    applied = runbook(account, "apply", "--only", "03")
    assert (applied.code, applied.phase("03")["verdict"]) == (0, Verdict.SUCCEEDED)
    assert revision() != before
