"""README and docs/: short where they should be, every link leads somewhere, every path and room they name exists."""

import re
import shlex
import subprocess

import click
import doc_commands
import pytest
from botocore import xform_name
from botocore.session import Session
from check_proofs import GIVEN, PROOFS
from papermill.cli import papermill

from lib.checks import Status
from lib.cli.change_commands import main
from lib.display import marks
from lib.settings import ROOT

DOCS = doc_commands.PAGES
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def anchors(text):
    """The headings of a page as GitHub makes links of them."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken(path, text):
    """What a page links to and is not there."""
    missing = []
    for target, anchor in LINK.findall(text):
        page = (path.parent / target) if target else path
        if not page.exists():
            missing.append(target)
        elif anchor and anchor not in anchors(page.read_text(encoding="utf-8") if target else text):
            missing.append(f"{target}#{anchor}")
    return missing


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 100


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    assert broken(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["[x](no-such-file.md)", "[x](docs/record.md#no-such-heading)", "[x](#no-such-heading)"]
)
def test_that_can_fail(text):
    assert broken(ROOT / "README.md", text)


def rows_without_a_head(text):
    """Rows that a page shows as plain text, since no head of a table stands above them."""
    blocks = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    return [block for block in blocks if not re.match(r"\|.*\n\|[-:| ]+\|\n", block)]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_row_belongs_to_a_table(path):
    assert rows_without_a_head(path.read_text(encoding="utf-8")) == []


def test_a_row_behind_an_empty_line_is_found():
    assert rows_without_a_head("| a | b |\n|---|---|\n| c | d |\n\n| e | f |\n") == ["| e | f |\n"]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_path_that_a_page_names_exists(path):
    named = re.findall(
        r"`((?:lib|rehearsal|tests|runbooks|parameters|docs)/[\w./-]*)`", path.read_text(encoding="utf-8")
    )
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_the_architecture_names_every_room_of_lib():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "lib").glob("*/__init__.py")}
    assert {room for room in rooms if f"`{room}/`" not in text} == set()


def test_every_page_is_reached_from_the_readme():
    """By a link there, or by one of a page that is."""
    reached, left = set(), [DOCS[0]]
    while left:
        page = left.pop()
        reached.add(page)
        links = LINK.findall(page.read_text(encoding="utf-8"))
        ways = {(page.parent / target).resolve() for target, _ in links if target.endswith(".md")}
        left += [way for way in ways & set(DOCS) if way not in reached]
    assert reached == set(DOCS)


# Commands. Those of `runbook`: cli/test_commands.py parses them, tests/runbooks/test_approval_procedure.py types them.


def test_the_collector_finds_a_command_wherever_one_may_stand():
    text = """A `runbook plan ENV` and a `runbook
status ENV`, no `runbooks/`, no `plan`.

    runbook lock ENV

```
make test  # all of [them]
runbook apply ENV   # carries out
        [--from 03] [--only 04]   # one [--dry-run], alone
papermill a.ipynb b.ipynb
```
| now | `aws sts get-caller-identity` |
"""
    assert doc_commands.commands(text) == [
        "make test", "runbook apply ENV --from 03 --only 04 --dry-run", "papermill a.ipynb b.ipynb", "runbook lock ENV",
        "runbook plan ENV", "runbook status ENV", "aws sts get-caller-identity",
    ]  # fmt: skip


def test_what_no_test_types_says_why_and_names_who_does():
    assert set(doc_commands.NOT_RUN) <= set(doc_commands.of_pages())
    named = [one for why in doc_commands.NOT_RUN.values() for one in re.findall(r"tests/\S+\.py", why)]
    assert [one for one in named if not (ROOT / one).is_file()] == []
    others = [one for one in doc_commands.of_pages() if not one.startswith(("runbook ", "make "))]
    assert [one for one in others if one not in doc_commands.NOT_RUN] == []


@pytest.mark.parametrize("line", doc_commands.run_by_tests())
def test_a_command_that_a_test_types_is_whole_and_the_test_knows_when_to_type_it(line):
    _, verb, first, *_ = line.split()
    assert verb in doc_commands.VERBS, "say in doc_commands.NOT_RUN why no test types it, or in VERBS when"
    assert first == ("RECORD" if verb == "verify" else "ENV"), "name the environment, as in `runbook plan ENV`"


@pytest.mark.parametrize("line", [one for one in doc_commands.of_pages() if one.startswith("make ")])
def test_make_knows_what_the_docs_tell_it_to_do(line):
    ended = subprocess.run(["make", "--dry-run", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, bool(ended.stdout)) == (0, True), ended.stderr


def test_papermill_takes_what_the_docs_tell_it():
    for line in (one for one in doc_commands.of_pages() if one.startswith("papermill ")):
        given = papermill.make_context("papermill", shlex.split(line)[1:]).params
        notebook = ROOT / given["notebook_path"]
        assert notebook.is_file()
        assert all(f'"{name} = ' in notebook.read_text(encoding="utf-8") for name, _ in given["parameters"])


def test_aws_takes_what_the_docs_tell_it():
    lines = [shlex.split(one) for one in doc_commands.of_pages() if one.startswith("aws ")]
    assert lines
    for _, service, operation, *words in lines:
        model = Session().get_service_model(service)
        members = next(
            model.operation_model(name).input_shape.members
            for name in model.operation_names
            if xform_name(name, "-") == operation
        )
        assert {word.removeprefix("--") for word in words[::2]} <= {xform_name(name, "-") for name in members}


def test_an_option_that_a_page_names_is_one_of_a_command():
    commands = [
        main,
        *(main.get_command(click.Context(main), name) for name in main.list_commands(click.Context(main))),
    ]
    every = {
        option
        for command in commands
        for parameter in command.get_params(click.Context(command))
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    spans = [one for path in DOCS for one in doc_commands.SPAN.findall(path.read_text(encoding="utf-8"))]
    named = {one.split()[0] for one in spans if one.startswith("--")}
    assert named and named <= every


def test_the_keys_of_each_command_that_gives_data_are_told():
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    commands = {name: main.get_command(click.Context(main), name) for name in main.list_commands(click.Context(main))}
    with_data = [name for name, one in commands.items() if any("--json" in parameter.opts for parameter in one.params)]
    assert with_data and [name for name in with_data if f"| `{name} --json` |" not in page] == []


def test_the_limits_name_the_checks_that_are_seen_on_no_broken_account_or_never_fail():
    page = " ".join((ROOT / "docs" / "limits.md").read_text(encoding="utf-8").split())
    assert f"Of {len(GIVEN)} that is by what AWS or a record would say" in page
    before, _, _ = page.partition(" have no worse answer than `cannot tell`")
    named = re.findall(r"`([^`]+)`", before.rpartition("evidence alone. ")[2])
    assert set(named) == {str(one) for one, proof in PROOFS.items() if proof.status == Status.CANNOT_TELL}


@pytest.mark.parametrize("name", ["operate.md", "operate-one-page.md"])
def test_the_words_that_an_operator_is_told_to_look_for_are_those_of_the_code(name):
    """`another run may write now`: what a page quotes stands so in a module of lib."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "lib").rglob("*.py"))
    spans = doc_commands.SPAN.findall(doc_commands.BLOCK.sub("", (ROOT / "docs" / name).read_text(encoding="utf-8")))
    # Beside what the code says: a command by its name alone, and a status as the terminal marks it.
    verbs = "|".join([*main.list_commands(click.Context(main)), *(re.escape(mark) for mark, _ in marks.MARKS.values())])
    quoted = [one for one in spans if " " in one and not re.match(rf"{doc_commands.PROGRAMS}|-|({verbs}) ", one)]
    assert quoted
    assert [one for one in quoted if not all(part in source for part in re.split(r"\.\.\. ?|: ", one))] == []


def test_the_page_to_print_fits_on_one():
    text = (ROOT / "docs" / "operate-one-page.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    # What it tells somebody to type at 3 a.m. is told in full where there is time to read.
    more = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8") + (ROOT / "README.md").read_text(encoding="utf-8")
    verbs = {line.split()[1] for line in doc_commands.commands(text) if line.startswith("runbook ")}
    assert verbs and [verb for verb in verbs if f"`runbook {verb}" not in more and f"runbook {verb}" not in more] == []
