"""How much of a cell's output a record keeps, and how much there was. No AWS, no files."""

import json
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

KEPT = 8_000_000  # characters of a cell; the largest chart has half a million
LINE = 4_000  # characters of an error's text, and of each of its lines
LINES = 60
SHOWN = ("display_data", "execute_result", "update_display_data")


@dataclass
class Bound:
    """What of one cell's output is kept; the rest is counted."""

    limit: int = KEPT
    kept: int = 0
    left_out: int = 0

    def takes(self, kind: str, content: dict[str, Any]) -> bool:
        """Whether this message of the kernel is shown; what is too long of it is cut off, in place."""
        if kind == "stream":
            content["text"] = self._cut(content["text"])
            return bool(content["text"])
        if kind == "error":
            content["evalue"] = self._short(content["evalue"])
            self.left_out += sum(map(len, content["traceback"][:-LINES]))
            content["traceback"] = [self._short(line) for line in content["traceback"][-LINES:]]
        return kind not in SHOWN or self._fits(len(json.dumps(content)), lasts=kind != "update_display_data")

    def cleared(self) -> None:
        """The cell took back what it had shown."""
        self.kept = self.left_out = 0

    @property
    def note(self) -> NotebookNode | None:
        """What to say below the cell, or None where everything is kept."""
        if not self.left_out:
            return None
        text = f"[cut: of {self.kept + self.left_out} characters of output, {self.left_out} are not kept]\n"
        return new_output("stream", name="stderr", text=text)

    def _cut(self, text: str) -> str:
        part = text[: self.limit - self.kept]
        self.kept += len(part)
        self.left_out += len(text) - len(part)
        return part

    def _short(self, text: str) -> str:
        self.left_out += max(0, len(text) - LINE)
        return text[:LINE]

    def _fits(self, size: int, lasts: bool) -> bool:
        """Of what is shown whole or not at all; what takes the place of something else adds nothing."""
        fits = size <= self.limit - (self.kept if lasts else 0)
        self.kept += size if fits and lasts else 0
        self.left_out += 0 if fits else size
        return fits
