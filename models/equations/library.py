"""Every equation that ships, read and checked together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from models.equations.equation import Equation
from models.equations.errors import UnknownEquation
from models.equations.reader import load_equation
from models.errors import ModelFileError

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Equations:
    """equations: by id, "warfarin/gage2008"."""

    equations: Mapping[str, Equation]

    def equation(self, id: str) -> Equation:
        if id not in self.equations:
            raise UnknownEquation(f"no equation has the id {id!r}; known are {', '.join(self.equations)}")
        return self.equations[id]

    def equations_for(self, drug: str) -> tuple[Equation, ...]:
        """The drug's equations by id; empty where it has none."""
        return tuple(item for item in self.equations.values() if item.drug == drug)


def load_equations(folder: Path = FOLDER) -> Equations:
    """Every <drug>/<author><year>.toml under folder. Raises ModelFileError for the first file that does not fit."""
    found = [load_equation(path) for path in sorted(folder.glob("*/*.toml"))]
    if not found:
        raise ModelFileError(f"{folder}: no <drug>/<author><year>.toml was found; check the installation")
    return Equations(equations=MappingProxyType({item.id: item for item in found}))
