"""docs/drugs: one page a drug and their index, written from the files."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from models.catalog import Catalog
from models.drug import ChartedAs, Drug, Product
from models.population import PopulationModel
from models.review.effect_text import number
from models.review.facts import Facts, bounds_text, condition_text, model_facts

COMMAND = "titrate models docs --out docs/drugs"
_WRITTEN = f"Written by `{COMMAND}` from the files in `models/drugs`; do not edit by hand."


def pages(catalog: Catalog) -> Mapping[str, str]:
    """File name to text of every page, README.md the index."""
    found = {"README.md": _index(catalog)}
    for drug in catalog.drugs.values():
        found[f"{drug.name}.md"] = drug_page(drug, catalog.models_for(drug.name))
    return found


def differing(catalog: Catalog, folder: Path) -> tuple[str, ...]:
    """Names of pages in folder that are missing, differ from what the files say, or belong to no drug."""
    wanted = pages(catalog)
    there = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    return tuple(sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name)))


def _index(catalog: Catalog) -> str:
    lines = [
        "# Drugs and models",
        "",
        _WRITTEN,
        "",
        f"{len(catalog.drugs)} drugs, {len(catalog.models)} models. Models were read in the sources that",
        "each page names, mostly transcriptions and not the papers; what was not checked is said beside each. The",
        "prior predictive of every model stands in [model-review.md](../model-review.md).",
        "",
        "| drug | models | first target | levels read from the EHR |",
        "|---|---|---|---|",
    ]
    for drug in catalog.drugs.values():
        count = len(catalog.models_for(drug.name))
        target = bounds_text(drug.targets[0].target) if drug.targets else "none: estimate only"
        codes = ", ".join(item.loinc for item in drug.level_codes) or "no confirmed LOINC code"
        lines.append(f"| [{drug.display}]({drug.name}.md) | {count} | {_cell(target)} | {codes} |")
    return "\n".join(lines) + "\n"


def drug_page(drug: Drug, models: tuple[PopulationModel, ...]) -> str:
    """The page of one drug: what for, targets, limits, products, what is not read, each model."""
    lines = [f"# {drug.display}", "", _WRITTEN, "", *_what(drug, models)]
    lines += [*_targets(drug), *_limits(drug), *_products(drug), *_gaps(drug), "## Models", ""]
    for model in models:
        lines += _model(model_facts(model, drug))
    return "\n".join(lines).rstrip("\n") + "\n"


def _what(drug: Drug, models: tuple[PopulationModel, ...]) -> Iterator[str]:
    levels = ", ".join(f"LOINC {item.loinc} ({item.display})" for item in drug.level_codes)
    unit = f"{drug.concentration_unit}; molar mass {drug.molar_mass:g} g/mol"
    yield f"- **Measured**: {drug.analyte} in {drug.matrix}, {unit}"
    yield f"- **Amounts**: mg of {drug.amount_of}"
    for entry in drug.charted_as:
        yield f"- **Charted as {entry.name}**: {_as_charted(entry)}"
    codes = [f"RxNorm {code}" for code in drug.rxnorm] + [f"ATC {code}" for code in drug.atc]
    yield f"- **Codes**: {', '.join(codes) or 'none'}"
    if drug.names:
        yield f"- **Named without a code**: {', '.join(drug.names)}; never counted, always said (names from memory)"
    yield f"- **Levels**: {levels or 'not read from the EHR, as no LOINC code was confirmed'}"
    if drug.estimate_only:
        yield f"- **No dose is searched**: {drug.estimate_only}"
    if drug.needs_level:
        yield f"- **No dose is searched before a level**: {drug.needs_level}"
    first = ", ".join(f"{drug.name}/{stem}" for stem in drug.preferred)
    yield f"- **Models**: {len(models)}; {first} first"
    yield f"- **Read from the chart**: {', '.join(drug.covariates)}"
    yield ""


def _as_charted(entry: ChartedAs) -> str:
    codes = ", ".join([*(f"RxNorm {code}" for code in entry.rxnorm), *(f"ATC {code}" for code in entry.atc)])
    amount = entry.says if entry.mg_per_mg is None else f"1 mg counts as {entry.mg_per_mg:.4g} mg"
    return f"{amount} ({codes or 'by words only'}; {entry.source})"


def _targets(drug: Drug) -> Iterator[str]:
    if not drug.targets:
        return
    yield from ("## Targets", "", "The first whose condition holds is used.", "")
    yield from ("| target | for | above it | below it | source |", "|---|---|---|---|---|")
    for n, entry in enumerate(drug.targets):
        bounds = " and ".join(bounds_text(item) for item in (entry.target, *entry.also))
        cells = (
            bounds,
            entry.target.indication + condition_text(drug, n),
            entry.above_means,
            entry.below_means,
            entry.target.source,
        )
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    yield ""


def _limits(drug: Drug) -> Iterator[str]:
    named = {
        "single dose": drug.limits.single,
        "day's dose": drug.limits.daily,
        "single dose per kg": drug.limits.single_per_kg,
        "day's dose per kg": drug.limits.daily_per_kg,
        "infusion rate": drug.limits.rate,
    }
    rows = [(name, limit) for name, limit in named.items() if limit]
    if not rows:
        return
    yield from ("## Limits", "", "A regimen that breaks one is never proposed.", "")
    yield from ("| limit | at most | source |", "|---|---|---|")
    for name, limit in rows:
        yield f"| {name} | {limit.value:g} {limit.unit} | {_cell(limit.source)} |"
    if drug.hold_above is not None:
        held = f"{drug.hold_above:g} {drug.concentration_unit}"
        yield f"| next dose waits while the median is above | {held} | {_cell(drug.hold_source)} |"
    yield ""


def _products(drug: Drug) -> Iterator[str]:
    if not drug.products:
        return
    yield from ("## Products", "", "| form | route | doses | every | infusion | source |", "|---|---|---|---|---|---|")
    for item in drug.products:
        doses = f"{item.smallest:g} to {item.largest:g} mg in steps of {item.increment:g} mg"
        every = ", ".join(f"{hours:g}" for hours in item.intervals) + " h"
        yield f"| {_cell(item.form)} | {item.route} | {doses} | {every} | {_infusion(item)} | {_cell(item.source)} |"
    yield ""


def _infusion(item: Product) -> str:
    if item.continuous:
        return "over the whole interval"
    if item.usual_rate is not None:
        return f"{item.usual_rate:g} mg/h or slower, at least {item.shortest_duration:g} h"
    return f"{item.shortest_duration:g} h" if item.shortest_duration else "none"


def _gaps(drug: Drug) -> Iterator[str]:
    if drug.not_read:
        yield from ("## Not read", "", drug.not_read, "")
    yield from ("## Not verified", "")
    yield from (f"- {text}" for text in drug.not_verified)
    yield ""


def _model(facts: Facts) -> Iterator[str]:
    yield from (f"### {facts['id']}", "", f"{facts['title']}.", "")
    yield f"- **Paper**: {facts['citation'] or 'none named'}"
    yield f"- **Population**: {facts['population']}"
    yield f"- **Structure**: {facts['structure']}"
    yield f"- **Read in**: {'; '.join(facts['read_in'])}"
    yield ""
    yield from _code("As written for people:", facts["equations"])
    yield from _code(
        "As computed, from the file's numbers:", [*facts["computed"], "", *facts["differential_equations"]]
    )
    yield from _used_for(facts)
    yield from _numbers(facts)
    yield from _inputs(facts)
    yield from ("Not verified:", "")
    yield from (f"- {text}" for text in facts["not_verified"])
    yield ""


def _code(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from (heading, "", "```text", *lines, "```", "")


def _used_for(facts: Facts) -> Iterator[str]:
    if not facts["domain"]:
        return
    yield from ("| studied range | outside it: not used | outside it: said aloud | source |", "|---|---|---|---|")
    for item in facts["domain"]:
        name = item["words"] + (" (has to be charted)" if item["required"] else "")
        yield f"| {name} | {item['hard'] or '-'} | {item['soft'] or '-'} | {_cell(item['source'])} |"
    yield ""


def _numbers(facts: Facts) -> Iterator[str]:
    yield from ("| parameter | value | between patients | source |", "|---|---|---|---|")
    told: set[str] = set()
    for item in facts["parameters"]:
        spread = [e["spread"] for e in facts["random_effects"] if item["name"] in e["parameters"] and not e["occasion"]]
        told.add(item["name"])
        inside = f" = {item['inside']}" if item["inside"] else ""
        symbol = item["name"] if item["symbol"] == item["name"] else f"{item['name']} ({item['symbol']})"
        value = f"{number(item['value'])} {item['unit']}{inside}"
        yield f"| {_cell(symbol)} | {value} | {_cell('; '.join(spread)) or '-'} | {_cell(item['source'])} |"
    yield ""
    lines = [f"Residual error of {text}." for text in facts["residual_error"]]
    lines += [f"{text}." for text in facts["correlations"]]
    yield from (f"- {line}" for line in lines)
    yield ""


def _inputs(facts: Facts) -> Iterator[str]:
    if not facts["covariates"]:
        return
    yield from ("| covariate | unit | how | if not charted | source |", "|---|---|---|---|---|")
    for item in facts["covariates"]:
        how = item["formula"] + (f" [{item['formula_citation']}]" if item["formula_citation"] else "")
        cut = [
            f"{word} {item[key]:g}" for key, word in (("low", "at least"), ("high", "at most")) if item[key] is not None
        ]
        how += "".join(f"; {key.replace('_', ' ')} {value:g}" for key, value in item["options"].items())
        how += f"; taken as {' and '.join(cut)}" if cut else ""
        missing = "the model is not used" if item["default"] is None else f"{item['default']:g}, said aloud"
        yield f"| {item['words']} | {item['unit']} | {_cell(how)} | {missing} | {_cell(item['source'])} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
