"""The procedure of an account that needs approval, walked once: plan, approve, apply, confirm, go on, review.

Then, on the account as the walk left it, every other command that README and docs/ hold, in the order in which one
leaves something for the next. What is refused on the way is tests/functional/test_approval_refused.py.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import doc_commands
import pytest
from accounts import SHORT_WAITS
from steps import COMMAND
from waiting import until

from lib.changes import approval
from lib.record import records
from lib.record.records import Record
from lib.record.run_phases import NOTEBOOKS
from lib.settings import ROOT
from rehearsal.approval_procedure import OPERATOR, REVIEWER, TICKET

WALK = """
import json, sys
from rehearsal import approval_procedure
with approval_procedure.account_to_walk_on(sys.argv[1], **json.loads(sys.argv[2])) as procedure:
    procedure.walk()
    sys.stdout.flush()
    sys.stdin.read()
"""
CALLER = f"arn:aws:iam::000000000000:user/{OPERATOR}"


@dataclass(frozen=True)
class Story:
    """What the walk printed, the parameters file that it wrote, and the record of its run."""

    said: str
    file: str
    record: Record

    @property
    def typed(self) -> list[tuple[str, str]]:
        """Who typed what, in order."""
        return re.findall(rf"^   ({OPERATOR}|{REVIEWER}) \$ (.+)$", self.said, re.MULTILINE)

    @property
    def approved(self) -> list[str]:
        return re.findall(r"^Plan: (plan-[0-9a-f]{16})$", self.said, re.MULTILINE)

    @property
    def planned(self) -> list[str]:
        return re.findall(rf"{REVIEWER} reads (\S+)/plan\.json", self.said)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The walk as a process of its own, whose account stays until the module is done."""
    folder = tmp_path_factory.mktemp("walk")
    told, pipe = folder / "told.txt", subprocess.PIPE
    words = [sys.executable, "-c", WALK, str(folder / "outputs"), json.dumps(SHORT_WAITS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with told.open("w") as out:
        walk = subprocess.Popen(words, cwd=folder, env=environment, stdin=pipe, stdout=out, stderr=subprocess.STDOUT)
        try:
            until(lambda: "\nDone: run " in told.read_text(encoding="utf-8") or walk.poll() is not None)
            said = told.read_text(encoding="utf-8")
            done = re.search(r"^Done: run (\S+) was planned", said, re.MULTILINE)
            assert done, said
            file = re.search(r"writes (\S+\.yaml)\.$", said, re.MULTILINE)
            yield Story(said, file[1], Record(folder / "outputs" / "local" / done[1], done[1]))
        finally:
            walk.communicate()


def in_the_docs(story: Story) -> list[str]:
    """The commands of "For real" in docs/operate.md, as they would be typed in this walk."""
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    steps = re.search(r"^1\. \*\*Parameters.*?^### ", text, re.MULTILINE | re.DOTALL)[0]
    approved, planned = iter(story.approved), iter(story.planned)
    found = []
    for line in doc_commands.commands(steps):
        # At any time, and of any time; and what whoever has the pager does, as the pager here does by its token.
        if line.startswith(("runbook drill", "aws ")) or " --since " in line:
            continue
        line = line.replace(" prod", f" {story.file}").replace("WHO", f"'{REVIEWER}'").replace(" ID ", f" {TICKET} ")
        line = re.sub(r"plan-\.\.\.", lambda _: next(approved), line).replace("RUN_ID", story.record.run_id)
        found.append(re.sub("RECORD", lambda _: next(planned), line))
    return found


def test_what_is_typed_is_what_the_docs_say_in_that_order(story):
    # Before a day is over two criteria cannot pass, so that the signature gives its reason.
    typed = [re.sub(r" --comment '[^']+'$", "", line) for _, line in story.typed]
    assert typed == in_the_docs(story)
    assert "--comment" in story.typed[-1][1]
    assert len(story.typed) == 8


def test_one_person_plans_applies_and_reviews_and_another_one_approves(story):
    assert {line.split()[1] for who, line in story.typed if who == REVIEWER} == {"verify", "sign"}
    assert {line.split()[1] for who, line in story.typed if who == OPERATOR} == {"plan", "apply", "review"}
    assert f"✓ passed: approval: approved by {REVIEWER}, caller {CALLER}" in story.said
    rows = [row for row in story.record.rows("checks.jsonl") if row["phase"] == "approval"]
    assert {(row["status"], CALLER in row["found"], REVIEWER in row["found"]) for row in rows} == {
        ("passed", True, True)
    }


def test_each_step_is_said_before_it_is_done(story):
    heads = re.findall(r"^(\d)\. (\w+)", story.said, re.MULTILINE)
    assert heads == [("1", "Parameters"), ("2", "Plan"), ("3", "Apply"), ("4", "Confirm"), ("5", "Look")]
    assert story.said.index("0 confirmed, 0 filtered, 1 waiting") < story.said.index("follows the link")
    assert story.said.index("follows the link") < story.said.index("1 confirmed, 0 filtered, 0 waiting")


def test_the_run_is_whole_and_used_both_approvals(story):
    verdict = story.record.read_json("run.json")
    assert (verdict["verdict"], [row["number"] for row in verdict["phases"]]) == ("succeeded", list(NOTEBOOKS))
    begun = [plan["fingerprint"] for plan in story.record.attempts(approval.PLAN)]
    assert begun == story.approved
    assert verdict["caller"]["caller"] == CALLER
    assert verdict["parameters"]["approved_by"] == REVIEWER
    assert records.unsealed_differences(story.record.folder) == []


def test_no_check_was_left_out_as_only_aws_could_answer_it(story):
    left = [row for row in story.record.rows("checks.jsonl") if row["status"] == "not exercised here"]
    # A subscription that waits cannot be read, also on AWS, and nobody breaks tasks in an account that people rely on.
    assert {row["phase"] for row in left} <= {"01", "07"}
    simulated = [row for row in story.record.rows("checks.jsonl") if "AWS simulator" in row["found"]]
    assert {row["status"] for row in simulated if row["phase"] == "02" and "before" not in row["id"]} == {"passed"}


def test_validation_and_review_found_a_subscriber_that_phase_01_did_not(story):
    rows = [row for row in story.record.rows("checks.jsonl") if row["name"] == "operations subscribers"]
    found = {row["phase"]: row["status"] for row in rows}
    assert (found["01"], found["05"]) == ("waiting", "passed")
    paged = re.search(r"The pager was paged (\d+) times", story.said)
    assert int(paged[1]) > 0


def test_a_review_passes_what_it_can_before_a_day_is_over_and_is_signed_with_a_reason(story):
    assert story.said.count("Success criteria: 3 of 5 passed, 2 cannot tell") == 2
    assert story.said.count("too early, so review it again after") >= 2


def test_the_backup_lies_where_the_emergency_path_by_hand_looks(story):
    (line,) = [one for one in doc_commands.of_pages() if one.startswith("aws ") and "file://" in one]
    name = re.search(r"file://(\S+)", line)[1].replace("YYYYMMDD", "*")
    assert len(list(story.record.folder.glob(name))) == 1


# What the command then says: in the words of the docs, where they quote it.
SAYS = {
    "doctor": r"\d+ of \d+ passed", "plan": r"^Plan: plan-[0-9a-f]{16}$", "lock": r"^Nobody holds the lock\.$",
    "status": "05_validation", "verify": "every file is as it was sealed", "review": "3 of 5 passed, 2 cannot tell",
    "sign": r"^Run \S+: accepted by (NAME|WHO) at ",
    "tune": "08_threshold_tuning +✓ succeeded",
    "apply": "is complete: AWS holds everything it wanted", "drill": r"^✓ passed: drill \w+",
    "restore": "The workflow was given back its definition", "rollback": "90_rollback",
}  # fmt: skip
OTHERWISE = {
    # True: minutes after the change, two of the criteria have not passed.
    **dict.fromkeys(
        (f"runbook sign ENV RUN_ID --by {who} --decision accept" for who in ("NAME", "WHO")),
        (2, r"not everything passed .*; to accept it all the same, say why: add --comment TEXT"),
    ),
    "runbook lock ENV --break RUN_ID": (3, "nobody holds the lock"),
    # True: nobody gave this person the operator's policy.
    "runbook doctor ENV": (1, "permissions of the operator, failed: expected every action"),
    "runbook doctor ENV --policy operator": (0, '"states:UpdateStateMachine"'),
    "runbook doctor ENV --policy reader": (0, '"states:DescribeStateMachine"'),
    "runbook status ENV": (0, "succeeded"),
    "runbook apply ENV --only 03": (0, "03_state_machine +✓ succeeded"),
}


def rank(line: str) -> tuple[int, bool, bool, bool]:
    """What only looks goes before what undoes, and what needs the record before what goes without it."""
    return doc_commands.VERBS.index(line.split()[1]), "--dry-run" not in line, "--set" in line, "--unverified" in line


@pytest.mark.parametrize("line", sorted(doc_commands.run_by_tests(), key=rank))
def test_a_command_of_the_docs_is_carried_out_as_it_stands_there(line, story, tmp_path):
    if "--approved-plan" in line:  # of the walk itself
        alike = [re.sub(r"plan-[0-9a-f]{16}", "plan-...", typed) for _, typed in story.typed]
        filled = line.replace("ENV", story.file).replace("WHO", f"'{REVIEWER}'").replace(" ID ", f" {TICKET} ")
        assert filled.replace("RUN_ID", story.record.run_id) in alike
        return
    command = line.replace("ENV", story.file).replace("RUN_ID", story.record.run_id)
    command = command.replace("RECORD", str(story.record.folder))
    environment = {**os.environ, "PATH": f"{COMMAND.parent}:{os.defpath}"}
    ended = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    code, says = OTHERWISE.get(line, (0, SAYS[line.split()[1]]))
    said = ended.stdout + ended.stderr
    assert (ended.returncode, bool(re.search(says, said, re.MULTILINE))) == (code, True), said
