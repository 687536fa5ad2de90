"""How long a rule and a learned companion take, on this machine: python -m benchmarks.rules

Medians. Each rule gets a patient at the middle of its ranges; where the middles do not fit together it is silent,
which takes no longer.
"""

from functools import partial
from math import sqrt

import numpy as np

from benchmarks.engine import milliseconds, say
from models.learned.companion import load
from models.learned.library import paths
from models.learned.predict import says, weight_of
from models.rules.apply import Estimate, estimate
from models.rules.frozen import FrozenRule
from models.rules.library import load_library


def main() -> None:
    say("reading every rule that ships, its proofs repeated", milliseconds(load_library, 3))
    for rule in load_library().rules.values():
        values = typical(rule)
        spoken = "" if isinstance(estimate(rule, values), Estimate) else ", silent"
        say(f"{rule.id}{spoken}", milliseconds(partial(estimate, rule, values)), aim="<= 0.2 ms")
    for path in paths():
        found = load(path)
        row = np.array([item.reference for item in found.inputs])
        asked = partial(weight_of, found, row) if found.kind == "weight" else partial(says, found, row, 100.0)
        say(f"learned {path.parent.name}/{path.stem}", milliseconds(asked), aim="<= 0.2 ms")


def typical(rule: FrozenRule) -> dict[str, float]:
    """The geometric middle of each range; each expected value as measured."""
    values = {item.name: sqrt(item.low * item.high) for item in rule.quantities}
    return values | {item.top: values[item.bottom] for item in rule.inputs if item.top.startswith("expected_")}


if __name__ == "__main__":
    main()
