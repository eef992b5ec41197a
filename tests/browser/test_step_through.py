"""One run stepped through in JupyterLab, as a person does: the landing page, a copy, out of order, after a restart.

At a laptop's size, in Chromium. `make test-browser`.
"""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import PLAIN_JSON
from lab_screen import LAPTOP, chromium
from playwright.sync_api import Locator, Page
from steps import started

from lib.record import records, sealing
from lib.record.folder import CHECKS
from lib.settings import Settings, with_changes

pytestmark = pytest.mark.browser

RUN = "by-hand-1"
RED, GREEN = "rgb(176, 0, 32)", "rgb(27, 94, 32)"
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"


def until_told(command: Any) -> str:
    """The address that a command tells, as soon as it does."""
    told = next(line for line in command.stdout if line.startswith("JupyterLab: "))
    return str(told.split()[1])


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
    yield until_told(command)
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
    """`opened(address)`: a page; afterwards nothing in it has failed, left this machine, or run what somebody wrote."""
    pages, wrong = [], list[str]()

    def show(url: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(0)
        own = re.escape(url.split("/lab")[0])
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        away = re.compile(rf"(?!{own}|ws:|data:|blob:)")
        page.on("request", lambda asked: wrong.append(asked.url) if away.match(asked.url) else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(url)
        page.wait_for_selector(f"{OPEN} .jp-CodeCell")
        pages.append(page)
        return page

    yield show
    for page in pages:
        assert page.evaluate("window.obeyed") is None
        page.close()
    assert wrong == []


def sign(page: Page, words: str) -> Locator:
    """A sign in the notebook that is in front, once it is drawn."""
    found = page.locator(f"{OPEN} .jp-RenderedMarkdown span", has_text=words).first
    found.wait_for()
    return found


def is_on_the_first_screen(found: Locator) -> bool:
    box = found.bounding_box()
    across, down = (box["x"] + box["width"], box["y"] + box["height"]) if box else (LAPTOP["width"] + 1, 0)
    return across <= LAPTOP["width"] and down <= LAPTOP["height"]


def colour(found: Locator) -> str:
    return str(found.evaluate("element => getComputedStyle(element).backgroundColor"))


def run_cell(page: Page, text: str) -> None:
    """Run the one code cell that holds this text."""
    cell = page.locator(f"{OPEN} .jp-CodeCell .cm-content", has_text=text).first
    cell.scroll_into_view_if_needed()
    cell.click()
    page.keyboard.press("Shift+Enter")


def keep(page: Page, name: str) -> None:
    """A picture for a person to look at, in the folder that SHOTS names."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_the_landing_page_says_where_it_is_and_leads_to_a_copy_that_does_so_too(address, opened):
    page = opened(address)
    for words in ("LOCAL 000000000000: TO PRACTISE ON", "PLAN: WRITES NOTHING"):
        assert is_on_the_first_screen(sign(page, words))
    table = page.locator(f"{OPEN} .jp-OutputArea table").first
    assert table.locator("tbody tr").count() == 10
    assert table.locator("td", has_text="NEXT").count() == 1
    assert "obeyed" in page.inner_text(f"{OPEN} .jp-OutputArea")  # it is there to be read
    keep(page, "landing")
    run_cell(page, "show.phases")
    table.locator("a", has_text="01 Infrastructure").click()
    page.wait_for_selector(f"{OPEN} h1:has-text('01 Infrastructure')")
    assert colour(sign(page, "PLAN: WRITES NOTHING")) == GREEN
    assert is_on_the_first_screen(sign(page, "PLAN: WRITES NOTHING"))
    keep(page, "plan")


def test_apply_is_unmistakable_also_after_a_restart_in_the_server_that_runs_already(address, opened, account):
    second = started(account, "open", "01", "--run-id", RUN, "--mode", "apply")
    url = until_told(second)
    assert url.split("/lab")[0] == address.split("/lab")[0]
    page = opened(url)
    assert colour(sign(page, "APPLY: CHANGES THE ACCOUNT")) == RED
    assert is_on_the_first_screen(sign(page, "APPLY: CHANGES THE ACCOUNT"))
    keep(page, "apply")
    run_cell(page, "engine.carry_out")
    said = page.locator(f"{OPEN} .jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").first
    said.wait_for()
    told = "`engine` has no value yet. It is made under 'Where am I?': run the cells above this one first"
    assert told in " ".join(said.inner_text().split())
    assert page.locator(f"{OPEN} details:not([open]) summary", has_text="The traceback").count() == 1
    keep(page, "out-of-order")
    page.locator(f"{OPEN} [data-jp-item-name='restart']").click()
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="detached")
    assert colour(sign(page, "APPLY: CHANGES THE ACCOUNT")) == RED
    run_cell(page, "environment = ")
    run_cell(page, "session.begin")
    live = page.locator(f"{OPEN} .jp-OutputArea td span > span", has_text="apply (CHANGES THE ACCOUNT)")
    live.wait_for()
    assert colour(live) == RED
    keep(page, "where-am-i")
    second.send_signal(signal.SIGINT)
    second.communicate()
    assert second.returncode == 0
