"""A person who runs phase 05's drills in JupyterLab: sees executions move through their states, and keeps no widget.

At a laptop's size, in Chromium, on an embedded account. `make test-browser`.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lab_screen import FRONT, LAPTOP, LabScreen, chromium, keep, until_told
from steps import carried_out
from waiting import until
from whole_run import HAND, Story, account, command

from lib.phases import validation

pytestmark = pytest.mark.browser

WIDGET = f"{FRONT} .jp-OutputArea .widget-html-content"
# Whatever a widget shows is noted as soon as it does.
NOTE = """() => {
    window.shown = [];
    new MutationObserver(() => {
        const said = document.querySelector('.widget-html-content')?.innerText;
        if (said && said !== window.shown.at(-1)) window.shown.push(said);
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
NOTED = "group => window.shown.some(said => said.startsWith(`${group}: 1 of `) && said.includes('States: '))"
LEFT_BY_A_WIDGET = re.compile(r"widget|model_id|<script", re.IGNORECASE)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What stood in the cell while it drilled and afterwards, what was kept of it, and what stands in it anew."""
    story, found = Story(), dict[str, Any]()
    with account(story, HAND, tmp_path_factory.mktemp("watched")), chromium() as browser:
        settings = story.settings[HAND]
        carried_out(settings, "01", "02", "04", "03")
        with command(settings, "open", "05", "--mode", "apply") as opened:
            found["path"] = Path(until_told(opened, "Notebook: "))
            url = until_told(opened, "JupyterLab: ")
            screen = LabScreen.opened(browser.new_context(viewport=LAPTOP), url)
            for cell in ("environment = ", "session.begin", "validation.groups"):
                screen.run(cell)
            screen.page.evaluate(NOTE)
            with screen.running("validation.run(") as cell:
                for group in (validation.PLANNED, validation.BOUNDARIES, validation.PROCESSOR):
                    screen.page.wait_for_function(NOTED, arg=group)
                    keep(screen.page, f"drills-{group}")
            found["shown"] = screen.page.evaluate("window.shown")
            found["widgets"] = screen.page.locator(WIDGET).count()
            found["said"] = cell.locator(".jp-Cell-outputArea").inner_text()
            found["errors"] = screen.errors
            cell.locator(".jp-Cell-outputArea").scroll_into_view_if_needed()
            keep(screen.page, "drills-after")
            screen.save_and_shut_down()
            screen.shut()
            found["notebook"] = json.loads(found["path"].read_text(encoding="utf-8"))
            screen = LabScreen.opened(browser.new_context(viewport=LAPTOP), url)
            cell = screen.cell("validation.run(").locator(".jp-Cell-outputArea")
            cell.scroll_into_view_if_needed()
            cell.locator("table").wait_for()
            # JupyterLab draws it a second time, and between the two it is empty.
            found["anew"] = until(lambda: cell.inner_text().strip())
            keep(screen.page, "drills-anew")
            screen.shut()
    return found


def test_while_it_drills_the_states_appear_one_after_the_other(watched):
    lines = [line for said in watched["shown"] for line in said.splitlines() if line.startswith("States: ")]
    marked = {line.rpartition("▸ ")[2] for line in lines if "▸" in line}
    assert marked, lines[:20]
    assert any("DrillGate › " in line and line.endswith("CheckinComplete") for line in lines)


def test_it_says_of_which_group_how_many_drills_have_ended_and_how(watched):
    said = "\n".join(watched["shown"])
    assert re.search(r"^scenarios: 3 of 8 ended; 3 of \d+ in all, ", said, re.MULTILINE)
    assert re.search(r"^boundaries: [1-9]\d* of \d\d ended; ", said, re.MULTILINE)
    assert re.search(r"^Ended: ✓ \d+ succeeded", said, re.MULTILINE)
    assert "Now: listens for alerts that must not come" in said
    assert watched["errors"] == []


def test_afterwards_one_line_stands_in_its_place_above_the_table(watched):
    first, *rest = watched["said"].splitlines()
    assert re.match(r"Drills: (\d+) executions ended, in \d+ s: ○ 1 judged by its alerts, ✓ \d+ succeeded\. ", first)
    assert next(line for line in rest if line.strip()).startswith("scenario")
    assert watched["widgets"] == 0


def test_what_was_saved_holds_no_widget_and_reads_the_same_when_it_is_opened_again(watched):
    notebook = watched["notebook"]
    (cell,) = [cell for cell in notebook["cells"] if "validation.run(" in "".join(cell["source"])]
    assert cell["outputs"][0]["data"].keys() == {"text/html", "text/plain"}
    assert LEFT_BY_A_WIDGET.findall(json.dumps([cell["outputs"], notebook["metadata"]])) == []
    assert watched["anew"].split() == watched["said"].split()
