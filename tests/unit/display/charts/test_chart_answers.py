"""What a chart answers in numbers: one that never ends is the slowest, and the failed are said."""

from math import inf

import pandas as pd
from drawn import counts, took

from lib.display.charts import chart_answers
from lib.telemetry import exact_tests


def test_one_that_never_ends_is_the_slowest_and_the_failed_are_said() -> None:
    frame = took([1.0] * 20, [1.0] * 10 + [inf] * 10)
    frame.attrs["failed"] = 3
    assert chart_answers.like_with_like(frame) == (
        "before: p50 1 s, p95 1 s · after: p50 NEVER, p95 NEVER (10 STILL RUN); "
        "of the newest 20 check-ins each, no drills, 3 failed left out"
    )


def test_what_is_not_all_is_never_rounded_to_all() -> None:
    """5 of 10,000 failed: that is neither `100%` nor an interval that ends there."""
    said = chart_answers.success_of_all(counts((0, "Succeeded", 9_995), (0, "Failed", 5)), None)
    assert "9,995 of 10,000 succeeded (99.9% to 99.9786%)" in said
    row = ("check-ins", "all", 9_995, 10_000, *exact_tests.wilson(9_995, 10_000), 0, 0, 0)
    names = ["who", "when", "succeeded", "finished", "low", "high", "too long", "in doubt", "still running"]
    split = pd.DataFrame([row, ("drills", "all", 0, 0, 0.0, 0.0, 0, 0, 0)], columns=names)
    assert "9,995 of 10,000 succeeded (99.9% to 99.9786%)" in chart_answers.success_apart(split)
