"""Every end that an execution can have is counted."""

from lib.telemetry.execution_status import Count, ExecutionStatus


def test_cloudwatch_counts_every_end_that_an_execution_can_have():
    ends = {*ExecutionStatus} - {ExecutionStatus.RUNNING, ExecutionStatus.PENDING_REDRIVE}
    assert {status.replace("_", "").title() for status in ends} == {
        count.removeprefix("Executions").title() for count in Count if count != Count.STARTED
    }
