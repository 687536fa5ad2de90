"""What became of the fit's own interval in simulated patients of a model that it does not have."""

from functools import cache
from pathlib import Path

from models.datafile import read_table

HELD = Path(__file__).parent / "held.toml"


def held(drug: str, scheme: str) -> str:
    """One sentence, "" where nobody counted: a posterior's interval takes its models to be right."""
    share = _counted().get((drug, scheme))
    if share is None:
        return ""
    return (
        f"The fit's 80 % interval takes its models to be right: in simulated patients of a model that it did not have, "
        f"with such levels, it held the truth of {share:.0f} of 100."
    )


@cache
def _counted(path: Path = HELD) -> dict[tuple[str, str], float]:
    """% of patients inside, by drug and scheme; as `titrate study estimators` wrote it."""
    table = read_table(path, path.read_bytes())
    found: dict[tuple[str, str], float] = {}
    for drug in table.names():
        schemes = table.table(drug)
        found |= {(drug, scheme): schemes.number(scheme, low=0.0) for scheme in schemes.names()}
        schemes.finish()
    table.finish()
    return found
