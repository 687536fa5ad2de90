"""How fast the estimation engine is, on this machine: python -m benchmarks.engine

Medians, warm, one thread unless said. Ratios to plain scipy in the same run make the figures mean something elsewhere.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from models.fit import average, fit_each, fit_many, fit_map, sample
from models.pk import concentrations
from models.population import PopulationModel, load_model
from models.record import Covariate, Dose, Level, PatientRecord, Route
from models.subject import Subject, subject_from_record

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "tests" / "data" / "reference" / "models"
DRUG = ROOT / "models" / "drugs" / "vancomycin"
VANCOMYCIN = load_model(DRUG / "goti2018.toml")
ADULTS = ("goti2018", "buelga2005", "llopissalvia2006", "colin2019", "thomson2009", "hughes2024")  # speed only
ADULT = {"weight": 80.0, "age": 60.0, "female": 0.0, "creatinine": 1.1}


def patient(model: PopulationModel, route: Route, mg: float, doses: int, drawn: tuple[float, ...]) -> Subject:
    """Doses every 12 h, infused over an hour where they go into a vein; levels 15 % above the population's."""
    duration = 1.0 if route == "iv" else 0.0
    given = tuple(Dose(time=12.0 * k, amount=mg, route=route, duration=duration) for k in range(doses))
    covariates = tuple(Covariate(name=name, time=0, value=value) for name, value in ADULT.items())
    record = PatientRecord(drug=model.drug, now=12.0 * doses, doses=given, covariates=covariates)
    nobody = np.zeros((1, len(model.eta_names)))
    expected = concentrations(model, subject_from_record(model, record), nobody, drawn)[0]
    levels = tuple(
        Level(time=at, value=1.15 * float(f), unit=model.concentration_unit)
        for at, f in zip(drawn, expected, strict=True)
    )
    return subject_from_record(
        model, PatientRecord(drug=model.drug, now=record.now, doses=given, levels=levels, covariates=covariates)
    )


def milliseconds(work: Callable[[], object], rounds: int = 200) -> float:
    """Median over rounds, after one to warm up."""
    work()
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return 1000.0 * median(times)


def say(what: str, value: float, unit: str = "ms", aim: str = "") -> None:
    print(f"{what:66s} {value:10.3f} {unit:8s} {aim}")


def main() -> None:
    two = load_model(MODELS / "2cmt_inf.toml")
    iv = patient(two, "iv", 1000, 15, (100.0, 140.0, 179.5))
    lag = load_model(MODELS / "1cmt_oral_lag.toml")
    oral = patient(lag, "oral", 300, 8, (40.0, 86.0, 95.5))
    menten = load_model(MODELS / "mm_oral.toml")
    nonlinear = patient(menten, "oral", 150, 12, (60.0, 100.0, 143.5))
    vancomycin = patient(VANCOMYCIN, "iv", 1000, 15, (100.0, 140.0, 179.5))
    ours = milliseconds(lambda: fit_map(two, iv))
    say("MAP, 2 compartments, 15 infusions, 3 levels, 4 etas", ours, aim="aim 0.2")
    say("MAP, vancomycin Goti 2018, the same record", milliseconds(lambda: fit_map(VANCOMYCIN, vancomycin)))
    say("MAP, 1 compartment, oral with lag, 8 doses, 3 levels", milliseconds(lambda: fit_map(lag, oral)), aim="aim 0.2")
    mm = milliseconds(lambda: fit_map(menten, nonlinear), 20)
    say("MAP, Michaelis-Menten oral (ODE), 12 doses, 3 levels", mm, aim="aim 4")
    _draws(VANCOMYCIN, vancomycin)
    _ensemble(vancomycin)
    _batch(two, iv)
    _growth(two)
    _scipy(two, iv, ours)
    _start()
    say("peak memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")


def _draws(model: PopulationModel, subject: Subject) -> None:
    """A fit, then 1,000 of the posterior from over 2,000 weighted proposals, with Pareto's k."""
    whole = milliseconds(lambda: sample(model, subject, fit_map(model, subject), 1000, seed=1), 100)
    say("Laplace and 1,000 draws of the posterior with their weights", whole, aim="aim 3")


def _ensemble(subject: Subject) -> None:
    """Six published models on one record: fitted, weighed by their evidence, and with the record read anew."""
    models = [load_model(DRUG / f"{name}.toml") for name in ADULTS]
    record = _record(subject)
    subjects = [subject_from_record(model, record) for model in models]
    say("six models of one drug, fitted", milliseconds(lambda: fit_each(subjects), 100), aim="aim 2")
    say("  with their weights", milliseconds(lambda: average(fit_each(subjects)), 100))
    again = milliseconds(lambda: average(fit_each([subject_from_record(m, record) for m in models])), 50)
    say("  with their weights, and the record made into each model's arrays", again)


def _record(subject: Subject) -> PatientRecord:
    """The chart of `patient` once more, with the covariates that the other models need."""
    chart = ADULT | {"height": 178.0, "dialysis": 0.0}
    times, values = subject.events.obs[:, 0], subject.levels[:, 0]
    return PatientRecord(
        drug=subject.model.drug,
        now=float(times.max()) + 0.5,
        doses=tuple(Dose(time=12.0 * k, amount=1000, route="iv", duration=1.0) for k in range(15)),
        levels=tuple(Level(time=float(t), value=float(v), unit="mg/L") for t, v in zip(times, values, strict=True)),
        covariates=tuple(Covariate(name=name, time=0, value=value) for name, value in chart.items()),
    )


def _batch(model: PopulationModel, subject: Subject) -> None:
    subjects = [subject] * 10_000
    for workers in (1, 2):
        start = perf_counter()
        fit_many(model, subjects, workers=workers)
        speed = len(subjects) / (perf_counter() - start)
        say(f"batch of 10,000, {workers} process(es)", speed, "fits/s", "aim 10,000 on 2")


def _growth(model: PopulationModel) -> None:
    """Doses every 12 h; and, as charts have them, at odd minutes, where no interval comes again."""
    heads = f"{'every 12 h':>12s} {'a dose':>10s} {'odd times':>12s} {'a dose':>10s}"
    print(f"{'MAP, 2 compartments, 2 levels':44s} {heads}")
    for doses in (10, 100, 1000):
        subject = patient(model, "iv", 500, doses, (12.0 * doses - 30, 12.0 * doses - 0.5))
        even = milliseconds(lambda s=subject: fit_map(model, s), 30)  # type: ignore[misc]
        late = _odd(subject)
        odd = milliseconds(lambda s=late: fit_map(model, s), 30)  # type: ignore[misc]
        each = f"{1000 * even / doses:7.2f} us {odd:9.3f} ms {1000 * odd / doses:7.2f} us"
        print(f"{f'  {doses} doses':44s} {even:9.3f} ms {each}")


def _odd(subject: Subject) -> Subject:
    """The same doses, each up to half an hour late."""
    dose = subject.events.dose.copy()
    dose[:, 0] += np.random.default_rng(0).integers(0, 30, dose.shape[0]) / 60.0
    return replace(subject, events=subject.events._replace(dose=dose))


def _scipy(model: PopulationModel, subject: Subject, ours: float) -> None:
    """The same fit as a careful user of scipy writes it: closed form over all doses at once, BFGS."""
    omega_inverse, error = np.linalg.inv(model.omega), model.outputs[0].residual
    typical, dose = subject.events.typical[0], subject.events.dose
    start, rate = dose[:, 0], dose[:, 5]
    stop = start + dose[:, 4] / rate
    times, levels = subject.events.obs[:, 0], subject.levels[:, 0]

    def predicted(eta: np.ndarray) -> np.ndarray:
        cl, v1, q, v2 = typical * np.exp(eta)
        k, k12, k21 = cl / v1, q / v1, q / v2
        root = np.sqrt((k + k12 + k21) ** 2 - 4 * k * k21)
        total = np.zeros(times.size)
        for lam in ((k + k12 + k21 + root) / 2, (k + k12 + k21 - root) / 2):
            other = k + k12 + k21 - lam
            weight = (lam - k21) / (lam - other)
            on = np.maximum(times[:, None] - start, 0) - np.maximum(times[:, None] - stop, 0)
            after = np.maximum(times[:, None] - stop, 0)
            total += (weight * rate / (v1 * lam) * -np.expm1(-lam * on) * np.exp(-lam * after)).sum(axis=1)
        return total

    def objective(eta: np.ndarray, f: np.ndarray | None = None) -> float:
        f = predicted(eta) if f is None else f
        v = error.proportional * f**2 + error.additive
        return float(np.sum(np.log(v) + (levels - f) ** 2 / v) + eta @ omega_inverse @ eta)

    found = minimize(objective, np.zeros(4), method="BFGS")
    if abs(found.fun - fit_map(model, subject).objective) > 1e-5:
        raise SystemExit("scipy's fit and ours are not the same fit: the ratio would mean nothing")
    plain = milliseconds(lambda: minimize(objective, np.zeros(4), method="BFGS"), 10)
    say("the same fit by scipy, vectorised closed form and BFGS", plain)
    say("  ratio", plain / ours, "times")
    once = milliseconds(lambda: _by_ode(typical, dose, times), 5)
    say("one prediction of it by solve_ivp (LSODA, rtol 1e-8)", once)
    value = milliseconds(lambda: concentrations(model, subject, np.zeros((1, 4)), times))
    say("  ratio to one prediction of ours", once / value, "times")


def _by_ode(typical: np.ndarray, dose: np.ndarray, times: np.ndarray) -> np.ndarray:
    cl, v1, q, v2 = typical
    edges = np.unique(np.concatenate([dose[:, 0], dose[:, 0] + dose[:, 4] / dose[:, 5], times]))
    state, out = np.zeros(2), []
    for begin, finish in pairwise(edges):
        rate = dose[(dose[:, 0] <= begin) & (begin < dose[:, 0] + dose[:, 4] / dose[:, 5]), 5].sum()

        def flow(_: float, x: np.ndarray, rate: float = rate) -> tuple[float, float]:
            exchange = q / v1 * x[0] - q / v2 * x[1]
            return rate - cl / v1 * x[0] - exchange, exchange

        state = solve_ivp(flow, (begin, finish), state, method="LSODA", rtol=1e-8, atol=1e-8).y[:, -1]
        out.append(state[0] / v1)
    return np.array(out)


def _start() -> None:
    """A new process, caches present: import, load a model, fit."""
    code = "from benchmarks.engine import *; fit_map(VANCOMYCIN, patient(VANCOMYCIN, 'iv', 1000, 15, (100.0, 179.5)))"
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ)  # noqa: S603  # ourselves, a fixed program
    begin = perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ)  # noqa: S603
    say("new process: import and first fit, caches present", perf_counter() - begin, "s", "aim 2")


if __name__ == "__main__":
    main()
