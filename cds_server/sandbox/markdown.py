"""A card's detail, GitHub-flavoured Markdown, as HTML that can do nothing: no raw HTML, no images, http links only."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup


def render(text: str) -> Markup:
    """Safe HTML of a card's detail; tables scroll within themselves and can be reached by keyboard."""
    return Markup(_reader().render(text))  # noqa: S704 - markdown-it escapes all text, and html is off


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    reader.validateLink = _is_web_address  # type: ignore[method-assign]
    reader.add_render_rule("table_open", _table_open)
    reader.add_render_rule("table_close", _table_close)
    reader.add_render_rule("link_open", _link_open)
    reader.add_render_rule("th_open", _cell_open)
    reader.add_render_rule("td_open", _cell_open)
    return reader


def _is_web_address(url: str) -> bool:
    return url.lower().startswith(("https://", "http://"))


def _table_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="scroll" tabindex="0" role="group" aria-label="table"><table>'


def _table_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>"


def _link_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    tokens[index].attrSet("target", "_blank")
    return str(self.renderToken(tokens, index, options, env))


def _cell_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    # The page's Content-Security-Policy forbids style attributes, so alignment travels as a class.
    style = tokens[index].attrs.pop("style", "")
    if style:
        tokens[index].attrSet("class", str(style).replace("text-align:", "align-"))
    return str(self.renderToken(tokens, index, options, env))
