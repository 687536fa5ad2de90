"""Codes, units and their aliases as data, one TOML file a table; the readers of fhir/ look them up by name."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def data(file: str) -> Mapping[str, Any]:
    """One table of this folder."""
    return tomllib.loads(files(__name__).joinpath(file).read_text(encoding="utf-8"))
