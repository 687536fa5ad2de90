"""How long a rule and a learned companion take, on this machine: python -m benchmarks.rules

Medians. Each rule gets the first simulated patient of whom it speaks; each companion the median one it was trained on.
"""

from functools import partial

import numpy as np

from benchmarks.engine import milliseconds, say
from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.simulate import simulate
from models.learned.companion import load
from models.learned.library import paths
from models.learned.predict import says, weight_of
from models.rules.apply import Estimate, estimate
from models.rules.frozen import FrozenRule
from models.rules.library import load_library
from models.rules.task import values_of


def main() -> None:
    say("reading every rule that ships, its proofs repeated", milliseconds(load_library, 3))
    catalog = load_catalog()
    for rule in load_library().rules.values():
        say(rule.id, milliseconds(partial(estimate, rule, somebody(rule, catalog))), aim="<= 0.2 ms")
    for path in paths():
        found = load(path)
        row = np.array([item.reference for item in found.inputs])
        asked = partial(weight_of, found, row) if found.kind == "weight" else partial(says, found, row, 100.0)
        say(f"learned {path.parent.name}/{path.stem}", milliseconds(asked), aim="<= 0.2 ms")


def somebody(rule: FrozenRule, catalog: Catalog) -> dict[str, float]:
    """Quantities of a test patient of whom the rule speaks."""
    design, unit = load_cohort_design(rule.drug), catalog.drug(rule.drug).concentration_unit
    population = simulate(design, catalog, scheme=rule.scheme, part="test", patients=30, seed=1)
    columns = values_of(population, design, unit)
    everyone = ({name: float(column[n]) for name, column in columns.items()} for n in range(30))
    return next(values for values in everyone if isinstance(estimate(rule, values), Estimate))


if __name__ == "__main__":
    main()
