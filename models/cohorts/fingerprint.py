"""What the first patients of a population came to: it tells that the simulator itself has changed since."""

from collections.abc import Iterator, Mapping

import numpy as np

from models.cohorts.population import Population

FIRST = 16  # patients, so that each of up to four generators is met; 60 ms of work
DIGITS = 6
# Machines differ in the last bits of a logarithm (1e-15) or a solver's step (1e-9). Six digits keep the files readable
# and their hashes alike; numbers are compared, not digits, as such a bit may turn the sixth (at 1.00000 by 1e-5).
SAME = 2e-5
_ARRAYS = ("generator", "levels", "below", "times", "after_dose", "expected", "expected_exposure",
           "expected_clearance", "exposure", "clearance")  # fmt: skip


def fingerprint(population: Population) -> dict[str, float]:
    """The mean of each quantity over the first patients, in six digits; charted ones under "charted <name>"."""
    arrays = {name: getattr(population, name) for name in _ARRAYS}
    arrays |= {f"charted {name}": values for name, values in population.charted.items()}
    first = {name: values[:FIRST][np.isfinite(values[:FIRST])] for name, values in sorted(arrays.items())}
    return {name: float(f"{np.mean(values):.{DIGITS}g}") for name, values in first.items() if values.size}


def differing(recorded: Mapping[str, float], found: Mapping[str, float]) -> Iterator[str]:
    """Names of quantities that only one has, or that are not the same in both."""
    for name in sorted({*recorded, *found}):
        one, other = recorded.get(name), found.get(name)
        if one is None or other is None or abs(one - other) > SAME * abs(other):
            yield name
