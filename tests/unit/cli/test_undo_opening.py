"""A record that was altered names the way on."""

import pytest

from lib.cli import undo_opening
from lib.errors import Altered, NotAsWanted


def test_a_record_that_was_altered_names_the_way_on_once():
    for given in (Altered("it was altered"), Altered("go on by `it`", "it")):
        with pytest.raises(Altered) as found, undo_opening.naming_the_way("it"):
            raise given
        assert (str(found.value).count("`it`"), found.value.way) == (1, "it")
    with pytest.raises(NotAsWanted, match=r"^no$"), undo_opening.naming_the_way("it"):
        raise NotAsWanted("no")
