"""The coded reasons a card offers for setting it aside, read from override_reasons.toml."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def override_reasons(drug: str = "", *, version: str = "2.0") -> tuple[dict[str, str], ...]:
    """Codings with code, system and display; those that hold for every drug, and the drug's own where one is named.

    version "3.0": HL7's codes alone, each once, with our own ones under the group they are mapped to.
    """
    data = _data()
    systems = {False: data["own_system"], True: data["hl7_system"]}
    reasons = [item for item in data["reason"] if drug in item.get("drugs", [drug])]
    if version == "3.0":
        codes = dict.fromkeys(item.get("maps_to", item["code"]) for item in reasons)
        return tuple({"code": code, "system": data["hl7_system"], "display": data["hl7"][code]} for code in codes)
    return tuple(
        {"code": item["code"], "system": systems[item.get("hl7", False)], "display": item["display"]}
        for item in reasons
    )


@cache
def hl7_group(code: str) -> str | None:
    """The HL7 reason that one of our own codes stands for."""
    return next((item.get("maps_to") for item in _data()["reason"] if item["code"] == code), None)


def hl7_reason(system: str, code: str) -> str | None:
    """The HL7 reason behind a code as an EHR sent it: its own, or what one of ours stands for; None for any other."""
    if system == _data()["hl7_system"]:
        return code
    return hl7_group(code) if system == _data()["own_system"] else None


@cache
def drugs_named() -> frozenset[str]:
    """The drugs that have reasons of their own."""
    return frozenset(drug for item in _data()["reason"] for drug in item.get("drugs", ()))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("override_reasons.toml").read_text(encoding="utf-8"))
