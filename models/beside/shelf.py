"""What a site has to ask beside the fit: rules and companions, each with who put it into use there."""

from dataclasses import dataclass, replace
from pathlib import Path

from models.datafile import Refused
from models.learned import library as learned
from models.learned.companion import Companion
from models.rules import library as ruled
from models.rules.frozen import FrozenRule
from models.signature import read_signatures, void


@dataclass(frozen=True, kw_only=True, eq=False)
class Shelf:
    """refused: files that can not be trusted. void: signatures of what is not here with that content, in words."""

    rules: tuple[FrozenRule, ...] = ()
    companions: tuple[Companion, ...] = ()
    refused: tuple[Refused, ...] = ()
    void: tuple[str, ...] = ()

    def of(self, drug: str) -> "Shelf":
        """What there is for one drug."""
        return replace(
            self,
            rules=tuple(one for one in self.rules if one.drug == drug),
            companions=tuple(one for one in self.companions if one.drug == drug),
            refused=tuple(one for one in self.refused if one.file.startswith(f"{drug}/")),
        )

    @property
    def in_use(self) -> int:
        """How many somebody has signed."""
        return sum(rule.signed for rule in self.rules) + sum(bool(one.in_use) for one in self.companions)


def load_shelf(
    signatures: Path | None = None, *, rules: Path = ruled.LIBRARY, companions: Path = learned.LIBRARY
) -> Shelf:
    """What ships, with the signatures in the site's file; ModelsError where that file can not be read."""
    notes = read_signatures(signatures) if signatures else {}
    formulas = ruled.load_library(rules).signed(notes)
    trees = learned.load_companions(companions).signed(notes)
    hashes = {id: one.hash for id, one in formulas.rules.items()} | {k: one.hash for k, one in trees.companions.items()}
    return Shelf(
        rules=tuple(formulas.rules.values()),
        companions=tuple(trees.companions.values()),
        refused=(*formulas.refused, *trees.refused),
        void=tuple(void(notes, hashes)),
    )
