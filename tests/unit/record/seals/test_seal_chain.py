"""What a chain of seals may say of a file: a path within the record, and each once."""

import pytest

from lib.record.seals import seal_chain
from lib.record.seals.seal_chain import Claim, Manifest, Seal, State


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../b", "./a", "", "a//b"])
def test_a_path_that_leaves_the_folder_is_wrong(path):
    text = Manifest("r1", "local", "0" * 12, (Seal(State.CLOSED, "T", (Claim(path, "0", 1),)),)).to_text()
    assert seal_chain.from_text(text).trouble == (f"{path!r}: a path that no record holds",)


@pytest.mark.parametrize("other", ["a.json", "A.json", "a.JSON"])
def test_a_file_that_one_seal_lists_twice_is_wrong_also_in_another_case(other):
    rows = (Claim("a.json", "0", 1), Claim(other, "0", 1))
    text = Manifest("r1", "local", "0" * 12, (Seal(State.CLOSED, "T", rows),)).to_text()
    assert seal_chain.from_text(text).trouble == ("a.json: listed twice",)
