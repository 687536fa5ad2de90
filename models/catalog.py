"""All drugs and models that ship, read and checked together once at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from models.drug import Drug, load_drug
from models.errors import ModelFileError, UnknownModel
from models.population import PopulationModel, load_model
from models.units import COVARIATES

DRUGS = Path(__file__).parent / "drugs"


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalog:
    """drugs: by name. models: by id, "vancomycin/goti2018"."""

    drugs: Mapping[str, Drug]
    models: Mapping[str, PopulationModel]

    def drug(self, name: str) -> Drug:
        if name not in self.drugs:
            raise UnknownModel(f"no drug is called {name!r}; known are {', '.join(self.drugs)}")
        return self.drugs[name]

    def model(self, id: str) -> PopulationModel:
        if id not in self.models:
            raise UnknownModel(f"no model has the id {id!r}; known are {', '.join(self.models)}")
        return self.models[id]

    def models_for(self, drug_name: str) -> tuple[PopulationModel, ...]:
        """The drug's preferred models, then the others by id; UnknownModel for a drug that is not in the catalog."""
        drug = self.drug(drug_name)
        first = [f"{drug.name}/{stem}" for stem in drug.preferred]
        ids = dict.fromkeys([*first, *(model.id for model in self.models.values() if model.drug == drug.name)])
        return tuple(self.models[id] for id in ids)


def load_catalog(folder: Path = DRUGS) -> Catalog:
    """Every <drug>/drug.toml and <drug>/<author><year>.toml under folder.

    Raises ModelFileError naming file, key and what was expected, for the first file that does not fit.
    """
    drugs: dict[str, Drug] = {}
    models: dict[str, PopulationModel] = {}
    for path in sorted(folder.glob("*/drug.toml")):
        drug = drugs[path.parent.name] = load_drug(path)
        files = [file for file in sorted(path.parent.glob("*.toml")) if file.name != "drug.toml"]
        if not files:
            raise ModelFileError(f"{path.parent.name}: no model file beside drug.toml; add <author><year>.toml")
        models |= {model.id: model for model in (_model(file, drug) for file in files)}
        if missing := sorted({f"{drug.name}/{stem}" for stem in drug.preferred} - set(models)) or not drug.preferred:
            raise ModelFileError(f"{drug.name}/drug.toml: preferred must name model files beside it, got {missing}")
    if not drugs:
        raise ModelFileError(f"{folder}: no <drug>/drug.toml was found; check the installation")
    _codes_are_of_one_drug(drugs)
    return Catalog(drugs=MappingProxyType(drugs), models=MappingProxyType(models))


def _model(file: Path, drug: Drug) -> PopulationModel:
    model = load_model(file)
    where = f"{file.parent.name}/{file.name}"
    expected_id = f"{drug.name}/{file.stem}"
    if model.id != expected_id or model.drug != drug.name:
        raise ModelFileError(f"{where}: id and drug must be {expected_id!r} and {drug.name!r}, got {model.id!r}")
    if model.concentration_unit != drug.concentration_unit:
        unit = model.concentration_unit
        raise ModelFileError(f"{where}: outputs must be in drug.toml's {drug.concentration_unit!r}, got {unit!r}")
    _chartable(where, model, drug)
    return model


def _chartable(where: str, model: PopulationModel, drug: Drug) -> None:
    """Each covariate must have a name that records know and be read for this drug, or have a default."""
    for need in model.needs:
        charted = [name for name in need.inputs if name != "hours_since_first_dose"]  # every record has it
        unread = [name for name in charted if name not in COVARIATES or name not in drug.covariates]
        if unread and need.default is None:
            raise ModelFileError(
                f"{where}: covariates.{need.name} needs {', '.join(unread)}, which drug.toml's covariates do not list; "
                "list it there or give a default"
            )
    first = model.id == f"{drug.name}/{drug.preferred[0]}"
    missing = set(drug.routes) - set(model.structure.routes)
    if missing and (first or missing == set(drug.routes)):
        raise ModelFileError(f"{where}: structure.routes must have {', '.join(sorted(missing))} as drug.toml doses it")


def _codes_are_of_one_drug(drugs: Mapping[str, Drug]) -> None:
    seen: dict[str, str] = {}
    for drug in drugs.values():
        charted_as = (code for entry in drug.charted_as for code in (*entry.rxnorm, *entry.atc))
        for code in (*drug.rxnorm, *drug.atc, *charted_as, *(item.loinc for item in drug.level_codes)):
            if seen.setdefault(code, drug.name) != drug.name:
                raise ModelFileError(f"{drug.name}/drug.toml: code {code} is {seen[code]}'s already")
