"""An account whose every text is hostile: the executed notebooks as pages, and the bytes that reach a terminal."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hostile import DRAWN, HARMLESS, UNSEEN, Elements, obeyed
from hostile_account import NOTEBOOKS, OTHER, PRIVATE, RUN, TAMPERED, executed, page_of

from lib.record import command_lines
from lib.settings import ROOT

COLOUR = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def kept(module_account):
    """The executed notebooks, by name."""
    return executed(module_account)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_page_of_it_obeys_nothing(kept, name):
    page = page_of(kept[name])
    assert obeyed(page) == []
    assert "obeyed" in page  # it is there to be read
    for cell in nbformat.read(kept[name], as_version=4).cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/html", "")
            assert {tag for tag, _ in Elements(shown).found} <= HARMLESS
            pictures = [attributes for tag, attributes in Elements(shown).found if tag == "img"]
            assert all({*one} == {"alt", "src"} and one["src"].startswith(DRAWN) for one in pictures)
            told = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
            plain = output.get("data", {}).get("text/plain", "")
            assert not UNSEEN.search(COLOUR.sub("", shown + plain + "".join(told)))


def test_no_file_of_a_record_holds_a_contact_that_lies_in_the_account_but_what_an_undo_restores(kept, module_account):
    files = [path for path in module_account.runs_folder.rglob("*") if path.is_file()]
    told = {path.relative_to(module_account.runs_folder).as_posix() for path in files if _told(path)}
    assert len(files) > 30
    assert told == {name for name in told if name.startswith(f"{RUN}/backup/")} != set()


def _told(path):
    return PRIVATE.search(path.read_bytes().decode(errors="replace"))


# The last ones write, and so take a lock or take one away.
SAID = {
    "plan": ["plan"],
    "the runs": ["status"],
    "this run": ["status", RUN],
    "another run": ["status", OTHER],
    "a run that was tampered with": ["status", TAMPERED],
    "the lock": ["lock"],
    "a rollback": ["rollback", RUN, "--dry-run"],
    "a lock that is not theirs": ["lock", "--break", "r2"],
    "a drill": ["drill"],
    "a restore": ["restore", RUN],
}


@pytest.mark.parametrize("which", [*SAID, "verify", "verify the tampered"])
def test_a_terminal_is_sent_nothing_but_text(kept, module_account, which):
    folder = module_account.runs_folder / (TAMPERED if which == "verify the tampered" else OTHER)
    verify = command_lines.without_parameters("verify", str(folder))
    line = shlex.split(command_lines.runbook(module_account, *SAID[which]) if which in SAID else verify)
    command = [str(Path(sys.executable).with_name(line[0])), *line[1:]]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True)
    said = (ended.stdout + ended.stderr).decode()
    assert said.strip()
    assert "Traceback" not in said
    assert not UNSEEN.search(said), repr(said)
    assert not PRIVATE.search(said), PRIVATE.findall(said)
    assert not re.search("^(Run r1 succeeded|- approved)", said, re.MULTILINE)
