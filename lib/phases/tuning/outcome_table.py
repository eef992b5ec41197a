"""The table in which people keep reviewed outcomes, as the command was told: in the run's record. No AWS."""

import re
from dataclasses import asdict, dataclass

from lib.errors import BadParameters
from lib.record.records import Record

KEPT = "evidence/tuning_outcome_table.json"
NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")  # what DynamoDB takes; an ARN could be of another account


@dataclass(frozen=True)
class OutcomeTable:
    """A table of this account and region, and the attribute of its items that holds an outcome; "" of both is none."""

    table: str = ""
    attribute: str = ""


def require_whole(named: OutcomeTable) -> OutcomeTable:
    """What was named, if it is whole or nothing. Raises BadParameters, in a sentence, where it is not."""
    if bool(named.table) != bool(named.attribute) or (named.table and not NAME.fullmatch(named.table)):
        raise BadParameters(
            f"--outcomes-table is {named.table!r} and --outcome-attribute {named.attribute!r}; expected the name of a "
            "table of this account, and the attribute of its items that holds the outcome, or neither"
        )
    return named


def keep(record: Record, named: OutcomeTable) -> None:
    """Keep it for the notebook that is run next."""
    record.keep_json(KEPT, asdict(named))


def latest(record: Record) -> OutcomeTable:
    """What was named last in this run; nothing where nothing was."""
    kept = record.kept_as(KEPT)
    return OutcomeTable(**record.read_json(kept[-1])) if kept else OutcomeTable()
