"""What a chart answers in numbers: one that never ends is the slowest, and the failed are said."""

from math import inf

from drawn import took

from lib.display.charts import chart_answers


def test_one_that_never_ends_is_the_slowest_and_the_failed_are_said() -> None:
    frame = took([1.0] * 20, [1.0] * 10 + [inf] * 10)
    frame.attrs["failed"] = 3
    assert chart_answers.like_with_like(frame) == (
        "before: p50 1 s, p95 1 s · after: p50 NEVER, p95 NEVER (10 STILL RUN); "
        "of the newest 20 check-ins each, no drills, 3 failed left out"
    )
