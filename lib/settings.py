"""The parameters of a run, from a file, a command line or a notebook: checked before anything is called. No AWS."""

import difflib
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lib.errors import BadParameters, Refused
from lib.settings_schema import EMBEDDED_ACCOUNT, ROOT, Settings, mask
from lib.values.modes import FIXED, OF_THE_RUN, TIGHTENED, Approval
from lib.values.run_names import checked_run_id
from lib.values.subscriber_addresses import hide_address
from lib.values.yaml_text import read

__all__ = [
    "EMBEDDED_ACCOUNT", "OF_THE_RUN", "ROOT", "Settings", "account_waives_approval", "check", "file_of", "file_word",
    "fitting_file", "folder_of", "from_values", "load", "mask", "path_of", "said_by", "waives_approval", "with_changes",
]  # fmt: skip

SUFFIXES = (".yaml", ".yml")


def check(parameters: Mapping[str, Any], strict: bool = True) -> Settings:
    """Settings from a mapping. Raises BadParameters naming every wrong key in one sentence, and Refused for what lifts
    a guard that a file in `parameters/` sets for this account, whichever file or copy of one was given.

    A file there that cannot be read may set one. An undo is not `strict`: it needs no approval, its lock is guarded by
    what the account keeps, and it waits for nobody to mend a file.
    """
    known = list(Settings.model_fields)
    for key in parameters:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see the files in parameters/ for the known ones"
            raise BadParameters(f"unknown parameter {_given('', key)!r}; {hint}")
    try:
        settings = Settings.model_validate(dict(parameters))
    except ValidationError as error:
        raise BadParameters("; ".join(_sentence(item) for item in error.errors())) from error
    settings._strict = strict
    if strict:
        _require_the_accounts_guards(settings)
    return settings


def with_changes(settings: Settings, **other: Any) -> Settings:  # noqa: ANN401 - values of parameters
    """The same with other values, checked like any: the one way to change parameters in code."""
    changed = check({**settings.model_dump(), **other}, settings._strict)
    changed._file = settings._file
    return changed


def folder_of(settings: Settings, run_id: str) -> Path:
    """Where the record of a run lies. Raises BadParameters for what is no run's name, such as a path."""
    try:
        return settings.runs_folder / checked_run_id(run_id)
    except ValueError as error:
        raise BadParameters(f"run {run_id!r}: {error}") from error


def _require_the_accounts_guards(chosen: Settings) -> None:
    """What the files in `parameters/` say of an account binds whoever names it, by whatever file."""
    naming = [(name, data) for name, data in _files() if str(data.get("account_id")) == chosen.account_id]
    for name, data in naming:
        if chosen.approval == Approval.NONE and data.get("approval") != Approval.NONE:
            raise Refused(
                f"approval none: parameters/{name} says that account {chosen.account_id} needs approval, and only a "
                "reviewed edit of that file can say otherwise"
            )
    allowed = {gap for _, data in naming for gap in data.get("not_exercised_here") or ()}
    if naming and (more := [gap for gap in chosen.not_exercised_here if gap not in allowed]):
        raise Refused(
            f"not_exercised_here {', '.join(more)}: parameters/{naming[0][0]} says that account {chosen.account_id} "
            "answers it, and leaving a check out takes a reviewed edit of that file"
        )
    own = [(name, data) for name, data in naming if data.get("state_machine_name") == chosen.state_machine_name]
    if naming and not own:
        raise Refused(
            f"state_machine_name {chosen.state_machine_name}: {_says(naming, 'state_machine_name')} for account "
            f"{chosen.account_id}, which keeps by the workflow what guards it; put a reviewed file that names another "
            "one into parameters/"
        )
    if own and chosen.lock_name not in [str(data.get("lock_name")) for _, data in own]:
        raise Refused(
            f"lock_name {chosen.lock_name}: {_says(own, 'lock_name')} for account {chosen.account_id}, and a run under "
            "another lock would write beside one under that; leave it as it is there"
        )


def _says(naming: Sequence[tuple[str, Mapping[str, Any]]], key: str) -> str:
    said = {str(data.get(key)): name for name, data in naming}
    return f"parameters/{', '.join(sorted(said.values()))} says {', '.join(said)}"


def waives_approval(settings: Settings) -> bool:
    """Whether a file in `parameters/` says that this environment and account need no approval."""
    own = (settings.environment, settings.account_id, Approval.NONE)
    return any(
        tuple(str(data.get(key)) for key in ("environment", "account_id", "approval")) == own for _, data in _files()
    )


def account_waives_approval(settings: Settings) -> bool:
    """Whether a file in `parameters/` says that this account needs no approval, for whichever environment."""
    own = (settings.account_id, Approval.NONE)
    return any(tuple(str(data.get(key)) for key in ("account_id", "approval")) == own for _, data in _files())


def _files() -> list[tuple[str, dict[str, Any]]]:
    """Every file of parameters of this checkout, by its path in `parameters/`, also in a folder of it. Raises
    BadParameters where one cannot be read."""
    top = ROOT / "parameters"
    # An editor leaves hidden files beside what it has open.
    paths = sorted(path for path in top.rglob("*") if path.suffix.lower() in SUFFIXES and _counts(path))
    return [(name, _may_guard(path, name)) for path in paths for name in [path.relative_to(top).as_posix()]]


def _may_guard(path: Path, name: str) -> dict[str, Any]:
    try:
        return _parameters_of(path)
    except BadParameters as error:
        raise BadParameters(f"parameters/{name} may guard this account, and cannot be read: {error}") from error


def _counts(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()


def _parameters_of(path: Path) -> dict[str, Any]:
    """What a parameters file says. Raises BadParameters for what is no YAML mapping, or says a key twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadParameters(f"{path.name} cannot be read as a file ({error.strerror})") from error
    except UnicodeDecodeError:
        raise BadParameters(f"{path.name} is not valid YAML: it is no text in UTF-8") from None  # it quotes the file
    data = _parsed(text, path.name)
    if not isinstance(data, dict):
        raise BadParameters(f"{path.name} holds {type(data).__name__}; expected one `key: value` line a parameter")
    return dict(data)


@functools.lru_cache(64)
def _parsed(text: str, name: str) -> Any:  # noqa: ANN401 - whatever the text says
    """What a YAML text says. Remembered: each file is asked for often."""
    return read(text, name)


def _sentence(item: Any) -> str:  # noqa: ANN401 - an error of pydantic
    where = ".".join(str(part) for part in item["loc"] if isinstance(part, str) and part in Settings.model_fields)
    if item["type"] == "missing":
        return f"parameter {where} is missing; every environment names every parameter"
    if item["type"] == "value_error" and not where:
        return str(item["ctx"]["error"])
    message = str(item["ctx"]["error"]) if item["type"] == "value_error" else item["msg"][0].lower() + item["msg"][1:]
    return f"parameter {where}: found {_given(where, item['input'])!r}, {message}"


def _given(where: str, value: Any) -> Any:  # noqa: ANN401
    """What was given, or as much of it as an error may show: an address may stand under any name."""
    text = str(value)
    if where == "ops_subscription_endpoint":
        return mask(text) if value else value
    number = where in ("account_id", "run_id", "endpoint_url") and "@" not in text and not text.startswith("+")
    return value if number or hide_address(text) == text else hide_address(text)


def load(environment: str, overrides: Mapping[str, Any] | None = None, strict: bool = True) -> Settings:
    """Settings of `parameters/<environment>.yaml` (or of a YAML file's path), with overrides on top, as `check` has it.

    Raises Refused for an override of what guards the account: the file in use alone says that.
    """
    path = path_of(environment)
    if not path.is_file():
        have = ", ".join(sorted(file.stem for file in (ROOT / "parameters").glob("*.yaml")))
        raise BadParameters(f"no parameters for environment {environment!r}; expected one of {have}, or a YAML file")
    said, other = _parameters_of(path), dict(overrides or {})
    settings = check({**said, **other}, strict)
    settings._file = str(path.resolve())
    require_no_guard_lifted(said, other, path.name)
    return settings


def path_of(environment: str) -> Path:
    """Where the parameters file of an environment's name is, or one that is named by its path."""
    return Path(environment) if environment.endswith(SUFFIXES) else ROOT / "parameters" / f"{environment}.yaml"


def file_word(path: Path) -> str:
    """A file as a command names it at the top of this checkout: of one inside it, no folder of the machine."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def require_no_guard_lifted(said: Mapping[str, Any], other: Mapping[str, Any], file: str) -> None:
    """Refuse values that differ from a file's where that guards the account; asking for more is no such."""
    for key in (*FIXED, *TIGHTENED):
        if key in other and _lifts(key, said.get(key), other[key]):
            raise Refused(
                f"{key} {other[key]!r}: {file} says {said.get(key)!r}, which guards the account, so that no option, "
                "notebook or copied parameter changes it; leave it out, or use the parameters file that means it"
            )


def _lifts(key: str, said: Any, other: Any) -> bool:  # noqa: ANN401 - values of parameters
    if key == "approval":
        return bool(other == Approval.NONE and said != Approval.NONE)
    if key == "not_exercised_here" and isinstance(other, list) and isinstance(said, list):
        return not all(gap in said for gap in other)
    return bool(other != said)


def file_of(settings: Settings) -> Path | None:
    """The file that these parameters are from, where somebody said so, or else the one in `parameters/` that fits."""
    return Path(settings._file) if settings._file else fitting_file(settings)


def fitting_file(settings: Settings) -> Path | None:
    """The file in `parameters/` of this environment and account; of no matter which machine."""
    named = (settings.environment, settings.account_id)
    for path in sorted((ROOT / "parameters").glob("*.yaml")):
        said = said_by(path)
        if said and (said.get("environment"), said.get("account_id")) == named:
            return path
    return None


def said_by(path: Path) -> dict[str, Any] | None:
    """What a parameters file says now, or None where it cannot be read any more: a message must not fail over it."""
    try:
        return _parameters_of(path)
    except BadParameters:
        return None


def from_values(given: Mapping[str, Any], strict: bool = True) -> Settings:
    """Settings of values that say every parameter, as `check` has it, whichever file or notebook they are from.

    Raises Refused where they lift a guard that the file of their environment and account sets.
    """
    settings = check(given, strict)
    for name, said in _files() if strict else ():
        if (said.get("environment"), said.get("account_id")) == (settings.environment, settings.account_id):
            require_no_guard_lifted(said, given, name)
    return settings
