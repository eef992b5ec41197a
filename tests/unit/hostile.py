"""What somebody could write into a tag, a comment or a name, and how a page or a terminal shows that it obeyed."""

import re
from html.parser import HTMLParser

import nbformat
from IPython.core.formatters import DisplayFormatter
from nbconvert import HTMLExporter

SCRIPT = "window.obeyed = 'yes'"
BREAKS_OUT = f"""'"></td></pre></code></span><script>{SCRIPT}</script><img src=x onerror="{SCRIPT}">"""
FORMULA = rf"$\href{{javascript:{SCRIPT}}}{{formula}}$ \(\href{{javascript:{SCRIPT}}}{{x}}\) $\frac{{1$"
IN_MARKDOWN = f'``` ~~~ `code` **bold** | cell | [link](javascript:{SCRIPT}) <svg onload="{SCRIPT}"> :smile:'
OBEYED = "\x1b]52;c;aGFjaw==\x07 \x1b[2J \x9b31m \x9d0;title\x9c \x07 \x08\x08 \r \x00 \x7f"
HIDDEN = "\u202emoc.live\u202c \u2066x\u2069 \u200b\u200d\u2060\ufeff \u061c \U000e0041 \u3164"
BROKEN = "\u2028\u2029 \x85"
HALF = "\ud800"
RICH = "[link=https://evil.example]click[/link] [bold red]x[/] :warning: arn:aws:key:x"
FORGED = "\nRun r1 succeeded\n- approved by nobody"
PLAIN_JSON = " ".join((BREAKS_OUT, FORMULA, IN_MARKDOWN, OBEYED, HIDDEN, BROKEN, RICH, FORGED))
HOSTILE = PLAIN_JSON + HALF

# Whatever is none of these has no place in what a page or a terminal is given.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u3164\ud800-\udfff\U000e0000-\U000e0fff]"
)
MATHS = re.compile(r"\$[^$<]*\$|\\\(|\\\[|\\begin")
HARMLESS = {
    "p", "strong", "code", "span", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "a", "details",
    "summary", "div", "img",
}  # fmt: skip
DRAWN = "data:image/png;base64,"  # a picture stands in the page itself; none is asked for elsewhere


class Elements(HTMLParser):
    """The elements of a page, with their attributes and the text in them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.found, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, text):
        self.texts.append(text)


def harmless(fragment):
    """Whether a fragment of ours holds nothing but our own elements, links to files and styles of cells."""
    elements = Elements(fragment)
    for tag, attributes in elements.found:
        assert tag in HARMLESS, tag
        assert set(attributes) <= ({"alt", "src"} if tag == "img" else {"style", "href"})
        assert attributes.get("src", DRAWN).startswith(DRAWN)
        assert attributes.get("href", "./").startswith("./")
    assert not UNSEEN.search(fragment), UNSEEN.search(fragment)
    assert not [text for text in elements.texts if MATHS.search(text)]


def exported(shown):
    """The page that a browser gets of a notebook whose cells displayed these objects."""
    formatted = [DisplayFormatter().format(one) for one in shown]
    outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata) for data, metadata in formatted]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()", outputs=outputs)])
    return HTMLExporter().from_notebook_node(notebook)[0]


def obeyed(page):
    """The elements of a page by which it would run what somebody wrote."""
    elements = Elements(page).found
    scripts = [tag for tag, attributes in elements if any(SCRIPT in str(value) for value in attributes.values())]
    return scripts + re.findall(rf"<script>\s*{re.escape(SCRIPT)}", page)


def machine(name):
    """A workflow whose names and words are somebody else's."""
    rule = {"Variable": f"$.{name}", "StringEquals": name, "Next": name}
    return {
        "Comment": name,
        "StartAt": "First",
        "States": {
            "First": {"Type": "Choice", "Choices": [rule], "Default": name},
            name: {"Type": "Task", "Resource": name, "Catch": [{"ErrorEquals": [name], "Next": "End"}], "End": True},
            "End": {"Type": "Fail", "Error": name, "Cause": name},
        },
    }
