"""The NONMEM 7 runs: FOCEI with MAXEVAL=0, twenty subjects each; see the README beside the data."""

from dataclasses import dataclass

import numpy as np

from models.fit import fit_map
from models.nmtran import Row, read_nmtran, subject_from_rows
from models.population import PopulationModel, load_model
from tests.reference import MODELS, REFERENCE
from tests.reference.evaluate import objective_at, predictions, table

RUNS = ("001", "003", "004", "101", "201", "203", "301", "401", "403", "405", "407", "502", "901", "951")
AGREE = 1e-3  # of the objective: where both programs are in the same minimum


@dataclass(frozen=True, kw_only=True)
class RunWorst:
    """Over a run's subjects: largest objective above NONMEM's, eta where objectives agree, predictions at its etas."""

    ofv_above: float
    eta: float
    prediction: float
    agreeing: int
    lower: int
    subjects: int
    not_converged: tuple[str, ...]


def worst(run: str) -> RunWorst:
    folder, model = REFERENCE / "nonmem" / f"run{run}", load_model(MODELS / f"run{run}.toml")
    subjects = read_nmtran(folder / "data.csv")
    etas = {row["ID"]: _etas(row, len(model.eta_names)) for row in table(folder / "phi.csv")}
    above, eta, prediction, stuck = [], [0.0], [], []
    for name, rows in subjects.items():
        subject = subject_from_rows(model, rows)
        posterior = fit_map(model, subject)
        if posterior.status != "converged":
            stuck.append(name)
        theirs = objective_at(subject, etas[name])
        above.append(posterior.objective - theirs)
        if abs(above[-1]) < AGREE:
            eta.append(float(np.abs(posterior.eta - etas[name]).max()))
        prediction.append(_prediction(model, run, name, rows, etas[name]))
    return RunWorst(
        ofv_above=max(above),
        eta=max(eta),
        prediction=max(prediction),
        agreeing=len(eta) - 1,
        lower=sum(value <= -AGREE for value in above),
        subjects=len(subjects),
        not_converged=tuple(stuck),
    )


def _etas(row: dict[str, str], n: int) -> np.ndarray:
    return np.array([float(row[f"ETA{k + 1}"]) for k in range(n)])


def _prediction(model: PopulationModel, run: str, name: str, rows: tuple[Row, ...], eta: np.ndarray) -> float:
    """Largest relative difference of IPRED and PRED; run 407 prints logarithms."""
    listed = [row for row in table(REFERENCE / "nonmem" / f"run{run}" / "pred.csv") if row["ID"] == name]
    ours = predictions(model, rows, np.array([eta, np.zeros_like(eta)]))
    worst = 0.0
    for i, (row, theirs) in enumerate(zip(rows, listed, strict=True)):
        for k, column in enumerate(("IPRED", "PRED")):
            value = np.exp(float(theirs[column])) if run == "407" else float(theirs[column])
            if row.evid == 0 and value != 0.0:
                worst = max(worst, abs(ours[k, i] / value - 1.0))
    return float(worst)
