"""Chart text on a card stays text: no link, no image, no tag, no table of its own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cds_server.hooks.markdown import bullets, escape, plain, table

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})

HOSTILE = [
    "[a](javascript:alert(1))",
    "![beacon](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr><b>bold</b>",
    "a | b | c",
    "`code` **bold** _em_ ~~gone~~",
    "https://evil.example",
    "www.evil.example",
    "mail me@evil.example",
    "<https://evil.example>",
    "&lt;b&gt; &#60;b&#62;",
    "\u202egnirts\u202c",
    "line\nbreak\r\n# heading",
    "a\\|b \\<b>",
    "=cmd|'/c calc'!A1",
]


def rendered(text: str) -> str:
    return GFM.render(f"- x {escape(text)} x\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_it_renders_as_the_text_itself(text):
    html = rendered(text)
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"ul", "li"}
    assert "href" not in html.replace(plain(text), "")
    shown = re.sub(r"<[^>]+>", "", html).strip()
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, character)
    assert shown == f"x {plain(text)} x"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_keeps_its_columns(text):
    html = GFM.render(table(["a", "b"], [[escape(text), "2"]]))
    assert html.count("<td>") == 2


def test_bare_addresses_are_not_made_links():
    # GFM's autolink extension looks for these starts; markdown-it's own linkifier is not installed here
    assert "https://" not in escape("see https://evil.example")
    assert not re.search(r"www\.", escape("WWW.evil.example"), re.IGNORECASE)


def test_direction_marks_and_controls_go():
    assert plain("a\u202eb\u2066c\x07d\u200be") == "a b c d e"


@given(st.text(max_size=60))
def test_no_text_makes_a_tag_or_a_second_line(text):
    html = GFM.render(bullets([f"x {escape(text)}"]))
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"ul", "li"}
    assert html.count("<li>") == 1
