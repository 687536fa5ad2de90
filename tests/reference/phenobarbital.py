"""The phenobarbital data and NONMEM's results for it, read where the package pharmpy-core (LGPL) is installed.

Nothing of it is in this repository, and no code of it runs: only its example files are read. Installed without its
dependencies, of which it has sixty that nothing here needs: pip install --no-deps pharmpy-core
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from math import log, pi
from pathlib import Path

import numpy as np

from models.fit import fit_map, log_evidence
from models.nmtran import Row, row_of, subject_from_rows
from models.population import PopulationModel, load_model
from tests.reference import MODELS
from tests.reference.evaluate import jets, objective_at, predictions

NOT_INSTALLED = "the package pharmpy-core is not installed; pip install --no-deps pharmpy-core"


@dataclass(frozen=True, kw_only=True)
class PhenobarbitalWorst:
    """Over the newborns: eta, individual objective by NONMEM's own approximation, predictions; and by Laplace's.

    ofv: of one newborn, NONMEM's minus ours, both by FOCE with interaction. laplace: our sum by the exact Hessian,
    minus NONMEM's sum.
    """

    eta: float
    ofv: float
    prediction: float
    laplace: float
    subjects: int
    not_converged: tuple[str, ...]


def folder() -> Path | None:
    """Where the package keeps its example models; None where it is not installed."""
    spec = find_spec("pharmpy")
    places = [
        Path(place) / "internals" / "example_models" for place in (spec and spec.submodule_search_locations) or ()
    ]
    return next((place for place in places if (place / "pheno.phi").is_file()), None)


def worst(at: Path) -> PhenobarbitalWorst:
    model = load_model(MODELS / "phenobarbital.toml")
    rows_of, found = subjects(at / "pheno.dta"), list(_table(at / "pheno.tab"))
    etas, ofvs, preds, laplace, stuck = [], [], [], 0.0, []
    for row in _table(at / "pheno.phi"):
        name = f"{float(row['ID']):g}"
        subject = subject_from_rows(model, rows_of[name])
        posterior = fit_map(model, subject)
        theirs = np.array([float(row["ETA(1)"]), float(row["ETA(2)"])])
        etas.append(np.abs(posterior.eta - theirs).max())
        ofvs.append(abs(focei(model, rows_of[name], posterior.eta) - float(row["OBJ"])))
        listed = [item for item in found if float(item["ID"]) == float(name)]
        preds.append(_prediction(model, rows_of[name], listed, theirs))
        numbers = len(posterior.levels) * log(2 * pi)
        laplace += -2.0 * log_evidence(model, subject, posterior) - numbers - float(row["OBJ"])
        stuck += [name] if posterior.status != "converged" else []
    return PhenobarbitalWorst(
        eta=float(max(etas)),
        ofv=max(ofvs),
        prediction=max(preds),
        laplace=laplace,
        subjects=len(etas),
        not_converged=tuple(stuck),
    )


def focei(model: PopulationModel, rows: tuple[Row, ...], eta: np.ndarray) -> float:
    """NONMEM's individual objective by FOCE with interaction: the Hessian from first derivatives of f alone.

    Wang, J Pharmacokinet Pharmacodyn 34(5):575-593, 2007. Proportional error only.
    """
    subject = subject_from_rows(model, rows)
    F = jets(subject, eta, subject.events.method)
    v = model.outputs[0].residual.proportional * F[:, 0] ** 2
    bend = 1.0 / v + 0.5 * (2.0 / F[:, 0]) ** 2
    hessian = np.linalg.inv(model.omega) + (F[:, 1:].T * bend) @ F[:, 1:]
    determinants = np.linalg.slogdet(model.omega)[1] + np.linalg.slogdet(hessian)[1]
    return objective_at(subject, eta) + float(determinants)


def _prediction(model: PopulationModel, rows: tuple[Row, ...], listed: list[dict[str, str]], eta: np.ndarray) -> float:
    """Largest relative difference of the printed individual and population predictions, five digits each."""
    ours = predictions(model, rows, np.array([eta, np.zeros_like(eta)]))
    theirs = np.array([[float(item[key]) for item in listed] for key in ("CIPREDI", "PRED")])
    seen = np.array([row.evid == 0 for row in rows])
    return float(np.abs(ours[:, seen] / theirs[:, seen] - 1.0).max())


def subjects(path: Path) -> dict[str, tuple[Row, ...]]:
    """NM-TRAN rows of each newborn, by ID."""
    found: dict[str, list[Row]] = {}
    for number, cells in enumerate(_table(path), start=2):
        found.setdefault(cells.pop("ID"), []).append(row_of(cells, f"{path.name}, line {number}"))
    return {name: tuple(rows) for name, rows in found.items()}


def _table(path: Path) -> Iterable[dict[str, str]]:
    """Rows of a table with columns parted by blanks, under a header and perhaps a title above it."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("TABLE")]
    return (dict(zip(lines[0], cells, strict=True)) for cells in lines[1:])
