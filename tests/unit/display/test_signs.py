"""The signs that say where a run is and whether it may write."""

import pytest

from lib.display import signs
from lib.settings import load


@pytest.mark.parametrize(
    ("name", "mode", "colours", "words"),
    [
        ("prod", "apply", (signs.RED, signs.RED), ("PROTECTED", "CHANGES THE ACCOUNT")),
        ("prod", "plan", (signs.RED, signs.GREEN), ("PROTECTED", "WRITES NOTHING")),
        ("staging", "apply", (signs.BROWN, signs.RED), ("A REAL ACCOUNT", "CHANGES THE ACCOUNT")),
        ("local", "plan", (signs.GREY, signs.GREEN), ("TO PRACTISE ON", "WRITES NOTHING")),
    ],
)
def test_what_needs_care_is_told_by_colour_and_by_word(name, mode, colours, words):
    chosen = load(name, {"mode": mode})
    found = signs.of(chosen, chosen.account_id)
    assert tuple(sign.colour for sign in found) == colours
    assert [word for word, sign in zip(words, found, strict=True) if word not in sign.words] == []


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_where_a_phase_only_reads_nothing_says_that_it_changes_the_account(mode):
    chosen = load("local", {"mode": mode})
    (_, may), above = signs.of(chosen, chosen.account_id, reads_only=True), signs.banner(chosen, "r1", reads_only=True)
    assert may.colour == signs.GREEN and may.words in above and "CHANGES" not in above
    assert "CHANGES THE ACCOUNT" in signs.banner(load("local", {"mode": "apply"}), "r1")


def test_the_account_that_answers_is_the_one_that_is_shown():
    assert "999999999999" in signs.of(load("local"), "999999999999")[0].words
    assert "PRACTISE" not in signs.of(load("local"), "999999999999")[0].words


@pytest.mark.parametrize("colour", [signs.RED, signs.BROWN, signs.GREEN, signs.BLUE, signs.GREY])
def test_white_words_can_be_read_on_every_colour(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5  # WCAG 2, AA
