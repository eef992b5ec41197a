"""Trying mutants: each in a copy of the checkout and in a process of its own, with the tests that call what it changes.

What is imported in common is imported once, here, and each process is a fork of this one; `lib` and the tests are not,
so that the process imports those of its copy.
"""

import ast
import gc
import importlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import click
import pytest
from mutation import KILLED, ROOT, SURVIVED, TIMED_OUT, Mutant, functions

COPIES = ROOT / ".rehearsal" / "mutants"
NOT_COPIED = shutil.ignore_patterns(".venv*", ".git", ".rehearsal", "__pycache__", ".*_cache", ".hypothesis")
SHARED = (
    "anyio.pytest_plugin", "boto3", "botocore.session", "_hypothesis_pytestplugin", "hypothesis", "IPython.display",
    "matplotlib.figure", "nbformat", "pandas", "papermill", "pydantic", "rich.table", "scipy.stats", "statelint",
    "xdist.plugin", "yaml",
)  # fmt: skip
# Seconds; a mutant that needs more than this many times what the code needs, and more than this, never ends.
TIMES, AT_LEAST = 10, 60.0
FORK = get_context("fork")
NO_TESTS = 5


@dataclass
class Watched:
    """A pytest plugin: which functions of the core each test calls, by their first line, and how long it takes."""

    folder: Path
    modules: frozenset[str]
    called: dict[str, Any] = field(default_factory=dict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        codes, began = dict[int, Any](), time.monotonic()

        def note(frame: Any, event: str, argument: object) -> None:
            codes[id(frame.f_code)] = frame.f_code

        sys.settrace(note)
        threading.settrace(note)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            seconds = time.monotonic() - began
            self.called[item.nodeid] = {"seconds": seconds, "calls": sorted(self._ours(codes.values()))}

    def _ours(self, codes: Iterable[Any]) -> set[tuple[str, int]]:
        start = f"{self.folder}/"
        found = {(code.co_filename.removeprefix(start), code.co_firstlineno) for code in codes}
        return {(name, line) for name, line in found if name in self.modules}


@dataclass(frozen=True)
class Chosen:
    """A pytest plugin: these tests alone, in this order."""

    order: Mapping[str, int]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self.order), key=lambda one: self.order[one.nodeid])


def tried(mutants: Sequence[Mutant], tests: Mapping[str, Sequence[str]], workers: int) -> Iterator[tuple[Mutant, str]]:
    """What became of each mutant. `tests` are patterns of files, by module. Raises where a test fails unmutated."""
    copies = [_copy(COPIES / "0")]
    files = {module: _files(copies[0], patterns) for module, patterns in tests.items()}
    for name in SHARED:
        importlib.import_module(name)
    gc.freeze()  # no process looks through what all of them share
    whole = {module: (copies[0] / module).read_bytes() for module in tests}
    called = _called(copies[0], files)
    copies += [_copy(COPIES / str(number), copies[0]) for number in range(1, workers)]
    running: dict[BaseProcess, tuple[Path, Mutant, float]] = {}
    waiting, done, free = list(reversed(mutants)), 0, copies
    try:
        while waiting or running:
            while waiting and free:
                mutant, copy = waiting.pop(), free.pop()
                order = _order(mutant, called, files[mutant.module])
                limit = max(AT_LEAST, TIMES * sum(called[name]["seconds"] for name in order))
                running[_started(copy, mutant, order)] = copy, mutant, time.monotonic() + limit
            first = min(until for *_, until in running.values())
            connection.wait([process.sentinel for process in running], max(0.0, first - time.monotonic()))
            for process in [one for one in running if not one.is_alive() or running[one][2] <= time.monotonic()]:
                copy, mutant, _ = running.pop(process)
                state = _ended(process)
                (copy / mutant.module).write_bytes(whole[mutant.module])
                free.append(copy)
                done += 1
                if state != KILLED or done % 50 == 0:
                    click.echo(f"{done}/{len(mutants)} {state}: {mutant.said}", err=True)
                yield mutant, state
    finally:
        for process in running:
            _killed(process)


def _copy(folder: Path, model: Path = ROOT) -> Path:
    """The checkout, without what is no part of it; of a copy that was tried already, with what was compiled."""
    shutil.rmtree(folder, ignore_errors=True)
    ignored = NOT_COPIED if model == ROOT else shutil.ignore_patterns("tmp")  # what its tests left, pipes as well
    shutil.copytree(model, folder, ignore=ignored, symlinks=True)
    return folder


def _files(folder: Path, patterns: Sequence[str]) -> list[str]:
    found = {
        pattern: [
            path.relative_to(folder / "tests" / "unit").as_posix() for path in (folder / "tests" / "unit").glob(pattern)
        ]
        for pattern in patterns
    }
    if missing := [pattern for pattern, names in found.items() if not names]:
        raise click.ClickException(f"no test in tests/unit is called {', '.join(missing)}; see mutants.toml")
    return sorted({f"tests/unit/{name}" for names in found.values() for name in names})


def _called(folder: Path, files: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What each test calls and how long it takes, once all of them pass with nothing changed."""
    told = folder / "called.json"
    watched = Watched(folder, frozenset(files))
    whole = sorted({name for names in files.values() for name in names})
    click.echo(f"unmutated: {len(whole)} files of tests", err=True)
    process = FORK.Process(target=_test, args=(folder, whole, [watched], True, told))
    try:
        process.start()
        process.join()
    finally:
        _killed(process)
    if process.exitcode != 0:
        raise click.ClickException(f"tests fail with nothing changed; see {folder / 'output.txt'}")
    return dict(json.loads(told.read_text(encoding="utf-8")))


def _order(mutant: Mutant, called: Mapping[str, Any], files: Sequence[str]) -> list[str]:
    """The tests that call what is changed, the quickest first; all of the module's where none does, as at import."""
    spans = [(first, last) for name, first, last in functions(ast.parse(mutant.code)) if name == mutant.within]
    about = {name: told for name, told in called.items() if name.partition("::")[0] in files}
    chosen = [
        name
        for name, told in about.items()
        if any(one == mutant.module and any(a <= line <= b for a, b in spans) for one, line in told["calls"])
    ]
    return sorted(chosen or about, key=lambda name: about[name]["seconds"])


def _started(copy: Path, mutant: Mutant, order: Sequence[str]) -> BaseProcess:
    path = copy / mutant.module
    path.write_text(mutant.code, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()
    files = list(dict.fromkeys(name.partition("::")[0] for name in order))
    chosen = Chosen({name: at for at, name in enumerate(order)})
    process = FORK.Process(target=_test, args=(copy, files, [chosen], False, None))
    process.start()
    return process


def _test(folder: Path, files: Sequence[str], plugins: list[Any], compiles: bool, told: Path | None) -> None:
    """In a process of its own, which ends with pytest's number: the tests of these files, up to one that fails."""
    os.setsid()
    os.chdir(folder)
    sys.path[:] = [str(folder), *(place for place in sys.path if place != str(ROOT / "tests"))]
    sys.dont_write_bytecode = not compiles
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", f"--basetemp={folder / 'tmp'}"]
    code = int(pytest.main([*options, *files], plugins=plugins))
    if told:
        told.write_text(json.dumps(plugins[0].called), encoding="utf-8")
    sys.stdout.flush()
    os._exit(code)


def _ended(process: BaseProcess) -> str:
    if process.is_alive():
        _killed(process)
        return TIMED_OUT
    process.join()
    if process.exitcode == NO_TESTS:
        raise click.ClickException("no test was found for a mutant; see the list of the core")
    return SURVIVED if process.exitcode == 0 else KILLED


def _killed(process: BaseProcess) -> None:
    """With all that it started."""
    if process.pid and process.is_alive():
        with suppress(ProcessLookupError):  # it may not be the first of its group yet
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.join()
