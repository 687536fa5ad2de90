"""The drug files that ship: codes, molar masses and figures, and what a wrong file is told."""

import re
from pathlib import Path

import pytest

from models.catalog import DRUGS, load_catalog
from models.drug import Drug, load_drug
from models.errors import ModelFileError
from models.terms import TERMS

# IUPAC abridged standard atomic weights, g/mol (Prohaska T et al. Pure Appl Chem 2022;94:573-600)
ATOMIC = {"H": 1.0080, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "P": 30.974, "S": 32.06, "Cl": 35.45}
ATOMIC |= {"Na": 22.990, "Br": 79.904, "I": 126.90, "Pt": 195.08}
NAMES = sorted(path.parent.name for path in DRUGS.glob("*/drug.toml"))


@pytest.fixture(scope="module")
def vancomycin() -> Drug:
    return load_drug(DRUGS / "vancomycin" / "drug.toml")


@pytest.fixture(scope="module")
def tacrolimus() -> Drug:
    return load_drug(DRUGS / "tacrolimus" / "drug.toml")


@pytest.mark.parametrize("name", NAMES)
def test_molar_mass_is_that_of_the_formula(name: str) -> None:
    drug = load_drug(DRUGS / name / "drug.toml")
    atoms = re.findall(r"([A-Z][a-z]?)(\d*)", drug.molar_formula)
    mass = sum(ATOMIC[symbol] * int(count or 1) for symbol, count in atoms)
    # five figures are written in the file; the last one may round
    assert drug.molar_mass == pytest.approx(mass, rel=3e-5)


def test_vancomycin_carries_the_codes_and_the_target_of_its_guideline(vancomycin: Drug) -> None:
    assert vancomycin.rxnorm == ("11124",)
    assert vancomycin.atc == ("J01XA01",)
    kinds = {code.loinc: code.kind for code in vancomycin.level_codes}
    assert kinds == {"20578-1": "any", "4090-7": "peak", "4092-3": "trough"}
    target = vancomycin.targets[0].target
    assert (target.metric, target.low, target.high, target.unit) == ("auc24", 400, 600, "mg.h/L")
    assert vancomycin.exposure_unit == "mg.h/L"
    assert vancomycin.routes == ("iv",)


def test_isavuconazonium_sulfate_weighs_what_its_label_says() -> None:
    """372 mg of the sulfate are 200 mg, and 186 mg are 100 mg (amount_of): labels round to whole mg."""
    (salt,) = load_drug(DRUGS / "isavuconazole" / "drug.toml").charted_as
    assert salt.mg_per_mg is not None
    assert 372 * salt.mg_per_mg == pytest.approx(200, abs=0.5)
    assert 186 * salt.mg_per_mg == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("name", NAMES)
def test_further_names_name_no_other_drug(name: str) -> None:
    """A brand of one drug inside the name of another would refuse the other's doses."""
    names = load_drug(DRUGS / name / "drug.toml").names
    others = [load_drug(DRUGS / other / "drug.toml") for other in NAMES if other != name]
    for other in others:
        assert not [word for word in names for told in (other.name, *other.names) if word in told]


def test_tacrolimus_is_oral_twice_daily_in_whole_blood(tacrolimus: Drug) -> None:
    assert tacrolimus.rxnorm == ("42316",)
    assert {code.loinc for code in tacrolimus.level_codes} == {"11253-2", "74097-7", "74096-9"}
    assert (tacrolimus.matrix, tacrolimus.concentration_unit) == ("whole blood", "ug/L")
    assert tacrolimus.routes == ("oral",)
    assert tacrolimus.products[0].intervals == (12.0,)
    assert tacrolimus.exposure_unit == "ug.h/L"


@pytest.mark.parametrize("name", NAMES)
def test_every_loinc_code_passes_its_check_digit(name: str) -> None:
    for code in load_drug(DRUGS / name / "drug.toml").level_codes:
        number, check = code.loinc.split("-")
        # mod 10 from the right: odd places doubled, as LOINC's users' guide (appendix C) has it
        doubled = [int(c) * (2 if place % 2 == 0 else 1) for place, c in enumerate(reversed(number))]
        digits = sum(sum(map(int, str(value))) for value in doubled)
        assert (10 - digits % 10) % 10 == int(check), code.loinc


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(-5.0, "impossible"), (0.0, "plausible"), (80.0, "plausible"), (80.1, "odd"), (300.0, "odd"), (301, "impossible")],
)
def test_a_level_is_judged_at_and_beside_its_edges(vancomycin: Drug, value: float, verdict: str) -> None:
    assert vancomycin.plausible["level"].judge(value) == verdict


def test_ten_thousand_kilograms_and_a_percentage_are_impossible(tacrolimus: Drug) -> None:
    assert tacrolimus.plausible["weight"].judge(10_000) == "impossible"
    assert tacrolimus.plausible["haematocrit"].judge(33) == "impossible"
    assert tacrolimus.plausible["creatinine"].judge(88.4) == "impossible"


@pytest.mark.parametrize("name", NAMES)
def test_every_hard_limit_and_target_names_its_source(name: str) -> None:
    drug = load_drug(DRUGS / name / "drug.toml")
    limits = (drug.limits.single, drug.limits.daily, drug.limits.single_per_kg, drug.limits.daily_per_kg)
    for limit in (*limits, drug.limits.rate):
        assert limit is None or len(limit.source) > 10
    assert all(len(item.source) > 10 for target in drug.targets for item in (target.target, *target.also))
    assert drug.not_verified


WRONG = [
    ('metric = "auc24"', 'metric = "auc"', r"vancomycin/drug.toml: target\[0\].metric must be one of"),
    ("high = 600.0", "high = 300.0", r"target\[0\].high must be above low \(400\)"),
    ('unit = "mg.h/L"', 'unit = "ug.h/L"', r"target\[0\].unit must be one of \['mg.h/L'\], got 'ug.h/L'"),
    ("value = 3000.0", "value = -1", r"limits.single.value must be a finite number above 0, got -1"),
    ("value = 3000.0", "value = nan", r"limits.single.value must be a finite number above 0, got nan"),
    ("increment_mg = 250.0", 'increment_mg = "250"', r"product\[0\].increment_mg must be a finite number"),
    ("largest_mg = 2000.0", "largest_mg = 100.0", r"largest_mg must be at least smallest_mg \(250\)"),
    ("largest_mg = 2000.0", "largest_mg = 2000.0\nlargest = 3", r"unknown key product\[0\].largest"),
    ('name = "vancomycin"', 'name = "vanco"', r"name must be its folder's, 'vancomycin'"),
    ('name = "vancomycin"', "", r"name is missing"),
    ("removed_by_dialysis = true", "removed_by_dialysis = 1", r"removed_by_dialysis must be true or false"),
    ("creatinine = 48.0", "kreatinin = 48.0", r"covariates \['kreatinin'\] are not known"),
    ("soft = [0.0, 80.0]", "soft = [0.0, 800.0]", r"plausible.level.soft must be \[low, high\] inside hard"),
    ("[hold]", "[hold", r"is not readable TOML"),
    ('names = ["vancocin"]', 'names = ["Vancocin"]', r"codes.names must be in lower case"),
    ("mg_per_mg = 1.0", "", r"charted_as\[0\].says must be given where mg_per_mg is not"),
    ("mg_per_mg = 1.0", 'mg_per_mg = 1.0\nsays = "x"', r"charted_as\[0\].says must be given where"),
    ("mg_per_mg = 1.0", "mg_per_mg = 0.0", r"mg_per_mg must be a finite number above 0"),
    ("mg_per_mg = 1.0", "mg_per_mg = 1.0\ncombination = true", r"says must be given where"),
]


@pytest.mark.parametrize(("line", "instead", "said"), WRONG)
def test_a_wrong_file_is_told_what_is_wrong_where(tmp_path: Path, line: str, instead: str, said: str) -> None:
    good = (DRUGS / "vancomycin" / "drug.toml").read_text(encoding="utf-8")
    assert line in good
    path = tmp_path / "vancomycin" / "drug.toml"
    path.parent.mkdir()
    path.write_text(good.replace(line, instead, 1), encoding="utf-8")
    (tmp_path / "plausible.toml").write_bytes((DRUGS / "plausible.toml").read_bytes())
    with pytest.raises(ModelFileError, match=said):
        load_drug(path)


def test_every_covariate_that_changes_has_a_longest_age() -> None:
    """models/drugs/max_age.toml where the drug's own file says nothing, and the drug's own where it does."""
    drugs = load_catalog().drugs.values()
    changing = {
        name for name, term in TERMS.items() if term.nature == "measured" and not term.flag and not term.advance
    }
    lacking = {
        (drug.name, name) for drug in drugs for name in changing & {*drug.covariates} if name not in drug.max_age
    }
    assert lacking == set()
    assert load_catalog().drugs["vancomycin"].max_age["measured_crcl"] == 48.0
    assert load_catalog().drugs["tacrolimus"].max_age["albumin"] == 168.0  # not in tacrolimus/drug.toml
