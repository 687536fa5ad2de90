"""The companions that ship, by drug, scheme and kind."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from models.learned.companion import BadCompanion, Companion, Kind, load

LIBRARY = Path(__file__).parent / "library"


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
        raise BadCompanion(f"{path.name} holds {found.drug}/{found.scheme}-{found.kind}, which is not where it lies")
    return found
