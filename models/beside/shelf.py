"""What a site has to ask beside the fit: rules and companions, each with who put it into use there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from models.datafile import Refused
from models.errors import ModelsError
from models.learned import library as learned
from models.learned.companion import Companion
from models.rules import library as ruled
from models.rules.frozen import FrozenRule
from models.signature import read_signatures, void

T = TypeVar("T", FrozenRule, Companion)


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
    signatures: Path | None = None,
    *,
    own: Path | None = None,
    rules: Path = ruled.LIBRARY,
    companions: Path = learned.LIBRARY,
) -> Shelf:
    """What ships and what is the site's own, with the signatures in the site's file.

    own: a folder with rules/ and learned/, or one of them. Of the same id what is the site's own takes the place of
    what ships; where it is refused, neither speaks. ModelsError where folder or file can not be read.
    """
    notes = read_signatures(signatures) if signatures else {}
    formulas = ruled.load_library(rules)
    trees = learned.load_companions(companions)
    if own is not None:
        formulas, trees = _with_own(own, formulas, trees)
    formulas, trees = formulas.signed(notes), trees.signed(notes)
    hashes = {id: one.hash for id, one in formulas.rules.items()} | {k: one.hash for k, one in trees.companions.items()}
    return Shelf(
        rules=tuple(formulas.rules.values()),
        companions=tuple(trees.companions.values()),
        refused=(*formulas.refused, *trees.refused),
        void=tuple(void(notes, hashes)),
    )


def _with_own(own: Path, shipped: ruled.Library, grown: learned.Companions) -> tuple[ruled.Library, learned.Companions]:
    if not any((own / part).is_dir() for part in ("rules", "learned")):
        raise ModelsError(f"{own} has no folder rules and none learned: expected at least one of both in it")
    mine, trees = ruled.load_library(own / "rules"), learned.load_companions(own / "learned")
    return (
        ruled.Library(
            rules=MappingProxyType(_replaced(shipped.rules, mine.rules, mine.refused)),
            refused=(*shipped.refused, *mine.refused),
        ),
        learned.Companions(
            companions=MappingProxyType(_replaced(grown.companions, trees.companions, trees.refused)),
            refused=(*grown.refused, *trees.refused),
        ),
    )


def _replaced(shipped: Mapping[str, T], own: Mapping[str, T], refused: tuple[Refused, ...]) -> dict[str, T]:
    """By id, without those whose own file is refused."""
    gone = {item.file.rpartition(".")[0] for item in refused}
    return {id: one for id, one in (dict(shipped) | dict(own)).items() if id not in gone}
