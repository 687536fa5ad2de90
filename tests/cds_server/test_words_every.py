"""Intervals as wards say them."""

import pytest

from cds_server.hooks.words import every


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (6.0, "6 h"),
        (24.0, "24 h"),
        (36.0, "36 h"),
        (48.0, "48 h"),
        (72.0, "3 days"),
        (168.0, "week"),
        (1008.0, "6 weeks"),
    ],
)
def test_long_intervals_are_days_and_weeks(hours: float, text: str) -> None:
    assert every(hours) == text
