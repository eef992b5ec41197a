"""One person who steps through the whole plan in JupyterLab, and the command that does the same on another account."""

import json
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts import SHORT_WAITS, settled_snapshot, snapshot
from click.testing import CliRunner
from hostile import BREAKS_OUT
from lab_screen import FRONT, LAPTOP, LabScreen, chromium, keep, until_told
from steps import Ended, finished, runbook, started

from lib import settings as parameters
from lib.cli import change_commands
from lib.record import records
from lib.record.records import Record
from lib.record.run_phases import NOTEBOOKS
from lib.settings import Settings
from rehearsal.account import baseline, bridge, clients, traffic
from rehearsal.account import server as embedded
from rehearsal.cli import TRAFFIC_EVERY

HAND, BATCH = "hand", "batch"
TICKET = f"CHG-1 {BREAKS_OUT}"
APPROVED = "plan-0123456789abcdef"  # of no account
APPLY = "engine.carry_out(plan, run)"


@dataclass
class Story:
    """What the person saw, and what came of the two runs."""

    settings: dict[str, Settings] = field(default_factory=dict)  # by whose run
    runs: dict[str, str] = field(default_factory=dict)  # the id of each
    heard: dict[tuple[str, str], str] = field(default_factory=dict)  # by mode and phase: what a screen reader reads
    prompts: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    errors: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)  # what one cell showed
    landing: dict[str, list[str]] = field(default_factory=dict)  # the states of the phases, when
    stood: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[tuple[str, str], Ended] = field(default_factory=dict)  # by whose run and which command
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)  # of each run before its rollback

    def record(self, whose: str) -> Record:
        """What a run left."""
        return Record(self.settings[whose].runs_folder / self.runs[whose], self.runs[whose])

    def verdict(self, number: str) -> str:
        """What the person's run holds of a phase now."""
        phases = self.record(HAND).read_json("run.json")["phases"]
        return str(next(phase["verdict"] for phase in phases if phase["number"] == number))


def both_runs(folder: Path) -> Story:
    """The person's run and the command's, each from the first screen or word to the undo, each on an account alike."""
    found = Story()
    with account(found, HAND, folder / "one") as busy, chromium() as browser:
        by_hand(found, browser.new_context(viewport=LAPTOP), busy)
        commands(found, HAND, busy)
    with account(found, BATCH, folder / "two") as busy:
        settings = found.settings[BATCH]
        busy.enter_context(under_traffic(settings))
        found.told[BATCH, "apply"] = finished(settings, started(settings, "apply"))
        found.runs[BATCH] = found.told[BATCH, "apply"].record.run_id
        commands(found, BATCH, busy)
    return found


@contextmanager
def account(story: Story, whose: str, folder: Path) -> Iterator[ExitStack]:
    """An account with a few check-ins from the same seed, and what is to end before its run is undone."""
    with embedded.running_account(folder=folder / "server") as server:
        folders = {"outputs_dir": str(folder / "outputs"), "docs_dir": str(folder / "application")}
        given = {"endpoint_url": server.endpoint, **folders, **SHORT_WAITS, "change_ticket": TICKET}
        story.settings[whose] = settings = parameters.load("local", given)
        baseline.build(settings)
        baseline.application(settings)
        comment(settings)
        with bridge.running_bridge(folder / "bridge", settings), ExitStack() as busy:
            traffic.play(settings, 12, seed=6)
            story.stood[f"{whose} before"] = settled_snapshot(settings)
            yield busy


def comment(settings: Settings) -> None:
    """Somebody wrote into the live workflow what a page must not obey; its change shows it."""
    states, machine = clients.client(settings.endpoint_url, "stepfunctions"), settings.state_machine_arn
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    text = json.dumps({**definition, "Comment": BREAKS_OUT})
    states.update_state_machine(stateMachineArn=machine, definition=text)


def under_traffic(settings: Settings) -> AbstractContextManager[Any]:
    """Check-ins come all the time."""
    folder = settings.path(settings.outputs_dir).parent / "traffic"
    return traffic.playing_checkins(folder, settings, every=TRAFFIC_EVERY)


def commands(story: Story, whose: str, busy: ExitStack) -> None:
    """What an operator types afterwards, the same for both runs."""
    settings, record = story.settings[whose], story.record(whose)
    story.kept[whose] = {
        "run.json": record.read_json("run.json"),
        "plan.json": record.read_json("plan.json"),
        "changes.jsonl": record.rows("changes.jsonl"),
        "checks.jsonl": record.rows("checks.jsonl"),
        "unsealed": records.unsealed_differences(record.folder),
    }
    documents = settings.path(settings.docs_dir)
    for command, words in {
        "status": ["status", record.run_id],
        "resume": ["apply", "--resume", record.run_id],
        "review": ["review", record.run_id],
        "look": ["rollback", record.run_id, "--dry-run"],
    }.items():
        story.told[whose, command] = runbook(settings, *words)
    story.told[whose, "verify"] = verified(record)
    busy.close()
    story.stood[f"{whose} after"] = settled_snapshot(settings)
    story.kept[whose]["documents"] = {path.name: path.read_text() for path in documents.rglob("*.md")}
    story.told[whose, "rollback"] = runbook(settings, "rollback", record.run_id)
    story.stood[f"{whose} undone"] = settled_snapshot(settings)
    story.told[whose, "status undone"] = runbook(settings, "status", record.run_id)
    story.told[whose, "verify undone"] = verified(record)


def verified(record: Record) -> Ended:
    """What `runbook verify` says of a record."""
    ended = CliRunner().invoke(change_commands.main, ["verify", str(record.folder)])
    return Ended(ended.exit_code, ended.stdout, ended.stderr, record)


@contextmanager
def command(settings: Settings, *words: str, **given: Any) -> Iterator[Any]:
    """A command as long as it is needed, which then ends well, like by Ctrl-C; whatever happens, it ends."""
    running = started(settings, *words, **given)
    try:
        yield running
        running.send_signal(signal.SIGINT)
        said, complained = running.communicate()
        assert (running.returncode, complained) == (0, ""), said
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
            running.communicate()


def by_hand(story: Story, context: Any, busy: ExitStack) -> None:
    """A person at the laptop: looks through the run in plan mode, then applies it, then ends JupyterLab."""
    settings = story.settings[HAND]
    with command(settings, "lab") as lab:
        story.runs[HAND] = until_told(lab, "Run: ")
        screen = LabScreen.opened(context, until_told(lab, "JupyterLab: "))
        for number in walked(story, screen, "plan"):
            screen.run_all()
            ended(story, screen, "plan", number)
        screen.shut()
        story.stood["planned"] = settled_snapshot(settings)
        wrong_approval(story, context)
        with command(settings, "lab", "--run", story.runs[HAND], "--mode", "apply") as second:
            screen = LabScreen.opened(context, until_told(second, "JupyterLab: "))
            for number in walked(story, screen, "apply"):
                if number == "01":
                    out_of_order(story, screen)
                if number == "03":
                    interrupted(story, screen)
                screen.run_all()
                ended(story, screen, "apply", number)
                if number == "01":
                    twice(story, screen)
                    busy.enter_context(under_traffic(settings))
            screen.shut()


def wrong_approval(story: Story, context: Any) -> None:
    """Somebody opens a phase with the fingerprint of another plan, and tries to apply it."""
    settings = story.settings[HAND]
    given = {"approval": "required", "approved_plan": APPROVED, "approved_by": "somebody else"}
    given |= {"not_exercised_here": "[]"}  # where approval is required nothing may be
    with command(settings, "open", "01", "--mode", "apply", **given) as opened:
        screen = LabScreen.opened(context, until_told(opened, "JupyterLab: "))
        screen.run_all()
        keep(screen.page, "refused")
        story.said["wrong approval"], *below = screen.errors
        story.said["below it"] = "\n".join(below)
        story.stood["refused"] = snapshot(settings)
        screen.save_and_shut_down()
        screen.shut()


def walked(story: Story, screen: LabScreen, mode: str) -> Iterator[str]:
    """The phases from the top of the landing page, each once its notebook is in front, and left when it is done."""
    screen.sign("LOCAL 000000000000: TO PRACTISE ON")
    keep(screen.page, f"{mode}-landing-before")
    story.landing[f"{mode} before"] = states(screen)
    for number in NOTEBOOKS:
        screen.back()
        screen.follow(f"{number} ", f"{number} ")
        keep(screen.page, f"{mode}-{number}-first")
        yield number
        screen.save_and_shut_down()
        screen.back()
        screen.run("show.phases")
        story.landing[f"{mode} {number}"] = states(screen)
    story.heard[mode, "landing"] = screen.read_aloud()
    screen.page.keyboard.press("End")
    keep(screen.page, f"{mode}-landing-after")


def ended(story: Story, screen: LabScreen, mode: str, number: str) -> None:
    """What stands in a notebook that was run to its end."""
    story.prompts[mode, number], story.errors[mode, number] = screen.prompts, screen.errors
    story.heard[mode, number] = screen.read_aloud()
    keep(screen.page, f"{mode}-{number}-end")


def out_of_order(story: Story, screen: LabScreen) -> None:
    """The cell that applies, before any other."""
    screen.run(APPLY)
    story.said["out of order"] = "\n".join(screen.errors)
    keep(screen.page, "out-of-order")


def twice(story: Story, screen: LabScreen) -> None:
    """The cell that applies, a second time."""
    story.stood["applied once"] = settled_snapshot(story.settings[HAND])
    written = len(story.record(HAND).rows("changes.jsonl"))
    story.said["a second time"] = screen.run(APPLY)
    story.said["rows of the second time"] = str(len(story.record(HAND).rows("changes.jsonl")) - written)
    story.stood["applied twice"] = settled_snapshot(story.settings[HAND])
    keep(screen.page, "twice")


def interrupted(story: Story, screen: LabScreen) -> None:
    """Half of a notebook, one cell by one, then a kernel anew."""
    for text in ("environment = ", "session.begin"):
        screen.run(text)
    story.said["running"] = story.verdict("03")
    screen.restart()
    story.said["restarted"] = story.verdict("03")
    keep(screen.page, "restarted")


def states(screen: LabScreen) -> list[str]:
    """What the landing page says of each phase."""
    rows = screen.page.locator(f"{FRONT} .jp-OutputArea tbody tr")
    rows.nth(len(NOTEBOOKS)).wait_for()  # drawn a moment after the rest of the page
    return [" | ".join(row.locator("td").all_inner_texts()[2:]) for row in rows.all()]
