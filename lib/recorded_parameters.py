"""The parameters of a restore: those of the file it is given, or, where that is not right, those its run recorded.

Check-ins fail while nobody restores, so no merge conflict, missing line or forgotten address in a parameters file keeps
anybody from it. Where the account is, and under which names, the file says as far as it can be read. No AWS.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from lib import settings
from lib.errors import BadParameters
from lib.records import Record
from lib.settings import Settings

# What a restore goes by. All else decides nothing of it.
NEEDED = (
    "environment", "account_id", "region", "endpoint_url", "profile", "outputs_dir", "record_store", "lock_name",
    "state_machine_name", "answer_timeout_seconds", "verify_timeout_seconds", "poll_seconds",
)  # fmt: skip
OUTPUTS = "outputs"  # where the records of runs lie, unless a file says otherwise
ADDRESS = ("ops_subscription_protocol", "ops_subscription_endpoint")
# Stands for the address where it is not told: a restore pages nobody, and a record masks it.
NOBODY = dict(zip(ADDRESS, ("email", "nobody@nowhere.invalid"), strict=True))


def load(environment: str, overrides: Mapping[str, Any]) -> tuple[Settings, str]:
    """Settings of a restore, and why they are not those of the file alone, or "".

    Raises BadParameters where neither the file nor a record of the run on this machine tells what a restore goes by.
    """
    try:
        return settings.load(environment, overrides, strict=False), ""
    except BadParameters as error:
        try:
            return _recorded(environment, overrides), str(error)
        except (BadParameters, OSError):
            raise error from None


def _recorded(environment: str, overrides: Mapping[str, Any]) -> Settings:
    path = settings.path_of(environment)
    said = settings.said_by(path) or {}
    found = {**said, **overrides}
    where = settings.ROOT.joinpath(str(found.get("outputs_dir", OUTPUTS))).expanduser()
    run_id = str(overrides["run_id"])
    record = Record(where / str(found.get("environment", path.stem)) / run_id, run_id)
    told = (record.verdict() or {}).get("parameters")
    recorded = told if isinstance(told, dict) else {}
    settings.require_no_guard_lifted({**recorded, **said}, overrides, path.name)
    own = {key: found[key] for key in (*NEEDED, "mode", "run_id") if key in found}
    addressed = {key: found[key] for key in ADDRESS if key in found}
    chosen = _first_right([{**recorded, **own, **address} for address in (addressed, NOBODY)])
    chosen._file = str(path.resolve())
    return chosen


def _first_right(candidates: Sequence[Mapping[str, Any]]) -> Settings:
    """The first of these that are right. Raises BadParameters for what is wrong with the last."""
    *before, last = candidates
    for one in before:
        with suppress(BadParameters):
            return settings.check(one, strict=False)
    return settings.check(last, strict=False)
