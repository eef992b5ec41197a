"""Whether two names may stand for one person: ARNs, sessions, mail addresses. Pure text; errs on the side of yes."""

import re
import unicodedata


def same_person(person: str, caller: str) -> bool:
    """Whether somebody may be the caller, who is also the role that they took on."""
    return bool(_persons(person) & _callers(caller))


def _persons(person: str) -> set[str]:
    """An ARN, a session's name, a mail address with or without a name before it: all that may stand for the person."""
    text = unicodedata.normalize("NFKC", person).casefold()
    whole = "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()
    found = {whole, "".join(whole.split())}
    for word in re.split(r"[\s<>()\[\]\"',;]+", whole):
        last = re.split(r"[/:]", word.rstrip("/:"))[-1]
        found |= {word, last, last.partition("@")[0], last.partition("@")[0].partition("+")[0]}
    return found - {""}


def _callers(caller: str) -> set[str]:
    """The caller, who is also the role that they took on."""
    role = re.search(r":assumed-role/(?:.+/)?([^/]+)/[^/]+$", caller.strip(), re.IGNORECASE)
    return _persons(caller) | (_persons(role[1]) if role else set())
