"""The rules in a folder: <drug>/<scheme>-<form>.toml; what can not be trusted is named, never used."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from models.datafile import Refused, write_whole
from models.errors import ModelsError, RuleError
from models.rules.frozen import FrozenRule
from models.rules.rulefile import read_rule, written
from models.signature import Signatures

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, kw_only=True)
class Library:
    """rules: by id, in order. refused: files that are none."""

    rules: Mapping[str, FrozenRule]
    refused: tuple[Refused, ...]

    def rule(self, id: str) -> FrozenRule:
        if damaged := next((item for item in self.refused if item.file == f"{id}.toml"), None):
            raise RuleError(damaged.reason)
        if id not in self.rules:
            raise RuleError(f"no rule has the id {id!r}; known are {', '.join(self.rules) or 'none'}")
        return self.rules[id]

    def for_drug(self, drug: str) -> tuple[FrozenRule, ...]:
        return tuple(rule for rule in self.rules.values() if rule.drug == drug)

    def signed(self, signatures: Signatures) -> "Library":
        """With the site's signatures added to those in the files."""
        rules = {
            id: replace(rule, signatures=(*rule.signatures, *signatures.get(id, ()))) for id, rule in self.rules.items()
        }
        return replace(self, rules=MappingProxyType(rules))


def load_library(folder: Path = LIBRARY) -> Library:
    """Reads every file; one that does not fit is refused with its reason, and the others stand."""
    rules: dict[str, FrozenRule] = {}
    refused: list[Refused] = []
    for path in sorted(folder.glob("*/*.toml")):
        try:
            rule = read_rule(path)
            if rule.id != f"{path.parent.name}/{path.stem}":
                raise RuleError(f"its id {rule.id!r} is not where it lies")
            rules[rule.id] = rule
        except ModelsError as error:
            refused.append(Refused(file=f"{path.parent.name}/{path.name}", reason=str(error)))
    return Library(rules=MappingProxyType(rules), refused=tuple(refused))


def write_rule(rule: FrozenRule, folder: Path) -> Path:
    """At once or not at all, where load_library will look for it."""
    path = folder / f"{rule.id}.toml"
    write_whole(path, written(rule))
    return path
