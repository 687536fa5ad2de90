"""What a population was made from, so that it can be made again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import cast

from models.cohorts.design import PARTS, Part
from models.datafile import Table


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What the test patients have that nobody was trained on: factors on clearance, spread between patients, assay.

    timing: h by which the charted time of a draw is wrong at most, either way, evenly; on top of the usual error.
    """

    name: str = "none"
    clearance: float = 1.0
    spread: float = 1.0
    assay: float = 1.0
    timing: float = 0.0


NO_SHIFT = Shift()
SHIFTS: tuple[Shift, ...] = (
    Shift(name="clearance x1.4", clearance=1.4),
    Shift(name="clearance x0.7, more variable", clearance=0.7, spread=1.5),
    Shift(name="assay reads 15 % high", assay=1.15),
    Shift(name="draw times wrong by up to 1 h", timing=1.0),
)


@dataclass(frozen=True, kw_only=True)
class CohortManifest:
    """design, models: hashes of the design file and of each model file by id. The same manifest, the same patients.

    fingerprint: what the first patients came to (models/cohorts/fingerprint.py), for the simulator has no hash.
    """

    drug: str
    scheme: str
    part: Part
    patients: int
    seed: int
    shift: Shift
    design: str
    models: Mapping[str, str]
    fingerprint: Mapping[str, float] = field(default_factory=dict)

    def canonical(self) -> str:
        """JSON with sorted keys and no spaces."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def hash(self) -> str:
        return sha256(self.canonical().encode()).hexdigest()


def training_manifest(table: Table, drug: str, scheme: str) -> CohortManifest:
    """Of the training patients of that scheme, from a file; ModelFileError for what could not be drawn again."""
    models, prints = table.table("models"), table.table("fingerprint", default={})
    found = CohortManifest(
        drug=table.text("drug", one_of=(drug,)),
        scheme=table.text("scheme", one_of=(scheme,)),
        part=cast(Part, table.text("part", one_of=PARTS[:1])),
        patients=_whole(table, "patients", 1),
        seed=_whole(table, "seed", 0),
        shift=NO_SHIFT,
        design=table.text("design"),
        models={name: models.text(name) for name in models.names()},
        fingerprint={name: prints.number(name) for name in prints.names()},
    )
    if (shift := table.anything("shift", dict)) != asdict(NO_SHIFT):
        raise table.error("shift", "none, as nothing is trained on shifted patients", shift)
    table.finish()
    return found


def _whole(table: Table, key: str, low: int) -> int:
    value = table.anything(key, int)
    if isinstance(value, bool) or value < low:
        raise table.error(key, f"a whole number of at least {low}", value)
    return int(value)
