"""The committed pages are what the files say; what they must hold."""

import re
from pathlib import Path

import pytest

from models.catalog import load_catalog
from models.review.page import COMMAND as DOCS
from models.review.page import differing, drug_page, pages
from models.review.table import COMMAND as REVIEW
from models.review.table import review_page

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog()


def test_the_committed_pages_are_what_the_files_say() -> None:
    assert differing(CATALOG, ROOT / "docs" / "drugs") == (), f"these pages differ from the files; run: {DOCS}"


def test_the_committed_review_is_what_the_models_predict() -> None:
    committed = (ROOT / "docs" / "model-review.md").read_text(encoding="utf-8").splitlines()
    now = review_page(CATALOG).splitlines()
    stale = [line for line in now if line not in committed] + [line for line in committed if line not in now]
    assert committed == now, f"docs/model-review.md differs from the models; run: {REVIEW}\n" + "\n".join(stale[:6])


def test_a_page_that_is_missing_changed_or_left_over_is_named(tmp_path: Path) -> None:
    for name, text in pages(CATALOG).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert differing(CATALOG, tmp_path) == ()
    (tmp_path / "vancomycin.md").write_text("edited", encoding="utf-8")
    (tmp_path / "tacrolimus.md").unlink()
    (tmp_path / "aspirin.md").write_text("left over", encoding="utf-8")
    assert differing(CATALOG, tmp_path) == ("aspirin.md", "tacrolimus.md", "vancomycin.md")


@pytest.mark.parametrize("drug", list(CATALOG.drugs.values()), ids=lambda drug: drug.name)
def test_a_page_holds_what_a_reader_has_to_know(drug) -> None:
    models = CATALOG.models_for(drug.name)
    page = drug_page(drug, models)
    for text in (drug.amount_of, drug.not_read, *drug.not_verified):
        assert text in page
    for model in models:
        assert f"### {model.id}" in page
        for text in (model.citation, model.population, *model.equations, *model.not_verified, *model.read_in):
            assert text in page
        for parameter in model.parameters:
            assert parameter.source.replace("|", "\\|") in page
    for entry in drug.targets:
        assert entry.target.source.replace("|", "\\|") in page


@pytest.mark.parametrize("name", sorted(pages(CATALOG)))
def test_tables_are_whole_and_words_are_the_houses(name: str) -> None:
    text = pages(CATALOG)[name]
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block[:200]
    assert not re.search(r"\bvalidated\b", text)
    assert not re.search(r"\bnan\b|\binf\b|None", text)
    assert text.count("```") % 2 == 0
