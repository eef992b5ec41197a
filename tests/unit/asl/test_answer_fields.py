"""Of an answer no words are kept but those that a rule names."""

import pytest

from lib.asl.answer_fields import AnswerFields, redact


def test_no_words_are_kept_but_those_that_a_rule_names():
    fields = AnswerFields({"mood": (("StringEquals", "low"),), "any": (("StringMatches", "*"),)}, frozenset({"note"}))
    assert redact(fields, "mood", "low") == "low"
    assert redact(fields, "mood", "something said") == redact(fields, "note", "said") == redact(fields, "note", 5551234)
    assert redact(fields, "mood", {"said": "x"}) == {} and redact(fields, "mood", ["x"]) == []
    with pytest.raises(KeyError):
        redact(fields, "any", "something said")
