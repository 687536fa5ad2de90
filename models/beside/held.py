"""How many simulated patients of a model that nobody was made from the estimators' 80 % intervals held."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from models.beside.value import Opinion
from models.cohorts.design import CohortDesign
from models.datafile import read_table

HELD = Path(__file__).parent / "held.toml"
FIT_ALONE, FIT_OF_ALL = "MAP", "averaged"  # of the reference model; of all the drug's training models
_KEYS = {"learned": "boosting", "hybrid": "hybrid"}  # as the study names them


def held(design: CohortDesign, scheme: str, models: Iterable[str], opinions: Iterable[Opinion]) -> str:
    """What was counted of those who speak, "" for nothing. models: ids of those that the fit draws from."""
    known = _counted().get((design.drug, scheme), {})
    fit = _fit_of(design, frozenset(models))
    keyed = [(one, fit if one.by == "fit" else _key(one)) for one in opinions if one.exposure is not None]
    told = [f"{_short(one)} {known[key]:.0f}" for one, key in keyed if key in known]
    if not told:
        return ""
    if not fit:
        told.append("of this fit nobody counted")
    return (
        f"Counted in simulated patients of {_unseen(design)}, which none of them was made from, their 80 % intervals "
        f"held the truth of so many of 100: {', '.join(told)}."
    )


def _fit_of(design: CohortDesign, models: frozenset[str]) -> str:
    """The study's name of a fit by these models, "" where it has none: the card's has others, or the patients' own."""
    drug = {item.model for item in design.of_part("training") if item.model.startswith(f"{design.drug}/")}
    if models == {design.reference}:
        return FIT_ALONE
    return FIT_OF_ALL if models == drug else ""


def _key(one: Opinion) -> str:
    if one.hash and one.hash != _hashes().get(one.name):
        return ""  # another content than the one that was counted, such as a site's own
    if one.by == "rule":
        return "rule, stand-alone" if one.name.endswith("-alone") else "rule"
    return _KEYS.get(one.by, "")


def _short(one: Opinion) -> str:
    return one.words.removeprefix("the ").partition(" (")[0]


def _unseen(design: CohortDesign) -> str:
    found = [f"{'a shifted variant of ' if item.shift else ''}{item.model}" for item in design.of_part("test")]
    return " and ".join(dict.fromkeys(found))


@cache
def _hashes() -> Mapping[str, str]:
    """Of the files that were counted, by id."""
    hashes = read_table(HELD, HELD.read_bytes()).table("hashes")
    return {name: hashes.text(name) for name in hashes.names()}


@cache
def _counted() -> Mapping[tuple[str, str], Mapping[str, float]]:
    """% of patients inside, by drug and scheme and the study's name; as `titrate study estimators` wrote it."""
    table = read_table(HELD, HELD.read_bytes())
    table.table("hashes")
    found: dict[tuple[str, str], Mapping[str, float]] = {}
    for drug in table.names():
        schemes = table.table(drug)
        for scheme in schemes.names():
            row = schemes.table(scheme)
            found[drug, scheme] = {name: row.number(name, low=0.0) for name in row.names()}
            row.finish()
        schemes.finish()
    table.finish()
    return found
