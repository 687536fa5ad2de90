"""The [[charted_as]] tables of drug.toml: other substances and combinations under which a chart may name the drug."""

from dataclasses import dataclass

from models.datafile import Table


@dataclass(frozen=True, kw_only=True)
class ChartedAs:
    """A salt, a prodrug or a combination of the drug.

    rxnorm, atc: its codes; words: lower-case parts of its name, which only ever raise an alarm.
    mg_per_mg: mg of the drug file's amount in 1 mg of it; None = its mg are not converted, `says` why.
    combination: the drug with another active substance, told apart by the strengths of a product's ingredients; else
    by `doses`: (mg charted, mg of the drug in it) of the products there are, for amounts that can only be one of them.
    """

    name: str
    rxnorm: tuple[str, ...]
    atc: tuple[str, ...]
    words: tuple[str, ...]
    mg_per_mg: float | None
    combination: bool
    says: str
    source: str
    doses: tuple[tuple[float, float], ...] = ()


def _dose(row: Table) -> tuple[float, float]:
    found = row.number("charted_mg", above=0), row.number("drug_mg", above=0)
    row.finish()
    return found


def read_charted_as(table: Table) -> ChartedAs:
    entry = ChartedAs(
        name=table.text("name"),
        rxnorm=table.texts("rxnorm", default=()),
        atc=table.texts("atc", default=()),
        words=table.texts("words"),
        mg_per_mg=table.maybe("mg_per_mg", above=0),
        combination=table.flag("combination", default=False),
        says=table.text("says", default=""),
        source=table.text("source"),
        doses=tuple(_dose(row) for row in table.tables("doses", default=[])),
    )
    if (entry.mg_per_mg is None) == (not entry.says) or (entry.combination and entry.mg_per_mg is not None):
        raise table.error(
            "says", "given where mg_per_mg is not, and only there (always, for a combination)", entry.says
        )
    if any(word != word.lower() for word in entry.words):
        raise table.error("words", "in lower case", entry.words)
    table.finish()
    return entry
