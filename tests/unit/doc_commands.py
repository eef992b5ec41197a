"""Every command that the README and docs/ tell somebody to type, as it stands there. Reads files; runs nothing.

In a fenced or an indented block each line is one, with the lines that go on with it (they begin with an option) and the
options that its comment names in brackets; in prose and in tables, each code span that begins with a program.
"""

import re

from lib.settings import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = r"(?:runbook|make|papermill|aws|python|\.(?= \.venv)) "
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^((?: {4}\S.*\n)+)", re.MULTILINE)  # after an empty line; within a list it is prose
SPAN = re.compile(r"`([^`]+)`")
GOES_ON = re.compile(r"\n +(?=\[)")
OPTIONAL = re.compile(r"\[(--[^\]]+)\]")
ENVIRONMENTS, RECORDS = r"\b(prod|staging|local)\b", r"\bRUN_DIR\b"

# What no test can type as it stands, and why; each is parsed all the same. Whatever else docs hold is run by
# tests/runbooks/test_approval_procedure.py; and what `make` does, which takes minutes to hours, is asked of it alone.
NOT_RUN = {
    "runbook apply ENV --approved-plan plan-... --approved-by WHO --change-ticket ID --from 03 --to 05 "
    "--rollback-on-failure --only 04 --only 03 "
    "--candidate-only": "all its options at once, some of which exclude each other",
    "runbook rehearse": "four minutes; its phases are carried out by tests/runbooks/test_whole_plan.py",
    "runbook rehearse --keep": "the same, and an account that stays; tests/functional/test_cli_rehearsal.py keeps one",
    "runbook rehearse --stop": "it would stop whoever keeps one; tests/functional/test_cli_rehearsal.py has its own",
    "runbook rehearse --approval": "its walk is told once, by tests/runbooks/test_approval_procedure.py",
    "runbook open ENV 03": "it opens a browser; tests/runbooks/test_handover.py opens one without",
    "runbook open ENV 03 --mode apply --run-id RUN_ID": "it opens a browser; tests/runbooks/test_handover.py has none",
    **dict.fromkeys(
        ("runbook lab ENV", "runbook lab ENV --run RUN_ID", "runbook lab ENV --run RUN_ID --mode apply"),
        "it serves JupyterLab until Ctrl-C; tests/browser/test_whole_run.py steps through it, and "
        "tests/functional/test_printed_commands.py opens it without a browser",
    ),
    "papermill runbooks/03_state_machine.ipynb out.ipynb -p environment prod": "prod is an account of AWS; "
    "tests/runbooks/test_notebooks_run.py runs each on the embedded one",
    **dict.fromkeys(
        ("runbook plan ENV --thresholds FILE", "runbook tune ENV --run-id RUN_ID --labels FILE",
         "runbook tune ENV --from DAY --to DAY", "runbook tune ENV --from DAY --to DAY --run-id RUN_ID --labels FILE"),
        "it needs days, reviewed outcomes or a proposal of theirs, which tests/runbooks/test_tuning.py has",
    ),
    "runbook watch ENV RUN_ID": "a day, by simulated time in tests/unit/cli/test_watch_command.py; one that goes on is "
    "typed by tests/functional/test_printed_commands.py",
    "runbook review ENV RUN_ID --since TIME --until TIME": "TIME is none; see "
    "tests/functional/test_review_window.py",
    **dict.fromkeys(
        ("runbook history ENV", "runbook history ENV --from DAY"),
        "it needs a day, which tests/runbooks/test_tuning.py has",
    ),
    **dict.fromkeys(
        ("runbook history ENV --export PATH", "runbook history ENV --table s3://BUCKET/checkins/"),
        "it needs an export, or a bucket; tests/unit/cli/test_tuning_commands.py types each with one",
    ),
    **dict.fromkeys(
        ("runbook tune ENV --engine athena", "runbook tune ENV --from DAY --to DAY --engine athena --database DATABASE "
         "--results s3://BUCKET/PREFIX/"),
        "it needs a table in Athena; tests/functional/test_history_live.py makes one, and counts by it",
    ),
    **dict.fromkeys(
        ("runbook tune ENV --outcomes-table TABLE --outcome-attribute NAME",),
        "it needs a table of outcomes; tests/functional/test_history_live.py makes some, and reads them",
    ),
    "runbook drill ENV --alarms": "minutes of pages; tests/runbooks/test_alarm_drill.py counts each",
    "runbook apply ENV --only 03 --candidate-only": "where nothing is changed yet, as in "
    "tests/runbooks/test_candidate_only.py",
    ". .venv/bin/activate": "it changes the shell that types it",
    "aws sns confirm-subscription --topic-arn ARN --token TOKEN --authenticate-on-unsubscribe true": "AWS's own "
    "command is not installed, and the token stands in a mail",
    "aws stepfunctions update-state-machine-alias --state-machine-alias-arn ALIAS --routing-configuration "
    "stateMachineVersionArn=VERSION,weight=100": "AWS's own command is not installed; "
    "tests/functional/test_printed_commands.py makes such calls",
    "aws stepfunctions update-state-machine --state-machine-arn ARN --definition "
    "file://backup/stepfunctions-backup-YYYYMMDD-definition.json": "AWS's own command is not installed; "
    "tests/functional/test_printed_commands.py makes such calls",
}  # fmt: skip
# What README and docs/ hold besides, in the order in which it is typed: the latter take away what the former read.
VERBS = (
    "doctor", "plan", "lock", "status", "verify", "review", "sign", "tune", "drill", "apply", "restore", "rollback",
)  # fmt: skip


def commands(text: str) -> list[str]:
    """The commands of a page, each with one space between its words."""
    blocks = [block[1] for block in BLOCK.finditer(text)]
    prose = BLOCK.sub("", text)
    blocks += [re.sub(r"^ {4}", "", found[1], flags=re.MULTILINE) for found in INDENTED.finditer(prose)]
    lines = [line for block in blocks for line in GOES_ON.sub(" ", block).splitlines()]
    found = (" ".join(one.split()) for one in [*map(_with_every_option, lines), *SPAN.findall(prose)])
    return [one for one in found if re.match(PROGRAMS, one)]


def _with_every_option(line: str) -> str:
    """`apply ENV [--to 05]  # or [--only 04], alone` is `apply ENV --to 05 --only 04`."""
    return " ".join([re.split(r"\s#", OPTIONAL.sub("", line))[0], *OPTIONAL.findall(line)])


def of_pages() -> list[str]:
    """Each command of README and docs/ once, of an environment ENV, a run RUN_ID and its folder RECORD."""
    found = [one for path in PAGES for one in commands(path.read_text(encoding="utf-8"))]
    alike = (re.sub(RECORDS, "RECORD", re.sub(ENVIRONMENTS, "ENV", one) if one[0] == "r" else one) for one in found)
    return list(dict.fromkeys(one.replace("[RUN_ID]", "RUN_ID") for one in alike))


def run_by_tests() -> list[str]:
    """Those of `runbook` with its words that are typed as they stand. A name alone speaks of a command."""
    every = [one for one in of_pages() if one.startswith("runbook ") and one.count(" ") > 1]
    return [one for one in every if one not in NOT_RUN]
