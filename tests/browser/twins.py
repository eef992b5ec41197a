"""A person's run beside a command's, field by field: what may differ, each with its reason, and nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any

from whole_run import Story

from lib.checks import Status, key_of

MAY_DIFFER = {
    "run.json": {
        "started": "when it began",
        "ended": "when it ended",
        "seconds": "how long the person took",
        "phases.seconds": "the same, by phase",
        "phases.output": "a person's notebook is the working copy in which it was done",
        "phases.by_hand": "which cells the person ran again or edited; of a command's there is nothing to say",
        "parameters.run_id": "a person's notebook names the run that it belongs to; a command's makes its name",
        "begun_by_hand": "no command began it, so that it is no command's word for anything",
    },
    "plan.json": {
        "made": "when it was made",
        "parameters_sha256": "over the account's address and the folders, which no two share",
        "fingerprint": "over the same",
    },
    "changes.jsonl": {"time": "when it was written", "written": "when AWS says that the workflow was updated"},
}
# Of what is live, by how its name begins.
LIVE_MAY_DIFFER = {
    "user ": "when a check-in was last scored",
    "object ": "a check-in, named by its time",
    "executions of ": "each has a name of its own, and more check-ins come while a person reads",
    "queue Rehearsal-": "how many messages wait there, of check-ins and of drills",
    "document ": "compared by its text, without the account's address",
}
# What a command measured or named anew, and what stands for it.
MEASURED = {
    r"\d{4}-\d\d-\d\d[T ][\d:]+(\+00:00| UTC)?": "TIME",
    r"\b\d+(\.\d+)? (s|min)\b": r"N \2",
    r"\.attempt-\d+": "",  # a person's copy is no attempt of a command
    r"(criterion \d [^:]+): .*": r"\1",  # the evidence: how many drills, and how fast
}
# Answered by how many check-ins came meanwhile, of which a person's run sees more: passed, or too few to tell.
BY_CHANCE = ("review.real-alerts-in-time",)
CELLS = 5  # of a row of a table; then it says how long it took, or how it was done by hand


def differing(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """The places at which two values differ, without the numbers of rows."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from differing(one.get(key, ...), other.get(key, ...), f"{place}.{key}".lstrip("."))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for each in zip(one, other, strict=True):
            yield from differing(*each, place)
    elif one != other:
        yield place


def plain(story: Story, whose: str, value: Any) -> Any:
    """Of a run without its own name, account's address, folders and drawn names, which no two share."""
    settings, text = story.settings[whose], json.dumps(value)
    for own, name in {
        story.runs[whose]: "RUN",
        settings.endpoint_url: "ENDPOINT",
        settings.outputs_dir: "OUTPUTS",
        settings.docs_dir: "APPLICATION",
    }.items():
        text = text.replace(own, name)
    return json.loads(re.sub(r"-[0-9a-f]{4}-RUN\b", "-DRAWN-RUN", text))  # a temporary queue's


def answers(story: Story, whose: str, number: str) -> dict[str, list[str]]:
    """What the checks of a phase answered when it was asked last: their statuses by what was asked."""
    rows = [row for row in story.kept[whose]["checks.jsonl"] if row.get("phase") == number]
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["attempt"] == rows[-1]["attempt"]:
            by_chance = row["id"] in BY_CHANCE and row["status"] in (Status.PASSED, Status.CANNOT_TELL)
            status = "passed, or too few to tell" if by_chance else row["status"]
            found.setdefault(plain(story, whose, key_of(row)), []).append(status)
    return found


def live(story: Story, whose: str, when: str) -> dict[str, Any]:
    """What stood in a run's account, and may not differ."""
    stood = plain(story, whose, story.stood[f"{whose} {when}"])
    return {name: value for name, value in stood.items() if not name.startswith(tuple(LIVE_MAY_DIFFER))}


def words(story: Story, whose: str, command: str) -> list[str]:
    """The main words of what a command said, in their order: without when, how long, and what else was measured."""
    told = story.told[whose, command]
    lines = plain(story, whose, told.said + told.complained).splitlines()
    rows = [" | ".join(cell.strip() for cell in line.strip("│ ").split("│")[:CELLS]) for line in lines if _told(line)]
    for measured, instead in MEASURED.items():
        rows = [re.sub(measured, instead, row) for row in rows]
    return rows


def _told(line: str) -> bool:
    """Whether a line is more than the rule of a table, its heading, or the rest of a row above."""
    return bool(line.strip()) and line.lstrip()[0] not in "┏┡└┃" and not re.match(r"│ +│", line)
