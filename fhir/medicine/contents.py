"""What a medication holds: how a charted amount of it (mg, mL, tablets, vials) becomes mg of the drug."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir.bundle import Resource, Shelf
from fhir.codes import carries, words_of
from fhir.errors import Unreadable
from fhir.medicine.forms import is_mass, is_volume, table, units
from fhir.medicine.medication import ingredient_of, medication_of
from fhir.medicine.substance import Sought, Substance, substance_of
from fhir.quantity import read_quantity, said
from fhir.wire import mapping, number, rows, string

_PACKED = 8  # a dose of a combination is at most so many whole units of the product (house figure)
_ROUND = 0.01  # and within this fraction of a whole number: labels round


@dataclass(frozen=True, kw_only=True)
class Part:
    """One ingredient. substance: None where it is not the drug. strength: its Ratio, {} where none is charted."""

    substance: Substance | None
    strength: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """mg of the drug. share: of a mass charted of it, the part that is the drug; None = not known.

    how: the strength used, "" for none. ml: the volume charted, None for any other amount.
    """

    mg: float
    share: float | None
    how: str = ""
    ml: float | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """named: the substance of the medication's own code. parts: its active ingredients. diluted: whether a diluent is
    listed, so that its strengths are those of the mixture. package: Medication.amount, mL in one vial.
    """

    named: Substance | None
    parts: tuple[Part, ...]
    diluted: bool
    package: Mapping[str, Any]

    def read(self, quantity: Any) -> Reading:
        """Raises Unreadable wherever the mg of the drug do not follow without guessing."""
        found = _one_value(quantity)
        if is_mass(found):
            mg = read_quantity(found, "mg")
            _not_negative(mg)
            share = self.share(mg)
            how = f", of which {share:.4g} is the drug" if share != 1.0 else ""
            return Reading(mg=mg * share, share=share, how=how)
        strength = self._strength(found)
        count = units(found, mapping(strength, "denominator"), self.package)
        _not_negative(count)
        return Reading(
            mg=count * _drug_mg(self._drug_part(), strength),
            share=self._share_of_mass(),
            how=f" of {_said_strength(strength)}",
            ml=read_quantity(found, "mL") if is_volume(found) else None,
        )

    def share(self, mg: float | None = None) -> float:
        """Which part of a charted mass is the drug, as its file counts; mg: that mass, to tell combinations apart."""
        if self._combined():
            return self._share_of_combination(mg)
        substances = [part.substance for part in self._drug_parts()] + [self.named]
        found = [item for item in substances if item is not None]
        for item in found:
            if item.per_mg is None:
                raise Unreadable(item.why)
        if len({item.per_mg for item in found}) > 1:
            names = " and ".join(item.name for item in found)
            raise Unreadable(f"it is coded as {names}; of which of them its mg are is not said")
        return found[0].per_mg or 1.0

    def _share_of_mass(self) -> float | None:
        try:
            return self.share()
        except Unreadable:
            return None

    def mg_per_ml(self) -> float | None:
        """Of a mixture whose diluent is listed; None where the strength may be that of the vial before dilution."""
        if not self.diluted:
            return None
        strength = self._drug_part().strength
        below = mapping(strength, "denominator")
        if not strength or not is_volume(below):
            return None
        return _drug_mg(self._drug_part(), strength) / _positive(read_quantity(below, "mL"), "strength")

    def _drug_parts(self) -> list[Part]:
        return [part for part in self.parts if part.substance is not None]

    def _drug_part(self) -> Part:
        found = self._drug_parts()
        if len(found) != 1:
            named = self.named or Substance(name="")
            raise Unreadable(named.why if named.combination else "its medication lists no ingredient that is the drug")
        return found[0]

    def _combined(self) -> bool:
        other = len(self._drug_parts()) < len(self.parts)
        by_name = self.named is not None and self.named.combination
        by_part = any(part.substance.combination for part in self.parts if part.substance)
        return (other and bool(self._drug_parts())) or by_name or by_part

    def _strength(self, quantity: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._drug_parts() or not self._drug_part().strength:
            raise Unreadable(f"{said(quantity)} does not convert to mg, as no strength of the drug in it is charted")
        return self._drug_part().strength

    def _share_of_combination(self, mg: float | None) -> float:
        """Of mg that are so many whole units by the sum of all ingredients, or by the drug alone, but not by both."""
        if not self.parts and self.named and mg is not None:
            return _by_dose(self.named, mg)
        part = self._drug_part()
        try:
            own = _drug_mg(part, part.strength)
            whole = sum(_mass_of(item.strength) for item in self.parts)
        except Unreadable:
            raise Unreadable("it is a combination, and of which of its parts the mg are is not said") from None
        if mg is None or len({_below(item.strength) for item in self.parts}) > 1:
            raise Unreadable("it is a combination, and of which of its parts the mg are is not said")
        by_drug, by_sum = _whole(mg, own), _whole(mg, whole)
        if by_drug == by_sum:
            raise Unreadable(f"it is a combination, and its {mg:g} mg may be of the drug alone or of all of it")
        return 1.0 if by_drug else own / whole


def _by_dose(named: Substance, mg: float) -> float:
    """Of a combination that is only named: by the doses that there are of it, 4.5 g for 4 g with 0.5 g."""
    held = next((drug for charted, drug in named.doses if abs(mg - charted) <= _ROUND * charted), None)
    if held is None:
        raise Unreadable(named.why or f"it is a combination, and what of its {mg:g} mg is the drug is not said")
    return held / mg


def contents_of(resource: Resource, drug: Sought, shelf: Shelf) -> Contents:
    """Of a MedicationAdministration or -Request; a medication that is only coded has no parts."""
    medication = medication_of(resource, shelf)
    concept = mapping(resource, "medicationCodeableConcept") or mapping(medication, "code")
    told = string(resource, "medicationReference", "display")
    listed = list(rows(medication, "ingredient"))
    every = [
        Part(
            substance=substance_of(ingredient_of(row, resource, medication, shelf), drug),
            strength=mapping(row, "strength"),
        )
        for row in listed
    ]
    inert = [part.substance is None and _is_diluent(row) for part, row in zip(every, listed, strict=True)]
    return Contents(
        named=substance_of(concept, drug, told),
        parts=tuple(part for part, idle in zip(every, inert, strict=True) if not idle),
        diluted=any(inert),
        package=mapping(medication, "amount"),
    )


def _is_diluent(ingredient: Mapping[str, Any]) -> bool:
    concept, known = mapping(ingredient, "itemCodeableConcept"), table()["diluents"]
    named = any(word in words_of(concept) for word in known["words"])
    return ingredient.get("isActive") is False or carries(concept, {"rxnorm": known["rxnorm"]}) or named


def _one_value(quantity: Any) -> Mapping[str, Any]:
    found = quantity if isinstance(quantity, Mapping) else {}
    if not found:
        raise Unreadable("no amount is charted")
    if found.get("comparator"):
        raise Unreadable("its amount is charted as a limit, not as one value")
    if number(found, "value") is None:
        raise Unreadable("no number is charted")
    return found


def _drug_mg(part: Part, strength: Mapping[str, Any]) -> float:
    substance = part.substance or Substance(name="")
    if substance.per_mg is None:
        raise Unreadable(substance.why)
    return _mass_of(strength) * substance.per_mg


def _mass_of(strength: Mapping[str, Any]) -> float:
    above = _one_value(mapping(strength, "numerator"))
    return _positive(read_quantity(above, "mg"), "strength")


def _below(strength: Mapping[str, Any]) -> tuple[Any, str]:
    below = mapping(strength, "denominator")
    return number(below, "value"), string(below, "code") or string(below, "unit")


def _whole(mg: float, one: float) -> bool:
    count = round(mg / one)
    return 1 <= count <= _PACKED and abs(mg / one - count) <= _ROUND * count


def _said_strength(strength: Mapping[str, Any]) -> str:
    below = mapping(strength, "denominator")
    per = said(below) if string(below, "code") or string(below, "unit") else "unit"
    return f"{said(mapping(strength, 'numerator'))} per {per}"


def _positive(value: float, what: str) -> float:
    if value <= 0:
        raise Unreadable(f"its {what} is not a positive number")
    return value


def _not_negative(value: float) -> None:
    if value < 0:
        raise Unreadable(f"its amount, {value:g}, is negative")
