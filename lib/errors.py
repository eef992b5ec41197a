"""The one family of errors that the runbook raises on purpose. Imports nothing of ours.

Every message says what was found, what was expected and what to do next, in one sentence or two.
"""

import re
import unicodedata

# Controls, what reorders or hides, halves of a character, private ones, and breaks that are no line feed.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Empty to the eye, though Unicode counts them as letters, marks or symbols: fillers, joiners, variations.
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]")


class RunbookError(Exception):
    """Something the operator can act on; the command ends with `exit_code`.

    A message may quote what AWS or a person wrote, and is shown in places that are not ours to escape: a traceback, a
    log. So it never holds what a terminal would obey or an eye would miss.
    """

    exit_code = 1

    def __str__(self) -> str:
        return legible(super().__str__())


class BadParameters(RunbookError):
    """A parameter, a file of ours or a command line is wrong; whatever raised it changed nothing."""

    exit_code = 2


class Unreachable(RunbookError):
    """No credentials, or nothing answers at the endpoint; whatever raised it changed nothing."""

    exit_code = 2


class Refused(RunbookError):
    """The runbook declines to go on: wrong account, not approved, drifted; whatever raised it changed nothing."""

    exit_code = 3


class Superseded(Refused):
    """Another run holds the lock now, or another machine went on with this one: this one may write no more."""


class Altered(Refused):
    """A record, or what a store holds of it, is not as it was sealed: it is used by nobody unread.

    `way`: the command that it names to go on all the same, or "".
    """

    def __init__(self, said: str = "", way: str = "") -> None:
        super().__init__(said)
        self.way = way


class NotAsWanted(RunbookError):
    """The live account does not hold what was wanted (a failed write, verification or check)."""


class Unrecorded(RunbookError):
    """The record cannot be kept (a full disk, a store that does not answer), so nothing more may be written to AWS."""


class Throttled(NotAsWanted):
    """AWS asked to be called less often; this call was not carried out."""


class NameHeld(Throttled):
    """AWS keeps the name of what was removed for up to a minute; this call was not carried out."""


class Unanswered(NotAsWanted):
    """A write got no answer, or one of a server in trouble: whether it was carried out is not known."""


def exit_code_of(error: BaseException) -> int:
    """What a command ends with that this ended: of none of ours, as of a full disk, what a failed phase ends with."""
    return error.exit_code if isinstance(error, RunbookError) else RunbookError.exit_code


def also(ended: BaseException | None, said: str) -> BaseException:
    """What to raise where `said` came besides what ended something: of that one's class, which decides what follows."""
    if ended is None:
        return NotAsWanted(said)
    if isinstance(ended, RunbookError):
        return type(ended)(f"{ended}; and {said}")
    ended.add_note(said)
    return ended


def first_cause(error: RunbookError) -> RunbookError:
    """What was in the way itself, without what others made of it on the way up."""
    while isinstance(error.__cause__, RunbookError):
        error = error.__cause__
    return error


def class_of(name: str) -> type[RunbookError]:
    """The class of this name, by which what ended elsewhere is judged; RunbookError of one that is not of this family.

    A notebook's kernel and a record tell of an error by its class's name. Its sentence decides nothing.
    """
    family = [RunbookError]
    for kind in family:
        family.extend(kind.__subclasses__())
    return next((kind for kind in family if kind.__name__ == name), RunbookError)


def legible(text: object) -> str:
    """The text with everything that has no shape of its own written out, `\\x1b` or `\\u202e`; line feeds stay."""
    return "".join(map(_shape, str(text)))


def _shape(character: str) -> str:
    if character in "\n\t" or (unicodedata.category(character) not in UNSEEN and not BLANK.match(character)):
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
