"""A setting as a chart shows it. Plain values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """A setting in a chart: its name, and where it stands."""

    name: str
    x: float
    y: float
