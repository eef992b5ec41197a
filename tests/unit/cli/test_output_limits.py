"""How much of a cell's output is kept: what is cut off or left out is counted and said."""

import pytest

from lib.cli.output_limits import LINE, LINES, Bound


def stream(text):
    return {"name": "stdout", "text": text}


def test_what_fits_is_kept_as_it_is_and_nothing_is_said():
    bound, content = Bound(10), stream("0123456789")
    assert (bound.takes("stream", content), content["text"], bound.note) == (True, "0123456789", None)


def test_text_is_cut_at_the_limit_and_the_number_is_said():
    bound, first, second, third = Bound(10), stream("01234567"), stream("89abc"), stream("more")
    assert [bound.takes("stream", content) for content in (first, second, third)] == [True, True, False]
    assert (first["text"], second["text"]) == ("01234567", "89")
    assert bound.note.text == "[cut: of 17 characters of output, 7 are not kept]\n"


@pytest.mark.parametrize("kind", ["display_data", "execute_result"])
def test_a_picture_that_is_too_large_is_left_out_whole_and_counted(kind):
    bound = Bound(100)
    assert not bound.takes(kind, {"data": {"image/png": "x" * 200}})
    assert bound.left_out > 200
    assert bound.takes(kind, {"data": {"text/plain": "x"}})


def test_what_takes_the_place_of_something_is_bounded_each_time_and_adds_nothing():
    bound = Bound(100)
    assert all(bound.takes("update_display_data", {"data": {"text/plain": "x" * 50}}) for _ in range(9))
    assert not bound.takes("update_display_data", {"data": {"text/plain": "x" * 200}})


def test_an_error_is_always_shown_and_its_text_is_bounded():
    bound = Bound(10)
    content = {"ename": "ValueError", "evalue": "y" * 9000, "traceback": ["line"] * 99 + ["z" * 9000]}
    assert bound.takes("error", content)
    assert (len(content["evalue"]), len(content["traceback"]), len(content["traceback"][-1])) == (LINE, LINES, LINE)
    assert bound.left_out == 2 * (9000 - LINE) + 4 * (100 - LINES)


def test_what_the_cell_took_back_is_not_counted():
    bound = Bound(10)
    bound.takes("stream", stream("0" * 20))
    bound.cleared()
    assert bound.note is None
    assert bound.takes("stream", stream("0" * 10))


def test_what_shows_nothing_passes():
    assert Bound(0).takes("status", {"execution_state": "idle"})
