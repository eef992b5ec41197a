"""A section between two marks in somebody's file: found, replaced, taken out, and nothing else touched."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from lib.definitions import marked_sections
from lib.errors import NotAsWanted

BEGIN, END = "<!-- your6-phase3:one:begin -->", "<!-- your6-phase3:one:end -->"


# Any text, with the bytes that go wrong more often than chance would have it.
PIECES = ["\n", "\r\n", "\r", " ", "\t", "# Title", "é", "<!-- a comment -->", "\x85", "\u2028", "|", "\x00"]


TEXTS = some.lists(some.sampled_from(PIECES) | some.text(max_size=6), max_size=12).map("".join)


FILES = some.tuples(some.sampled_from([b"", b"\xef\xbb\xbf"]), TEXTS.map(str.encode) | some.binary(max_size=20)).map(
    b"".join
)


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_bytes(b"# App\n\nWords.\n")
    return path


def put(folder: Path, content: bytes) -> Path:
    path = folder / "file.md"
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marked")


@given(content=FILES, text=TEXTS)
@example(content=b"", text="")
@example(content=b"a\r\nb\n", text="x\n")
@example(content=b"ends in a bare return\r", text="x")
@example(content=b"\xef\xbb\xbf", text="x")
@example(content=b"\r\n", text="x")
def test_write_read_write_remove(folder: Path, content: bytes, text: str) -> None:
    path = put(folder, content)
    marked_sections.write_section(path, "one", text)
    once = path.read_bytes()
    assert once.startswith(content)
    assert marked_sections.read_section(path, "one") == marked_sections.normal(text)
    marked_sections.write_section(path, "one", text)
    assert path.read_bytes() == once
    marked_sections.write_section(path, "one", None)
    assert path.read_bytes() == content


@given(content=FILES, texts=some.lists(TEXTS, min_size=3, max_size=3), order=some.permutations(["one", "two", "three"]))
def test_removed_in_any_order_restores(folder: Path, content: bytes, texts: list[str], order: list[str]) -> None:
    path = put(folder, content)
    for name, text in zip(["one", "two", "three"], texts, strict=True):
        marked_sections.write_section(path, name, text)
    for name, text in zip(["one", "two", "three"], texts, strict=True):
        assert marked_sections.read_section(path, name) == marked_sections.normal(text)
    for name in order:
        marked_sections.write_section(path, name, None)
    assert path.read_bytes() == content


@given(content=FILES, first=TEXTS, second=TEXTS)
def test_a_new_text_changes_nothing_around_it(folder: Path, content: bytes, first: str, second: str) -> None:
    path = put(folder, content)
    marked_sections.write_section(path, "one", first)
    path.write_bytes(path.read_bytes() + b"\nwritten below by hand")
    marked_sections.write_section(path, "one", second)
    assert path.read_bytes().startswith(content)
    assert path.read_bytes().endswith(b"\nwritten below by hand")
    assert marked_sections.read_section(path, "one") == marked_sections.normal(second)


def test_a_section_looks_like_this(readme: Path) -> None:
    marked_sections.write_section(readme, "one", "\nHello\nyou\n\n")
    assert readme.read_text() == f"# App\n\nWords.\n\n{BEGIN}\nHello\nyou\n{END}\n"


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    path = put(tmp_path, b"# App\r\nWords.\r\n")
    marked_sections.write_section(path, "one", "Hello\nyou")
    assert path.read_bytes() == f"# App\r\nWords.\r\n\r\n{BEGIN}\r\nHello\r\nyou\r\n{END}\r\n".encode()
    assert marked_sections.read_section(path, "one") == "Hello\nyou"


def test_no_section_reads_as_none_and_removing_it_writes_nothing(readme: Path) -> None:
    assert marked_sections.read_section(readme, "one") is None
    before = readme.stat().st_ino
    marked_sections.write_section(readme, "one", None)
    assert readme.stat().st_ino == before


def test_an_equal_text_does_not_touch_the_file(readme: Path) -> None:
    marked_sections.write_section(readme, "one", "Hello")
    before = readme.stat()
    marked_sections.write_section(readme, "one", "Hello\n")
    assert (readme.stat().st_ino, readme.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_section_that_was_moved_to_the_top_can_be_removed(tmp_path: Path) -> None:
    path = put(tmp_path, f"{BEGIN}\nHello\n{END}\n# App\n".encode())
    marked_sections.write_section(path, "one", None)
    assert path.read_bytes() == b"# App\n"


def test_the_mode_stays_and_no_temporary_file_is_left(readme: Path) -> None:
    readme.chmod(0o640)
    marked_sections.write_section(readme, "one", "Hello")
    assert stat.S_IMODE(readme.stat().st_mode) == 0o640
    assert [path.name for path in readme.parent.iterdir()] == ["README.md"]


def test_a_link_stays_a_link(readme: Path) -> None:
    link = readme.parent / "LINK.md"
    link.symlink_to(readme)
    marked_sections.write_section(link, "one", "Hello")
    assert link.is_symlink()
    assert "Hello" in readme.read_text()


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ([BEGIN, "Hello"], 2, "never ends"),
        (["Hello", END], 3, "did not begin"),
        ([BEGIN, END, BEGIN, END], 4, "there twice"),
        ([BEGIN, "<!-- your6-phase3:two:begin -->", END], 3, "begins inside section one"),
        ([BEGIN, "<!-- your6-phase3:two:end -->", END], 3, "section two ends, but did not begin"),
        ([BEGIN, BEGIN, END], 3, "begins inside"),
    ],
)
def test_markers_out_of_order_are_refused_with_file_and_line(
    tmp_path: Path, lines: list[str], line: int, words: str
) -> None:
    for newline in ("\n", "\r\n"):
        content = newline.join(["# App", *lines, ""]).encode()
        path = put(tmp_path, content)
        for act in (
            lambda path=path: marked_sections.read_section(path, "one"),
            lambda path=path: marked_sections.write_section(path, "one", "x"),
            lambda path=path: marked_sections.write_section(path, "other", "x"),
            lambda path=path: marked_sections.write_section(path, "one", None),
        ):
            with pytest.raises(NotAsWanted, match=rf"file\.md, line {line}: .*{words}"):
                act()
        assert path.read_bytes() == content


def test_a_marker_in_the_first_line_after_a_byte_order_mark_counts(tmp_path: Path) -> None:
    path = put(tmp_path, b"\xef\xbb\xbf" + f"{BEGIN}\nHello\n{END}\n".encode())
    assert marked_sections.read_section(path, "one") == "Hello"
    with pytest.raises(NotAsWanted, match="line 1"):
        marked_sections.read_section(put(tmp_path, b"\xef\xbb\xbf" + BEGIN.encode()), "one")


def test_a_marker_that_is_quoted_in_a_line_is_no_marker(tmp_path: Path) -> None:
    path = put(tmp_path, f"The runbook writes `{BEGIN}` here.\n".encode())
    assert marked_sections.read_section(path, "one") is None


def test_a_missing_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    for act in (
        lambda path: marked_sections.read_section(path, "one"),
        lambda path: marked_sections.write_section(path, "one", "x"),
    ):
        with pytest.raises(NotAsWanted, match=r"README\.md does not exist; docs_dir must name"):
            act(tmp_path / "README.md")
    with pytest.raises(NotAsWanted, match="cannot be read"):
        marked_sections.read_section(tmp_path, "one")


def test_a_text_with_a_marker_is_refused(readme: Path) -> None:
    before = readme.read_bytes()
    with pytest.raises(NotAsWanted, match="holds a marker line itself"):
        marked_sections.write_section(readme, "one", f"a\n{END}\nb")
    assert readme.read_bytes() == before


@pytest.mark.parametrize("name", ["", "two words", "a:b", "-x", "ü"])
def test_a_bad_name_is_refused(readme: Path, name: str) -> None:
    with pytest.raises(NotAsWanted, match="section name"):
        marked_sections.write_section(readme, name, "x")


def test_a_failed_write_leaves_the_file_and_no_rubbish(readme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = readme.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotAsWanted, match="No space left on device; it is unchanged"):
        marked_sections.write_section(readme, "one", "Hello")
    assert readme.read_bytes() == before
    assert [path.name for path in readme.parent.iterdir()] == ["README.md"]
