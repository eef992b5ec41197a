"""A person's contact in what the account holds: what a record, an error or a page may say of it. Pure data, no AWS.

In its place stands a mark, which tells one contact from another and leads back to none: of its digest so little that
trying all telephone numbers finds a great many. What an undo must restore is kept whole, in `changes.jsonl` and in
`backup/` alone.
"""

import hashlib
import re
from typing import Any
from urllib.parse import urlsplit

from lib.values import log_links
from lib.values.exact_json import dumps, in_order, map_parts, parts_of
from lib.values.subscriber_addresses import NEXT_DIGIT, PATH_LENGTH

DIGITS = 4  # of a digest
MARK = re.compile(rf"\(not shown: [0-9a-f]{{{DIGITS}}}\)")
# Each also as a URL and JSON escape it.
EMAIL = r"(?<![\w.+%~-])[\w.+%~-]+?(?:@|%40|\\u0040)(?:(?:[\w-]+(?:\.|%2[Ee]))+[^\W\d_]{2,}|\[[\dA-Fa-f.:]+\])"
# Whatever stands before it, and without a scheme where something else has taken that.
SCHEME = r"(?:(?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]+)?"
URL = rf"{SCHEME}(?::|%3[Aa])(?:\\?/|%2[Ff]){{2}}(?:\\/|[^\s\"'<>\\])+"
# With its country in front, as AWS takes it, or as people of North America write it. No ARN, date or id is one.
GAP = "[\\s.\\-\u2010-\u2015]"
PHONE = (
    rf"(?:\+|%2[Bb])[1-9](?:{NEXT_DIGIT}|[\u2010-\u2015]\d){{6,14}}(?!\d)"
    rf"|(?<![\d.])(?<!\d-)(?:1{GAP})?(?:\(\d{{3}}\){GAP}?|\d{{3}}{GAP})\d{{3}}{GAP}\d{{4}}(?!\d)"
)
PERSONS = re.compile(f"{EMAIL}|{PHONE}")
CONTACT = re.compile(f"(?P<link>{log_links.LINK})|(?P<url>{URL})|{EMAIL}|{PHONE}")
NO_HOST = re.compile(r"[^\w.:-]")


class Hidden(str):
    """The mark of a whole value that is a person's. The value itself is in memory alone, and in no text of it."""

    value: Any

    def __new__(cls, text: str, value: Any = None) -> "Hidden":  # noqa: ANN401 - plain data
        made = super().__new__(cls, text)
        made.value = value
        return made


def hidden(value: Any) -> Hidden:  # noqa: ANN401 - plain data
    """A value, whatever it looks like, as the mark that stands for all of it."""
    return Hidden(_mark(dumps(in_order(value))), value)


def is_mark(value: Any) -> bool:  # noqa: ANN401
    """Whether this stands for a value, and is none itself."""
    return isinstance(value, str) and bool(MARK.fullmatch(value))


def hides(value: Any) -> bool:  # noqa: ANN401
    """Whether a mark stands for the value, or for anything in it."""
    return any(is_mark(part.value) for part in parts_of(value))


def mask_text(text: str) -> str:
    """The text with a mark for every e-mail address and telephone number, and for what a URL may be opened by.

    The product's own links to a log stream stay whole, but for one that names a person.
    """
    shown = CONTACT.sub(_replaced, text)
    while shown != text:  # two that stand close to each other are only told apart once one of them is gone
        text, shown = shown, CONTACT.sub(_replaced, shown)
    return shown


def mask_data(value: Any) -> Any:  # noqa: ANN401
    """The same plain data, as it may be shown: every text of it, and every key, by `mask_text`."""
    return map_parts(value, lambda _, part: _shown(part), _shown)


def _shown(part: Any) -> Any:  # noqa: ANN401
    return mask_text(part) if isinstance(part, str) else part


def _replaced(match: re.Match[str]) -> str:
    if match["link"] and not PERSONS.search(log_links.names_in(match["link"])):
        return match[0]
    return _without_key(match[0]) if match["link"] or match["url"] else _mark(match[0])


def _without_key(text: str) -> str:
    """A URL without what it may be opened by, and what stands before its scheme, as a number of a list, as it was."""
    address = text.lstrip("0123456789+.-")
    before, (scheme, way, rest) = _masked(text[: len(text) - len(address)]), address.partition("://")
    try:
        url = urlsplit(f"any://{rest}")
    except ValueError:  # such as half an IPv6 address
        return before + _mark(address)
    if not way:  # escaped, so that its parts are not seen
        return before + _mark(address)
    host = NO_HOST.split(url.netloc.rpartition("@")[2])[0]
    long = len(url.path) >= PATH_LENGTH or url.query or url.fragment or "@" in url.netloc
    return f"{before}{scheme.lower()}://{host}/{_mark(address)}" if long else before + _masked(address)


def _masked(text: str) -> str:
    return PERSONS.sub(lambda match: _mark(match[0]), text)


def _mark(text: str) -> str:
    return f"(not shown: {hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:DIGITS]})"
