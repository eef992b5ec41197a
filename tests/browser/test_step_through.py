"""One run stepped through in JupyterLab, as a person does: the landing page, a copy, out of order, after a restart.

At a laptop's size, in Chromium. `make test-browser`.
"""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hostile import PLAIN_JSON
from lab_screen import FRONT, GREEN, LAPTOP, RED, LabScreen, chromium, keep, until_told
from playwright.sync_api import Locator
from steps import started

from lib.record import records, sealing
from lib.record.folder import CHECKS
from lib.settings import Settings, with_changes

pytestmark = pytest.mark.browser

RUN = "by-hand-1"


@pytest.fixture(scope="module")
def account(module_account: Settings) -> Settings:
    """An account, and a run of it whose record holds words that a page must not obey."""
    chosen = with_changes(module_account, run_id=RUN)
    record = records.open_run(chosen)
    record.write_json("run.json", {"run_id": RUN, "verdict": PLAIN_JSON, "mode": PLAIN_JSON, "phases": []})
    record.append(CHECKS, {"phase": "04", "time": PLAIN_JSON})
    sealing.seal(record)
    return module_account


@pytest.fixture(scope="module")
def address(account: Settings) -> Iterator[str]:
    """Where `runbook lab` says that it is, which ends like by Ctrl-C and seals the record."""
    command = started(account, "lab", "--run", RUN)
    yield until_told(command, "JupyterLab: ")
    command.send_signal(signal.SIGINT)
    said, complained = command.communicate()
    assert (command.returncode, f"The record of run {RUN} is sealed." in said) == (0, True), complained
    assert records.unsealed_differences(account.runs_folder / RUN) == []


@pytest.fixture(scope="module")
def context() -> Iterator[Any]:
    """A real Chromium on a laptop's screen."""
    with chromium() as found:
        yield found.new_context(viewport=LAPTOP)


@pytest.fixture
def opened(context: Any) -> Iterator[Any]:
    """`opened(address)`: a window; in the end nothing in it failed, left this machine, or ran what somebody wrote."""
    screens: list[LabScreen] = []

    def show(url: str) -> LabScreen:
        screens.append(LabScreen.opened(context, url))
        return screens[-1]

    yield show
    for screen in screens:
        screen.shut()


def is_on_the_first_screen(found: Locator) -> bool:
    box = found.bounding_box()
    across, down = (box["x"] + box["width"], box["y"] + box["height"]) if box else (LAPTOP["width"] + 1, 0)
    return across <= LAPTOP["width"] and down <= LAPTOP["height"]


def colour(found: Locator) -> str:
    return str(found.evaluate("element => getComputedStyle(element).backgroundColor"))


def test_the_landing_page_says_where_it_is_and_leads_to_a_copy_that_does_so_too(address, opened):
    screen = opened(address)
    for words in ("LOCAL 000000000000: TO PRACTISE ON", "PLAN: WRITES NOTHING"):
        assert is_on_the_first_screen(screen.sign(words))
    table = screen.page.locator(f"{FRONT} .jp-OutputArea table").first
    assert table.locator("tbody tr").count() == 10
    assert table.locator("td", has_text="NEXT").count() == 1
    assert "obeyed" in screen.page.inner_text(f"{FRONT} .jp-OutputArea")  # it is there to be read
    keep(screen.page, "landing")
    screen.run("show.phases")
    screen.follow("01 Infrastructure", "01 Infrastructure")
    assert colour(screen.sign("PLAN: WRITES NOTHING")) == GREEN
    assert is_on_the_first_screen(screen.sign("PLAN: WRITES NOTHING"))
    keep(screen.page, "plan")


def test_apply_is_unmistakable_also_after_a_restart_in_the_server_that_runs_already(address, opened, account):
    second = started(account, "open", "01", "--run-id", RUN, "--mode", "apply")
    url = until_told(second, "JupyterLab: ")
    assert url.split("/lab")[0] == address.split("/lab")[0]
    screen = opened(url)
    assert colour(screen.sign("APPLY: CHANGES THE ACCOUNT")) == RED
    assert is_on_the_first_screen(screen.sign("APPLY: CHANGES THE ACCOUNT"))
    keep(screen.page, "apply")
    screen.run("engine.carry_out")
    (said,) = screen.errors
    refused = "`engine` has no value yet. It is made under 'Where am I?': run the cells above this one first"
    assert refused in " ".join(said.split())
    assert screen.page.locator(f"{FRONT} details:not([open]) summary", has_text="The traceback").count() == 1
    keep(screen.page, "out-of-order")
    screen.restart()
    assert colour(screen.sign("APPLY: CHANGES THE ACCOUNT")) == RED
    screen.run("environment = ")
    screen.run("session.begin")
    live = screen.page.locator(f"{FRONT} .jp-OutputArea td span > span", has_text="apply (CHANGES THE ACCOUNT)")
    assert colour(live) == RED
    keep(screen.page, "where-am-i")
    second.send_signal(signal.SIGINT)
    second.communicate()
    assert second.returncode == 0
