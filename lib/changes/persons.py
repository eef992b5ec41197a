"""Whether two names may stand for one person, and whether a caller's name is a person's at all. Pure text.

Errs on the side of yes: names that look alike to a reader, in whatever letters, are one person's.
"""

import re
import unicodedata
from itertools import chain

# What looks like a Latin letter, by Unicode's table of confusables, as far as whole names can be written with it.
LOOK_ALIKE = str.maketrans(
    "АВЕКМНОРСТУХІЈЅӀаеорсухіјѕһԁԛԝѵӏкмнтвгпΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγεηικνορτυχμՕՍՏԼօսոհցյᎪᎠᎡᎢᎥᎫᎬᎳᎷᎻᏀᏃᏔᏙᏞᏟᏢᏦᏴøØłŁđĐıɑɡ",
    "ABEKMHOPCTYXIJSlaeopcyxijshdqwvlkmhtbrnABEZHIKMNOPTYXayenikvoptuxuOUSLounhgjADRTiJEWMHGZWVLCPKBoOlLdDiag",
)
# Read as one another in many typefaces, once all is in small letters.
ALIKE_WHEN_SMALL = str.maketrans("01i", "oll")
# Letters that show nothing.
BLANK = "\u115f\u1160\u3164\uffa0"
# Scripts of one language, which its names mix.
MIXED_BY_CUSTOM = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "HANGUL", "BOPOMOFO"}
# What no name holds: pictures of letters, unassigned ones, and what turns the direction of reading.
NO_NAMES = ("So", "Co", "Cn", "Cs", "Cc")
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")

SSO = "AWSReservedSSO_"
MACHINES = re.compile(
    r"(?i)^(i-[0-9a-f]{8,}|[0-9a-f-]{12,}|\d+|.*[-_]?session[-_]?.*|.*(github|gitlab|bitbucket|jenkins|circleci|buildkite|"
    r"terraform|pulumi|codebuild|codepipeline|aws-?sdk|awscli|botocore|boto3|lambda|automation|pipeline|deploy|"
    r"runner|service).*|(.*[-_.])?(ci|cd|bot|svc|build)([-_.].*)?|root|admin|administrator|operator|user|default)$"
)
# Of nothing but such words no person's name is made.
GROUP = {
    "all", "and", "any", "anybody", "anyone", "call", "everybody", "everyone", "group", "nobody", "none", "of", "on",
    "oncall", "operations", "ops", "our", "people", "somebody", "someone", "staff", "team", "the", "us", "we", "whole",
}  # fmt: skip


def same_person(person: str, caller: str) -> bool:
    """Whether somebody may be the caller, who is also the role that they took on."""
    callers = _callers(caller)
    if _persons(person) & callers:
        return True
    words = set(chain.from_iterable(_parts(word) for word in _words(person)))
    return any(len(parts) > 1 and parts <= words for parts in map(_parts, _names(caller)))


def odd(person: str) -> str:
    """Why this is written as no name is, so that it may look like one that it is not; "" where it is not."""
    text = unicodedata.normalize("NFKC", person)
    for letter in text:
        if unicodedata.category(letter) in NO_NAMES or unicodedata.bidirectional(letter) in TURNING:
            return f"it holds {unicodedata.name(letter, hex(ord(letter)))}, which no name does"
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word if letter.isalpha()}
        if len(scripts) > 1 and not scripts <= MIXED_BY_CUSTOM:
            return f"one word of it mixes {' and '.join(sorted(scripts))} letters, so that it looks like another name"
    return "" if _alike(person) else "it holds no letter and no digit"


def group(person: str) -> str:
    """The word by which this names more than one person, or nobody in particular; "" of what may be one's name."""
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", person).casefold())
    return person if words and set(words) <= GROUP else ""


def nobody(caller: str) -> str:
    """Why this caller's name tells of no person, or "". A session's name is what whoever took the role on called it."""
    kind, _, rest = caller.strip().rpartition(":")[2].partition("/")
    name = rest.rpartition("/")[2] or kind
    if kind == "root" or MACHINES.match(name):
        return f"{name} is nobody's name"
    if kind == "user" or rest.startswith(SSO):
        return ""
    return f"{name} is what whoever took the role on called the session"


def _callers(caller: str) -> set[str]:
    return set(chain.from_iterable(map(_persons, _names(caller))))


def _names(caller: str) -> list[str]:
    """The caller, and the role that they took on."""
    role = re.search(r":assumed-role/(?:.+/)?([^/]+)/[^/]+$", caller.strip(), re.IGNORECASE)
    return [caller, *([role[1]] if role else [])]


def _persons(person: str) -> set[str]:
    """An ARN, a session's name, a mail address with or without a name before it: all that may stand for the person."""
    names = {person}
    for word in _words(person):
        last = _last(word)
        names |= {word, last, last.partition("@")[0], _own(last)}
    return {_alike(name) for name in names} - {""}


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s<>()\[\]\"',;]+", unicodedata.normalize("NFKC", text)) if word]


def _last(word: str) -> str:
    return re.split(r"[/:]", word.rstrip("/:"))[-1]


def _own(name: str) -> str:
    """A name without its mail domain, and without what a mail address may add to it."""
    return name.partition("@")[0].partition("+")[0]


def _parts(name: str) -> set[str]:
    """`jane.doe@example.org` as jane and doe: whoever writes them in another order means the same."""
    return {_alike(part) for part in re.split(r"[\W_]+", _own(_last(name)))} - {""}


def _alike(text: str) -> str:
    """Letters and digits alone, as a reader may take them: `JANE_DOE`, `Jané.Doe` and `jane d0e` are one."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).translate(LOOK_ALIKE)).casefold()
    shown = (letter for letter in plain if letter.isalnum() and letter not in BLANK)
    return "".join(shown).translate(ALIKE_WHEN_SMALL)
