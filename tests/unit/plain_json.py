"""Any JSON value for hypothesis, and when two are the same to the letter."""

from hypothesis import strategies as st

from lib.values.exact_json import loads

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["\u2028", "\u2029", "\x00", "\ufeff", '"\\', "DynamoDB", "1", "1.0", "null", "é", "e\u0301"]
)
LITERALS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | LITERALS.map(loads)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=15,
)


def exactly(left, right):
    """Equal in value, in type and in how a number is written, all the way down, and in the order of keys."""
    if isinstance(left, dict):
        return type(left) is type(right) and [*left] == [*right] and all(exactly(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return type(right) is list and len(left) == len(right) and all(map(exactly, left, right))
    return type(left) is type(right) and repr(left) == repr(right)
