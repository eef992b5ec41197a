"""The parameters of a restore: those of the file it is given, or, where that is not right, those its run recorded.

Check-ins fail while nobody restores, so no merge conflict, missing line, slip or forgotten address in a parameters file
keeps anybody from it. Where the account is, and under which names, the file says as far as it can be read. No AWS.
"""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from lib import settings
from lib.errors import BadParameters, RunbookError
from lib.record.records import Record
from lib.settings import Settings
from lib.values.reviewed import LEVELS, Outcome
from lib.values.subscriber_addresses import hide_address

# What a restore goes by, as the file says where that is right. All else decides nothing of it.
NEEDED = (
    "environment", "account_id", "region", "endpoint_url", "profile", "outputs_dir", "record_store", "lock_name",
    "state_machine_name", "answer_timeout_seconds", "verify_timeout_seconds", "poll_seconds",
)  # fmt: skip
OUTPUTS = "outputs"  # where the records of runs lie, unless a file says otherwise
# Stands for the address where it is not told: a restore pages nobody, and a record masks it.
NOBODY = {"ops_subscription_protocol": "email", "ops_subscription_endpoint": "nobody@nowhere.invalid"}

# What the record of an older version does not say, and no restore goes by.
SINCE = {
    "tuning_from": "", "tuning_to": "", "outcomes_file": "", "crisis_recall_floor": 0.95, "alerts_a_day": 1,
    "outcome_costs": {outcome: [0] * LEVELS for outcome in Outcome},
}  # fmt: skip


def load(environment: str, overrides: Mapping[str, Any]) -> tuple[Settings, str]:
    """Settings of a restore, and why they are not those of the file alone, or "".

    Raises BadParameters where neither the file nor a record of the run on this machine tells what a restore goes by.
    """
    try:
        return settings.load(environment, overrides, strict=False), ""
    except BadParameters as error:
        try:
            return _recorded(environment, overrides), str(error)
        except BadParameters:
            raise BadParameters(
                f"{error}. Nor does a record of run {hide_address(str(overrides['run_id']))} on this machine tell what "
                "a restore goes by: mend it, or set outputs_dir to the folder where that lies"
            ) from None


def _recorded(environment: str, overrides: Mapping[str, Any]) -> Settings:
    path = settings.path_of(environment)
    said = settings.said_by(path) or {}
    merged = {**said, **overrides}
    outputs, recorded = _told(merged, path.stem, str(overrides["run_id"]))
    settings.require_no_guard_lifted({**recorded, **said}, overrides, path.name)
    recorded = {**SINCE, **recorded}
    asked = {key: overrides[key] for key in ("mode", "run_id")}
    own = {key: merged[key] for key in NEEDED if key in merged}
    wrong = _wrong({**recorded, **NOBODY, **own, **asked})
    right = {key: value for key, value in own.items() if key not in wrong}
    paged = {key: merged[key] for key in NOBODY if key in merged}
    # As the file says where that is right, and right together; else all as recorded: there the run was made.
    candidates = ({**right, **paged}, {**right, **NOBODY}, NOBODY)
    chosen = _first_right([{**recorded, **one, **asked, "outputs_dir": outputs} for one in candidates])
    chosen._file = str(path.resolve())
    return chosen


def _told(merged: Mapping[str, Any], stem: str, run_id: str) -> tuple[str, dict[str, Any]]:
    """The parameters that the run recorded on this machine, and the folder of records where it lies; none where it does
    not lie where the file says, nor where it would by that file's name."""
    outputs, environments = [str(merged.get("outputs_dir")), OUTPUTS], [str(merged.get("environment")), stem]
    for folder, name in itertools.product(outputs, environments):
        record = Record(settings.ROOT.joinpath(folder).expanduser() / name / run_id, run_id)
        try:
            recorded = (record.verdict() or {}).get("parameters")
        except (RunbookError, OSError):  # one that cannot be read tells nothing, and hides nothing
            continue
        if isinstance(recorded, dict):
            return folder, recorded
    return OUTPUTS, {}


def _wrong(parameters: Mapping[str, Any]) -> set[str]:
    """The keys whose values are wrong, each by itself."""
    try:
        Settings.model_validate(parameters)
    except ValidationError as error:
        return {str(part) for item in error.errors() for part in item["loc"]}
    return set()


def _first_right(candidates: Sequence[Mapping[str, Any]]) -> Settings:
    """The first of these that are right. Raises BadParameters for what is wrong with the last."""
    *before, last = candidates
    for one in before:
        with suppress(BadParameters):
            return settings.check(one, strict=False)
    return settings.check(last, strict=False)
