"""The prefetch templates: what a hook asks of the EHR, made from the drugs of the catalog."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fhir.codes import table
from models.catalog import load_catalog
from models.drug import Drug
from models.findings import Severity

HOOKS = ("patient-view", "order-select", "order-sign", "encounter-discharge", "medication-refill")
PATIENT = "{{context.patientId}}"

Templates = Mapping[str, str]  # prefetch key -> template


@dataclass(frozen=True, kw_only=True)
class Key:
    """words: for sentences. needed: no dose without it. none: severity where the EHR has none, None = not said.

    category: of the Observations asked for, by which SMART scopes are narrowed
    (http://terminology.hl7.org/CodeSystem/observation-category: from memory).
    """

    words: str
    needed: bool
    none: Severity | None = None
    category: str = ""


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "patient": Key(words="patient", needed=True, none="warning"),
        "weight": Key(words="body weight", needed=True, none="warning", category="vital-signs"),
        "height": Key(words="height", needed=False, category="vital-signs"),
        "creatinine": Key(words="creatinine", needed=True, none="warning", category="laboratory"),
        "haematocrit": Key(words="haematocrit", needed=False, category="laboratory"),
        "albumin": Key(words="albumin", needed=False, category="laboratory"),
        "genotype": Key(words="genotype", needed=False, category="laboratory"),
        "laboratory": Key(words="further laboratory value", needed=False, category="laboratory"),
        "temperature": Key(words="body temperature", needed=False, category="vital-signs"),
        "birth": Key(words="gestational age, birth weight or Apgar score", needed=False, category="vital-signs"),
        "history": Key(words="entry on pregnancy or smoking", needed=False, category="social-history"),
        "levels": Key(words="drug level", needed=True, none="info", category="laboratory"),
        "administrations": Key(words="dose given", needed=True, none="info"),
        "orders": Key(words="order", needed=False),
        "procedures": Key(words="procedure (dialysis, transplantation)", needed=True),
        "conditions": Key(words="condition", needed=False),
        "allergies": Key(words="allergy", needed=False),
        "encounters": Key(words="current encounter", needed=False),
        "statements": Key(words="statement of medicines taken", needed=False),
    }
)


def templates(drugs: Iterable[Drug]) -> Mapping[str, Templates]:
    """hook -> key -> template, for these drugs; the same keys under each hook."""
    keys = MappingProxyType(_templates(tuple(drugs)))
    return MappingProxyType(dict.fromkeys(HOOKS, keys))


class _OfTheCatalog(Mapping[str, Templates]):
    """The templates for every drug of the catalog, which is read when the first one is asked for."""

    def __getitem__(self, hook: str) -> Templates:
        return _of_the_catalog()[hook]

    def __iter__(self) -> Iterator[str]:
        return iter(HOOKS)

    def __len__(self) -> int:
        return len(HOOKS)


TEMPLATES: Mapping[str, Templates] = _OfTheCatalog()


@cache
def _of_the_catalog() -> Mapping[str, Templates]:
    return templates(load_catalog().drugs.values())


# ended ones too: what a patient took at home before the present order stands in them
_ORDERS = "active,on-hold,completed,stopped"


def _templates(drugs: tuple[Drug, ...]) -> dict[str, str]:
    read = {name for drug in drugs for name in drug.covariates}
    found = {"patient": f"Patient/{PATIENT}"}
    found |= {key: _observations(codes, 50) for key, codes in _by_key(drugs, read).items()}
    found["levels"] = _observations(sorted({code.loinc for drug in drugs for code in drug.level_codes}), 100)
    genes = {name: row for name, row in table()["genotype"]["genes"].items() if name in read}
    if genes:
        phenotypes = {row["phenotype"] for row in genes.values() if "phenotype" in row}
        found["genotype"] = _observations(sorted({*table()["genotype"]["loinc"], *phenotypes}), 20)
    found["administrations"] = f"MedicationAdministration?patient={PATIENT}&_sort=-effective-time&_count=200"
    found["orders"] = f"MedicationRequest?patient={PATIENT}&status={_ORDERS}&_sort=-authoredon&_count=100"
    found["procedures"] = f"Procedure?patient={PATIENT}&_sort=-date&_count=100"
    found["conditions"] = f"Condition?patient={PATIENT}&_count=100"
    found["allergies"] = f"AllergyIntolerance?patient={PATIENT}&_count=50"
    if "critically_ill" in read:
        found["encounters"] = f"Encounter?patient={PATIENT}&status=in-progress&_count=10"
    found["statements"] = f"MedicationStatement?patient={PATIENT}&status=active&_count=100"
    return found


def _by_key(drugs: tuple[Drug, ...], read: set[str]) -> dict[str, list[str]]:
    """prefetch key -> LOINC codes: a covariate that is charted often has a key of its own, the others share one."""
    keys: dict[str, list[str]] = {}
    for name, row in table()["covariates"].items():
        if name in read:
            keys.setdefault(row.get("group", name), []).extend(row["loinc"])
    answers = table()["answers"]
    asked = [name for name in answers if name in read or name == "pregnant"]
    told = [code for name in asked for code in answers[name]["loinc"]] + table()["breastfeeding"]["loinc"]
    keys.setdefault("history", []).extend(told)
    mics = [code for drug in drugs if "mic" in drug.covariates for code in table()["mic"].get(drug.name, ())]
    if mics:
        keys.setdefault("laboratory", []).extend(mics)
    return keys


def _observations(loinc: Iterable[str], count: int) -> str:
    system = table()["systems"]["loinc"][0]
    codes = ",".join(f"{system}|{code}" for code in loinc)
    return f"Observation?patient={PATIENT}&code={codes}&_sort=-date&_count={count}"
