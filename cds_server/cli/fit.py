"""titrate fit: the random effects and parameters of the subjects in a data file."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show, warm_up
from models.catalog import load_catalog
from models.fit import Posterior, fit_map, prior
from models.nmtran import read_nmtran, subject_from_rows
from models.pk import parameters
from models.population import PopulationModel
from models.subject import Subject


@click.command()
@click.option("--model", "model_id", required=True, help="Id of a model, as in `titrate models list`.")
@click.option("--data", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV file.")
@json_option
def fit(model_id: str, data: Path, as_json: bool) -> None:
    """Fit MODEL to each subject of an NM-TRAN style CSV file: ID, TIME (h), AMT (mg), RATE (mg/h), II, ADDL, SS, DV,
    MDV, EVID, CMT, BLQ, LLOQ, and the covariates of the model by name on each row. Exit 1 where a fit fails."""
    model = load_catalog().model(model_id)
    subjects = {name: subject_from_rows(model, rows) for name, rows in read_nmtran(data).items()}
    warm_up()
    found = {name: _fitted(model, subject) for name, subject in subjects.items()}
    if as_json:
        show({"model": model.id, "hash": model.hash, "subjects": found})
    else:
        click.echo("\n".join(_line(name, item) for name, item in found.items()))
    raise SystemExit(0 if all(item["usable"] for item in found.values()) else EXIT_NOT_AS_WISHED)


def _fitted(model: PopulationModel, subject: Subject) -> dict[str, Any]:
    posterior: Posterior = fit_map(model, subject) if len(subject.levels) else prior(model)
    last = float(subject.events.obs[-1, 0]) if len(subject.events.obs) else 0.0
    individual = parameters(model, subject, np.atleast_2d(posterior.eta), last)
    sd = np.sqrt(np.diag(posterior.covariance))
    return {
        "status": posterior.status,
        "usable": posterior.usable,
        "message": posterior.message,
        "objective": posterior.objective,
        "eta": dict(zip(posterior.eta_names, posterior.eta.tolist(), strict=True)),
        "eta_sd": dict(zip(posterior.eta_names, sd.tolist(), strict=True)),
        "shrinkage": dict(zip(posterior.eta_names, np.asarray(posterior.shrinkage).tolist(), strict=True)),
        "parameters": {name: float(values[0]) for name, values in individual.items()},
        "levels": [
            {"time": item.time, "observed": item.observed, "individual": item.individual, "population": item.population}
            for item in posterior.levels
        ],
    }


def _line(name: str, item: dict[str, Any]) -> str:
    values = "  ".join(f"{key} {value:.4g}" for key, value in item["parameters"].items())
    return f"{name}: {item['status']}, objective {item['objective']:.4f}  {values}"
