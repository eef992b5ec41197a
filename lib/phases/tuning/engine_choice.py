"""What counts the check-ins of a tuning, as the command was told: in the run's record, where its notebook looks."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from lib.errors import BadParameters
from lib.record.records import Record

KEPT = "evidence/tuning_engine.json"


class Engine(StrEnum):
    """What counts the check-ins."""

    DUCKDB = "duckdb"
    ATHENA = "athena"


@dataclass(frozen=True)
class Choice:
    """An engine; Athena's table `checkins` is in this database, and it writes results to `results` (s3://...)."""

    engine: str = Engine.DUCKDB
    database: str = ""
    results: str = ""


def require_whole(choice: Choice) -> Choice:
    """A choice, if it is whole. Raises BadParameters, in a sentence, where it is not."""
    if choice.engine == Engine.DUCKDB and (choice.database or choice.results):
        raise BadParameters("--database and --results are Athena's; expected them with --engine athena alone")
    if choice.engine == Engine.ATHENA and not (choice.database and _is_folder(choice.results)):
        raise BadParameters(
            f"--engine athena has --database {choice.database!r} and --results {choice.results!r}; expected the "
            "database of its table `checkins`, and where it writes results, as s3://BUCKET/PREFIX/"
        )
    return choice


def _is_folder(place: str) -> bool:
    return place.startswith("s3://") and place.endswith("/")


def keep(record: Record, choice: Choice) -> None:
    """Keep it for the notebook that is run next."""
    record.keep_json(KEPT, asdict(choice))


def latest(record: Record) -> Choice:
    """What was chosen last in this run; DuckDB where nothing was."""
    kept = record.kept_as(KEPT)
    return Choice(**record.read_json(kept[-1])) if kept else Choice()
