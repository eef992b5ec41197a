"""A person who moves the sliders of notebook 08 in JupyterLab: every number follows, and nothing is left waiting.

In Chromium, on an embedded account. `make test-browser`; SHOTS names a folder that is told how long answers took.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab_screen import FRONT, LAPTOP, LabScreen, chromium, keep, until_told
from playwright.sync_api import Locator, Page
from whole_run import HAND, Story, account, command

from rehearsal.account import clients

pytestmark = pytest.mark.browser

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MOVES = (8, -8, -8, 20, -8)  # pixels, by which the thresholds stay in order
PANEL = f"{FRONT} .jp-OutputArea .widget-html-content"
CELLS = (
    "environment = ", "session.begin", "running = ", "ahead = ", "history = sources", "reviewed = ", "counted = ",
    "joint = ",
)  # fmt: skip
# From the first move of the mouse until a number below the sliders changes, by the browser's own clock.
TIMED = f"""() => {{
    const said = () => document.querySelector("{PANEL}")?.innerText, before = said();
    window.timed = new Promise(done => document.addEventListener('pointermove', () => {{
        const began = performance.now();
        const look = () => said() !== before ? done(performance.now() - began) : requestAnimationFrame(look);
        look();
    }}, {{once: true, capture: true}}));
}}"""


def move(page: Page, handle: Locator, pixels: int) -> None:
    """Drag a handle, as a hand does it: down, there in two steps, up."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(TIMED)
    page.mouse.move(x + pixels, y, steps=2)
    page.mouse.up()


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What stood below the sliders before and after each was moved, and how long it took, in milliseconds."""
    story, found = Story(), dict[str, Any]()
    with account(story, HAND, tmp_path_factory.mktemp("explored")), chromium() as browser:
        settings, drawn = story.settings[HAND], np.random.default_rng(4)
        s3 = clients.client(settings.endpoint_url, "s3")
        for at in range(240):
            moment = FIRST + timedelta(hours=at)
            said = {
                "risk_score": round(float(drawn.uniform(0, 100)), 1), "score": round(float(drawn.uniform(-1, 1)), 2),
                "trajectory": "declining",
            }  # fmt: skip
            key = f"person-{at % 9}/{moment:%Y/%m/%d}/{moment.isoformat()}.json"
            s3.put_object(Bucket=settings.checkin_bucket_name, Key=key, Body=json.dumps(said))
        days = ("--set", "tuning_from=2026-01-01", "--set", "tuning_to=2026-01-11")
        with command(settings, "open", "08", *days) as opened:
            found["path"] = Path(until_told(opened, "Notebook: "))
            url = until_told(opened, "JupyterLab: ")
            screen = LabScreen.opened(browser.new_context(viewport=LAPTOP), url)
            for cell in CELLS:
                screen.run(cell)
            screen.run("every = explorer")
            page = screen.page
            page.locator(PANEL).wait_for()
            found["first"] = page.locator(PANEL).inner_text()
            handles = page.locator(f"{FRONT} .jp-OutputArea .noUi-handle")
            found["sliders"], found["after"], found["took"] = handles.count(), [], []
            for at in range(10):
                move(page, handles.nth(at % 5), MOVES[at % 5] * (1 if at < 5 else -1))
                found["took"].append(page.evaluate("window.timed"))
                found["after"].append(page.locator(PANEL).inner_text())
            keep(page, "explorer")
            move(page, handles.nth(1), 200)
            page.locator(f"{FRONT} .widget-html-content:has-text('Out of order')").wait_for()
            keep(page, "explorer-out-of-order")
            found["errors"] = screen.errors
            screen.save_and_shut_down()
            found["saved"] = found["path"].read_text(encoding="utf-8")
            again = LabScreen.opened(screen.page.context, url)
            again.cell("every = explorer").scroll_into_view_if_needed()
            output = again.cell("every = explorer").locator(".jp-Cell-outputArea")
            output.locator("img").wait_for()
            found["read"] = output.inner_text()
            keep(again.page, "explorer-opened-again")
            screen.shut()
            again.shut()
    if folder := os.environ.get("SHOTS"):
        (Path(folder) / "explorer.json").write_text(json.dumps([round(one, 1) for one in found["took"]]))
    return found


def test_there_are_five_sliders_and_every_number_follows(moved):
    assert moved["sliders"] == 5
    assert moved["first"].splitlines()[0].startswith("check-ins")
    assert len({moved["first"], *moved["after"]}) > 5
    assert moved["errors"] == []


def test_a_notebook_that_is_opened_again_shows_the_picture_and_no_error(moved):
    assert "widget-view" not in moved["saved"] and "Error displaying widget" not in moved["read"]
    assert "Five sliders stand here while their kernel runs" in moved["read"]


def test_what_nobody_reviewed_is_not_told(moved):
    assert "cannot tell" in moved["first"] and "not proven to reach crisis_recall_floor" in moved["first"]
