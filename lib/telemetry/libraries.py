"""numpy, pandas, scipy and DuckDB, each loaded where something is first asked of it: most commands and phases never do.

Half a second of every start. Of our own modules none is loaded late: what is approved is the code that was imported.
A module that takes them from here has `from __future__ import annotations`, or its annotations would ask at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any


class Library:
    """Stands for a library, and is asked as it would be."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the library has under this name
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)  # asked once, as in an inner loop each would count
        return value


if TYPE_CHECKING:
    import duckdb as duckdb
    import numpy as numpy
    import pandas as pandas
    import scipy as scipy
else:
    duckdb, numpy, pandas, scipy = map(Library, ("duckdb", "numpy", "pandas", "scipy"))
