"""A definition's own text in the record: any layout in, the same bytes out, and the data decides. No AWS."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.asl.json_text import to_text
from lib.changes import plans
from lib.changes.plans import Change
from lib.resources.workflow import _text, value_of
from lib.resources.workflow_alias import digest
from lib.values import exact_json

WORDS = st.text(alphabet='ab\u00e9\U0001f600 \\/"\n', max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([0.5, -2.25]) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
LAYOUTS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 2, 7, "\t"]),
        "separators": st.sampled_from([(",", ":"), (" ,", " : "), (", ", ": ")]),
        "ensure_ascii": st.booleans(),
        "sort_keys": st.booleans(),
    }
)


class Machine:
    kind, identity, name, noticed, stays = "state machine", {"machine": "m"}, "state machine m", "", ""


def held(text):
    return value_of({"definition": text, "roleArn": "r"})


def restored(text):
    """What an undo writes of a definition that a run changed: through the record and back."""
    change = Change(Machine(), held(text), held("{}"))
    row = exact_json.loads(exact_json.dumps(plans.entry("03", change, "intended")))
    return _text(exact_json.laid(row["before"], row.get("laid", {}))["definition"])


@given(st.dictionaries(WORDS, VALUES, max_size=4), LAYOUTS, st.sampled_from(["", " ", "\n\n"]))
def test_any_layout_is_restored_to_the_byte(definition, layout, around):
    text = f"{around}{json.dumps(definition, **layout)}{around}"
    assert restored(text) == text
    plain = value_of({"definition": to_text(definition), "roleArn": "r"})
    assert plans.same(held(text), plain)
    assert digest(held(text)) == digest(plain)


@pytest.mark.parametrize("text", ['{"a": 1.50}', '{"a":1,"a":2}', "not json", '{"a":"\\ud800"}', '{"a":"\\/"}', "{}"])
def test_what_data_alone_would_lose_is_restored_as_well(text):
    assert restored(text) == text


def test_a_fingerprint_is_of_the_data_and_a_record_without_the_text_is_opened():
    ours, theirs = ('{\n  "a": 1\n}', '{"a":1}')
    found = [plans.Plan("03", (Change(Machine(), held(text), held("{}")),)).fingerprint for text in (ours, theirs)]
    assert found[0] == found[1]
    assert "laid" not in plans.entry("03", Change(Machine(), held(ours), None), "intended")
    assert _text(exact_json.laid(held(ours), {})["definition"]) == ours
