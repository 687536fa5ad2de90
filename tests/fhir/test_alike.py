"""A card's lines: what is the same of each dose is said once."""

from fhir.alike import summed
from models.findings import Finding
from tests.fhir.charts import given, order, patient, read, said

DAYS = ("17", "18", "19")


def test_infusion_times_taken_from_the_order_are_one_line_of_a_week() -> None:
    request = {"request": {"reference": "MedicationRequest/r1"}}
    doses = [given(when=f"{day} {hour}:00", **request) for day in DAYS for hour in ("08", "20")]
    text = said(read(patient(), *doses, order()), "infusion-time-ordered")
    assert "of 2026-11-19 20:00" in text
    assert text.endswith("The same holds of 5 more.")


def test_two_are_two_and_other_reasons_or_severities_are_kept_apart() -> None:
    def dose(text: str, severity: str = "critical", source: str = "") -> Finding:
        return Finding(code="dose-unreadable", severity=severity, text=text, sources=(source,))  # type: ignore[arg-type]

    two = [dose("A dose of 5 mL, 08:00, has no strength."), dose("A dose of 5 mL, 20:00, has no strength.")]
    assert summed(two) == tuple(two)
    other = [dose("A dose of 5 mL, 08:00, has no route."), dose("A dose of 5 mL, 08:10, has no strength.", "info")]
    third = dose("A dose of 7.5 mL, 21:00, has no strength.", source="a3")
    found = summed([*two, *other, third])
    assert [item.text for item in found] == [
        "A dose of 7.5 mL, 21:00, has no strength. The same holds of 2 more.",
        *(item.text for item in other),
    ]
    assert found[0].sources == ("", "a3")
