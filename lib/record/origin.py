"""That what runs is this checkout's lib: starts it apart from the operator's set-up, hashes it as it is imported.

Run as a script by an isolated Python, it runs one module of lib:
`python -I -X utf8 lib/record/origin.py lib.cli.__main__ plan ENV`.
"""

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

LIB = Path(__file__).resolve().parent.parent
ROOT = LIB.parent
# No PYTHON* variable and no folder of the user's counts, and text is UTF-8 whatever the machine's language is.
ISOLATED = ("-I", "-X", "utf8")
# What decides how Python, Jupyter, IPython, matplotlib and botocore run, which takes plug-ins by a variable. All else
# stays: credentials, and what the operator's own credential program reads.
NOT_OURS = (
    "PYTHON", "JUPYTER", "JPY_", "IPYTHON", "IPY_", "IPYKERNEL", "PAPERMILL", "NBCLIENT", "PYDEVD", "MPLBACKEND",
    "MATPLOTLIB", "BOTOCORE", "AWS_DEFAULTS_MODE",
)  # fmt: skip
KERNEL = "lib.cli.kernel"
DECISIVE = (".py", ".json")  # code, and the definitions that it deploys
# jsonschema's grammar of IRIs, which no notebook's schema asks for: each start would read it for two seconds.
NEEDLESS = "rfc3987_syntax"
# New objects after which Python looks for what holds only each other. Its own 700 would make that a seventh of a start,
# in which everything that is imported is there to stay.
LOOK_AFTER = 50_000
# Imported before anything can watch how.
FIRST = ("lib", "lib.record", "lib.record.origin")


class Source(SourceFileLoader):
    """Compiles what stands in the file, never what a cache says of it, and keeps the SHA-256 of what it compiled."""

    sha256 = ""

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module, from its source alone."""
        data = self.get_data(self.path)
        self.sha256 = sha256(data).hexdigest()
        return self.source_to_code(data, self.path)


class Here(MetaPathFinder):
    """Finds lib in this checkout, whatever path stands before it. Raises ModuleNotFoundError for what is not here."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Of a module of lib; None of any other."""
        if fullname.partition(".")[0] != LIB.name:
            return None
        file = _file(fullname)
        if not file.is_file():
            raise ModuleNotFoundError(f"No module named {fullname!r} in {LIB}", name=fullname)
        inside = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(
            fullname, file, loader=Source(fullname, str(file)), submodule_search_locations=inside
        )


def install() -> None:
    """From now on lib is imported from here alone."""
    if not any(isinstance(finder, Here) for finder in sys.meta_path):
        sys.meta_path.insert(0, Here())


def on_disk(folder: Path) -> dict[str, str]:
    """Every file of lib that can be imported, or that it reads to be deployed, with its SHA-256.

    A name is split at its dots, so that no module lies in a folder that begins with one, such as the copies that
    JupyterLab leaves; one behind a link can be imported like any.
    """
    digests, seen = dict[str, str](), set[Path]()
    for where, folders, names in os.walk(folder, followlinks=True):
        here, real = Path(where), Path(where).resolve()
        folders[:] = [name for name in folders if not name.startswith(".") and real not in seen]
        seen.add(real)
        for path in (here / name for name in names if not name.startswith(".")):
            if path.suffix in DECISIVE:
                digests[path.relative_to(folder.parent).as_posix()] = sha256(path.read_bytes()).hexdigest()
    return dict(sorted(digests.items()))


def imported_sources() -> dict[str, str]:
    """The files of lib that this interpreter runs, each with the SHA-256 of the source that it was compiled from.

    Raises Refused for a module under one of these names that is not this checkout's.
    """
    ours = {name: module for name, module in list(sys.modules.items()) if name.partition(".")[0] == LIB.name}
    return {_file(name).relative_to(ROOT).as_posix(): _digest(name, module) for name, module in sorted(ours.items())}


def _digest(name: str, module: ModuleType) -> str:
    file, spec = _file(name), getattr(module, "__spec__", None)
    loader: Any = getattr(spec, "loader", None)
    place = getattr(spec, "origin", None)
    if place is None or (place != str(file) and Path(place).resolve() != file):
        _refuse(name, place or "no file")
    if known := getattr(loader, "sha256", ""):
        return str(known)
    data = file.read_bytes()
    if name not in FIRST or loader.get_code(name) != compile(data, str(place), "exec", dont_inherit=True):
        _refuse(name, f"something compiled that is not {file}")
    return sha256(data).hexdigest()


def _refuse(name: str, path: str) -> None:
    from lib.errors import Refused  # lib itself begins with this module

    raise Refused(
        f"{name} was imported from {path}, expected {_file(name)} of this checkout; nothing was written. Take what "
        "puts it there out of PYTHONPATH and of the interpreter's start-up, then start again"
    )


def _file(name: str) -> Path:
    """Where a module of lib is in this checkout."""
    where = ROOT.joinpath(*name.split("."))
    return where / "__init__.py" if where.is_dir() else where.with_name(f"{where.name}.py")


def command(module: str, *words: str) -> list[str]:
    """The command line that runs a module's `main` in this interpreter, isolated."""
    return [sys.executable, *ISOLATED, str(LIB / "record" / "origin.py"), module, *words]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """These variables without those that would decide how our Python, its notebooks and its charts run."""
    return {name: value for name, value in given.items() if not name.upper().startswith(NOT_OURS)}


def become(module: str, words: Sequence[str]) -> None:
    """Go on as this module's `main` in an isolated interpreter: the same process, with nothing imported yet."""
    os.execv(sys.executable, command(module, *words))


def _open_streams() -> None:
    """Open what of standard input, output and error whoever started this closed, as /dev/null.

    A service may close all three. Python has no stream then, a kernel dies of that, and the next file that is opened
    takes the number: whatever a child prints would go into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
            setattr(sys, name, os.fdopen(number, "w" if number else "r", errors="backslashreplace"))


def _run(words: Sequence[str]) -> None:
    """Run a module's `main` as this process was asked to."""
    _open_streams()
    if words[0] != KERNEL:  # whose variables are of our making
        for name in os.environ.keys() - environment(os.environ).keys():
            del os.environ[name]
    gc.set_threshold(LOOK_AFTER)
    # What is left then ends with the process: a fifth of a second went into looking through it all, twice, to free it.
    atexit.register(gc.freeze)
    sys.path.insert(0, str(ROOT))
    install()
    sys.modules[NEEDLESS] = None  # type: ignore[assignment]  # importing it is an ImportError, which jsonschema expects
    sys.argv = ["runbook", *words[1:]]
    importlib.import_module(words[0]).main()


if __name__ == "__main__":
    _run(sys.argv[1:])
