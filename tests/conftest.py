"""What every test shares: no test sees this machine's AWS profiles, keys, proxies or home folder. Never reaches AWS.

And the embedded account: one server a worker, emptied and built anew for whoever asks. `account` is new for each test;
`module_account` lasts for a module. A module uses one of them, never both: each empties the server.
"""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from accounts import NO_RETRIES, fresh
from check_proofs import due, spied, unseen

from lib.record import writers
from lib.record.origin import LOOK_AFTER, NEEDLESS
from lib.settings import Settings
from rehearsal.account import clients
from rehearsal.account import server as embedded
from rehearsal.account.server import Account

SAFE = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "MPLBACKEND": "agg"}

# No test may fail because the machine is busy: hypothesis would else give each example a fifth of a second.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# The modules whose tests share a set-up of half a minute or more.
TOGETHER = (
    "test_whole_plan.py",
    "test_approval_procedure.py",
    "test_approval_live.py",
    "test_fault_matrix.py",
    "test_silence.py",
    "test_validity.py",
    "test_review_window.py",
    "test_older_record.py",
    "test_configuration_live.py",
    "test_hostile_text.py",
    "test_definition.py",
    "test_router_agrees.py",
    "test_snapshot.py",
    "test_least_privilege.py",
)


# Of what takes long, the tests that are more of what others of `make test` try: a line each, in `make test-long`.
LONG = Path(__file__).parent / "long.txt"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold the tests of `check_proofs.py` to what they are there for: the check was seen not to pass."""
    if not (wanted := due(item.nodeid)):
        return (yield)
    with spied() as answers:
        result = yield
    assert not (lacking := unseen(wanted, answers)), "; ".join(lacking)
    return result


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of `long.txt`. Raises pytest.UsageError for a line of it that names none, so that none is lost."""
    lines = {line for line in LONG.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}
    beginnings = {line for line in lines if line.endswith("*")}
    named = set[str]()
    for item in items:
        inside = item.nodeid.removeprefix("tests/")
        begun = {line for line in beginnings if inside.startswith(line[:-1])}
        if names := begun | {inside, inside.partition("[")[0], inside.partition("::")[0]} & lines:
            item.add_marker(pytest.mark.long)
            named |= names
    whole = {str(Path(argument).resolve()) for argument in config.args} >= {str(LONG.parent)}
    if whole and (nobody := sorted(lines - named)):
        raise pytest.UsageError(f"tests/long.txt names no test with: {'; '.join(nobody)}")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported by a test: an environment without AWS and with an empty home."""
    # As a command has it.
    gc.set_threshold(LOOK_AFTER)
    sys.modules.setdefault(NEEDLESS, None)
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="rehearsal-home-")
    config.add_cleanup(lambda: _remove(Path(home)))
    os.environ.update(SAFE)
    os.environ["HOME"] = home
    os.environ["AWS_CONFIG_FILE"] = str(Path(home) / "no-such-config")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(Path(home) / "no-such-credentials")
    # Kept between runs: matplotlib takes seconds to list the fonts for a home that it does not know.
    os.environ.setdefault("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / f"rehearsal-matplotlib-{os.getuid()}"))


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    folder.rmdir()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand tests out one by one, but those of a module with a long set-up to one worker.

    `--dist loadgroup` would do it, but pytest 9.2 ignores the names that pytest-xdist 3.8 gives to its groups.
    """
    from xdist.scheduler import LoadScopeScheduling

    class OneStoryOneWorker(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return module if module.endswith(TOGETHER) else nodeid

    return OneStoryOneWorker(config, log)


@pytest.fixture(autouse=True)
def left_records() -> Iterator[None]:
    """A command counts as a writer of its record until it ends; a test, until its own end: each is an open file."""
    before = set(writers._held)
    yield
    for folder in set(writers._held) - before:
        writers.leave(folder)


@pytest.fixture(scope="session")
def server() -> Iterator[Account]:
    """A running embedded account; what is in it is anybody's."""
    with embedded.running_account(options=NO_RETRIES) as account:
        yield account


@pytest.fixture
def account(server: Account, tmp_path: Path) -> Settings:
    """The parameters of a newly built baseline, for one test."""
    return fresh(server, tmp_path)


@pytest.fixture(scope="module")
def module_account(server: Account, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The parameters of a baseline that a whole module shares."""
    return fresh(server, tmp_path_factory.mktemp("module"))


@pytest.fixture
def client(server: Account) -> Callable[[str], Any]:
    """`client("sqs")`: a client of the embedded account."""
    return lambda service: clients.client(server.endpoint, service)
