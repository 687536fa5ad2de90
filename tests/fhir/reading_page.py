"""The table of docs/reading.md, made of the reading's own tables; `python -m tests.fhir.reading_page` writes it."""

from pathlib import Path

from fhir.codes import table
from fhir.terminology import data
from fhir.vocabulary import read_from
from models.covariates import words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading.md"
BEGIN, END = "<!-- covariates: made from fhir/terminology -->", "<!-- end of covariates -->"
READERS = {
    "observation": "Observation",
    "answer": "Observation, coded answer",
    "condition": "Condition",
    "procedure": "Procedure",
    "medication": "orders, administrations, statements",
    "daily": "active orders",
    "genotype": "Observation, genotype",
    "patient": "Patient",
    "doses": "the doses read",
    "encounter": "Encounter and Location",
    "unread": "**not read from an EHR**",
}


def covariate_table() -> str:
    """The Markdown between the two marks."""
    rows = [
        f"| {words(name)} | {READERS[reader]} | {told}{_codes(name)} |" for name, (reader, told) in read_from().items()
    ]
    return "\n".join([BEGIN, "", "| covariate | read from | what, or why not |", "|---|---|---|", *rows, "", END])


def _codes(name: str) -> str:
    """The codes a covariate is read by, as far as they fit a line; lists of drugs by their names."""
    found = [f"LOINC {', '.join(row['loinc'])}" for row in _observations(name)]
    condition = data("conditions.toml").get(name, {})
    for part in (condition, *condition.get("values", {}).values()):
        found += [f"ICD-10 {', '.join(part['icd10'])}"] if part.get("icd10") else []
        found += [f"SNOMED {', '.join(part['snomed'])}"] if part.get("snomed") else []
    procedure = table()["procedures"].get(name, {})
    found += [f"SNOMED {', '.join(procedure['snomed'])}"] if procedure.get("snomed") else []
    drugs = data("interactions.toml")["flags"].get(name, {}).get("drugs", [])
    found += [", ".join(drugs)] if drugs and drugs != [name] else []
    limit = next((row["days"] for row in [*_observations(name), condition] if "days" in row), None)
    found += [f"not older than {limit} days"] if limit else []
    return f" ({'; '.join(found)})" if found else ""


def _observations(name: str) -> list[dict]:
    return [rows[name] for rows in (table()["covariates"], table()["answers"]) if name in rows]


def written(page: str) -> str:
    """The page with its table made anew."""
    before, rest = page.split(BEGIN)
    return before + covariate_table() + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
