"""Text into GitHub-flavoured Markdown without HTML, so that nothing from a chart becomes a link, an image or a tag."""

import re
from collections.abc import Sequence

# What GFM gives a meaning inside a line; the rest only counts at its start, where no chart text stands.
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~!&@]")
# GFM makes links of bare addresses: the colon and the dot are what it looks for.
_SCHEME = re.compile(r":(?=//)")
_WWW = re.compile(r"(?i)\b(www)\.")
# Line breaks, control characters, and the marks that turn the reading direction.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def plain(text: str) -> str:
    """One line without control characters or direction marks."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


def escape(text: str) -> str:
    """Text that renders as itself inside a line or a table cell."""
    escaped = _SPECIAL.sub(lambda match: "\\" + match[0], plain(text))
    return _WWW.sub(r"\1\\.", _SCHEME.sub(r"\\:", escaped))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A GFM table; cells come escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bullets(lines: Sequence[str]) -> str:
    """A list; lines come escaped."""
    return "\n".join(f"- {line}" for line in lines)


def section(title: str, body: str) -> str:
    """A titled block, or nothing where the body is empty."""
    return f"**{title}**\n\n{body}" if body else ""


def join(*sections: str) -> str:
    """Blocks with a blank line between, empty ones left out."""
    return "\n\n".join(part for part in sections if part)
