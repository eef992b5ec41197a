"""Foreign text made harmless for where it is shown: a page, Markdown, a diagram, a terminal. Plain text, no AWS.

Whatever AWS or a person fills may hold markup, sequences that a terminal obeys, or characters that hide and reorder
what stands beside them. Nothing is dropped: what cannot be shown as it is stands there as its number.
"""

import html as pages
import re

from lib.errors import legible as legible

FORMULA = re.compile(r"[$\\]")
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#!|~$<>&])")
# A diagram's label ends, or is more than a label, by these; Mermaid reads `#34;` as the character of that number.
IN_A_LABEL = re.compile(r"[\"#<>&%`{}\\$;]")


def one_line(text: object) -> str:
    """The same, with line feeds written out as well: nothing that is quoted can look like a line of ours."""
    return legible(text).replace("\n", "\\n").replace("\t", " ")


def html(text: object) -> str:
    """Text as the content of an HTML element.

    A notebook's page reads formulas out of its text, and a formula may hold a link that runs a script; it finds none
    where what begins or ends one stands in an element of its own.
    """
    return FORMULA.sub(r"<span>\g<0></span>", attribute(text))


def attribute(text: object) -> str:
    """Text between the quotes of an attribute of an HTML element."""
    return pages.escape(legible(text), quote=True)


def markdown(text: object) -> str:
    """Text as words of a Markdown line or of a table's cell."""
    return MARKDOWN.sub(r"\\\1", one_line(text))


def code(text: object) -> str:
    """Text as a Markdown code span, which no backtick of its own ends, in a table's cell as well."""
    shown = one_line(text).replace("|", "\\|")
    runs = [len(run) for run in re.findall("`+", shown)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if runs else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def label(text: object) -> str:
    """Text as a label of a Mermaid diagram, between quotes."""
    words = " ".join(legible(text).split())
    return IN_A_LABEL.sub(lambda match: f"#{ord(match[0])};", words)


def lines(text: object) -> str:
    """Text for a terminal: each line feed of its own begins a line that is set in, and so is none of ours."""
    return legible(text).replace("\n", "\n    ")
