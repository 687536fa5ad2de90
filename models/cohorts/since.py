"""What is another than when a population was made: its design, its models, or the simulator that drew it."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.catalog import Catalog
from models.cohorts.design import CohortDesign, load_cohort_design
from models.cohorts.fingerprint import FIRST, differing, fingerprint
from models.cohorts.manifest import Shift
from models.cohorts.simulate import simulate
from models.errors import ModelsError

_TOLD = 3  # quantities named


class Since:
    """Populations are known by the manifests in the files made from them; each is drawn again once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._drawn: dict[tuple[object, ...], dict[str, float]] = {}

    def changed(self, drug: str, made: Mapping[str, Any]) -> tuple[str, ...]:
        """In words; nothing where all is the same, as far as the manifest `made` records it."""
        try:
            design = load_cohort_design(drug)
            return tuple(self._files(design, made)) or tuple(self._simulator(design, made))
        except ModelsError as error:
            return (str(error),)

    def _files(self, design: CohortDesign, made: Mapping[str, Any]) -> Iterator[str]:
        known = self._catalog.models
        yield from (id for id, digest in made["models"].items() if id not in known or known[id].hash != digest)
        if design.hash != made["design"]:
            yield f"the design of {design.drug}"

    def _simulator(self, design: CohortDesign, made: Mapping[str, Any]) -> Iterator[str]:
        if not recorded(made):
            return
        names = list(differing(made["fingerprint"], self._first(design, made)))
        if names:
            more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
            yield f"the simulator, by {', '.join(names[:_TOLD])}{more} of its first patients"

    def _first(self, design: CohortDesign, made: Mapping[str, Any]) -> dict[str, float]:
        shift, patients = Shift(**made["shift"]), min(FIRST, made["patients"])
        asked = {name: made[name] for name in ("scheme", "part", "seed")}
        key = (design.drug, *asked.values(), shift, patients)
        if key not in self._drawn:
            again = simulate(design, self._catalog, patients=patients, shift=shift, **asked)
            self._drawn[key] = fingerprint(again)
        return self._drawn[key]


def recorded(made: Mapping[str, Any]) -> bool:
    """Whether a change of the simulator would be noticed: files of before 2026-11-21 lack what it takes."""
    return bool(made.get("fingerprint"))
