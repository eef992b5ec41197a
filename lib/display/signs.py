"""The signs that say where a run is and whether it may write: words that stand in colour, and read without it.

Which account needs care is told by its parameters and by no environment's name: production is what takes only what
was approved. No AWS.
"""

from dataclasses import dataclass

from lib.display import marks
from lib.display.marks import Tone
from lib.settings_schema import EMBEDDED_ACCOUNT, Settings
from lib.values import escape
from lib.values.modes import Approval, Mode

RED, BROWN, GREEN, BLUE, GREY = "#b00020", "#8a4b00", "#1b5e20", "#0b4f9e", "#37474f"  # white words can be read on each
COLOURS = {Tone.GOOD: GREEN, Tone.OPEN: BROWN, Tone.BAD: RED, Tone.QUIET: GREY, Tone.NONE: GREY}


@dataclass(frozen=True)
class Sign:
    """Words on a colour."""

    words: str
    colour: str

    @property
    def style(self) -> str:
        """How it is drawn, in a page and in Markdown."""
        return f"background-color: {self.colour}; color: #ffffff; font-weight: bold; padding: 3px 10px"


def verdict_sign(word: str, said: str = "") -> Sign:
    """A word by which something is judged, with its mark, on its colour; `said` is what stands in its place."""
    mark, tone = marks.mark_of(word)
    return Sign(f"{mark} {said or word}".lstrip(), COLOURS[tone])


# What each mode may do, in words.
MAY = {
    Mode.PLAN: "writes nothing",
    Mode.CANDIDATE: "drills on a candidate, and changes nothing that lasts",
    Mode.APPLY: "CHANGES THE ACCOUNT",
}


def of(settings: Settings, account: str, reads_only: bool = False) -> tuple[Sign, Sign]:
    """Of a run: the one of its account, and the one of its mode, in a phase that `reads_only` or may write."""
    return _place(settings, account), _mode(settings, reads_only)


def _mode(settings: Settings, reads_only: bool) -> Sign:
    """Whether a run may write here."""
    if settings.mode == Mode.PLAN:
        return Sign("PLAN: WRITES NOTHING", GREEN)
    if settings.mode == Mode.CANDIDATE:
        return Sign("CANDIDATE: DRILLS, AND CHANGES NOTHING THAT LASTS", BROWN)
    if reads_only:
        return Sign("APPLY, IN A PHASE THAT ONLY READS", GREEN)
    return Sign("APPLY: CHANGES THE ACCOUNT", RED)


def _place(settings: Settings, account: str) -> Sign:
    named = f"{settings.environment.upper()} {account}"
    if account == EMBEDDED_ACCOUNT:
        return Sign(f"{named}: TO PRACTISE ON", GREY)
    if settings.approval == Approval.REQUIRED:
        return Sign(f"{named}: PROTECTED BY APPROVAL", RED)
    return Sign(f"{named}: A REAL ACCOUNT", BROWN)


def banner(settings: Settings, run_id: str, reads_only: bool = False) -> str:
    """What stands above a notebook that is stepped through by hand, as Markdown: where it was prepared for."""
    where = {
        "account": settings.account_id,
        "environment": settings.environment,
        "mode": settings.mode,
        "run": run_id,
        "region": settings.region,
    }
    drawn = " ".join(_in_markdown(sign) for sign in of(settings, settings.account_id, reads_only))
    table = [list(where), ["---"] * len(where), [escape.markdown(value) for value in where.values()]]
    rows = "\n".join(f"| {' | '.join(row)} |" for row in table)
    said = (
        "Made for that, and so also when the kernel is restarted; another mode is another copy. Which account answers, "
        "**Where am I?** asks: **believe that one.**"
    )
    return f"{drawn}\n\n{rows}\n\n{said}"


def _in_markdown(sign: Sign) -> str:
    return f'<span style="{sign.style}">{escape.markdown(sign.words)}</span>'
