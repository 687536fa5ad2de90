"""The value sets that what we write is checked against, held against those that the validating library lists."""

import tomllib
from importlib import import_module
from importlib.resources import files
from typing import Any

import pytest

WRITTEN = tomllib.loads(files("fhir.terminology").joinpath("written.toml").read_text(encoding="utf-8"))
CASES = [(kind, path, codes) for kind, paths in WRITTEN.items() for path, codes in paths.items()]
# the library lists no codes for these; compared by hand with published metadata of R4, 21 November 2026
NOT_LISTED = {("AuditEvent", "action"), ("AuditEvent", "outcome")}


def listed(kind: str, path: str) -> list[str] | None:
    """The codes that the library's field names; it ends a list that goes on with "+"."""
    module: Any = import_module(f"fhir.resources.R4B.{kind.lower()}")
    *outer, name = path.split(".")
    model = getattr(module, kind + "".join(part[:1].upper() + part[1:] for part in outer))
    return (model.model_fields[name].json_schema_extra or {}).get("enum_values")


@pytest.mark.parametrize(("kind", "path", "codes"), CASES, ids=[f"{kind}.{path}" for kind, path, _ in CASES])
def test_a_value_set_is_that_of_the_library(kind: str, path: str, codes: list[str]) -> None:
    theirs = listed(kind, path)
    if theirs is None:
        assert (kind, path) in NOT_LISTED
    elif theirs[-1] == "+":
        assert codes[: len(theirs) - 1] == theirs[:-1]
    else:
        assert sorted(codes) == sorted(theirs)
