"""Checks of one drug.toml beyond what reading it checks: codes, molar mass, products, limits, targets."""

import re
from collections.abc import Iterator, Sequence

from models.dosing.candidates import candidates
from models.dosing.limits import broken_limits
from models.drug import Drug
from models.population import PopulationModel
from models.review.issue import Issue, error, warning
from models.review.usual import ADULT

# IUPAC abridged standard atomic weights, g/mol (Prohaska T et al. Pure Appl Chem 2022;94:573-600)
ATOMIC = {
    "H": 1.0080,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "F": 18.998,
    "Na": 22.990,
    "P": 30.974,
    "S": 32.06,
    "Cl": 35.45,
    "K": 39.098,
    "Br": 79.904,
    "I": 126.90,
    "Pt": 195.08,
}
MASS_AGREES = 1e-4  # relative; files round to four or five figures
_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_ATC = re.compile(r"[A-Z]\d{2}[A-Z]{2}\d{2}")


def check_drug(drug: Drug, models: Sequence[PopulationModel]) -> tuple[Issue, ...]:
    """Every finding about one drug file, errors first."""
    found = [*_codes(drug), *_mass(drug), *_products(drug, models), *_targets(drug), *_sources(drug)]
    return tuple(sorted(found, key=lambda item: item.severity))


def _where(drug: Drug) -> str:
    return f"{drug.name}/drug.toml"


def loinc_check_digit(number: str) -> int:
    """Of the digits before the hyphen: mod 10, odd places from the right doubled (LOINC users' guide, appendix C)."""
    doubled = [int(c) * (2 if place % 2 == 0 else 1) for place, c in enumerate(reversed(number))]
    return (10 - sum(sum(map(int, str(value))) for value in doubled) % 10) % 10


def _codes(drug: Drug) -> Iterator[Issue]:
    where = _where(drug)
    for code in (item.loinc for item in drug.level_codes):
        number, _, check = code.partition("-")
        if not (number.isdigit() and check.isdigit()) or loinc_check_digit(number) != int(check):
            yield error(where, "loinc", f"LOINC {code!r} does not pass its check digit")
    for code in drug.rxnorm:
        if not code.isdigit():
            yield error(where, "rxnorm", f"RxNorm {code!r} is not a number")
    for code in drug.atc:
        if not _ATC.fullmatch(code):
            yield error(where, "atc", f"ATC {code!r} is not of the form A00AA00")
    if not drug.rxnorm and not drug.atc:
        yield warning(where, "no-codes", "no RxNorm or ATC code: orders of this drug are not recognised")
    if not drug.level_codes:
        yield warning(where, "no-loinc", "no LOINC code: levels are not read from the EHR")


def formula_mass(formula: str) -> float | None:
    """g/mol of a formula such as C66H75Cl2N9O24; None where it is none or an element has no weight here."""
    if not _FORMULA.fullmatch(formula):
        return None
    atoms = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    if any(symbol not in ATOMIC for symbol, _ in atoms):
        return None
    return sum(ATOMIC[symbol] * int(count or 1) for symbol, count in atoms)


def _mass(drug: Drug) -> Iterator[Issue]:
    mass = formula_mass(drug.molar_formula)
    if mass is None:
        text = f"molar mass {drug.molar_mass:g} g/mol can not be compared with the formula {drug.molar_formula!r}"
        yield warning(_where(drug), "molar-formula", text)
    elif abs(mass - drug.molar_mass) > MASS_AGREES * mass:
        text = f"molar mass {drug.molar_mass:g} g/mol, but {drug.molar_formula} has {mass:.6g}"
        yield error(_where(drug), "molar-mass", text)


def _products(drug: Drug, models: Sequence[PopulationModel]) -> Iterator[Issue]:
    where = _where(drug)
    for product in drug.products:
        lacking = [model.id for model in models if product.route not in model.structure.routes]
        if len(lacking) == len(models):
            yield error(where, "route", f"no model takes {product.route} doses ({product.form})")
        elif lacking:
            yield warning(where, "route", f"{', '.join(lacking)}: no {product.route} doses ({product.form})")
        single = drug.limits.single
        if single and product.smallest > single.value:
            text = f"smallest dose {product.smallest:g} mg is above the single-dose limit {single.value:g} mg"
            yield error(where, "product-over-limit", f"{text} ({product.form})")
        elif single and product.largest > single.value:
            text = f"largest dose {product.largest:g} mg is above the single-dose limit {single.value:g} mg"
            yield warning(where, "product-over-limit", f"{text} ({product.form}): never proposed")
    for route in drug.routes:
        kept = [item for item in candidates(drug, route, start=0.0) if not broken_limits(item, drug, ADULT["weight"])]
        if not kept:
            yield error(where, "no-candidate", f"no {route} regimen of the products keeps the limits in a 70 kg adult")
    limits = drug.limits
    if limits.single and limits.daily and limits.single.value > limits.daily.value * max(_longest(drug) / 24.0, 1.0):
        yield error(where, "limits", "the single-dose limit is above what the daily limit allows")


def _longest(drug: Drug) -> float:
    return max((interval for item in drug.products for interval in item.intervals), default=24.0)


def _targets(drug: Drug) -> Iterator[Issue]:
    where = _where(drug)
    bounds = [item for entry in drug.targets for item in (entry.target, *entry.also)]
    if "mic" not in drug.covariates:
        for target in (item for item in bounds if item.needs_mic):
            text = f"target {target.metric} ({target.indication}) needs the MIC, which covariates do not list"
            yield error(where, "target-mic", text)
    for target in (item for item in bounds if item.metric == "concentration_at"):
        shortest = min((interval for item in drug.products for interval in item.intervals), default=24.0)
        if target.at > shortest:
            text = f"target {target.at:g} h after a dose lies beyond the shortest interval, {shortest:g} h"
            yield warning(where, "target-time", f"{text} ({target.indication})")
    for entry in drug.targets:
        for name in sorted({item.covariate for item in entry.when} - set(drug.covariates)):
            text = f"the condition of {entry.target.indication!r} asks for {name}, which covariates do not list"
            yield error(where, "target-condition", text)
    for given, wanted in (("continuous", True), ("intermittent", False)):
        asked = [entry for entry in drug.targets if entry.given == given]
        if asked and not any(product.continuous == wanted for product in drug.products):
            yield warning(where, "target-given", f"a target for {given} infusion, but no such product")


def _sources(drug: Drug) -> Iterator[Issue]:
    where = _where(drug)
    limits = (drug.limits.single, drug.limits.daily, drug.limits.single_per_kg, drug.limits.daily_per_kg)
    cited = [("a limit", item.source) for item in (*limits, drug.limits.rate) if item]
    cited += [("a target", item.target.source) for item in drug.targets]
    cited += [("a product", item.source) for item in drug.products]
    for what, source in cited:
        if not source.strip():
            yield error(where, "no-source", f"{what} names no source")
    if not drug.not_verified:
        yield error(where, "not-verified-missing", "not_verified is empty; say what was not seen")
    for name in drug.max_age:
        if name != "level" and name not in drug.covariates:
            yield warning(where, "max-age", f"max_age_h.{name}: the covariate is not read for this drug")
