"""README and docs/: short where they should be, every link leads somewhere, every path and room they name exists."""

import re

import pytest

from lib.settings import ROOT

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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


def test_every_page_is_linked_from_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DOCS[1:] if f"docs/{path.name}" not in text] == []
