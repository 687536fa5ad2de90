"""titrate fit: the random effects and parameters of the subjects in a data file."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from cds_server.cli.common import EXIT_NOT_AS_WISHED, json_option, say, show
from cds_server.cli.population import CARRY, carry_option, data_option, model_of, model_option, plain, progress_bar
from models.fit import Diagnostics, FitOptions, LevelFit, Posterior, diagnose, draw_time_doubts, fit_many
from models.nmtran import read_nmtran, subject_from_rows
from models.pk import parameters
from models.population import PopulationModel
from models.subject import Subject

_POSITIVE = click.FloatRange(min=0.0, min_open=True)


@click.command()
@model_option
@data_option
@click.option("--prior-weight", type=_POSITIVE, default=1.0, show_default=True,
              help="Weight of the population: 1 as published, below 1 flattened.")  # fmt: skip
@click.option("--level-half-life", type=_POSITIVE, metavar="H",
              help="Hours before a subject's last level at which a level counts half.")  # fmt: skip
@carry_option
@json_option
def fit(
    model_name: str,
    data: Path,
    prior_weight: float,
    level_half_life: float | None,
    carry: str,
    as_json: bool,
) -> None:
    """Fit a model to each subject of an NM-TRAN style data file.

    \b
    Columns, in any order, "." or nothing where a cell is empty:
      ID TIME       subject, its rows together and in order; hours
      AMT RATE      dose in the model's unit (mg, as a rule); amount per hour,
                    0 or empty: at once, -2 and -1: modelled duration and rate
      ADDL II SS    further doses, hours between them, 1: steady state, 2: added
      EVID MDV CMT  as in NONMEM; worked out from AMT where they are missing
      DV BLQ LLOQ   level in the model's unit; 1: below LLOQ (M3 likelihood)
      and each covariate of the model under its name (`titrate models show`).
    Lines that start with # are left out.

    \b
    Printed for each subject: status, objective (without constants, as NONMEM's
    individual one), parameters at the last level; with --json also etas, their
    covariance, shrinkage, predictions and diagnostics (gradient and condition
    at the estimate, how far each level would move it if left out). A level
    that another draw time within 3 h would explain far better is named.

    Exit 0: every subject has an estimate. 1: at least one fit failed, see its message. 2: used wrongly. 3: a file can
    not be used.
    """
    model = model_of(model_name)
    options = _options(prior_weight, level_half_life)
    subjects = {
        name: subject_from_rows(model, rows, covariates=CARRY[carry]) for name, rows in read_nmtran(data).items()
    }
    say("Preparing the numerical kernels (compiled once, then cached) ...")
    with progress_bar(len(subjects), "Fitting") as progressed:
        posteriors = fit_many(model, subjects.values(), options=options, progress=lambda done, _: progressed(done))
    found = {
        name: _facts(model, subject, posterior, options)
        for (name, subject), posterior in zip(subjects.items(), posteriors, strict=True)
    }
    if as_json:
        asked = {"prior_weight": prior_weight, "level_half_life": level_half_life, "carry": carry}
        show(plain({"model": model.id, "hash": model.hash, "options": asked, "subjects": found}))
    else:
        click.echo("\n".join(line for name, item in found.items() for line in _lines(name, item)))
    raise SystemExit(0 if all(item["usable"] for item in found.values()) else EXIT_NOT_AS_WISHED)


def _options(prior_weight: float, level_half_life: float | None) -> FitOptions:
    try:
        return FitOptions(prior_weight=prior_weight, level_half_life=level_half_life)
    except ValueError as error:  # infinity and NaN pass click's ranges
        raise click.UsageError(str(error)) from error


def _facts(model: PopulationModel, subject: Subject, posterior: Posterior, options: FitOptions) -> dict[str, Any]:
    names, diagnostics = posterior.eta_names, diagnose(model, subject, posterior, options=options)
    return {
        "status": posterior.status,
        "usable": posterior.usable,
        "message": posterior.message,
        "objective": posterior.objective,
        "eta": dict(zip(names, posterior.eta, strict=True)),
        "eta_sd": dict(zip(names, np.sqrt(np.diag(posterior.covariance)), strict=True)),
        "covariance": posterior.covariance,
        "shrinkage": dict(zip(names, posterior.shrinkage, strict=True)),
        "parameters": _parameters(model, subject, posterior),
        "units": model.parameter_units,
        "levels": [_level(item) for item in posterior.levels],
        "diagnostics": _diagnostics(diagnostics),
        "draw_time_doubts": [asdict(doubt) for doubt in draw_time_doubts(model, subject, posterior, options=options)],
    }


def _parameters(model: PopulationModel, subject: Subject, posterior: Posterior) -> dict[str, float | None]:
    if not posterior.usable:
        return dict.fromkeys(model.parameter_names)
    last = float(subject.events.obs[-1, 0]) if len(subject.events.obs) else float(subject.row_time[-1])
    individual = parameters(model, subject, posterior.eta[None], last)
    return {name: float(values[0]) for name, values in individual.items()}


def _level(item: LevelFit) -> dict[str, Any]:
    names = ("time", "observed", "censored", "individual", "population", "wres")
    return {name: getattr(item, name) for name in names}


def _diagnostics(found: Diagnostics) -> dict[str, Any]:
    names = ("time", "influence", "shift", "distance")
    return {
        "gradient": found.gradient,
        "condition": found.condition,
        "levels": [{name: getattr(level, name) for name in names} for level in found.levels],
    }


def _lines(name: str, item: dict[str, Any]) -> list[str]:
    if not item["usable"]:
        return [f"{name}: {item['status']}: {item['message']}"]
    values = "  ".join(f"{key} {value:.4g}" for key, value in item["parameters"].items())
    said = [f"  ! {item['message']}"] if item["message"] else []
    said += [
        f"  ! the level of {doubt['recorded']:g} h would fit far better drawn at {doubt['best']:g} h "
        f"(objective -{doubt['drop']:.1f})"
        for doubt in item["draw_time_doubts"]
    ]
    return [f"{name}: {item['status']}, objective {item['objective']:.4f}  {values}", *said]
