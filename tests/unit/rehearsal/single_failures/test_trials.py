"""What is late among others on a busy machine is drilled once more by itself, and that counts. No account."""

import pytest

from rehearsal.single_failures import trials
from rehearsal.single_failures.catalogue import Failure
from rehearsal.single_failures.definition_mutations import MISSING
from rehearsal.single_failures.ground import MINISTACK, Drill

DRILL = Drill("drill-silence", 0.0, "SUCCEEDED", "")
FAILURES = [Failure(task, MISSING, "crisis") for task in ("TellOperations", "RecordIntervention", "SendCrisisEvent")]
AMONG = {"TellOperations": ("passed", "in time"), "RecordIntervention": ("late", "LATE: 42 s"),
         "SendCrisisEvent": ("late", "LATE: 31 s")}  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "why"), [("passed", "reached contact"), ("late", "LATE: 33 s"), ("silent", "SILENT")]
)
def test_what_is_late_among_others_is_tried_once_more_by_itself_and_that_counts(monkeypatch, verdict, why):
    groups = []

    def drills(on, definition, failures, interpreters):
        groups.append([failure.task for failure in failures])
        return [trials.Tried(failure, MINISTACK, DRILL, DRILL) for failure in failures]

    def rows(on, definition, drilled, *_):
        answers = AMONG if len(drilled) > 1 else {one.failure.task: (verdict, why) for one in drilled}
        return [dict(zip(("verdict", "why"), answers[one.failure.task], strict=True)) for one in drilled]

    monkeypatch.setattr(trials, "_drills", drills)
    monkeypatch.setattr(trials, "_rows", rows)
    judged = trials.broken_tasks(None, {}, FAILURES, [MINISTACK])
    assert groups == [[failure.task for failure in FAILURES], ["RecordIntervention"], ["SendCrisisEvent"]]
    assert [row["verdict"] for row in judged] == ["passed", verdict, verdict]
    among = [f"{why}; by itself, since among others: LATE: {seconds} s" for seconds in (42, 31)]
    assert [row["why"] for row in judged] == ["in time", *among]
