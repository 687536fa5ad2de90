"""Who put a rule or companion into use: a person's note, and the site's file of such notes.

The file stands apart from the program, so that what ships stays as it shipped and an upgrade takes no note away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.datafile import Table, bounded, read_table, write_whole
from models.errors import ModelsError
from models.toml_text import toml_text

LARGEST = 1_000_000  # bytes


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who put the content of that hash into use, as what and when (ISO date); by "" while nobody has.

    A note, not a cryptographic signature.
    """

    by: str = ""
    role: str = ""
    on: str = ""
    hash: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.by}, {self.on}"


UNSIGNED = Signature()
Signatures = Mapping[str, tuple[Signature, ...]]  # by id of what was signed, the oldest first


def read_signatures(path: Path) -> Signatures:
    """Nothing where there is no file; ModelsError naming it for one that is none."""
    if not path.exists():
        return {}
    try:
        table = read_table(path, bounded(path, LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelsError(f"{path} can not be read as a file of signatures: {error}") from None
    found: dict[str, tuple[Signature, ...]] = {}
    for item in table.tables("signature", default=[]):
        id = item.text("id")
        found[id] = (*found.get(id, ()), signature(item))
    table.finish()
    return found


def signature(table: Table) -> Signature:
    """The note in a table of a TOML file; ModelFileError where something is missing or unknown."""
    found = Signature(
        by=table.text("by"),
        role=table.text("role"),
        on=table.text("on"),
        hash=table.text("hash"),
        note=table.text("note", default=""),
    )
    table.finish()
    return found


def add_signature(path: Path, id: str, note: Signature) -> None:
    """At once or not at all, after those that are there already."""
    known = read_signatures(path)
    known = {**known, id: (*known.get(id, ()), note)}
    rows = [{"id": key, **vars(one)} for key, notes in known.items() for one in notes]
    write_whole(path, toml_text({"signature": rows}))


def void(signatures: Signatures, hashes: Mapping[str, str]) -> Iterator[str]:
    """What is signed for and not here with that content, without names. hashes: of what is here, by id."""
    for id, notes in signatures.items():
        if id not in hashes:
            yield f"the signature for {id} of {notes[-1].on} is void: there is no such file"
        elif not any(note.hash == hashes[id] for note in notes):
            yield f"the signature for {id} of {notes[-1].on} is void: its content is another since"
