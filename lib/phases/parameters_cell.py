"""The parameters of a notebook: what its cells set, over what the file of its environment says. No AWS.

A notebook declares what an operator would change at its phase. Every other parameter may be given as well, by a line of
its own or by papermill, and one that is not given is as `parameters/<environment>.yaml` says. The runner hands its
kernels the parameters of the run instead, whole: a file that is edited between two phases changes nothing of that run.
"""

import ast
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import StrictBool

from lib.errors import BadParameters
from lib.settings import ROOT, Settings, file_of, from_values, load, path_of, said_by
from lib.values.subscriber_addresses import hide_address

# Every notebook declares these, with values. What else it declares is None, which is: as the file says. A number there
# would be another environment's, or be taken for the one that counts.
ALWAYS = ("environment", "mode", "run_id")
HANDED_ON = "RUNBOOK_PARAMETERS"  # the run's parameters, and which file they are from, in a kernel of the runner's
INJECTED = "# Parameters\n"  # how papermill begins the cell that it adds


def read(names: Mapping[str, Any], strict: bool = True) -> Settings:
    """Settings from a notebook's `globals()`: what its parameters cells set; an unknown name in one is a mistyped one.

    What a start-up file or a profile set in the same namespace is no parameter. Outside a notebook, where no cells are
    known, every plain value is taken for one. Raises like `settings.load`: for an environment without a file, unless
    every parameter is given, and for what lifts a guard of the file.
    """
    given = _set_by_cells(names)
    if os.environ.get(HANDED_ON):
        return _of_the_run(given, strict)
    if set(Settings.model_fields) <= set(given):
        return from_values(given, strict)
    return load(_environment(given), given, strict)


def kernel_variables(settings: Settings, run_id: str) -> dict[str, str]:
    """The variable by which a kernel is told the parameters of its run. Not for the record: it holds the address."""
    whole = {"values": {**settings.model_dump(), "run_id": run_id}, "file": str(file_of(settings) or "")}
    return {HANDED_ON: json.dumps(whole)}


def injected_values(settings: Settings, run_id: str, declared: Sequence[str]) -> dict[str, Any]:
    """What a notebook is given, to be seen in it: what it declares, and what its environment's file does not say.

    By hand that is all it needs. Of an environment without a file in `parameters/` it is every parameter.
    """
    said = said_by(path_of(settings.environment)) or {}
    every = {**settings.model_dump(), "run_id": run_id}
    return {key: value for key, value in every.items() if key in declared or key not in said or said[key] != value}


def _of_the_run(given: Mapping[str, Any], strict: bool) -> Settings:
    """The parameters of the run that this kernel is of. Raises BadParameters where the notebook says another value."""
    try:
        whole = json.loads(os.environ[HANDED_ON])
        values, file = dict(whole["values"]), str(whole["file"])
    except (ValueError, TypeError, KeyError):
        raise BadParameters(f"the variable {HANDED_ON} is the runner's to set, and this is not its; unset it") from None
    settings = from_values({**values, **given}, strict)
    if other := [key for key, value in values.items() if getattr(settings, key) != value]:
        raise BadParameters(
            f"{', '.join(other)}: the notebook says another value than its run, whose parameters the variable "
            f"{HANDED_ON} holds; a notebook that is executed by hand needs it unset"
        )
    settings._file = file
    return settings


def _environment(given: Mapping[str, Any]) -> str:
    """The environment that is given. Raises BadParameters where no file in `parameters/` is named so."""
    name = given.get("environment")
    have = sorted(path.stem for path in (ROOT / "parameters").glob("*.yaml"))
    if name not in have:
        raise BadParameters(
            f"no parameters for environment {hide_address(str(name))!r}; expected one of {', '.join(have)}, or every "
            "parameter, as papermill gives them with `-f FILE`"
        )
    return str(name)


def _set_by_cells(names: Mapping[str, Any]) -> dict[str, Any]:
    """What the cells set, by name, as it is now."""
    ran = names.get("In")
    if not isinstance(ran, list):
        return _plain(names)
    given = dict[str, Any]()
    for cell in _current_cells([str(cell) for cell in ran]):
        for name in _assigned(cell):
            # None of a notebook's own is "as the file says"; papermill's is what an empty line of a file says.
            unsaid = name in Settings.model_fields and names.get(name) is None and not _is_injected(cell)
            if name in names and not unsaid:
                given[name] = names[name]
    return given


def _current_cells(ran: Sequence[str]) -> list[str]:
    """The cells that ran, each parameters cell as it was when it last ran: a line that was removed since says nothing.

    Its name is still there, since a kernel forgets nothing.
    """
    kinds = ["injected" if _is_injected(cell) else "declared" if _declares(cell) else "" for cell in ran]
    return [cell for at, cell in enumerate(ran) if not kinds[at] or kinds[at] not in kinds[at + 1 :]]


def sets_parameters(cell: str) -> bool:
    """Whether a cell is there to set parameters: one may be edited as one likes, and may hold an address."""
    return _is_injected(cell) or _declares(cell)


def _is_injected(cell: str) -> bool:
    return cell.startswith(INJECTED)


def _declares(cell: str) -> bool:
    return set(ALWAYS) <= set(_assigned(cell))


def _plain(names: Mapping[str, Any]) -> dict[str, Any]:
    plain = (str, int, float, bool, list, dict, type(None), StrictBool)
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_")
        and type(value) in plain
        and (name in Settings.model_fields or not isinstance(value, list | dict))
    }


def _assigned(cell: str) -> list[str]:
    """The names that a cell gives values, as a parameters cell does; of one that does more, the parameters alone."""
    try:
        names = [_name(line, _is_injected(cell)) for line in ast.parse(cell).body]
    except SyntaxError:  # a command of the notebook's own, such as %pip
        return []
    return names if all(names) else [name for name in names if name in Settings.model_fields]


def _name(line: ast.stmt, injected: bool) -> str:
    """The name that a statement gives a plain value, or "". A parameter may be worked out as well."""
    if not isinstance(line, ast.Assign | ast.AnnAssign) or line.value is None:
        return ""
    targets = line.targets if isinstance(line, ast.Assign) else [line.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return ""
    name = targets[0].id
    if name not in Settings.model_fields and not injected:  # papermill writes some values, such as nan, as a call
        try:
            ast.literal_eval(line.value)
        except ValueError:
            return ""
    return name
