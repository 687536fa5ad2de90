"""Bodies that parsers disagree on are refused, each with a 4xx and at once."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_server.hooks.errors import BadRequest, HookError, TooLarge
from cds_server.hooks.json import MAX_BYTES, MAX_DEPTH, parse

REFUSED = {
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "overflowing float": b'{"a": 1e999}',
    "overflowing negative float": b'{"a": -1e999}',
    "huge integer": b'{"a": ' + b"9" * 400 + b"}",
    "integer past python's own limit": b'{"a": ' + b"9" * 5000 + b"}",
    "nineteen digits": b'{"a": 1000000000000000001}',
    "duplicate key": b'{"a": 1, "a": 2}',
    "duplicate key deep inside": b'{"b": [{"a": 1, "a": 1}]}',
    "deep array": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "not utf-8": b'{"a": "\xff"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "half a surrogate pair in a key": b'{"\\ud800": 1}',
    "nul": b'{"a": "\\u0000"}',
    "cut off": b'{"a": ',
    "empty": b"",
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "trailing comma": b'{"a": 1,}',
    "control character in a string": b'{"a": "\x01"}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refused(body):
    with pytest.raises(BadRequest) as caught:
        parse(body)
    assert caught.value.status == 400
    assert caught.value.message


def test_the_size_limit_at_its_edge():
    fits = b'"' + b"a" * (MAX_BYTES - 2) + b'"'
    assert len(parse(fits)) == MAX_BYTES - 2
    with pytest.raises(TooLarge) as caught:
        parse(fits + b" ")
    assert caught.value.status == 413


def test_the_depth_limit_at_its_edge():
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(BadRequest):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_brackets_inside_strings_do_not_count():
    text = "[{" * 200 + '\\"' * 3
    assert parse(json.dumps({"a": text}).encode()) == {"a": text}


def test_eighteen_digits_are_kept_exactly():
    assert parse(b"[999999999999999999, 0.1, -5]") == [999999999999999999, 0.1, -5]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=30,
)


@given(values)
def test_whatever_json_can_say_is_read_as_python_reads_it(value):
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=300))
def test_no_bytes_lead_to_anything_but_a_value_or_a_refusal(body):
    with suppress(HookError):
        parse(body)
