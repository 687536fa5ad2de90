"""The coded reasons a card offers for setting it aside, read from override_reasons.toml."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def override_reasons() -> tuple[dict[str, str], ...]:
    """Codings with code, system and display."""
    data = tomllib.loads(files(__package__).joinpath("override_reasons.toml").read_text(encoding="utf-8"))
    systems = {False: data["own_system"], True: data["hl7_system"]}
    return tuple(
        {"code": item["code"], "system": systems[item.get("hl7", False)], "display": item["display"]}
        for item in data["reason"]
    )


@cache
def hl7_group(code: str) -> str | None:
    """The HL7 reason that one of our own codes stands for."""
    data = tomllib.loads(files(__package__).joinpath("override_reasons.toml").read_text(encoding="utf-8"))
    return next((item.get("maps_to") for item in data["reason"] if item["code"] == code), None)
