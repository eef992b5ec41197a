"""Marked sections of the application's documentation files; plain files, no AWS."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lib.definitions.marked_sections import read_section, write_section
from lib.resources.live_thing import LiveThing


@dataclass(frozen=True)
class Section(LiveThing):
    """Value: the text between the section's markers. The rest of the file is left alone, byte for byte."""

    file: str
    section: str
    kind: ClassVar[str] = "documentation section"
    noticed: ClassVar[str] = "readers of the application's documentation"

    @property
    def path(self) -> Path:
        return self.live.settings.path(self.live.settings.docs_dir) / self.file

    def _read(self) -> str | None:
        return read_section(self.path, self.section)

    def _write(self, value: str | None) -> None:
        write_section(self.path, self.section, value)
