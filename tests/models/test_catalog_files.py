"""All drug and model files together."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.catalog import DRUGS, load_catalog
from models.errors import ModelFileError, UnknownModel


def test_what_ships_loads_and_belongs_together() -> None:
    catalog = load_catalog()
    assert set(catalog.drugs) >= {"vancomycin", "tacrolimus"}
    assert catalog.model("vancomycin/goti2018") in catalog.models_for("vancomycin")
    for model in catalog.models.values():
        assert model.concentration_unit == catalog.drug(model.drug).concentration_unit
        assert len(model.hash) == 64


def test_an_unknown_name_is_told_the_known_ones() -> None:
    catalog = load_catalog()
    with pytest.raises(UnknownModel, match=r"'aspirin'; known are .*vancomycin"):
        catalog.drug("aspirin")
    with pytest.raises(UnknownModel, match="vancomycin/goti2018"):
        catalog.model("vancomycin/goti")


def edited(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def drop_models(folder: Path) -> None:
    for path in (folder / "vancomycin").glob("*.toml"):
        if path.name != "drug.toml":
            path.unlink()


def rename(folder: Path) -> None:
    (folder / "vancomycin" / "goti2018.toml").rename(folder / "vancomycin" / "goti2019.toml")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (drop_models, "vancomycin: no model file beside drug.toml"),
        (rename, "vancomycin/goti2019.toml: id and drug must be 'vancomycin/goti2019'"),
        (
            edited("vancomycin/drug.toml", '"creatinine", "dialysis"]', '"dialysis"]'),
            r"vancomycin/\w+.toml: covariates.crcl\w* needs creatinine, which drug.toml's covariates do not list",
        ),
        (
            edited("vancomycin/drug.toml", 'rxnorm = ["11124"]', 'rxnorm = ["42316"]'),
            "vancomycin/drug.toml: code 42316 is tacrolimus's already",
        ),
        (lambda folder: [shutil.rmtree(p) for p in folder.iterdir() if p.is_dir()], "no <drug>/drug.toml was found"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, edit: Callable[[Path], object], said: str
) -> None:
    folder = tmp_path / "drugs"
    shutil.copytree(DRUGS, folder)
    edit(folder)
    with pytest.raises(ModelFileError, match=said):
        load_catalog(folder)
