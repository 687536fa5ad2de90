"""The picture of a curve: everything inside its axes, times in order, clock times true, and readable without seeing."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_server.smart.clock import clock_of
from cds_server.smart.plot import curve_rows, plot_of
from cds_server.smart.svg import NARROW, WIDE, draw
from cds_server.smart.ticks import clock_ticks, value_ticks
from models.record import Level
from tests.cds_server.sample_advice import LEVELS, NOW, OSLO, issued, sample_recommendation, with_trough_target

FRAMES = pytest.mark.parametrize("frame", [WIDE, NARROW], ids=lambda frame: frame.name)


def pictured(frame, advice=None, levels=LEVELS):
    found = issued(advice or sample_recommendation(), levels)
    clock = clock_of(found.chart)
    plot = plot_of(found.advice, found.chart, clock)
    return plot, clock, fromstring(draw(plot, clock, frame))  # noqa: S314 - our own picture


def of_class(root, name):
    return [item for item in root.iter() if name in item.get("class", "").split()]


def points(path):
    return [tuple(map(float, pair.split())) for pair in re.findall(r"[\d.]+ [\d.]+", path.get("d"))]


@FRAMES
def test_every_curve_band_level_and_dose_is_inside_the_axes(frame):
    _, _, root = pictured(frame)
    for name in ("individual", "population", "band"):
        (path,) = of_class(root, name)
        for x, y in points(path):
            assert frame.left <= x <= frame.edge
            assert frame.top <= y <= frame.floor
    for circle in of_class(root, "level"):
        assert frame.left <= float(circle.get("cx")) <= frame.edge
        assert frame.top <= float(circle.get("cy")) <= frame.floor


@FRAMES
def test_time_runs_to_the_right(frame):
    _, _, root = pictured(frame)
    for name in ("individual", "population"):
        xs = [x for x, _ in points(of_class(root, name)[0])]
        assert xs == sorted(xs)


@FRAMES
def test_texts_stay_inside_the_picture(frame):
    _, _, root = pictured(frame)
    for text in root.iter("text"):
        assert 0 <= float(text.get("x")) <= frame.width
        assert 0 <= float(text.get("y")) <= frame.height


def test_a_level_stands_where_its_time_and_value_are():
    plot, _, root = pictured(WIDE)
    circle = of_class(root, "level")[0]
    across = (float(circle.get("cx")) - WIDE.left) / (WIDE.edge - WIDE.left)
    top = value_ticks(plot.top)[-1]
    up = (WIDE.floor - float(circle.get("cy"))) / (WIDE.floor - WIDE.top)
    # coordinates are written to 0.01 of a unit: 92 h and 60 mg/L over hundreds of units
    assert plot.start + across * (plot.end - plot.start) == pytest.approx(31.5, abs=0.01)
    assert up * top == pytest.approx(12.4, abs=0.01)
    assert [item.text for item in of_class(root, "level-label")] == ["12.4", "14.9"]


def test_given_doses_are_full_and_planned_ones_hollow():
    _, _, root = pictured(WIDE)
    assert len(of_class(root, "dose")) == 4
    assert len(of_class(root, "dose-planned")) == 4  # hours 56, 68, 80, 92; the picture ends at hour 100


def test_now_and_the_change_of_dose_are_marked_in_their_places():
    plot, _, root = pictured(WIDE)
    scale = (WIDE.edge - WIDE.left) / (plot.end - plot.start)
    for name, hours in (("now", NOW), ("change", 56.0)):
        (line,) = of_class(root, name)
        assert float(line.get("x1")) == pytest.approx(WIDE.left + (hours - plot.start) * scale, abs=0.01)


@FRAMES
@pytest.mark.parametrize("change_at", [46.4, 47.0, 50.0, 60.0, 75.0, 99.0])
def test_the_words_for_now_and_the_change_neither_meet_nor_leave_the_picture(frame, change_at):
    advice = sample_recommendation()
    _, _, root = pictured(frame, replace(advice, curve=replace(advice.curve, change_at=change_at)))
    spans = []
    for text in of_class(root, "moment"):
        x, width = float(text.get("x")), 7.0 * len(text.text)  # 7 units a letter is wider than the font's 6.3
        left = x - width if "end" in text.get("class").split() else x
        spans.append((left, left + width, text.get("y")))
    assert all(left >= 0 and right <= frame.width for left, right, _ in spans)
    assert len(spans) == 1 or spans[0][1] <= spans[1][0] or spans[0][2] != spans[1][2]


def test_a_trough_target_is_a_band_and_an_area_is_none():
    assert not of_class(pictured(WIDE)[2], "target")
    (band,) = of_class(pictured(WIDE, with_trough_target())[2], "target")
    assert float(band.get("height")) > 0


def test_the_axis_shows_the_wards_clock_with_its_zone():
    _, clock, root = pictured(WIDE)
    texts = [item.text for item in root.iter("text")]
    assert clock.text(31.5) == "Fri 20 Nov 07:30"
    assert "clock time, UTC+01:00" in texts
    assert "Sat 21 Nov" in texts
    assert "Vancomycin, mg/L" in texts


def test_a_level_that_the_fit_left_out_is_drawn_as_such():
    odd = Level(time=45.0, value=40.0, unit="mg/L", source="level-3")
    _, _, root = pictured(WIDE, levels=(*LEVELS, odd))
    assert (len(of_class(root, "level")), len(of_class(root, "level-unused"))) == (2, 1)


@pytest.mark.parametrize(("flags", "label"), [({"censored": True}, "< 3.0"), ({"above": True}, "> 3.0")])
def test_a_level_beyond_the_assays_range_says_so(flags, label):
    _, _, root = pictured(WIDE, levels=(Level(time=31.5, value=3.0, unit="mg/L", source="x", **flags),))
    assert [item.text for item in of_class(root, "level-label")] == [label]


def test_the_picture_is_told_in_words():
    _, _, root = pictured(WIDE)
    assert root.get("role") == "img"
    named = {item.get("id"): item.text for item in root if item.get("id")}
    title, description = (named[name] for name in root.get("aria-labelledby").split())
    assert title == "Vancomycin concentration over time"
    assert "12.4 at Fri 20 Nov 07:30" in description
    assert "1250 mg every 12 h" in description


def test_two_pictures_in_one_page_share_no_id():
    ids = [item.get("id") for frame in (WIDE, NARROW) for item in pictured(frame)[2].iter() if item.get("id")]
    assert len(ids) == len(set(ids)) == 4


def test_the_table_tells_the_curve_in_at_most_36_rows():
    plot, clock, _ = pictured(WIDE)
    rows = curve_rows(plot, clock)
    assert len(rows) <= 36
    assert rows[0] == ("Thu 19 Nov 08:00", "20.0", "16.0–26.0", "20.0")


def test_hostile_text_in_a_picture_stays_text():
    advice = replace(sample_recommendation(), drug="<script>alert(1)</script>")
    found = issued(advice)
    plot = plot_of(advice, found.chart, clock_of(found.chart))
    picture = draw(plot, clock_of(found.chart), WIDE)
    assert "<script" not in picture
    assert "&lt;script&gt;" in picture


@given(top=st.floats(1e-3, 1e5))
def test_value_ticks_are_even_start_at_zero_and_cover_the_top(top):
    ticks = value_ticks(top)
    steps = [b - a for a, b in pairwise(ticks)]
    assert ticks[0] == 0
    assert ticks[-1] >= top * (1 - 1e-9)
    assert 2 <= len(ticks) <= 7
    assert max(steps) == pytest.approx(min(steps), rel=1e-9)  # sums of floats


@given(start=st.integers(0, 600), hours=st.floats(2, 400), most=st.integers(2, 12))
def test_clock_ticks_are_full_hours_inside_and_not_crowded(start, hours, most):
    first = datetime(2026, 11, 1, tzinfo=OSLO) + timedelta(minutes=17 * start)
    last = first + timedelta(hours=hours)
    ticks = clock_ticks(first, last, most=most)
    assert all(first <= tick <= last and tick.minute == 0 for tick in ticks)
    assert len(ticks) <= most + 1
    assert list(ticks) == sorted(set(ticks))


@given(values=st.lists(st.floats(0, 500), min_size=2, max_size=40), at=st.floats(0, 1))
def test_any_curve_and_level_stay_inside_the_axes(values, at):
    advice = sample_recommendation()
    times = tuple(10.0 + k for k in range(len(values)))
    same = tuple(values)
    curve = replace(advice.curve, times=times, population=same, individual=same, low=same, high=same)
    time = times[0] + at * (times[-1] - times[0])
    _, _, root = pictured(
        WIDE, replace(advice, curve=curve), levels=(Level(time=time, value=max(values) + 1, unit="mg/L"),)
    )
    for circle in of_class(root, "level-unused"):
        assert WIDE.top <= float(circle.get("cy")) <= WIDE.floor
    for _, y in points(of_class(root, "individual")[0]):
        assert WIDE.top - 0.01 <= y <= WIDE.floor + 0.01  # written to 0.01 of a unit
