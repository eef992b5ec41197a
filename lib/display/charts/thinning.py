"""What of many marks and words is drawn, so that a chart of a burst or of years can be read. Pure pandas, no AWS.

Nothing is left out of a count by it: a chart that is thinned says so, and its numbers are those of all.
"""

from collections.abc import Sequence

import pandas as pd

MANY = 400  # points of a chart 10 in wide; of more, each is no mark of its own
ALL, PLACES = 150, 75  # so many marks are all drawn; of more, one in each of so many parts of the time
FEW_WORDS = 12  # that fit beside each other


def one_a_place(times: pd.Series) -> pd.Series:
    """Of points in time, a boolean each: drawn are up to ALL of them, of more the first of each of PLACES parts."""
    first, last = times.min(), times.max()
    if len(times) <= ALL:
        return pd.Series(True, index=times.index)
    if first == last:
        return ~times.duplicated()
    places = ((times - first) / (last - first) * PLACES).astype(int)
    return ~places.duplicated()


def words_apart(places: Sequence[float], least: float) -> list[int]:
    """Which of these words are written, where each needs so much room: the later ones first, and none over another."""
    kept: list[int] = []
    for at in sorted(range(len(places)), key=lambda one: -places[one]):
        if all(abs(places[at] - places[other]) >= least for other in kept):
            kept.append(at)
    return sorted(kept)
