"""How long an answer takes once the levels are there, on this machine: python -m benchmarks.advice

Medians, warm, one thread. The patient is made up; the models are the adult vancomycin models of the catalog.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.engine import milliseconds, say
from models.catalog import Catalog, load_catalog
from models.covariates import value_at
from models.dosing.advice import Regimen
from models.dosing.candidates import candidates
from models.dosing.case import Case, open_case
from models.dosing.next_sample import next_sample
from models.dosing.optimise import Ranking, ranked
from models.dosing.recommend import recommend
from models.dosing.targets import choose_target
from models.drug import Drug
from models.fit.average import Ensemble, ModelFit, average, fit_each
from models.record import Covariate, Dose, Level, PatientRecord
from models.subject import subject_from_record

SIX = ("goti2018", "thomson2009", "colin2019", "hughes2024", "revilla2010", "adane2015")
DRAWS = 1000


def patient() -> PatientRecord:
    """A very obese man, whom all six models hold: ten infusions, two levels."""
    doses = tuple(Dose(time=12.0 * k, amount=1500.0, route="iv", duration=2.5) for k in range(10))
    levels = tuple(Level(time=at, value=value, unit="mg/L") for at, value in ((47.5, 13.0), (119.5, 15.5)))
    charted = {"weight": 140.0, "height": 178.0, "age": 52.0, "female": 0.0, "creatinine": 1.2, "dialysis": 0.0}
    charted |= {"critically_ill": 1.0, "measured_crcl": 120.0}
    covariates = tuple(Covariate(name=name, time=0.0, value=value) for name, value in charted.items())
    return PatientRecord(drug="vancomycin", now=120.0, doses=doses, levels=levels, covariates=covariates)


def main() -> None:
    catalog, record = load_catalog(), patient()
    drug = fine(catalog.drug("vancomycin"))
    options = candidates(drug, "iv", record, start=record.now)
    one = fitted(catalog, SIX[:1], record)
    searched = milliseconds(lambda: search(drug, one, average(one), record, options), 40)
    say(f"search: {len(options)} regimens, {DRAWS} draws, one model fitted", searched, aim="aim 30")

    def six() -> object:
        fits = fitted(catalog, SIX, record)
        case, ranking = search(drug, fits, average(fits), record, options)
        return next_sample(case, ranking.best[0].regimen, seed=1)

    say("six models: fits, weights, search, next sample", milliseconds(six, 40), aim="aim 100")
    whole = milliseconds(lambda: answer(catalog, drug, record, SIX[:1]), 40)
    say("the whole answer, one model fitted (checks, curve, remarks too)", whole)
    say("the whole answer, six models fitted", milliseconds(lambda: answer(catalog, drug, record, SIX), 40))


def fine(drug: Drug) -> Drug:
    """In steps of 125 mg, so that over 60 regimens are compared."""
    return replace(drug, products=tuple(replace(item, increment=125.0) for item in drug.products[:1]))


def fitted(catalog: Catalog, stems: Sequence[str], record: PatientRecord) -> tuple[ModelFit, ...]:
    return fit_each(subject_from_record(catalog.model(f"vancomycin/{stem}"), record) for stem in stems)


def search(
    drug: Drug, fits: tuple[ModelFit, ...], ensemble: Ensemble, record: PatientRecord, options: Sequence[Regimen]
) -> tuple[Case, Ranking]:
    target = choose_target(drug, record).target
    case = open_case(drug, fits, ensemble, record, target=target, seed=1, draws=DRAWS)
    return case, ranked(case, options, weight=value_at(record, "weight", record.now), current=None)


def answer(catalog: Catalog, drug: Drug, record: PatientRecord, stems: Sequence[str]) -> object:
    (first, *rest) = fitted(catalog, stems, record)
    others = [(fit.model, fit.posterior) for fit in rest]
    return recommend(drug, first.model, record, first.posterior, others=others, seed=1, draws=DRAWS)


if __name__ == "__main__":
    main()
