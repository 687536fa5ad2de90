"""The shares below, in and above the target as stacked bars, in SVG of its own colours."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from cds_server.cli.study.report import WORDS
from cds_server.cli.study.studied import Studied
from models.study.summary import Row

LEFT, BAR, WIDE, GAP, HEAD = 190.0, 18.0, 460.0, 22.0, 46.0
# told apart without hue too: light, dark, middle
COLOURS = {"below": "#a9c7e8", "in target": "#1b6b3a", "above": "#e0913b"}


def figure(found: Sequence[Studied]) -> str:
    """One block of bars for each drug, one bar for each stage, for the averaged (or only) adviser."""
    blocks = [(item.drug, [row for row in item.rows if row.arm == item.rows[0].arm]) for item in found]
    height = HEAD + sum(BAR * len(rows) + GAP + 14.0 for _, rows in blocks) + 24.0
    width = LEFT + WIDE + 60.0
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "font-family": "sans-serif",
            "font-size": "12",
        },
    )
    SubElement(root, "title").text = "Share of simulated patients below, in and above the target"
    SubElement(root, "rect", {"width": f"{width:g}", "height": f"{height:g}", "fill": "#ffffff"})
    _legend(root)
    top = HEAD
    for drug, rows in blocks:
        _text(root, 8, top + 10, drug.capitalize(), bold=True)
        for n, row in enumerate(rows):
            _bar(root, top + 16 + n * BAR, row)
        top += BAR * len(rows) + GAP + 14.0
    _axis(root, top - 4)
    return tostring(root, encoding="unicode") + "\n"


def _legend(root: Element) -> None:
    for n, (name, colour) in enumerate(COLOURS.items()):
        place = LEFT + 110.0 * n
        _rect(root, place, 14, 12, 12, colour)
        _text(root, place + 18, 24, name)


def _bar(root: Element, top: float, row: Row) -> None:
    _text(root, LEFT - 8, top + 12, WORDS[row.stage], anchor="end")
    place = LEFT
    for share, colour in zip((row.below, row.inside, row.above), COLOURS.values(), strict=True):
        _rect(root, place, top, WIDE * share, BAR - 4, colour)
        place += WIDE * share
    _text(root, LEFT + WIDE + 8, top + 12, f"{100 * row.inside:.0f} %")


def _axis(root: Element, top: float) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        _text(root, LEFT + WIDE * share, top + 14, f"{100 * share:.0f} %", anchor="middle")


def _rect(root: Element, x: float, y: float, width: float, height: float, fill: str) -> None:
    values = {"x": x, "y": y, "width": width, "height": height}
    SubElement(root, "rect", {name: f"{value:.2f}" for name, value in values.items()} | {"fill": fill})


def _text(root: Element, x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> None:
    weight = {"font-weight": "bold"} if bold else {}
    SubElement(root, "text", {"x": f"{x:.2f}", "y": f"{y:.2f}", "text-anchor": anchor} | weight).text = text
