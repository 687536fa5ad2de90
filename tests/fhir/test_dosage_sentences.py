"""The coding of human dosage sentences, expanded, against what each sentence says (by hand, not from the coding)."""

import pytest

from tests.reference import ABSENT, dosage
from tests.reference.dosage_sentences import SENTENCES

pytestmark = pytest.mark.skipif(not dosage.FILE.exists(), reason=ABSENT)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_and_its_coding_say_the_same_or_it_is_known_why_not(name: str) -> None:
    (row,) = [row for row in dosage.table() if row.name == name]
    assert row.said is not None
    if row.said.differs:
        assert not row.agrees, "it agrees now: its reason should go"
    else:
        assert (row.amount, row.doses, row.as_needed, row.most) == (
            row.said.amount,
            row.said.doses,
            row.said.as_needed,
            row.said.most,
        ), row.sentence


def test_every_line_of_the_file_is_accounted_for() -> None:
    found = dosage.table()
    assert len(found) == 34
    assert dosage.counts(found) == {"agrees": 12, "differs": 4, "no sentence": 8, "no coded dosage": 10}
    assert {row.name for row in found if row.said} == set(SENTENCES)


def test_what_agrees_but_for_one_thing_agrees_in_the_rest() -> None:
    rows = {row.name: row for row in dosage.table()}
    pills, eprex = rows["complex1"], rows["complex8"]
    assert pills.said is not None
    assert pills.doses == pills.said.doses[:21]  # the first course of 21 days
    assert eprex.said is not None
    assert eprex.doses == eprex.said.doses
    assert any("1 L/min to 2 L/min" in problem for problem in rows["complex19"].problems)
    assert rows["complex4-alt2"].as_needed
