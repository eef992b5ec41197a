"""The parameters of a run, from a file, a command line or a notebook: checked before anything is called. No AWS."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import StrictBool, ValidationError

from lib.errors import BadParameters, Refused
from lib.parameters import EMBEDDED_ACCOUNT, OF_THE_RUN, ROOT, Settings, mask
from lib.subscriber import shown
from lib.yaml_text import read

__all__ = [
    "EMBEDDED_ACCOUNT",
    "OF_THE_RUN",
    "ROOT",
    "Settings",
    "check",
    "file_of",
    "fitting",
    "from_notebook",
    "load",
    "mask",
    "said_by",
]

# The runner tells its kernels by this which file the parameters are from: a notebook is given values alone.
HANDED_ON = "RUNBOOK_PARAMETERS"
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
    found = check({**_parameters_of(path), **(overrides or {})})
    found._file = str(path.resolve())
    return found


def file_of(settings: Settings) -> Path | None:
    """The file that these parameters are from, where somebody said so, or else the one in `parameters/` that fits."""
    return Path(settings._file) if settings._file else fitting(settings)


def fitting(settings: Settings) -> Path | None:
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
    except (OSError, BadParameters):
        return None


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
    found = check(given)
    found._file = os.environ.get(HANDED_ON, "")
    return found
