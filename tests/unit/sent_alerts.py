"""Alerts as `alert_log.alerts` tells of them, made up."""

from datetime import UTC, datetime, timedelta

import pandas as pd

HOUR = datetime(2026, 3, 1, 10, tzinfo=UTC)


def alerts(*moments, way="event", route="crisis", drills=()):
    """Alerts sent so many minutes after the hour."""
    rows = [
        (
            f"arn:machine:c{number}",
            route,
            number in drills,
            HOUR,
            HOUR + timedelta(minutes=minutes),
            way,
            1.0,
            False,
            False,
        )
        for number, minutes in enumerate(moments)
    ]
    columns = ["execution", "route", "drill", "started", "sent", "way", "seconds", "at_most", "refused"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["sent"] = pd.to_datetime(frame["sent"], utc=True)
    return frame
