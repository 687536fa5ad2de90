"""The companions in a folder: <drug>/<scheme>-<kind>.json; what can not be trusted is named, never used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from models.datafile import Refused
from models.learned.companion import BadCompanion, Companion, Kind, load
from models.signature import Signatures

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, kw_only=True)
class Companions:
    """companions: by id, in order. refused: files that are none."""

    companions: Mapping[str, Companion]
    refused: tuple[Refused, ...]

    def signed(self, signatures: Signatures) -> "Companions":
        """With the site's signatures in the place of those in the files."""
        known = {id: signed(one, signatures) for id, one in self.companions.items()}
        return replace(self, companions=MappingProxyType(known))


def signed(one: Companion, signatures: Signatures) -> Companion:
    """The newest note for this very content counts, else what its file says."""
    notes = [note for note in signatures.get(one.id, ()) if note.hash == one.hash]
    return replace(one, signed=notes[-1]) if notes else one


def load_companions(folder: Path = LIBRARY) -> Companions:
    """Reads every file; one that does not fit is refused with its reason, and the others stand."""
    known: dict[str, Companion] = {}
    refused: list[Refused] = []
    for path in paths(folder):
        try:
            one = load_placed(path)
            known[one.id] = one
        except BadCompanion as error:
            refused.append(Refused(file=f"{path.parent.name}/{path.name}", reason=str(error)))
    return Companions(companions=MappingProxyType(known), refused=tuple(refused))


def path_of(drug: str, scheme: str, kind: Kind, folder: Path = LIBRARY) -> Path:
    return folder / drug / f"{scheme}-{kind}.json"


def paths(folder: Path = LIBRARY) -> Iterator[Path]:
    """Every companion's file, in the order of the alphabet."""
    yield from sorted(folder.glob("*/*.json"))


@cache
def companion(drug: str, scheme: str, kind: Kind) -> Companion | None:
    """The shipped one, or None; BadCompanion where its file is damaged."""
    path = path_of(drug, scheme, kind)
    return load_placed(path) if path.exists() else None


def load_placed(path: Path) -> Companion:
    """Of a library: BadCompanion where it is another than its name says, too."""
    found = load(path)
    if path_of(found.drug, found.scheme, found.kind, path.parent.parent) != path:
        raise BadCompanion(f"{path.parent.name}/{path.name} holds {found.id}, which is not where it lies")
    return found
