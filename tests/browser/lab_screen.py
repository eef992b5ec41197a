"""JupyterLab as a person has it before them, at a laptop's size, in Chromium: open, run, read, restart, close."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

LAPTOP = {"width": 1366, "height": 768}
RED, GREEN = "rgb(176, 0, 32)", "rgb(27, 94, 32)"
FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"
STDERR = f"{FRONT} .jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"
# The numbers beside the code cells: `[3]:` ran, `[*]:` waits or runs, `[ ]:` did neither.
PROMPTS = f"[...document.querySelectorAll('{FRONT} .jp-CodeCell .jp-InputPrompt')].map(one => one.textContent.trim())"
RAN_SINCE = f"before => {{ const now = {PROMPTS}; return !now.includes('[*]:') && now.join() !== before.join() }}"


@contextmanager
def chromium() -> Iterator[Any]:
    """A real Chromium, Debian's or the one that CHROMIUM names."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


def until_told(command: Any, what: str) -> str:
    """What a command tells in the line that begins so, as soon as it does."""
    told = next(line for line in command.stdout if line.startswith(what))
    return str(told.removeprefix(what).split()[0])


def keep(page: Page, name: str) -> None:
    """A picture for a person to look at, in the folder that SHOTS names."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@dataclass
class LabScreen:
    """One window of JupyterLab, and what went wrong in it that nothing should: errors, dialogs, other addresses."""

    page: Page
    first: str  # the name of the notebook at its address
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, context: Any, url: str) -> "LabScreen":
        """A window at an address that a command told, whose kernel is there."""
        screen = cls(context.new_page(), url.split("?")[0].rsplit("/", 1)[-1])
        page, wrong = screen.page, screen.wrong
        page.set_default_timeout(0)
        away = re.compile(rf"(?!{re.escape(url.split('/lab')[0])}|ws:|data:|blob:)")
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if away.match(asked.url) else None)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(url)
        page.wait_for_selector(f"{FRONT} .jp-CodeCell")
        screen._until_idle()
        return screen

    def shut(self) -> None:
        """Close the window, in which nothing has gone wrong, and nothing that somebody wrote was run."""
        assert self.page.evaluate("window.obeyed") is None
        self.page.close()
        assert self.wrong == []

    def sign(self, words: str) -> Locator:
        """A sign in the notebook in front, once it is drawn."""
        found = self.page.locator(f"{FRONT} .jp-RenderedMarkdown span", has_text=words).first
        found.wait_for()
        return found

    def follow(self, link: str, title: str) -> None:
        """Follow a link of the notebook in front to another notebook, which is in front then."""
        self.page.locator(f"{FRONT} .jp-OutputArea a", has_text=link).first.click()
        self.page.wait_for_selector(f"{FRONT} h1:has-text('{title}')")
        self._until_idle()

    def back(self) -> None:
        """Bring the notebook at the window's address to the front again, by its tab; what was open earlier still is."""
        self.page.locator(f".lm-DockPanel-tabBar .lm-TabBar-tabLabel:text-is('{self.first}')").click()

    def cell(self, text: str) -> Locator:
        """The code cell that holds this text."""
        return self.page.locator(
            f"{FRONT} .jp-CodeCell", has=self.page.locator(f".cm-content:has-text('{text}')")
        ).first

    def run(self, text: str) -> str:
        """Run the one code cell that holds this text, to its end; returns all that it shows."""
        with self.running(text) as cell:
            pass
        found = cell.locator(".jp-Cell-outputArea")
        return str(found.inner_text()) if found.count() else ""

    @contextmanager
    def running(self, text: str) -> Iterator[Locator]:
        """The one code cell that holds this text, which begins to run; at the end it has."""
        before, cell = self.page.evaluate(PROMPTS), self.cell(text)
        cell.locator(".cm-content").scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        yield cell
        self.page.wait_for_function(RAN_SINCE, arg=before)

    def run_all(self) -> None:
        """Run > Run All Cells, to the end."""
        before = self.page.evaluate(PROMPTS)
        self._choose("Run", "runmenu:run-all")
        self.page.wait_for_function(RAN_SINCE, arg=before)
        self._until_idle()

    def restart(self) -> None:
        """The kernel anew, by the button above the notebook."""
        self.page.locator(f"{FRONT} [data-jp-item-name='restart']").click()
        self._agree()
        self._until_idle()

    def save_and_shut_down(self) -> None:
        """Save the notebook in front, close it, and end its kernel."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_selector(f"{FRONT} .jp-Notebook")
        tab = self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.lm-mod-current")
        self.page.wait_for_function(
            "() => !document.querySelector('.lm-DockPanel-tabBar .lm-mod-current.jp-mod-dirty')"
        )
        name = tab.locator(".lm-TabBar-tabLabel").inner_text()
        self._choose("File", "filemenu:close-and-cleanup")
        self._agree()
        self.page.locator(f".lm-DockPanel-tabBar .lm-TabBar-tabLabel:text-is('{name}')").wait_for(state="detached")

    @property
    def errors(self) -> list[str]:
        """What cells of the notebook in front wrote to standard error, or failed with."""
        failed = f"{STDERR}, {FRONT} .jp-OutputArea [data-mime-type='application/vnd.jupyter.error']"
        return list(self.page.locator(failed).all_inner_texts())

    @property
    def prompts(self) -> list[str]:
        """The numbers beside the code cells."""
        return list(self.page.evaluate(PROMPTS))

    def read_aloud(self) -> str:
        """The notebook in front as a screen reader has it: roles and names, as YAML."""
        return str(self.page.locator(f"{FRONT} .jp-Notebook").aria_snapshot())

    def _choose(self, menu: str, command: str) -> None:
        self.page.locator(f".lm-MenuBar-itemLabel:text-is('{menu}')").click()
        self.page.locator(f".lm-Menu-item[data-command='{command}']").click()

    def _agree(self) -> None:
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")

    def _until_idle(self) -> None:
        """Until the kernel is there and waits; what is run before is lost, and the line at the bottom says so."""
        self.page.wait_for_selector("#jp-main-statusbar :text('| Idle')")
        self.page.wait_for_selector(f"{FRONT} .jp-Notebook-ExecutionIndicator[data-status='idle']")
