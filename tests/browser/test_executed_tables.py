"""The sample record's notebooks on a laptop, in Chromium: nothing of a table lies beyond the edge.

`make test-browser`. Needs Debian's chromium (`apt-get install chromium`), or the path of another in CHROMIUM.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hostile_account import page_of
from lab_screen import LAPTOP, chromium

from lib.settings import ROOT

pytestmark = pytest.mark.browser
EXECUTED = sorted((ROOT / "outputs" / "sample").glob("*.ipynb"))
CUT = """() => [...document.querySelectorAll("main *")]
    .filter(one => one.querySelector("table") && one.scrollWidth > one.clientWidth + 1)
    .map(one => [...one.querySelectorAll("th")].slice(0, 5).map(head => head.innerText).join(" | "))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize("notebook", EXECUTED, ids=lambda path: path.stem)
def test_every_table_of_the_sample_is_seen_whole_on_a_laptop(browser, notebook, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_of(notebook), encoding="utf-8")
    page = browser.new_page(viewport=LAPTOP)
    page.goto(path.as_uri())
    assert page.locator("main table").count() > 0
    assert page.evaluate(CUT) == []
    page.close()
