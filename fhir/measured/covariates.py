"""Covariates from Observations by LOINC code, the MIC of the drug itself, and how a creatinine was measured."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf
from fhir.clock import say
from fhir.codes import codes_in, table, words_of
from fhir.measured.observations import Wanted, parts_of, read_value
from fhir.reading import Given, Measured, Stream, finding
from fhir.state.patient import read_patient
from models.covariates import words
from models.drug import Drug
from models.findings import Finding
from models.units import COVARIATES

_METHODS = {"jaffe": 1.0, "enzymatic": 0.0}  # words of Observation.method


def read_covariates(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Every value of the covariates that the drug's file calls worth reading, or why it was not used."""
    born = read_patient(shelf).born
    wanted = {loinc: replace(item, born=born) for item, loincs in _wanted(drug) for loinc in loincs}
    found: list[Measured | Finding] = []
    for observation in shelf.of_type("Observation"):
        for code, holder in parts_of(observation):
            for item in {wanted[loinc].name: wanted[loinc] for loinc in codes_in(code, "loinc") & set(wanted)}.values():
                values = [v for v in read_value(observation, holder, item, shelf, now) if not isinstance(v, Given)]
                found += values
                found += _methods(observation, values, drug)
    yield from _not_too_old(_one_mic(found), now)


def _wanted(drug: Drug) -> Iterator[tuple[Wanted, Iterable[str]]]:
    for name, entry in table()["covariates"].items():
        if name in drug.covariates:
            yield _of(name, entry, drug), entry["loinc"]
    if "mic" in drug.covariates and drug.name in table()["mic"]:
        yield _of("mic", {"day": True}, drug), table()["mic"][drug.name]


def _of(name: str, entry: Mapping[str, Any], drug: Drug) -> Wanted:
    return Wanted(
        name=name,
        slug=name.replace("_", "-"),
        words=words(name),
        unit=COVARIATES[name],
        plausible=drug.plausible.get(name),
        molar_mass=entry.get("molar_mass"),
        day=entry["day"],
        count=entry.get("count", False),
    )


def _methods(observation: Resource, values: Iterable[Measured | Finding], drug: Drug) -> Iterator[Measured]:
    """jaffe_creatinine beside a creatinine whose method is named; of one that is not, nothing is known."""
    if "jaffe_creatinine" not in drug.covariates:
        return
    told = words_of(observation.get("method"))
    named = {value for word, value in _METHODS.items() if word in told}
    for item in values:
        if len(named) == 1 and isinstance(item, Measured) and item.name == "creatinine":
            charted = "Jaffe" if 1.0 in named else "enzymatic"
            source = replace(item.source, note=f"method of the creatinine charted as {charted}")
            yield Measured(
                name="jaffe_creatinine", value=named.copy().pop(), when=item.when, source=source, charted=charted
            )


def _one_mic(found: list[Measured | Finding]) -> list[Measured | Finding]:
    """Of several isolates with different MICs none is taken: which one is treated the chart does not say."""
    mics = sorted({item.value for item in found if isinstance(item, Measured) and item.name == "mic"})
    if len(mics) < 2:
        return found
    shown = ", ".join(f"{value:g}" for value in mics)
    text = f"MICs of {shown} mg/L are charted; which organism is treated the chart does not say, so none was used."
    rest = [item for item in found if isinstance(item, Finding) or item.name != "mic"]
    return [*rest, finding("mic-disagree", "warning", text)]


def _not_too_old(found: list[Measured | Finding], now: datetime) -> Stream:
    """Without covariates whose newest value is over the days that its table allows; each is said once."""
    newest: dict[str, Measured] = {}
    for item in found:
        if isinstance(item, Measured) and (item.name not in newest or item.when > newest[item.name].when):
            newest[item.name] = item
    limits = {name: table()["covariates"].get(name, {}).get("days") for name in newest}
    old = {name for name, days in limits.items() if days and newest[name].when < now - timedelta(days=days)}
    yield from (item for item in found if isinstance(item, Finding) or item.name not in old)
    for name in sorted(old):
        text = (
            f"the newest {words(name)} is of {say(newest[name].when)}, over {limits[name]} days old; it was not used."
        )
        yield finding(f"{name.replace('_', '-')}-old", "info", text)
