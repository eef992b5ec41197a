"""The one maker of the commands that a message tells somebody to type: what it prints runs, as printed. No AWS.

A command names the parameters of the run that it is about: their file, and every value that differs from it. Without
one of them, such as the endpoint, it would be carried out on another account than the run was.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.parameters import OF_THE_RUN, ROOT, Settings
from lib.settings import HANDED_ON, file_of, fitting, said_by

# Of what belongs to a run alone, what a command must be told again to find the run.
WHERE = ("outputs_dir", "docs_dir", "record_store", "profile")
# No address is printed, and no file is guessed: whoever types the command fills these in, and else it is refused.
ADDRESS, FILE = "ops_subscription_endpoint", '"$PARAMETERS"'


def runbook(settings: Settings, command: str, *words: str) -> str:
    """`runbook COMMAND ENV WORDS --set ...`, for these parameters and no others."""
    named, *pairs = _named(settings, file_of(settings), WHERE)
    return " ".join(["runbook", command, named, *map(shlex.quote, words), *pairs])


def without_parameters(*words: str) -> str:
    """A command that takes none."""
    return shlex.join(["runbook", *words])


def anywhere(settings: Settings, command: str, *words: str) -> str:
    """The same for whoever reads it in the application's checkout: without this machine's files and folders."""
    named, *pairs = _named(settings, fitting(settings), ())
    return " ".join(["runbook", command, named, *words, *pairs])


def papermill(settings: Settings, notebook: str, output: str) -> str:
    """The notebook alone, from the top of the runbook's checkout, in the mode of the parameters."""
    path = fitting(settings)
    file = shlex.quote(path.relative_to(ROOT).as_posix()) if path else FILE
    values = (f"-p {key} {word}" for key, word in _differing(settings, path, ()))
    return " ".join(["papermill", f"runbooks/{notebook}.ipynb", output, "-f", file, *values])


def aws(settings: Settings, *words: str) -> str:
    """A command of AWS's own, in this region and at this endpoint."""
    where = ["--region", settings.region]
    where += ["--endpoint-url", settings.endpoint_url] if settings.endpoint_url else []
    where += ["--profile", settings.profile] if settings.profile else []
    return shlex.join(["aws", *words, *where])


@contextmanager
def handed_on(settings: Settings) -> Iterator[None]:
    """Tell the kernels that are started meanwhile which file the parameters are from."""
    before, path = os.environ.get(HANDED_ON), file_of(settings)
    os.environ[HANDED_ON] = str(path or "")
    try:
        yield
    finally:
        os.environ.pop(HANDED_ON)
        os.environ.update({HANDED_ON: before} if before is not None else {})


def _named(settings: Settings, path: Path | None, more: tuple[str, ...]) -> list[str]:
    """The word that names the parameters, and `--set` for each that differs."""
    if path is None or said_by(path) is None:
        return [FILE]
    ours = path.parent == ROOT / "parameters" and path.suffix == ".yaml"
    word = path.stem if ours else str(path)
    return [shlex.quote(word), *(f"--set {_pair(key, word)}" for key, word in _differing(settings, path, more))]


def _pair(key: str, word: str) -> str:
    return f'"{key}={word[1:-1]}"' if word.startswith('"$') else shlex.quote(f"{key}={shlex.split(word)[0]}")


def _differing(settings: Settings, path: Path | None, more: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each parameter that is another than in its file, as a word of a shell."""
    usual = (said_by(path) if path else None) or {}
    keys = [key for key in Settings.model_fields if usual and (key not in OF_THE_RUN or key in more)]
    given = {key: getattr(settings, key) for key in keys if getattr(settings, key) != usual.get(key)}
    return [(key, f'"${key.upper()}"' if key == ADDRESS else shlex.quote(str(value))) for key, value in given.items()]
