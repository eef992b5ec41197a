"""The current state before the change, as its tables say it."""

from lib.phases import preflight


def test_each_running_execution_is_named():
    assert preflight.running_rows(["a", "b"]) == [{"running now": "a"}, {"running now": "b"}]
    assert preflight.running_rows([]) == []


def test_of_many_running_executions_the_rest_is_counted():
    rows = [row["running now"] for row in preflight.running_rows([f"checkin-{at}" for at in range(1_203)])]
    assert len(rows) == preflight.NAMED + 1
    assert rows[-1] == "and 1,153 more of 1,203"
