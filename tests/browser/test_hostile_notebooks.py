"""Executed notebooks of an account whose every text is hostile, in Chromium: nothing that somebody wrote is run there.

`make test-browser`. Needs Debian's chromium (`apt-get install chromium`), or the path of another in CHROMIUM.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import SCRIPT
from hostile_account import NOTEBOOKS, executed, page_of
from lab_screen import chromium
from playwright.sync_api import Page

from lib.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium, which reaches nothing: what a page asks of the network is refused."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(module_account: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of the executed notebooks."""
    folder = tmp_path_factory.mktemp("pages")
    found = {name: folder / f"{name}.html" for name in NOTEBOOKS}
    for name, path in executed(module_account).items():
        found[name].write_text(page_of(path), encoding="utf-8")
    return found


def opened(browser: Any, path: Path) -> tuple[Page, list[str]]:
    """A page after it has loaded and every element was passed over, and what it tried that it should not."""
    page, tried = browser.new_page(), list[str]()
    page.route("**/*", lambda route: route.continue_() if route.request.url == path.as_uri() else route.abort())
    page.on("dialog", lambda dialog: (tried.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    for link in page.query_selector_all("main a"):
        tried.extend(filter(lambda href: "script:" in href, [link.get_attribute("href") or ""]))
    return page, tried


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_script_of_somebodys_runs_and_what_they_wrote_is_there_to_be_read(browser, pages, name):
    page, tried = opened(browser, pages[name])
    assert page.evaluate("window.obeyed") is None
    assert tried == []
    assert page.evaluate("document.querySelectorAll('main [onerror], main [onload], main script').length") == 0
    assert "obeyed" in page.inner_text("main")


def test_this_browser_would_run_it(browser, tmp_path):
    bare = tmp_path / "bare.html"
    bare.write_text(f"<main><p>x</p><script>{SCRIPT}</script></main>", encoding="utf-8")
    assert opened(browser, bare)[0].evaluate("window.obeyed") == "yes"
