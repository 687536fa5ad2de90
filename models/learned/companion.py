"""A trained companion as it is kept: one readable JSON file with its trees as plain arrays, its card and its hash."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from models.cohorts.manifest import training_manifest
from models.datafile import Table, bounded, write_whole
from models.errors import ModelsError
from models.learned.conformal import LEVELS
from models.learned.inputs import Input
from models.learned.trees import Trees
from models.signature import UNSIGNED, Signature
from models.units import unit_words

FORMAT = "titrate learned companion 1"
# exposure: ln(expected / true exposure). hybrid: ln(fitted / true exposure). weight: the prior weight the fit deserves.
Kind = Literal["exposure", "hybrid", "weight"]
KINDS: tuple[Kind, ...] = ("exposure", "hybrid", "weight")
LARGEST, DEEPEST = 4_000_000, 12  # bytes of a file; levels of a tree. What ships has 20,000 and 3.
_TYPES = {"feature": "<i2", "threshold": "<f4", "leaf": "<f4"}


class BadCompanion(ModelsError):
    """A companion's file is damaged, or is none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Companion:
    """center: ln of the factor that its kind names; scale: ln of the size of its error; widths: by level, conformal.

    Of the kind weight there is one `center` for each of `weights`: by how much its squared ln error exceeds that of the
    published prior. It is taken where that is under -margin, else the published one. No scale, no widths.
    manifest: canonical JSON of the training and calibration populations and of all settings. metrics: out of fold.
    """

    drug: str
    scheme: str
    kind: Kind
    inputs: tuple[Input, ...]
    center: tuple[Trees, ...]
    scale: Trees | None
    widths: Mapping[str, float]
    weights: tuple[float, ...]
    margin: float
    manifest: Mapping[str, Any]
    metrics: Mapping[str, Any]
    not_verified: tuple[str, ...]
    signed: Signature = UNSIGNED

    @property
    def id(self) -> str:
        return f"{self.drug}/{self.scheme}-{self.kind}"

    @cached_property
    def hash(self) -> str:
        """sha256 of everything but the signature."""
        return sha256(_canonical(_body(self)).encode()).hexdigest()

    @property
    def in_use(self) -> str:
        """ "A. Pharmacist, 2026-11-21", or "" where nobody signed this very content."""
        return str(self.signed) if self.signed.by and self.signed.hash == self.hash else ""

    def outside(self, values: np.ndarray) -> tuple[str, ...]:
        """Why the companion is silent: each input that is no number or lies outside the box it was trained in."""
        if len(values) != len(self.inputs):
            raise ModelsError(f"{self.drug}/{self.scheme} takes {len(self.inputs)} inputs, got {len(values)}")
        return tuple(
            _said(item, float(value)) for item, value in zip(self.inputs, values, strict=True) if not item.holds(value)
        )


def _said(item: Input, value: float) -> str:
    unit = f" {unit_words(item.unit)}" if item.unit != "1" else ""
    if np.isnan(value):
        return f"{item.words} is not known, which the companion needs"
    found = f"{value:.4g}{unit}"
    return f"{item.words} is {found}; the companion was trained from {item.low:.4g} to {item.high:.4g}{unit}"


def written(companion: Companion) -> str:
    """The file's text."""
    body = _body(companion) | {"signed": asdict(companion.signed), "hash": companion.hash}
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def save(companion: Companion, path: Path) -> None:
    """Write the file whole or not at all."""
    write_whole(path, written(companion))


def load(path: Path) -> Companion:
    """Raises BadCompanion naming the file and what is wrong with it."""
    where = f"{path.parent.name}/{path.name}"
    try:
        text = bounded(path, LARGEST).decode("utf-8")
    except (OSError, ValueError) as error:
        raise _unusable(where, error) from None
    return companion_of(text, where)


def companion_of(text: str, name: str) -> Companion:
    """From a file's text, checked as load does; name: what a message calls it."""
    try:
        body = json.loads(text, parse_constant=_no_number, parse_float=_number)
        found = _companion(body)
        same = body.get("hash") == found.hash
        written(found).encode()  # what can be read, hashed, but not written again (half of a character) is no companion
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, ModelsError) as error:
        raise _unusable(name, error) from None
    if not same:
        raise BadCompanion(f"{name} does not have the content that its hash names: it was changed after training")
    return found


def _unusable(name: str, error: Exception) -> BadCompanion:
    return BadCompanion(f"{name} can not be used: {error}; train it again, or restore the file")


def _companion(body: Mapping[str, Any]) -> Companion:
    if body["format"] != FORMAT:
        raise ValueError(f"its format is {str(body['format'])[:40]!r}, expected {FORMAT!r}")
    found = Companion(
        drug=body["drug"],
        scheme=body["scheme"],
        kind=body["kind"],
        inputs=tuple(Input(**item) for item in body["inputs"]),
        center=tuple(_trees(item) for item in body["center"]),
        scale=_trees(body["scale"]) if body["scale"] else None,
        widths=body["widths"],
        weights=tuple(body["weights"]),
        margin=float(body["margin"]),
        manifest=body["manifest"],
        metrics=body["metrics"],
        not_verified=tuple(body["not_verified"]),
        signed=Signature(**body["signed"]),
    )
    _check(found)
    _check_made(found)
    for trees in (*found.center, *((found.scale,) if found.scale else ())):
        if trees.feature.max(initial=0) >= len(found.inputs):
            raise ValueError("a tree asks for an input that the file does not name")
    return found


def _check(found: Companion) -> None:
    """ValueError for what would fail, or say something else than it seems to, when a patient is asked about."""
    texts = [found.drug, found.scheme, *vars(found.signed).values(), *found.not_verified]
    texts += [text for item in found.inputs for text in (item.name, item.unit)]
    if found.kind not in KINDS or not all(isinstance(item, str) for item in texts):
        raise ValueError(f"its kind is none of {', '.join(KINDS)}, or a name in it is no text")
    numbers = [*found.widths.values(), *found.weights, found.margin]
    numbers += [value for item in found.inputs for value in (item.low, item.high, item.reference)]
    if not all(isinstance(item, int | float) and isfinite(item) for item in numbers):
        raise ValueError("a range, width or weight in it is no number")
    if not all(item.low <= item.reference <= item.high for item in found.inputs):
        raise ValueError("the range of an input, with its median in it, is not in order")
    if min((*found.weights, found.margin), default=0.0) < 0.0:
        raise ValueError("a weight or the margin is below 0")
    _check_widths(found.widths)
    if len(found.center) != (len(found.weights) if found.kind == "weight" else 1):
        raise ValueError(f"it has {len(found.center)} sets of trees, which is not what its kind has")
    if found.kind != "weight" and (found.scale is None or not set(map(str, LEVELS)) <= {str(w) for w in found.widths}):
        raise ValueError(f"it lacks the widths of its intervals at {', '.join(map(str, LEVELS))}")


def _check_widths(widths: Mapping[str, float]) -> None:
    """What holds more patients is no narrower."""
    before = (0.0, 0.0)
    for item in sorted((float(level), width) for level, width in widths.items()):
        if not (before[0] < item[0] < 1.0 and before[1] <= item[1]):
            raise ValueError(f"a width of {item[1]:g} at {item[0]:g} can not be")
        before = item


def _check_made(found: Companion) -> None:
    """ModelFileError where what it was made from, or how it did, is not there as whoever reads it will look for it."""
    made, metrics = Table("its manifest", "", found.manifest), Table("its metrics", "", found.metrics)
    for population in made.tables("populations"):
        training_manifest(population, found.drug, found.scheme)
    made.table("plan")
    if found.kind == "weight":
        metrics.number("out_of_fold_log_rmse_chosen", low=0.0)
    else:
        metrics.table("nested_cv_log_rmse").number("boosting", low=0.0)


def _body(companion: Companion) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "drug": companion.drug,
        "scheme": companion.scheme,
        "kind": companion.kind,
        "inputs": [asdict(item) for item in companion.inputs],
        "center": [_arrays(trees) for trees in companion.center],
        "scale": _arrays(companion.scale) if companion.scale else None,
        "widths": dict(companion.widths),
        "weights": list(companion.weights),
        "margin": companion.margin,
        "manifest": companion.manifest,
        "metrics": companion.metrics,
        "not_verified": list(companion.not_verified),
    }


def _arrays(trees: Trees) -> dict[str, Any]:
    """Little-endian arrays in base64, with their shape: what any language can read."""
    found: dict[str, Any] = {"base": trees.base, "trees": len(trees.leaf), "depth": trees.depth}
    for name, kind in _TYPES.items():
        found[name] = b64encode(np.ascontiguousarray(getattr(trees, name), dtype=kind).tobytes()).decode()
    return found


def _trees(body: Mapping[str, Any]) -> Trees:
    if not 0 < body["depth"] <= DEEPEST or body["trees"] < 1:
        raise ValueError(f"a set of trees has one or more, 1 to {DEEPEST} levels deep")
    leaves = 2 ** int(body["depth"])
    shapes = {"feature": leaves - 1, "threshold": leaves - 1, "leaf": leaves}
    arrays = {
        name: np.frombuffer(b64decode(body[name], validate=True), dtype=kind).reshape(int(body["trees"]), shapes[name])
        for name, kind in _TYPES.items()
    }
    return Trees(base=float(body["base"]), **arrays)


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def _number(text: str) -> float:
    """JSON knows no infinity, but 1e999 is written like a number."""
    found = float(text)
    return found if isfinite(found) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no number")
