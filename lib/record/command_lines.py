"""The one maker of the commands that a message tells somebody to type: what it prints runs, as printed. No AWS.

A command names the parameters of the run that it is about: their file, and every value that differs from it. Without
one of them, such as the endpoint, it would be carried out on another account than the run was.
"""

import math
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from lib.settings import file_of, file_word, fitting_file, said_by
from lib.settings_schema import ROOT, Settings
from lib.values.modes import OF_THE_RUN

# Of what belongs to a run alone, what a command must be told again to find the run.
WHERE = ("outputs_dir", "docs_dir", "record_store", "profile")
# No address is printed, and no file is guessed: whoever types the command fills these in, and else it is refused.
ADDRESS, FILE = "ops_subscription_endpoint", '"$PARAMETERS"'
VARIABLE = re.compile(r'"\$[A-Z_]+"')
ITS_VARIABLE = f'"${ADDRESS.upper()}"'


def runbook(settings: Settings, command: str, *words: str) -> str:
    """`runbook COMMAND ENV WORDS --set ...`, for these parameters and no others."""
    named, *pairs = _named(settings, file_of(settings), WHERE)
    return " ".join(["runbook", command, named, *map(_quoted, words), *pairs])


def _quoted(word: str) -> str:
    """A word as a shell takes it; of a variable that whoever types it fills in, what it holds."""
    return word if VARIABLE.fullmatch(word) else shlex.quote(word)


def without_store(settings: Settings, command: str, *words: str) -> str:
    """The same by this machine's record alone, whatever store the parameters name."""
    named, *pairs = _named(settings, file_of(settings), WHERE, record_store="")
    return " ".join(["runbook", command, named, *map(shlex.quote, words), *pairs])


def without_parameters(*words: str) -> str:
    """A command that takes none."""
    return shlex.join(["runbook", *words])


def anywhere(settings: Settings, command: str, *words: str) -> str:
    """The same for whoever reads it in the application's checkout: without this machine's files and folders."""
    named, *pairs = _named(settings, fitting_file(settings), ())
    return " ".join(["runbook", command, named, *words, *pairs])


def papermill(settings: Settings, notebook: str, output: str) -> str:
    """The notebook alone, from the top of the runbook's checkout, in the mode of the parameters."""
    path = fitting_file(settings)
    file = shlex.quote(file_word(path)) if path else FILE
    values = (_for_papermill(settings, key, word) for key, word in _differing(settings, path, ()))
    return " ".join(["papermill", f"runbooks/{notebook}.ipynb", output, "-f", file, *values])


def aws(settings: Settings, *words: str) -> str:
    """A command of AWS's own, in this region and at this endpoint. A word may be the address's variable."""
    where = ["--region", settings.region]
    where += ["--endpoint-url", settings.endpoint_url] if settings.endpoint_url else []
    where += ["--profile", settings.profile] if settings.profile else []
    return " ".join(["aws", *(word if word == ITS_VARIABLE else shlex.quote(word) for word in (*words, *where))])


def _named(settings: Settings, path: Path | None, more: tuple[str, ...], **instead: str) -> list[str]:
    """The word that names the parameters, and `--set` for each that differs, or that is said `instead`."""
    said = [f"--set {_pair(key, shlex.quote(value))}" for key, value in instead.items()]
    if path is None or said_by(path) is None:
        return [FILE, *said]
    ours = path.parent == ROOT / "parameters" and path.suffix == ".yaml"
    word = path.stem if ours else str(path)
    differing = (f"--set {_pair(key, word)}" for key, word in _differing(settings, path, more) if key not in instead)
    return [shlex.quote(word), *differing, *said]


def _pair(key: str, word: str) -> str:
    return f'"{key}={word[1:-1]}"' if word.startswith('"$') else shlex.quote(f"{key}={shlex.split(word)[0]}")


def _for_papermill(settings: Settings, key: str, word: str) -> str:
    """As papermill takes it: by `-p` a list would be text, and a text of digits a number."""
    if isinstance(getattr(settings, key), str):
        return f"-r {key} {word}"
    return f"-y {shlex.quote(f'{key}: {shlex.split(word)[0]}')}"


def _differing(settings: Settings, path: Path | None, more: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each parameter that is another than in its file, as a word of a shell."""
    usual = (said_by(path) if path else None) or {}
    keys = [key for key in Settings.model_fields if usual and (key not in OF_THE_RUN or key in more)]
    plain = settings.model_dump()  # a word by which code decides is plain text there, as YAML takes it
    given = {key: plain[key] for key in keys if plain[key] != usual.get(key)}
    return [(key, ITS_VARIABLE if key == ADDRESS else shlex.quote(_yaml(value))) for key, value in given.items()]


def _yaml(value: Any) -> str:  # noqa: ANN401 - a value of a parameter
    """A value as `--set` reads it: text as it is, else YAML, to which Python's own `1e-05` would be a text."""
    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, default_flow_style=True, width=math.inf).partition("\n")[0]
