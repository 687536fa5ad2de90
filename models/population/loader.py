"""Model file (TOML) to PopulationModel; anything outside the vocabulary is a ModelFileError."""

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import get_args

from models.covariates.need import Between, CovariateNeed
from models.errors import ModelFileError
from models.population.check import check_model
from models.population.model import DomainLimit, PopulationModel
from models.population.parameters import read_derived, read_parameters
from models.population.random import read_omega, read_random
from models.population.structure import read_outputs, read_structure
from models.population.table import Table


def load_model(path: Path | str) -> PopulationModel:
    """Read and check one model file. Raises ModelFileError naming the file, the key and what was expected."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: can not be read ({error.strerror}); expected a model file") from error
    return parse_model(content, str(path))


def parse_model(content: bytes, file: str) -> PopulationModel:
    """A model from the bytes of its file; `file` is only named in messages."""
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{file}: not TOML in UTF-8 ({error})") from error
    model = _read(Table(data, file), file, sha256(content).hexdigest())
    check_model(model)
    return model


def _read(top: Table, file: str, digest: str) -> PopulationModel:
    units = top.table("units")
    units.word("time", ("min", "h", "d", "wk"))  # the paper's; each parameter names its own
    amount = units.word("amount", ("ng", "ug", "mg", "g"))
    units.done()
    evidence = top.table("evidence", {})
    random = read_random(top.table("random", {}))
    model = PopulationModel(
        id=top.text("id"),
        drug=top.text("drug"),
        title=top.text("title"),
        citation=_citation(top.table("reference", {})),
        population=_population(top.table("population", {})),
        equations=top.texts("equations", ()),
        read_in=evidence.texts("read_in", ()),
        not_verified=evidence.texts("not_verified", ()),
        amount_unit=amount,
        structure=read_structure(top.table("structure")),
        outputs=read_outputs(top.table("outputs"), amount),
        parameters=read_parameters(top.table("parameters")),
        derived=read_derived(top.table("derived", {})),
        random=random,
        omega=read_omega(top, random),
        needs=_needs(top.table("covariates", {})),
        domain=_domain(top.table("domain", {})),
        file=file,
        hash=digest,
    )
    evidence.done()
    top.done()
    return model


def _citation(table: Table) -> str:
    if not table.has_keys():
        return ""
    text = f"{table.text('authors')}. {table.text('journal')} ({int(table.number('year'))})"
    for key, label in (("doi", "doi"), ("pmid", "PMID"), ("erratum_pmid", "erratum PMID")):
        value = table.text(key, "")
        text += f"; {label} {value}" if value else ""
    table.done()
    return text


def _population(table: Table) -> str:
    text = table.text("text", "")
    table.done()
    return text


def _needs(table: Table) -> tuple[CovariateNeed, ...]:
    return tuple(_need(name, item) for name, item in table.children())


def _need(name: str, item: Table) -> CovariateNeed:
    options = item.table("options", {})
    item.text("source", "")
    need = CovariateNeed(
        name=name,
        unit=item.text("unit"),
        formula=item.text("formula", "measured"),
        default=item.number("default", None),
        low=item.number("low", None),
        high=item.number("high", None),
        options=options.rest_numbers(),
        between="carried" if item.word("between", get_args(Between), "carried") == "carried" else "interpolated",
        steps=item.numbers("steps", None, ()),
    )
    item.done()
    return need


def _domain(table: Table) -> tuple[DomainLimit, ...]:
    limits = []
    for name, item in table.children():
        limit = DomainLimit(
            name=name,
            unit=item.text("unit"),
            hard=_range(item, "hard"),
            soft=_range(item, "soft"),
            source=item.text("source"),
            required=item.flag("required", False),
        )
        item.done()
        limits.append(limit)
    return tuple(limits)


def _range(item: Table, key: str) -> tuple[float, float] | None:
    values = item.numbers(key, 2, ())
    if not values:
        return None
    if values[0] > values[1]:
        item.fail(key, "low before high", values)
    return values[0], values[1]
