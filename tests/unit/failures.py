"""Rows of a run's evidence of single failures."""


def row(task, fault, verdict, seconds=None, interpreter="one", also=(), route="crisis"):
    return {
        "interpreter": interpreter,
        "task": task,
        "fault": fault,
        "route": route,
        "also_broken": list(also),
        "verdict": verdict,
        "seconds": seconds or {},
        "why": f"because of {fault}",
    }


WELL = [
    row("TellOperations", "missing", "passed", {"contact": 1.5}),
    row("TellOperations", "missing", "passed", {"contact": 4.0, "operations": 6.0}, "other"),
    row("TellOperations", "slow", "passed", {"operations": 0.5}),
    row("AlertAll", "missing", "passed", {"contact": 2.0}, also=["A", "B"]),
    row("AlertAll", "missing", "passed", also=["A", "B"], route="high"),
    row("SendHigh > rule", "disabled", "gap", route="high"),
    row("SendHigh > rule", "disabled", "gap", interpreter="other", route="high"),
    row("SendHigh > dispatcher", "slow", "not exercised here", route="high"),
]
