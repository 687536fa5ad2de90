"""Models that can never be used for a record of a given maker: they ask for what it can not read."""

from collections.abc import Iterator

from models.covariates import words
from models.population import PopulationModel
from models.review.issue import Issue, warning


def out_of_reach(model: PopulationModel, unreadable: tuple[str, ...]) -> tuple[str, ...]:
    """Raw covariates without which the model is not used, and which `unreadable` says can not be had."""
    needed = {name for need in model.needs if need.default is None for name in need.inputs}
    asked = {limit.name for limit in model.domain if limit.required}
    return tuple(name for name in unreadable if name in needed | asked)


def check_reach(model: PopulationModel, unreadable: tuple[str, ...]) -> Iterator[Issue]:
    """A warning where no chart can meet what the model asks for."""
    if names := out_of_reach(model, unreadable):
        told = ", ".join(words(name) for name in names)
        yield warning(model.id, "not-from-a-chart", f"never used for a chart of an EHR, which does not say: {told}")
