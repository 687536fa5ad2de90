"""A site's own decisions, one TOML file: which models of a drug it uses, how, and its own targets."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

from models.catalog import Catalog
from models.datafile import Table, read_table
from models.drug.drug import Drug
from models.drug.policy import ModelPolicy, PolicyMethod
from models.drug.targets import read_target
from models.errors import ModelFileError


def with_site(catalog: Catalog, path: Path) -> Catalog:
    """The catalog with the site's decisions in it; ModelFileError naming file, key and what was expected.

    A table for each drug: `only`, `without` (model files by their stem), `method`, and [[<drug>.target]] in the words
    of drug.toml, which replace the drug's own targets.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: can not be read ({error.strerror}); expected the site's TOML file") from error
    top = read_table(path, content)
    changed: dict[str, Drug] = {}
    for name in top.names():
        table = top.table(name)
        if name not in catalog.drugs:
            raise table.error("", f"a drug of the catalog ({', '.join(catalog.drugs)})", name)
        changed[name] = _changed(catalog, catalog.drugs[name], table)
    return replace(catalog, drugs=cast(Mapping[str, Drug], {**catalog.drugs, **changed}))


def _changed(catalog: Catalog, drug: Drug, table: Table) -> Drug:
    stems = {model.id.partition("/")[2] for model in catalog.models_for(drug.name)}
    policy = ModelPolicy(
        only=_stems(table, "only", stems),
        without=_stems(table, "without", stems),
        method=cast(PolicyMethod, table.text("method", default="evidence", one_of=get_args(PolicyMethod))),
    )
    if not any(not policy.refuses(stem) for stem in stems):
        raise table.error("without", "at least one model left", list(policy.without))
    targets: list[Any] = [read_target(item, drug.concentration_unit) for item in table.tables("target", default=[])]
    table.finish()
    return replace(drug, policy=policy, targets=tuple(targets) or drug.targets)


def _stems(table: Table, key: str, known: set[str]) -> tuple[str, ...]:
    stems = table.texts(key, default=())
    if unknown := sorted(set(stems) - known):
        raise table.error(key, f"models of this drug ({', '.join(sorted(known))})", unknown)
    return stems
