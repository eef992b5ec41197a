"""What a tuning's command was told beside its parameters: in the run's record, where its notebook looks. No AWS."""

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import ClassVar, TypeVar

from lib.errors import BadParameters
from lib.record.records import Record

NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")  # what DynamoDB takes; an ARN could be of another account


class Engine(StrEnum):
    """What counts the check-ins."""

    DUCKDB = "duckdb"
    ATHENA = "athena"


@dataclass(frozen=True)
class Choice:
    """An engine; Athena's table `checkins` is in this database, and it writes results to `results` (s3://...).

    Raises BadParameters, in a sentence, for one that is not whole.
    """

    engine: str = Engine.DUCKDB
    database: str = ""
    results: str = ""
    kept: ClassVar = "evidence/tuning_engine.json"

    def __post_init__(self) -> None:
        folder = self.results.startswith("s3://") and self.results.endswith("/")
        if self.engine == Engine.DUCKDB and (self.database or self.results):
            raise BadParameters("--database and --results are Athena's; expected them with --engine athena alone")
        if self.engine == Engine.ATHENA and not (self.database and folder):
            raise BadParameters(
                f"--engine athena has --database {self.database!r} and --results {self.results!r}; expected the "
                "database of its table `checkins`, and where it writes results, as s3://BUCKET/PREFIX/"
            )


@dataclass(frozen=True)
class OutcomeTable:
    """A table of this account and region, and the attribute of its items that holds an outcome; "" of both is none.

    Raises BadParameters, in a sentence, for half of one.
    """

    table: str = ""
    attribute: str = ""
    kept: ClassVar = "evidence/tuning_outcome_table.json"

    def __post_init__(self) -> None:
        if bool(self.table) != bool(self.attribute) or (self.table and not NAME.fullmatch(self.table)):
            raise BadParameters(
                f"--outcomes-table is {self.table!r} and --outcome-attribute {self.attribute!r}; expected the name of "
                "a table of this account, and the attribute of its items that holds the outcome, or neither"
            )


Option = TypeVar("Option", Choice, OutcomeTable)


def keep(record: Record, *options: Choice | OutcomeTable) -> None:
    """Keep them for the notebook that is run next."""
    for one in options:
        record.keep_json(one.kept, asdict(one))


def latest(record: Record, kind: type[Option]) -> Option:
    """What was told last in this run; DuckDB, or no table, where nothing was."""
    kept = record.kept_as(kind.kept)
    return kind(**record.read_json(kept[-1])) if kept else kind()
