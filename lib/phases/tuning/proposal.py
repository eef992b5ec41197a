"""A proposal of five thresholds, kept in the record with its reasons. It applies nothing. No AWS."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import yaml

from lib import routes
from lib.phases.tuning import found_settings
from lib.phases.tuning.proposal_file import FORMAT, HOLDS, KEPT
from lib.phases.tuning.search import Answer, Search
from lib.phases.tuning.uncertainty import Assessment
from lib.record import command_lines
from lib.record.records import Run
from lib.settings import file_word
from lib.telemetry.checkin_frames import CELL, CONTRACT
from lib.telemetry.review_window import Window

MAY_APPROVE = (
    "a clinician who answers for outcome_costs and crisis_recall_floor, and then whoever approves the plan; neither of "
    "them who made this proposal"
)


def keep(joint: Search, sure: Assessment, run: Run, window: Window) -> str:
    """Keep the proposal in the record where there is one, and say in a sentence what comes next."""
    if joint.answer != Answer.PROPOSED:
        return f"{found_settings.say_doubts(joint, sure.doubts)}There is no proposal: {joint.why}."
    now, best = joint.settings[0], joint.settings[-1]
    made = datetime.now(UTC)
    said = {
        "format": FORMAT,
        "environment": run.settings.environment,
        "account_id": run.settings.account_id,
        "region": run.settings.region,
        "run_id": run.record.run_id,
        "thresholds": _by_parameter(best.numbers),
        "now": _by_parameter(now.numbers),
        "why": joint.why,
        "figures": found_settings.settings_table(joint, run.settings),
        "doubts": list(sure.doubts),
        "intervals": sure.people,
        "later_weeks": sure.later,
        "other_costs": sure.costs,
        "judged_by": {
            name: getattr(run.settings, name) for name in ("outcome_costs", "crisis_recall_floor", "alerts_a_day")
        },
        "data": {
            "from": window.start.isoformat(),
            "until": window.end.isoformat(),
            "checkins": len(joint.checkins),
            "reviewed": int((joint.checkins["outcome"] != "").sum()),
            "sha256": _digest(joint.checkins),
        },
        "may_approve": MAY_APPROVE,
        "made_at": made.isoformat(),
        "holds_until": (made + HOLDS).isoformat(),
    }
    text = yaml.dump(said, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    path = run.record.keep_text(KEPT, text)
    planned = command_lines.runbook(run.settings, "plan", "--thresholds", file_word(path))
    warning, name = found_settings.say_doubts(joint, sure.doubts), path.relative_to(run.record.folder)
    return f"{warning}{name} holds until {made + HOLDS:%Y-%m-%d}: `{planned}` shows the change, phase 03 its backtest."


class _Plain(yaml.SafeDumper):
    """Writes what stands twice twice: of a value that only refers to another, nothing is read back."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401
        return True


def _by_parameter(numbers: Mapping[str, float]) -> dict[str, float]:
    return {one.parameter: numbers[one.placeholder] for one in routes.THRESHOLDS}


def _digest(checkins: pd.DataFrame) -> str:
    """The same for the same check-ins and reviews of one run."""
    columns = ["userId", "time", *(CELL + field for field in CONTRACT), "outcome", "weight"]
    return hashlib.sha256(checkins[columns].to_csv(index=False).encode()).hexdigest()
