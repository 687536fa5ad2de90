"""titrate fit: the random effects and parameters of the patients in a data file."""

from pathlib import Path
from typing import Any

import click
import numpy as np

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, show, warm_up
from cds_server.cli.dataset import read_records
from models.catalog import load_catalog
from models.fit import Posterior, fit_map, prior
from models.pk import parameters
from models.population import PopulationModel
from models.record import PatientRecord
from models.subject import subject_from_record


@click.command()
@click.option("--model", "model_id", required=True, help="Id of a model, as in `titrate models list`.")
@click.option("--data", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV file.")
@json_option
def fit(model_id: str, data: Path, as_json: bool) -> None:
    """Fit MODEL to each patient of a CSV file with NONMEM's columns: ID, TIME (h), AMT (mg), RATE or DUR, ADDL, II,
    SS, ROUTE, DV, MDV, EVID, BLQ, and covariates by name (weight, age, creatinine, ...). Exit 1 where a fit fails."""
    catalog = load_catalog()
    model = catalog.model(model_id)
    records = read_records(data, catalog.drug(model.drug))
    warm_up()
    found = {name: _fitted(model, record) for name, record in records.items()}
    if as_json:
        show({"model": model.id, "hash": model.hash, "patients": found})
    else:
        click.echo("\n".join(_line(name, item) for name, item in found.items()))
    raise SystemExit(0 if all(item["usable"] for item in found.values()) else EXIT_NOT_AS_WISHED)


def _fitted(model: PopulationModel, record: PatientRecord) -> dict[str, Any]:
    subject = subject_from_record(model, record)
    posterior: Posterior = fit_map(model, subject) if record.levels else prior(model)
    individual = parameters(model, subject, np.atleast_2d(posterior.eta), record.now)
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
