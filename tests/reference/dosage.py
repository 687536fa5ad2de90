"""Prints how the coding of each dosage sentence is read and expanded: python -m tests.reference.dosage"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhir.errors import Unreadable
from fhir.medicine.contents import Contents
from fhir.medicine.substance import Substance
from fhir.ordered.expansion import instants
from fhir.ordered.instructions import Instruction, in_turn, read_instruction, steps
from fhir.ordered.schedule import words
from fhir.wire import mapping, number, rows, string
from tests.reference import ABSENT, REFERENCE
from tests.reference.dosage_sentences import SENTENCES, Said

FILE = REFERENCE / "fhir" / "dosage_sentences.jsonl"
# the product of a sentence is no drug of the catalog: its mg count as they are, its tablets are not weighed
_PLAIN = Contents(named=Substance(name="", per_mg=1.0), parts=(), diluted=False, package={})
_IN_R4 = ("doseQuantity", "doseRange", "rateQuantity", "rateRatio", "rateRange")
_UNITS = {"gram": "g", "milligram": "mg"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the file. said: what the sentence says, None where it says none. problems: why it is not followed."""

    name: str
    sentence: str
    coded: str
    said: Said | None
    amount: str
    doses: tuple[str, ...]
    as_needed: bool
    most: tuple[float, str, float] | None
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool | None:
        """Whether coding and sentence say the same; None where one of them says nothing."""
        if self.said is None:
            return None
        same = (self.amount, self.doses, self.as_needed) == (self.said.amount, self.said.doses, self.said.as_needed)
        return same and self.most == self.said.most

    @property
    def verdict(self) -> str:
        if self.said is None:
            return "no sentence" if self.coded else "no coded dosage"
        return "agrees" if self.agrees else f"differs: {self.said.differs}"


def table() -> list[Row]:
    return [_row(json.loads(line)) for line in FILE.read_text(encoding="utf-8").splitlines()]


def in_r4(instruction: Mapping[str, Any]) -> dict[str, Any]:
    """An STU3 Dosage in the shape of R4: dose and rate one level deeper, lists where there are lists now."""
    moved = {name: instruction[name] for name in _IN_R4 if name in instruction}
    rest = {name: value for name, value in instruction.items() if name not in moved}
    return rest | ({"doseAndRate": [moved]} if moved else {})


def _row(line: Mapping[str, Any]) -> Row:
    name = line["file"].removeprefix("examples/").removesuffix(".xml").removeprefix("example-dosage-")
    charted = [item for item in rows(line, "dosageInstruction_STU3") if item]
    found = tuple(read_instruction(in_r4(item), _PLAIN) for item in charted)
    said = SENTENCES.get(name)
    doses, problem = _doses(found, said or Said(amount=""))
    return Row(
        name=name,
        sentence=line["sentence"],
        coded="; then ".join(_words(item) for item in found),
        said=said if charted else None,
        amount=next((amount for item in charted if (amount := _amount(item))), ""),
        doses=doses,
        as_needed=bool(found) and found[0].as_needed,
        most=next((most for item in reversed(charted) if (most := _most(item))), None),
        problems=tuple(dict.fromkeys((*problem, *(why for item in found for why in item.problems)))),
    )


def _words(item: Instruction) -> str:
    if item.as_needed:
        return "as needed"
    if item.schedule is None:
        return "no schedule"
    count = f", {item.schedule.count} doses" if item.schedule.count else ""
    length = f", for {item.schedule.length.hours / 24:g} d" if item.schedule.length else ""
    return words(item.schedule.pattern) + count + length


def _doses(found: tuple[Instruction, ...], said: Said) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The doses of the first days; none, with the reason, of what is as needed or can not be read."""
    if not found or any(item.as_needed for item in found):
        return (), ()
    try:
        return tuple(_expanded(in_turn(found), said)), ()
    except Unreadable as error:
        return (), (str(error),)


def _expanded(turn: tuple[Instruction, ...], said: Said) -> Iterator[str]:
    start = datetime.fromisoformat(said.start)
    zone, end = start.tzinfo, start + timedelta(days=said.days)
    assert zone is not None
    for step in steps(turn, start, zone):
        assert step.instruction.schedule is not None
        last = min(end, step.end or end)
        for when in instants(step.instruction.schedule, origin=step.begin, start=step.begin, end=last, zone=zone):
            yield f"{when:%m-%d %H:%M}"


def _amount(item: Mapping[str, Any]) -> str:
    value, unit = number(item, "doseQuantity", "value"), string(item, "doseQuantity", "unit")
    return "" if value is None else f"{value:g} {_UNITS.get(unit, unit)}"


def _most(item: Mapping[str, Any]) -> tuple[float, str, float] | None:
    ratio = mapping(item, "maxDosePerPeriod")
    above, hours = mapping(ratio, "numerator"), number(ratio, "denominator", "value")
    value, unit = number(above, "value"), string(above, "unit")
    return None if value is None or hours is None else (value, _UNITS.get(unit, unit), hours)


def main() -> None:
    if not FILE.exists():
        print(ABSENT)
        return
    found = table()
    for row in found:
        print(f"{row.name}: {row.verdict}")
        doses = row.doses if len(row.doses) <= 8 else (*row.doses[:8], f"... {len(row.doses)} in all")
        print(f"    sentence  {row.sentence or '-'}")
        print(f"    coded     {' '.join(part for part in (row.amount, row.coded) if part) or '-'}")
        print(f"    expanded  {', '.join(doses) or '-'}")
        if row.problems:
            print(f"    not read  {'; '.join(row.problems)}")
    print("\n" + ", ".join(f"{count} {what}" for what, count in counts(found).items()))


def counts(found: list[Row]) -> dict[str, int]:
    """How many lines there are of each verdict."""
    kinds = [row.verdict.split(":")[0] for row in found]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


if __name__ == "__main__":
    main()
