"""An error as a cell shows it: one sentence that is shown and not obeyed."""

from hostile import HOSTILE, UNSEEN, exported, harmless, obeyed

from lib.display import cell_errors, page
from lib.errors import NotAsWanted


def test_our_own_sentence_stands_alone_and_another_says_that_it_is_a_fault():
    assert cell_errors.sentence(NotAsWanted("found x, expected y; do z")) == "NotAsWanted: found x, expected y; do z"
    said = cell_errors.sentence(KeyError("x")).replace("\n", " ")
    assert said.startswith("KeyError: 'x' None of the runbook's own sentences") and said.endswith(
        "stands in its record."
    )


def test_a_cell_that_did_not_run_names_the_error_by_its_first_line():
    for sentence, named in (("Refused: no", "Refused: no"), ("Refused: a\nb", "Refused: a [...]"), ("", "an error")):
        assert cell_errors.not_run(sentence) == f"Not run. A cell above this one ended with:\n{named}\n"


def test_no_word_of_a_sentence_is_broken_and_a_long_one_is_cut():
    said = cell_errors.sentence(NotAsWanted("a word and-another " * 400))
    assert all(len(line) <= cell_errors.WIDE for line in said.splitlines())
    assert said.endswith("[...]") and set(said.split()) == {"NotAsWanted:", "a", "word", "and-another", "[...]"} | {
        word for word in said.split() if "and-another".startswith(word)
    }


def test_whatever_an_error_quotes_is_shown_and_not_obeyed(monkeypatch):
    shown = []
    monkeypatch.setattr(page, "display", shown.append)
    said = cell_errors.sentence(ValueError(f"{HOSTILE} jane.roe@example.org"))
    cell_errors.show_traceback([f"\x1b[0;31mX\x1b[0m {HOSTILE}", "mail jane.roe@example.org", "z" * 30_000])
    assert not UNSEEN.search(said) and "jane.roe" not in said
    assert "characters before this are left out" in repr(shown[0])
    cell_errors.show_traceback([f"\x1b[0;31mX\x1b[0m {HOSTILE}", "mail jane.roe@example.org"])
    for one in shown:
        harmless(one.html)
        assert not UNSEEN.search(repr(one)) and "jane.roe" not in repr(one) + one.html
    assert obeyed(exported(shown)) == []


def test_a_cell_that_somebody_stopped_says_what_became_of_it_and_how_to_go_on():
    said = cell_errors.sentence(KeyboardInterrupt()).replace("\n", " ")
    assert said == f"KeyboardInterrupt: {cell_errors.STOPPED}" and "run it again" in said
    assert cell_errors.sentence(KeyboardInterrupt("as told")) == "KeyboardInterrupt: as told"
