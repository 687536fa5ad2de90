"""docs/model-review.md: every model at its reference patient, for a reviewer's eye."""

from collections.abc import Callable, Mapping

from models.catalog import Catalog
from models.covariates import shown, words
from models.review.interval_text import spread, three
from models.review.predictive import DRAWS
from models.review.row import Row, review
from models.terms import TERMS
from models.units import COVARIATES

COMMAND = "titrate models review --out docs/model-review.md"
_HEAD = f"""# Prior predictive of every model at its reference patient

Written by `{COMMAND}` from the files in `models/drugs`; do not edit by hand. Nobody is dosed by this page: it is for
whoever reviews the model files, to see units that went wrong.

- **Reference patient**: made up from the model file. Each raw chart value is the reference of a covariate effect that
  reads it, else the file's default, else the centre of the soft (else hard) domain (geometric where the range starts
  above 0; of its adult part where a range of ages or weights reaches into it), else a round figure of an adult man of
  70 kg, 172 cm, 50 years, creatinine 0.9 mg/dL (in a model for children, near the middle of growth charts). What a
  formula reads (creatinine, weight, age, height) is then moved, creatinine most, until computed covariates (creatinine
  clearance, body mass index ...) come to their references. The 70 kg to which a paediatric model is scaled is a size
  standard, not a patient.
- **Regimen**: the middle dose step within the hard limits, at the middle interval of the drug's first product; under
  40 kg, that dose per 70 kg, unless the drug's first model is one for children too. It is not a dose for that patient.
  A drug without products: the dose that the model's effects or domain centre on, else 100 mg (of one measured in
  ug/L: 1 mg), once a day.
- **CL**: day's dose over AUC24 of the typical patient at steady state, L/h, and per 70 kg by weight^0.75 (a common
  size, so that models of one drug can be compared); over F where the model has no bioavailability. **V**: volume at
  steady state, of what the measured compartment exchanges with. **Half-life**: terminal, from the eigenvalues of the
  typical parameters without absorption; "absorption" beside it where that is slower; *eff.* for a nonlinear model: the
  time in which the trough at steady state halves.
- **AUC24, trough, peak**: at steady state, median and central 90 % of {DRAWS} draws of the population's random effects;
  no residual error.
- **Draws**: share of them with a finite steady state above 0.
"""


def review_page(catalog: Catalog, *, each: Callable[[str], object] = lambda id: None) -> str:
    """The whole page; `each` is told every model's id before its turn, for a progress bar."""
    parts = [_HEAD]
    for drug in catalog.drugs.values():
        unit = drug.concentration_unit
        parts.append(f"\n## {drug.display}\n")
        parts.append(
            f"| model | reference patient | regimen | CL, L/h | CL, L/h/70 kg | V, L | half-life, h "
            f"| AUC24, {unit.replace('/', '·h/')} | trough, {unit} | peak, {unit} | draws |"
        )
        parts.append("|" + "---|" * 11)
        models = catalog.models_for(drug.name)
        for model in models:
            each(model.id)
            parts.append(_line(review(model, drug, first=models[0])))
    return "\n".join(parts) + "\n"


def _line(row: Row) -> str:
    found = row.predicted
    weight = row.patient.get("weight", 70.0)
    cells = (
        row.model_id.partition("/")[2],
        patient_text(row.patient),
        row.regimen_text,
        three(found.clearance),
        three(found.clearance * (70.0 / weight) ** 0.75),
        three(found.kinetics.volume),
        half_life_text(row),
        spread(found.auc24),
        spread(found.trough),
        spread(found.peak),
        f"{found.share:.0%}".replace("%", " %"),
    )
    return "| " + " | ".join(cells) + " |"


def half_life_text(row: Row) -> str:
    kinetics = row.predicted.kinetics
    text = three(kinetics.half_life) + (" eff." if kinetics.effective else "")
    if kinetics.slowest and kinetics.half_life and kinetics.slowest > kinetics.half_life * 1.05:
        return f"{text} (absorption {three(kinetics.slowest)})"
    return text


def patient_text(patient: Mapping[str, float]) -> str:
    """As "man, weight 70 kg, creatinine 0.9 mg/dL"; flags only where they are set."""
    parts = []
    if "female" in patient:
        parts.append("woman" if patient["female"] else "man")
    for name, value in patient.items():
        flag = TERMS[name].flag
        if name != "female" and (not flag or value):
            parts.append(words(name) if flag else f"{words(name)} {shown(name, value, COVARIATES[name])}")
    return ", ".join(parts)
