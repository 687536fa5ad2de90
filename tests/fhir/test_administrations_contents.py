"""Doses charted in tablets, vials and mL, as salts and as combinations: mg of the drug, or a reason."""

from typing import Any

import pytest

from tests.fhir.charts import (
    IV,
    ME,
    ORAL,
    RXNORM,
    TACROLIMUS,
    VANCOMYCIN,
    codes,
    given,
    order,
    patient,
    quantity,
    read,
    said,
)

ATC = "http://www.whocc.no/atc"
PIPERACILLIN = {"coding": [{"system": RXNORM, "code": "8339", "display": "piperacillin"}]}
TAZOBACTAM = {"coding": [{"system": RXNORM, "code": "37617", "display": "tazobactam"}]}
PIP_TAZO = {"coding": [{"system": ATC, "code": "J01CR05"}], "text": "Piperacillin and tazobactam"}
ISAVUCONAZOLE = {"coding": [{"system": RXNORM, "code": "1720882", "display": "isavuconazole"}]}
ISAVUCONAZONIUM = {"coding": [{"system": RXNORM, "code": "1608321", "display": "isavuconazonium sulfate"}]}
SALINE = {"coding": [{"system": RXNORM, "code": "9863", "display": "sodium chloride"}]}
TABLET = "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"


def ingredient(
    concept: dict[str, Any], above: dict[str, Any] | None = None, below: dict[str, Any] | None = None
) -> Any:
    strength = {"strength": {"numerator": above, "denominator": below}} if above else {}
    return {"itemCodeableConcept": concept} | strength


def medicine(*ingredients: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m1", "ingredient": list(ingredients)} | changes


def dosed(medication: dict[str, Any], dose: dict[str, Any], route: dict[str, Any] = IV, **changes: Any) -> Any:
    """An hour's infusion, or a swallowed dose, of a contained medication."""
    dose_given = given(
        until="18 09:00",
        dosage={"route": route, "dose": dose},
        contained=[medication],
        medicationReference={"reference": "#m1"},
        **changes,
    )
    del dose_given["medicationCodeableConcept"]
    return dose_given


def only_dose(*resources: dict[str, Any], name: str) -> float:
    chart = read(patient(), *resources, name=name)
    (dose,) = chart.record.doses
    return dose.amount


def refused(*resources: dict[str, Any], name: str) -> str:
    chart = read(patient(), *resources, name=name)
    assert chart.record.doses == ()
    return said(chart, "dose-unreadable")


def form(value: float, code: str, unit: str = "", system: str = TABLET) -> dict[str, Any]:
    return {"value": value, "code": code, "unit": unit or code, "system": system}


@pytest.mark.parametrize(
    ("dose", "per"),
    [
        (form(2, "CAP"), form(1, "CAP")),
        (form(2, "CAP"), {"value": 1}),  # "0.5 mg per 1"
        (quantity(2, "{capsule}"), form(1, "CAP")),
        (quantity(2, "capsules"), form(1, "Cap")),
        ({"value": 2, "unit": "capsule", "code": "1", "system": "http://unitsofmeasure.org"}, form(1, "CAP")),
        (form(2, "each"), form(1, "CAP")),
        (form(4, "CAP"), form(2, "CAP")),
    ],
)
def test_capsules_by_their_strength(dose: dict[str, Any], per: dict[str, Any]) -> None:
    capsule = medicine(ingredient(TACROLIMUS, quantity(500, "ug"), per))
    chart = read(patient(), dosed(capsule, dose, ORAL), name="tacrolimus")
    assert chart.record.doses[0].amount == pytest.approx(0.5 * dose["value"] / per["value"], rel=1e-12)
    assert "500 ug per" in chart.sources["d1"].note


@pytest.mark.parametrize(
    ("dose", "per", "words"),
    [
        (form(2, "TAB"), form(1, "CAP"), "do not make an amount"),
        (quantity(2, "mL"), form(1, "CAP"), "do not make an amount"),
        (form(2, "CAP"), quantity(1, "mL"), "do not make an amount"),
        (form(2, "CAP"), form(0, "CAP"), "not a positive number"),
        ({"value": 2}, form(1, "CAP"), "no unit"),
        (form(2, "PATCH"), form(1, "CAP"), "not known"),
        ({"value": 2, "code": "mg", "unit": "capsule"}, form(1, "CAP"), "disagree"),
    ],
)
def test_forms_that_do_not_fit_the_strength_are_refused(dose: dict, per: dict, words: str) -> None:
    capsule = medicine(ingredient(TACROLIMUS, quantity(0.5, "mg"), per))
    assert words in refused(dosed(capsule, dose, ORAL), name="tacrolimus")


def test_a_volume_by_the_vials_strength_and_a_vial_by_its_volume() -> None:
    vial = medicine(ingredient(VANCOMYCIN, quantity(500, "mg"), quantity(10, "mL")))
    assert only_dose(dosed(vial, quantity(20, "mL")), name="vancomycin") == pytest.approx(1000)
    packed = vial | {"amount": {"numerator": quantity(10, "mL"), "denominator": form(1, "vial")}}
    assert only_dose(dosed(packed, form(2, "vial")), name="vancomycin") == pytest.approx(1000)


def test_a_volume_of_the_bag_at_the_strength_of_the_vial_is_refused() -> None:
    """100 mL at 50 mg/mL would be 5000 mg: over the largest dose. 50 mL would be 2500 mg: the order says 500."""
    vial = medicine(ingredient(VANCOMYCIN, quantity(500, "mg"), quantity(10, "mL")))
    assert "can not be true" in refused(dosed(vial, quantity(100, "mL")), name="vancomycin")
    bag = dosed(vial, quantity(50, "mL"), request={"reference": "MedicationRequest/r1"})
    assert "its order says 500 mg" in refused(bag, order(500), name="vancomycin")
    assert only_dose(bag, order(2500), name="vancomycin") == pytest.approx(2500)


def test_an_ingredient_that_is_a_substance_of_its_own() -> None:
    """HL7's example Medication/med0321 refers to a contained Substance."""
    capsule = medicine({"itemReference": {"reference": "#s1"}} | ingredient({}, quantity(1, "mg"), form(1, "CAP")))
    del capsule["ingredient"][0]["itemCodeableConcept"]
    dose = dosed(capsule, form(3, "CAP"), ORAL)
    dose["contained"].append({"resourceType": "Substance", "id": "s1", "code": TACROLIMUS})
    assert only_dose(dose, name="tacrolimus") == pytest.approx(3)


@pytest.mark.parametrize("told", [4.5, 4.0])
def test_a_combination_in_mg_is_read_where_its_strengths_say_which_mg(told: float) -> None:
    """4.5 g of both, or 4 g of piperacillin, are one vial of 4 g + 0.5 g."""
    vial = medicine(
        ingredient(PIPERACILLIN, quantity(4, "g"), form(1, "vial")),
        ingredient(TAZOBACTAM, quantity(500, "mg"), form(1, "vial")),
        code=PIP_TAZO,
    )
    assert only_dose(dosed(vial, quantity(told, "g")), name="piperacillin") == pytest.approx(4000)
    assert only_dose(dosed(vial, form(1, "vial")), name="piperacillin") == pytest.approx(4000)
    assert "may be of the drug alone or of all" in refused(dosed(vial, quantity(3, "g")), name="piperacillin")


def test_a_combination_without_strengths_is_refused() -> None:
    listed = medicine(ingredient(PIPERACILLIN), ingredient(TAZOBACTAM))
    assert "is not said" in refused(dosed(listed, quantity(4.5, "g")), name="piperacillin")
    odd = dosed(medicine(code=PIP_TAZO), quantity(5, "g"))
    assert "strengths of its ingredients" in refused(odd, name="piperacillin")
    named = PIPERACILLIN | {"text": "Piperacillin/tazobactam 4.5 g"}
    coded = given(medicationCodeableConcept=named, dosage={"route": IV, "dose": quantity(4.5, "g")}, until="18 09:00")
    assert "tazobactam" in refused(coded, name="piperacillin")


@pytest.mark.parametrize(
    ("told", "mg"), [(4.5, 4000), (4.0, 4000), (2.25, 2000), (2.5, 2000), (3.375, 3000), (13.5, 12000)]
)
def test_a_combination_that_is_only_named_is_read_by_the_doses_there_are_of_it(told: float, mg: float) -> None:
    coded = given(told, "g", medicationCodeableConcept=PIP_TAZO, until="18 09:00")
    assert only_dose(coded, name="piperacillin") == pytest.approx(mg)


def test_piperacillin_alone_keeps_its_mg() -> None:
    coded = given(2, "g", medicationCodeableConcept=PIPERACILLIN, until="18 09:00")
    assert only_dose(coded, name="piperacillin") == 2000


def test_a_salt_is_converted_where_the_drug_file_says_how() -> None:
    """372 mg of isavuconazonium sulfate are 200 mg of isavuconazole; by code, as an ingredient, in vials."""
    coded = given(372, medicationCodeableConcept=ISAVUCONAZONIUM, until="18 09:00")
    assert only_dose(coded, name="isavuconazole") == pytest.approx(200, rel=1e-6)  # the file's seven figures
    chart = read(patient(), coded, name="isavuconazole")
    assert "0.5376 is the drug" in chart.sources["d1"].note
    vial = medicine(ingredient(ISAVUCONAZONIUM, quantity(372, "mg"), form(1, "vial")))
    assert only_dose(dosed(vial, form(1, "vial")), name="isavuconazole") == pytest.approx(200, rel=1e-6)
    assert only_dose(dosed(vial, quantity(372, "mg")), name="isavuconazole") == pytest.approx(200, rel=1e-6)


def test_mg_of_which_of_two_substances_is_refused() -> None:
    named = ISAVUCONAZOLE | {"text": "isavuconazonium sulfate 372 mg"}
    assert "named as" in refused(given(372, medicationCodeableConcept=named, until="18 09:00"), name="isavuconazole")
    vial = medicine(ingredient(ISAVUCONAZONIUM, quantity(372, "mg"), form(1, "vial")), code=ISAVUCONAZOLE)
    assert "of which of them" in refused(dosed(vial, quantity(200, "mg")), name="isavuconazole")
    assert only_dose(dosed(vial, form(1, "vial")), name="isavuconazole") == pytest.approx(200, rel=1e-6)
    both = {"coding": [*ISAVUCONAZOLE["coding"], *ISAVUCONAZONIUM["coding"]]}
    assert "at once" in refused(given(200, medicationCodeableConcept=both, until="18 09:00"), name="isavuconazole")


def test_vancomycin_hydrochloride_is_labelled_in_base() -> None:
    salt = {"coding": [{"system": RXNORM, "code": "66955", "display": "Vancomycin Hydrochloride"}]}
    assert only_dose(given(1000, medicationCodeableConcept=salt, until="18 09:00"), name="vancomycin") == 1000


@pytest.mark.parametrize(
    ("name", "rxnorm", "words"),
    [("ganciclovir", "275891", "valganciclovir"), ("phenytoin", "72236", "fosphenytoin"), ("theophylline", "689", "")],
)
def test_a_prodrug_is_refused_as_what_it_is(name: str, rxnorm: str, words: str) -> None:
    coded = {"coding": [{"system": RXNORM, "code": rxnorm}], "text": words}
    chart = read(patient(), given(450, medicationCodeableConcept=coded, until="18 09:00"), name=name)
    assert chart.record.doses == ()
    (problem,) = [item for item in chart.findings if item.code == "dose-unreadable"]
    assert problem.severity == "critical"


def test_a_diluent_makes_no_combination() -> None:
    for saline in (SALINE, {"text": "NaCl 0.9 %"}):
        bag = medicine(
            ingredient(VANCOMYCIN, quantity(1, "g"), quantity(250, "mL")),
            ingredient(saline, quantity(2.25, "g"), quantity(250, "mL")),
        )
        assert only_dose(dosed(bag, quantity(1, "g")), name="vancomycin") == 1000
        assert only_dose(dosed(bag, quantity(250, "mL")), name="vancomycin") == pytest.approx(1000)


def test_the_drug_in_a_diluent_is_still_the_drug() -> None:
    bagged = VANCOMYCIN | {"text": "Vancomycin in 0.9 % sodium chloride"}
    bag = medicine(ingredient(bagged, quantity(1, "g"), quantity(250, "mL")))
    assert only_dose(dosed(bag, quantity(250, "mL")), name="vancomycin") == pytest.approx(1000)
    assert only_dose(dosed(bag, quantity(1, "g")), name="vancomycin") == 1000


def test_an_unknown_second_ingredient_makes_one() -> None:
    mix = medicine(ingredient(VANCOMYCIN), ingredient({"text": "Something else"}))
    assert "combination" in refused(dosed(mix, quantity(1, "g")), name="vancomycin")


def test_an_order_is_read_by_the_same_strengths() -> None:
    vial = medicine(
        ingredient(PIPERACILLIN, quantity(4, "g"), form(1, "vial")),
        ingredient(TAZOBACTAM, quantity(500, "mg"), form(1, "vial")),
    )
    placed = order(4.5, "g", contained=[vial], medicationReference={"reference": "#m1"})
    del placed["medicationCodeableConcept"]
    chart = read(patient(), placed, name="piperacillin")
    assert chart.current is not None
    assert chart.current.amount == pytest.approx(4000)


def test_a_medication_on_the_shelf_says_the_strength() -> None:
    capsule = medicine(ingredient(TACROLIMUS, quantity(1, "mg"), form(1, "CAP")), id="tac1")
    dose = given(dosage={"route": ORAL, "dose": form(2, "CAP")}, medicationReference={"reference": "Medication/tac1"})
    del dose["medicationCodeableConcept"]
    assert only_dose(dose, capsule, name="tacrolimus") == pytest.approx(2)
    assert "administration-unnamed" in codes(read(patient(id=ME), dose, name="tacrolimus"))
