"""What the checks of the library say of files that ship, and of files that are wrong on purpose."""

import shutil
from pathlib import Path

import pytest

from models.catalog import DRUGS, load_catalog
from models.review.checks import check_model
from models.review.drug_checks import check_drug, formula_mass, loinc_check_digit
from models.review.issue import Issue
from models.review.space import domain_points, raw_ranges

CATALOG = load_catalog()


def found_in(folder: Path, drug_name: str) -> list[Issue]:
    catalog = load_catalog(folder)
    drug, models = catalog.drug(drug_name), catalog.models_for(drug_name)
    return [*check_drug(drug, models), *(i for model in models for i in check_model(model, drug, first=models[0]))]


@pytest.fixture
def edited(tmp_path: Path):
    """One drug with one model, with one line changed, and what the checks say of it."""

    def act(path: str, old: str, new: str) -> set[tuple[str, str]]:
        drug, _, file = path.partition("/")
        model = "goti2018.toml" if drug == "vancomycin" else "bergmann2014.toml"
        folder = tmp_path / drug
        folder.mkdir()
        shutil.copy(DRUGS / "plausible.toml", tmp_path)
        for name in ("drug.toml", model):
            shutil.copy(DRUGS / drug / name, folder)
        text = (folder / "drug.toml").read_text(encoding="utf-8")
        lines = [f'preferred = ["{model[:-5]}"]' if x.startswith("preferred =") else x for x in text.splitlines()]
        (folder / "drug.toml").write_text("\n".join(lines), encoding="utf-8")
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return {(item.severity, item.code) for item in found_in(tmp_path, drug)}

    return act


def test_what_ships_has_no_error() -> None:
    errors = [
        item
        for drug in CATALOG.drugs.values()
        for item in (
            *check_drug(drug, CATALOG.models_for(drug.name)),
            *(
                issue
                for model in CATALOG.models_for(drug.name)
                for issue in check_model(model, drug, first=CATALOG.models_for(drug.name)[0])
            ),
        )
        if item.severity == "error"
    ]
    assert errors == [], "run: titrate models check"


GOTI, VANCOMYCIN, BERGMANN = "vancomycin/goti2018.toml", "vancomycin/drug.toml", "tacrolimus/bergmann2014.toml"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        # the linear effect of haematocrit reaches zero at 0.33 + 1/8, within the hard 0.60
        (BERGMANN, "slope = -1.01", "slope = -8.0", ("error", "parameter-not-positive")),
        (BERGMANN, "slope = -0.0021", "slope = -0.02", ("error", "parameter-not-positive")),
        (GOTI, "value = 58.4", "value = 0.0584", ("warning", "volume-small")),
        (GOTI, "value = 58.4", "value = 58400", ("warning", "volume-large")),
        (GOTI, "value = 4.5\n", "value = 0.0045\n", ("error", "peak-implausible")),
        (GOTI, "value = 4.5\n", "value = 450\n", ("warning", "clearance-large")),
        (GOTI, "hard = [4, 150]", "hard = [151, 160]", ("error", "domain-empty")),
        (GOTI, "variance = 0.147\nprinted = 39.8", "variance = 7.0\nprinted = 3310", ("warning", "omega-large")),
        (VANCOMYCIN, '"20578-1"', '"20578-2"', ("error", "loinc")),
        (VANCOMYCIN, 'atc = ["J01XA01"]', 'atc = ["J01X"]', ("error", "atc")),
        (VANCOMYCIN, "value = 1449.3", "value = 1485.7", ("error", "molar-mass")),
        (VANCOMYCIN, "largest_mg = 2000.0", "largest_mg = 5000.0", ("warning", "product-over-limit")),
        (VANCOMYCIN, "value = 3000.0", "value = 200.0", ("error", "product-over-limit")),
        (VANCOMYCIN, "value = 1000.0\nunit = \"mg/h\"", "value = 10.0\nunit = \"mg/h\"", ("error", "no-candidate")),
    ],
)  # fmt: skip
def test_a_wrong_file_is_found(edited, path: str, old: str, new: str, expected: tuple[str, str]) -> None:
    assert expected in edited(path, old, new)


def test_a_target_over_the_mic_needs_the_mic(edited) -> None:
    text = (DRUGS / "vancomycin" / "drug.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("covariates ="))
    without = line.replace('"mic", ', "")
    assert "mic" in line
    folder_says = edited(VANCOMYCIN, f"{line}\n", f"{without}\n")
    assert ("error", "target-mic") in folder_says


@pytest.mark.parametrize(("code", "digit"), [("20578", 1), ("4090", 7), ("4092", 3), ("11253", 2), ("74097", 7)])
def test_loinc_check_digits_of_published_codes(code: str, digit: int) -> None:
    assert loinc_check_digit(code) == digit


@pytest.mark.parametrize(
    ("formula", "mass"), [("H2O", 18.015), ("C44H69NO12", 804.03), ("C66H75Cl2N9O24", 1449.3), ("C6H12O6", 180.156)]
)
def test_the_mass_of_a_formula(formula: str, mass: float) -> None:
    # published figures of five digits
    assert formula_mass(formula) == pytest.approx(mass, rel=3e-5)


@pytest.mark.parametrize("text", ["an antibody", "", "Xx2"])
def test_what_is_no_formula_has_no_mass(text: str) -> None:
    assert formula_mass(text) is None


@pytest.mark.parametrize("model", list(CATALOG.models.values()), ids=lambda model: model.id)
def test_points_of_the_domain_are_inside_it_and_reach_its_edges(model) -> None:
    drug = CATALOG.drug(model.drug)
    points = domain_points(model, drug)
    names = [need.name for need in model.needs]
    ranges, _ = raw_ranges(model, drug)
    assert len(points) >= (1 if not names else 100)
    for limit in model.domain:
        if limit.hard and limit.name in names:
            column = points[:, names.index(limit.name)]
            assert column.min() >= limit.hard[0] - 1e-9
            assert column.max() <= limit.hard[1] + 1e-9
    for name, (low, high) in ranges.items():
        if name in names and not any(
            need.name == name and (need.low or need.high or need.steps) for need in model.needs
        ):
            assert points[:, names.index(name)].min() >= min(low, 1e-6)
            assert points[:, names.index(name)].max() <= high + 1e-9
