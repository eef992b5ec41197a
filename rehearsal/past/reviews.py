"""What reviewers found out of the past check-ins, as notebook 08 takes it: the truth. No AWS.

The truth is the generator's own (`PastCheckin.outcome`). They reviewed every check-in: of three weeks with some sixty
crises of thirty people no smaller sample proves the floor of the parameters. A person is this run's pseudonym. No
words, and no scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lib import routes
from lib.asl.choice_rules import choose
from lib.definitions import templates
from lib.record import files
from lib.record.records import Record
from lib.settings import Settings, folder_of
from lib.telemetry.checkin_copies import Copies
from lib.telemetry.history import folder
from lib.telemetry.libraries import pandas as pd
from rehearsal.past.checkins import PastCheckin

COLUMNS = ["userId", "time", "stratum", "of", "outcome"]  # as notebook 08 asks for them
DECIDES = "EvaluateRisk"  # the state of the definition that decides the route
PLACE = ".reviewed"  # of the environment's runs, whose names do not begin so


def keep(settings: Settings, past: Sequence[PastCheckin]) -> Path:
    """Write the `reviews` of this run beside the runs, and say where.

    The record holds that, and no folder of this machine that `outputs_dir` does not name.
    """
    place = Path(settings.outputs_dir) / settings.environment / PLACE / f"{settings.run_id}.csv"
    files.replace(settings.path(str(place)), reviews(settings, past).to_csv(index=False).encode())
    return place


def reviews(settings: Settings, past: Sequence[PastCheckin]) -> pd.DataFrame:
    """userId, time, stratum (the route by the parameters' thresholds), of (check-ins of that route), outcome."""
    recorded = [one for one in past if not one.failed]
    copies = Copies(Record(folder_of(settings, settings.run_id), settings.run_id), {}, folder.of(settings).key)
    decides = templates.definition(settings)["States"][DECIDES]
    reviewed = pd.DataFrame(
        {
            "userId": [copies.user(one.user) for one in recorded],
            "time": [one.moment.isoformat() for one in recorded],
            "stratum": [_route(decides, one) for one in recorded],
            "outcome": [str(one.outcome) for one in recorded],
        }
    )
    reviewed["of"] = reviewed["stratum"].map(reviewed["stratum"].value_counts())
    return reviewed.sort_values("time", ignore_index=True)[COLUMNS]


def _route(decides: Mapping[str, Any], one: PastCheckin) -> str:
    """The route of a check-in by the definition's own Choice, one by one: the router for many loads numpy first."""
    scores: dict[str, Any] = {"score": one.score, "trajectory": one.trajectory}
    scores |= {} if one.risk is None else {"risk_score": one.risk}
    return str(routes.of_state(choose(decides, {"checkin": scores})))
