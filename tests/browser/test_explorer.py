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
from whole_run import HAND, Story, account, command

from rehearsal.account import clients

pytestmark = pytest.mark.browser

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PANEL = f"{FRONT} .jp-OutputArea .widget-html-content table"
CELLS = (
    "environment = ", "session.begin", "running = ", "ahead = ", "history = sources", "reviewed = ", "counted = ",
    "joint = ",
)  # fmt: skip
# From the key that moves a slider until the number that it moves stands there, by the browser's own clock.
TIMED = f"""() => new Promise(done => {{
    const began = performance.now(), panel = document.querySelector("{PANEL}").closest('.widget-html-content');
    new MutationObserver((_, observer) => {{ observer.disconnect(); done(performance.now() - began); }})
        .observe(panel, {{subtree: true, childList: true, characterData: true}});
}})"""


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
            screen = LabScreen.opened(browser.new_context(viewport=LAPTOP), until_told(opened, "JupyterLab: "))
            for cell in CELLS:
                screen.run(cell)
            screen.run("every = explorer")
            page = screen.page
            page.locator(PANEL).wait_for()
            found["first"] = page.locator(PANEL).inner_text()
            handles = page.locator(f"{FRONT} .jp-OutputArea .noUi-handle")
            found["sliders"], found["after"], found["took"] = handles.count(), [], []
            for at, key in enumerate(["ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowLeft"] * 2):
                handles.nth(at % 5).focus()
                timing = page.evaluate_handle(f"() => {{ window.timed = ({TIMED})(); }}")
                page.keyboard.press(key)
                found["took"].append(page.evaluate("window.timed"))
                found["after"].append(page.locator(PANEL).inner_text())
                timing.dispose()
            keep(page, "explorer")
            for _ in range(12):
                handles.nth(1).focus()
                page.keyboard.press("PageUp")
            page.locator(f"{FRONT} .widget-html-content:has-text('Out of order')").wait_for()
            keep(page, "explorer-out-of-order")
            found["errors"] = screen.errors
            screen.shut()
    if folder := os.environ.get("SHOTS"):
        (Path(folder) / "explorer.json").write_text(json.dumps([round(one, 1) for one in found["took"]]))
    return found


def test_there_are_five_sliders_and_every_number_follows(moved):
    assert moved["sliders"] == 5
    assert moved["first"].splitlines()[0].startswith("check-ins")
    assert len({moved["first"], *moved["after"]}) > 5
    assert moved["errors"] == []


def test_what_nobody_reviewed_is_not_told(moved):
    assert "cannot tell" in moved["first"] and "not proven to reach crisis_recall_floor" in moved["first"]
