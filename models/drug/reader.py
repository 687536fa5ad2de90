"""drug.toml against its closed vocabulary."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

from models.datafile import Table, read_table
from models.drug.charted_as import read_charted_as
from models.drug.drug import (
    Checks,
    Covers,
    Drug,
    LevelCode,
    LevelKind,
    Limit,
    Limits,
    Plausible,
    Preference,
)
from models.drug.products import read_product
from models.drug.targets import read_target
from models.errors import ModelFileError
from models.units import COVARIATES


def load_drug(path: Path) -> Drug:
    """A drug from drug.toml, with what is common to all drugs from plausible.toml and max_age.toml beside its folder.

    Raises ModelFileError naming file, key and what was expected.
    """
    content = path.read_bytes()
    top = read_table(path, content)
    common_path = path.parent.parent / "plausible.toml"
    common = _plausible(read_table(common_path, common_path.read_bytes()))
    age_path = path.parent.parent / "max_age.toml"
    ages = _max_age(read_table(age_path, age_path.read_bytes())) if age_path.exists() else {}
    drug = _drug(top, common, ages, sha256(content).hexdigest())
    top.finish()
    _check(path, drug)
    return drug


def _drug(top: Table, common: Mapping[str, Plausible], ages: Mapping[str, float], digest: str) -> Drug:
    mass, codes, hold = top.table("molar_mass"), top.table("codes"), top.table("hold", default={})
    loading = top.table("loading", default={})
    unit = top.text("concentration_unit", one_of=("mg/L", "ug/L"))
    covariates = top.texts("covariates")
    ages = {name: hours for name, hours in ages.items() if name in covariates}
    drug = Drug(
        name=top.text("name"),
        preferred=top.texts("preferred"),
        display=top.text("display"),
        analyte=top.text("analyte"),
        matrix=top.text("matrix", one_of=("serum", "plasma", "whole blood")),
        amount_of=top.text("amount_of"),
        concentration_unit=unit,
        display_unit=top.text("display_unit"),
        molar_mass=mass.number("value", above=0),
        molar_formula=mass.text("formula"),
        molar_source=mass.text("source"),
        rxnorm=codes.texts("rxnorm"),
        atc=codes.texts("atc"),
        names=_lower(codes.texts("names", default=()), codes),
        level_codes=tuple(_level_code(table) for table in codes.tables("level", default=[])),
        products=tuple(read_product(table) for table in top.tables("product", default=[])),
        preference=_preference(top.table("preference", default={})),
        limits=_limits(top.table("limits", default={})),
        targets=tuple(read_target(table, unit) for table in top.tables("target", default=[])),
        plausible=MappingProxyType({**common, **_plausible(top.table("plausible"))}),
        covariates=covariates,
        max_age=MappingProxyType({**ages, **_max_age(top.table("max_age_h", default={}))}),
        renal_function_matters=top.flag("renal_function_matters"),
        removed_by_dialysis=top.flag("removed_by_dialysis"),
        hold_above=hold.maybe("above", above=0),
        hold_source=hold.text("source", default=""),
        loading_source=loading.text("source", default=""),
        checks=_checks(top.table("checks")),
        covers=_covers(top.table("covers", default={})),
        estimate_only=top.text("estimate_only", default=""),
        needs_level=top.text("needs_level", default=""),
        not_read=top.text("not_read", default=""),
        not_verified=top.texts("not_verified"),
        charted_as=tuple(read_charted_as(table) for table in top.tables("charted_as", default=[])),
        hash=digest,
    )
    for table in (mass, codes, hold, loading):
        table.finish()
    return drug


def _lower(names: tuple[str, ...], codes: Table) -> tuple[str, ...]:
    if any(name != name.lower() for name in names):
        raise codes.error("names", "in lower case", names)
    return names


def _level_code(table: Table) -> LevelCode:
    kind = cast(LevelKind, table.text("kind", one_of=get_args(LevelKind)))
    code = LevelCode(loinc=table.text("loinc"), kind=kind, display=table.text("display"))
    table.finish()
    return code


def _preference(table: Table) -> Preference:
    if not table.names():
        return Preference()
    preference = Preference(
        trough_low=table.maybe("trough_low", low=0),
        trough_high=table.maybe("trough_high", above=0),
        single_per_kg=table.maybe("single_mg_per_kg", above=0),
        source=table.text("source"),
    )
    table.finish()
    return preference


_LIMIT_UNITS = {
    "single": "mg",
    "daily": "mg/d",
    "single_per_kg": "mg/kg",
    "daily_per_kg": "mg/kg/d",
    "rate": "mg/h",
}


def _limits(table: Table) -> Limits:
    if not table.names():
        return Limits()
    limits = {name: _limit(table.table(name), unit) for name, unit in _LIMIT_UNITS.items() if name in table.names()}
    for name in ("single", "daily"):
        if name not in limits:
            raise table.error(name, "given: no drug goes without a largest single and daily dose", "nothing")
    table.finish()
    return Limits(**limits)


def _limit(table: Table, unit: str) -> Limit:
    limit = Limit(
        value=table.number("value", above=0), unit=table.text("unit", one_of=(unit,)), source=table.text("source")
    )
    table.finish()
    return limit


def _plausible(top: Table) -> dict[str, Plausible]:
    return {name: _range(top.table(name)) for name in top.names()}


def _range(table: Table) -> Plausible:
    hard, soft = table.numbers("hard"), table.numbers("soft")
    if len(hard) != 2 or len(soft) != 2 or not hard[0] <= soft[0] < soft[1] <= hard[1]:
        raise table.error("soft", "[low, high] inside hard = [low, high]", (soft, hard))
    result = Plausible(
        unit=table.text("unit"),
        hard_low=hard[0],
        hard_high=hard[1],
        soft_low=soft[0],
        soft_high=soft[1],
        source=table.text("source"),
    )
    table.finish()
    return result


def _checks(table: Table) -> Checks:
    checks = Checks(
        longest_since_dose=table.number("longest_since_dose_h", above=0),
        low_level=table.number("low_level", low=0),
        low_within=table.number("low_level_within_h", above=0),
        change=table.number("change_fold", above=1),
        shortest_half_life=table.number("shortest_half_life_h", above=0),
        rise=table.number("rise_without_dose_fold", above=1),
        absorption=table.number("absorption_h", low=0),
        source=table.text("source"),
    )
    table.finish()
    return checks


def _covers(table: Table) -> Covers:
    if not table.names():
        return Covers()
    covers = Covers(
        longest_interval=table.maybe("longest_interval_h", above=0),
        excluded=table.texts("excluded_words"),
        says=table.text("says"),
    )
    table.finish()
    return covers


def _max_age(table: Table) -> Mapping[str, float]:
    return MappingProxyType({name: table.number(name, above=0) for name in table.names()})


def _check(path: Path, drug: Drug) -> None:
    """What only the whole file can say wrong."""
    where = f"{path.parent.name}/{path.name}"
    if drug.name != path.parent.name:
        raise ModelFileError(f"{where}: name must be its folder's, {path.parent.name!r}, got {drug.name!r}")
    if bool(drug.estimate_only) == bool(drug.products and drug.targets):
        raise ModelFileError(f"{where}: expected either [[product]] and [[target]], or estimate_only saying why not")
    whens = [*(target.when for target in drug.targets), *(product.when for product in drug.products)]
    conditions = {item.covariate for when in whens for item in when}
    if unknown := sorted({*conditions} - {*COVARIATES}):
        raise ModelFileError(f"{where}: when names {unknown}; known are {sorted(COVARIATES)}")
    if unknown := sorted({*drug.covariates, *drug.max_age} - {*COVARIATES, "level"}):
        raise ModelFileError(f"{where}: covariates {unknown} are not known; known are {sorted(COVARIATES)}")
    if "level" not in drug.plausible or drug.plausible["level"].unit != drug.concentration_unit:
        raise ModelFileError(f"{where}: plausible.level must be given, in {drug.concentration_unit}")
    for name, item in drug.plausible.items():
        if name in COVARIATES and item.unit != COVARIATES[name]:
            raise ModelFileError(f"{where}: plausible.{name}.unit must be {COVARIATES[name]!r}, got {item.unit!r}")
    if drug.products and drug.limits.single is None:
        raise ModelFileError(
            f"{where}: limits must be given: no dosed drug goes without a largest single and daily dose"
        )
    if (drug.hold_above is None) != (not drug.hold_source):
        raise ModelFileError(f"{where}: hold.above and hold.source go together")
