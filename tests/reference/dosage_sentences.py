"""What each dosage sentence of the reference folder says, written by hand from the sentence and not from its coding.

The sentences are NHS examples of FHIR STU3 dosages; the folder's file holds them with their coding.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Said:
    """One sentence. amount: of one dose, in its own words. doses: "MM-DD hh:mm" of those in the first `days`.

    start: when a patient is told to begin; clock times not said are spaced evenly from there. most: (amount, unit, h).
    differs: why the coding can not say the same, "" where it can.
    """

    amount: str
    doses: tuple[str, ...] = ()
    days: int = 2
    start: str = "2019-11-01T08:00:00+00:00"  # a Friday
    as_needed: bool = False
    most: tuple[float, str, float] | None = None
    differs: str = ""


FOUR_A_DAY = ("11-01 08:00", "11-01 14:00", "11-01 20:00", "11-02 02:00")

SENTENCES = {
    "complex1": Said(
        amount="1 tablet",
        days=30,
        doses=(*(f"11-{day:02d} 08:00" for day in range(1, 22)), "11-29 08:00", "11-30 08:00"),
        differs="the pause of 7 days and the next course stand in additionalInstruction, as words",
    ),
    "complex11": Said(amount="2 tablet", doses=FOUR_A_DAY, days=1),
    "complex13": Said(
        amount="1 tablet",
        days=7,
        doses=("11-01 08:00", "11-01 20:00", "11-04 08:00", "11-04 20:00", "11-06 08:00", "11-06 20:00"),
    ),
    "complex15": Said(
        amount="600 mg",
        days=1,
        doses=("11-01 08:00", "11-01 12:00", "11-01 16:00", "11-01 20:00", "11-02 00:00", "11-02 04:00"),
        most=(3.6, "g", 24),
    ),
    "complex19": Said(amount="1 to 2 litres per minute", differs="a range of rates is no schedule; the range is said"),
    "complex3": Said(amount="2 tablet", doses=FOUR_A_DAY, days=1),
    "complex4-alt2": Said(
        amount="2 tablet",
        as_needed=True,
        most=(6, "tablet", 24),
        differs="its maximum is coded as 6 doses, its second part without as needed; refused for its first part",
    ),
    "complex6": Said(
        amount="2 tablet",
        days=15,
        doses=("11-01 08:00", "11-08 08:00", "11-15 08:00"),
    ),
    "complex8": Said(
        amount="2,000 units",
        days=8,
        doses=("11-04 08:00", "11-07 08:00"),
        differs="the amount stands in the product's name only; days agree",
    ),
    "inter1": Said(amount="", as_needed=True),
    "inter11": Said(amount="30 mg", doses=FOUR_A_DAY, days=3),
    "inter2": Said(amount="1 tablet", as_needed=True),
    "inter4": Said(amount="5 mg", as_needed=True),
    "inter8": Said(amount="4500 unit", doses=("11-01 08:00", "11-02 08:00", "11-03 08:00"), days=3),
    "limitation-combinationproducts": Said(amount="2 tablet", as_needed=True, most=(6, "tablet", 24)),
    # six doses in two weeks, which have to begin before the 1st of November on which the three-monthly ones start
    "vitB12": Said(
        amount="1 ampoule",
        start="2019-10-14T08:00:00+01:00",
        days=120,
        doses=(
            *("10-14 08:00", "10-16 16:00", "10-19 00:00", "10-21 08:00", "10-23 16:00", "10-26 00:00"),
            *("11-01 00:00", "02-01 00:00"),
        ),
    ),
}
