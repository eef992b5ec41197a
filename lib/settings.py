"""The parameters of a run, from a file, a command line or a notebook: checked before anything is called. No AWS."""

import ast
import difflib
import shlex
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import StrictBool, ValidationError

from lib.errors import BadParameters, Refused, RunbookError
from lib.parameters import EMBEDDED_ACCOUNT, OF_THE_RUN, ROOT, Settings, mask

__all__ = ["EMBEDDED_ACCOUNT", "ROOT", "Settings", "check", "command_line", "from_notebook", "load", "mask"]

# Of what belongs to a run alone, what a command must be told again to find the run.
WHERE = ("outputs_dir", "docs_dir", "record_store", "profile")


def check(parameters: Mapping[str, Any]) -> Settings:
    """Settings from a mapping. Raises BadParameters naming every wrong key in one sentence, and Refused for an account
    that needs approval where none is asked."""
    known = list(Settings.model_fields)
    for key in parameters:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see the files in parameters/ for the known ones"
            raise BadParameters(f"unknown parameter {key!r}; {hint}")
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
        data, twice = yaml.safe_load(text), _twice(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadParameters(f"{path.name} is not valid YAML: {_where(error)}") from None  # it quotes the file
    if twice:
        raise BadParameters(
            f"{path.name} says {', '.join(twice)} twice, and a parser takes the last; leave one of them"
        )
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
    given = item["input"]
    hidden = given and (where == "ops_subscription_endpoint" or "@" in str(given))
    return f"parameter {where}: found {mask(str(given)) if hidden else given!r}, {message}"


def load(environment: str, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings of `parameters/<environment>.yaml` (or of a YAML file's path), with overrides on top."""
    path = Path(environment) if environment.endswith((".yaml", ".yml")) else ROOT / "parameters" / f"{environment}.yaml"
    if not path.is_file():
        have = ", ".join(sorted(found.stem for found in (ROOT / "parameters").glob("*.yaml")))
        raise BadParameters(f"no parameters for environment {environment!r}; expected one of {have}, or a YAML file")
    return check({**_parameters_of(path), **(overrides or {})})


def _where(error: yaml.YAMLError | UnicodeDecodeError) -> str:
    """What is wrong and in which line, without a word of the file, which may hold an address."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "it is no text in UTF-8"
    return f"{error.problem} in line {error.problem_mark.line + 1}"


def _twice(text: str) -> list[str]:
    """The keys that a YAML text says more than once."""
    whole = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = whole.value if isinstance(whole, yaml.MappingNode) else []
    return [str(key) for key, times in Counter(key.value for key, _ in pairs).items() if times > 1]


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
    """Settings from a notebook's `globals()`: what its parameters cells set; an unknown name in one is a mistyped one.

    What a start-up file or a profile set in the same namespace is no parameter. Outside a notebook, where no cells are
    known, every plain value is taken for one.
    """
    cells = names.get("In")
    if isinstance(cells, list):
        return check({name: names[name] for cell in cells for name in _assigned(str(cell)) if name in names})
    plain = (str, int, float, bool, list, dict, type(None), StrictBool)
    given = {
        name: value
        for name, value in names.items()
        if not name.startswith("_")
        and type(value) in plain
        and (name in Settings.model_fields or not isinstance(value, list | dict))
    }
    return check(given)


def _assigned(cell: str) -> list[str]:
    """The names that a cell gives values, as a parameters cell does; of one that does more, the parameters alone."""
    try:
        found = [_name(line) for line in ast.parse(cell).body]
    except SyntaxError:  # a command of the notebook's own, such as %pip
        return []
    return found if all(found) else [name for name in found if name in Settings.model_fields]


def _name(line: ast.stmt) -> str:
    """The name that a statement gives a plain value, or "". A parameter may be worked out as well."""
    if not isinstance(line, ast.Assign | ast.AnnAssign) or line.value is None:
        return ""
    targets = line.targets if isinstance(line, ast.Assign) else [line.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return ""
    name = targets[0].id
    if name not in Settings.model_fields:
        try:
            ast.literal_eval(line.value)
        except ValueError:
            return ""
    return name
