"""The parameters of a run, from a file, a command line or a notebook: checked before anything is called. No AWS."""

import difflib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import StrictBool, ValidationError

from lib.errors import BadParameters, Refused, RunbookError
from lib.parameters import EMBEDDED_ACCOUNT, OF_THE_RUN, ROOT, Settings, mask
from lib.subscriber import shown
from lib.yaml_text import read

__all__ = ["EMBEDDED_ACCOUNT", "ROOT", "Settings", "check", "command_line", "from_notebook", "load", "mask"]

# Of what belongs to a run alone, what a command must be told again to find the run.
WHERE = ("outputs_dir", "docs_dir", "record_store", "profile")
NAMELESS = {"In", "Out", "exit", "quit"}


def check(parameters: Mapping[str, Any]) -> Settings:
    """Settings from a mapping. Raises BadParameters naming every wrong key in one sentence, and Refused for an account
    that needs approval where none is asked."""
    known = list(Settings.model_fields)
    for key in parameters:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see the files in parameters/ for the known ones"
            raise BadParameters(f"unknown parameter {_given('', key)!r}; {hint}")
    try:
        found = Settings.model_validate(dict(parameters))
    except ValidationError as error:
        raise BadParameters("; ".join(_sentence(item) for item in error.errors())) from error
    if found.approval == "none" and (deciding := _needs_approval(found.account_id)):
        raise Refused(
            f"approval none: parameters/{deciding} says that account {found.account_id} needs approval, and only a "
            "reviewed edit of that file can say otherwise"
        )
    return found


def _needs_approval(account_id: str) -> str:
    """The file in `parameters/` that requires approval for this account, or "". No option can lift that."""
    for path in sorted((ROOT / "parameters").glob("*.yaml")):
        data = _parameters_of(path)
        if (data.get("account_id"), data.get("approval")) == (account_id, "required"):
            return path.name
    return ""


def _parameters_of(path: Path) -> dict[str, Any]:
    """What a parameters file says. Raises BadParameters for what is no YAML mapping, or says a key twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadParameters(f"{path.name} is not valid YAML: it is no text in UTF-8") from None  # it quotes the file
    data = read(text, path.name)
    if not isinstance(data, dict):
        raise BadParameters(f"{path.name} holds {type(data).__name__}; expected one `key: value` line a parameter")
    return data


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
    return value if number or shown(text) == text else shown(text)


def load(environment: str, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings of `parameters/<environment>.yaml` (or of a YAML file's path), with overrides on top."""
    path = Path(environment) if environment.endswith((".yaml", ".yml")) else ROOT / "parameters" / f"{environment}.yaml"
    if not path.is_file():
        have = ", ".join(sorted(found.stem for found in (ROOT / "parameters").glob("*.yaml")))
        raise BadParameters(f"no parameters for environment {environment!r}; expected one of {have}, or a YAML file")
    return check({**_parameters_of(path), **(overrides or {})})


def command_line(settings: Settings) -> str:
    """The words that name these parameters to the `runbook` command: environment, and what differs from its file.

    Where no file in `parameters/` is theirs, a placeholder; and never an address.
    """
    try:
        usual = load(settings.environment)
    except RunbookError:
        usual = None
    if usual is None or usual.account_id != settings.account_id:
        return "<your parameters file>"
    here = [key for key in Settings.model_fields if key not in OF_THE_RUN or key in WHERE]
    mine = {key: getattr(settings, key) for key in here if key != "ops_subscription_endpoint"}
    given = {key: value for key, value in mine.items() if value != getattr(usual, key)}
    return " ".join([settings.environment, *(f"--set {shlex.quote(f'{key}={value}')}" for key, value in given.items())])


def from_notebook(names: Mapping[str, Any]) -> Settings:
    """Settings from a notebook's `globals()`; a plain value under an unknown name is a mistyped parameter."""
    plain = (str, int, float, bool, list, dict, type(None), StrictBool)
    given = {
        name: value
        for name, value in names.items()
        if not name.startswith("_")
        and name not in NAMELESS
        and type(value) in plain
        and (name in Settings.model_fields or not isinstance(value, list | dict))
    }
    return check(given)
