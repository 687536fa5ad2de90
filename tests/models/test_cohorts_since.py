"""The simulator has no hash: what its first patients came to stands for it, in each file made from them."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from models.catalog import Catalog, load_catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.fingerprint import FIRST, differing, fingerprint
from models.cohorts.manifest import Shift
from models.cohorts.population import Population
from models.cohorts.simulate import simulate
from models.cohorts.since import Since, recorded
from models.rules.train import Plan, populations


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def drawn(catalog: Catalog, patients: int = 20, **more: Any) -> Population:
    design = load_cohort_design("iohexol")
    return simulate(design, catalog, scheme="late", part="training", patients=patients, seed=5, **more)


def made(catalog: Catalog, **changes: Any) -> dict[str, Any]:
    """A manifest as a file gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(drawn(catalog).manifest)))
    return found | changes


def otherwise(catalog: Catalog, factor: float) -> dict[str, Any]:
    """As if another simulator had drawn those levels."""
    manifest = made(catalog)
    manifest["fingerprint"]["levels"] *= factor
    return manifest


def test_a_fingerprint_is_the_mean_of_the_first_patients_in_six_digits(catalog: Catalog) -> None:
    population = drawn(catalog)
    found = population.manifest.fingerprint
    for name, values in (("levels", population.levels), ("charted weight", population.charted["weight"])):
        assert found[name] == pytest.approx(sum(values[:16].ravel().tolist()) / 16, rel=5e-6)  # half of the sixth digit
        assert found[name] == float(f"{found[name]:.6g}")


def test_it_does_not_depend_on_how_many_patients_there_are(catalog: Catalog) -> None:
    assert fingerprint(drawn(catalog, FIRST)) == fingerprint(drawn(catalog, 2 * FIRST))
    assert fingerprint(drawn(catalog, FIRST)) != fingerprint(drawn(catalog, FIRST - 1))


def test_what_a_change_touches_is_named_and_nothing_else(catalog: Catalog) -> None:
    """An assay that reads 1 % high, as if somebody had changed how levels are read."""
    plain, changed = (fingerprint(drawn(catalog, shift=Shift(name="x", assay=a))) for a in (1.0, 1.01))
    assert list(differing(plain, changed)) == ["levels"]


def test_the_same_simulator_changed_nothing(catalog: Catalog) -> None:
    assert recorded(made(catalog))
    assert Since(catalog).changed("iohexol", made(catalog)) == ()


@pytest.mark.parametrize("patients", [3, 20])
def test_a_small_population_is_drawn_again_as_small(catalog: Catalog, patients: int) -> None:
    assert Since(catalog).changed("iohexol", asdict(drawn(catalog, patients).manifest)) == ()


def test_another_simulator_is_noticed_by_what_it_gave(catalog: Catalog) -> None:
    said = "the simulator, by levels of its first patients"
    assert Since(catalog).changed("iohexol", otherwise(catalog, 1.001)) == (said,)
    assert "and 17 more" in Since(catalog).changed("iohexol", made(catalog, fingerprint={"colour": 1.0}))[0]


def test_the_last_bits_of_another_machine_are_no_change(catalog: Catalog) -> None:
    assert Since(catalog).changed("iohexol", otherwise(catalog, 1 + 1e-5)) == ()


def test_a_file_of_before_says_nothing_of_the_simulator(catalog: Catalog) -> None:
    before = made(catalog)
    del before["fingerprint"]
    assert not recorded(before)
    assert Since(catalog).changed("iohexol", before) == ()


def test_a_changed_design_or_model_is_named_and_the_simulator_not_blamed_for_it(catalog: Catalog) -> None:
    other = otherwise(catalog, 2.0) | {"design": "0" * 64}
    other["models"] = other["models"] | {"iohexol/gone1999": "0" * 64}
    assert Since(catalog).changed("iohexol", other) == ("iohexol/gone1999", "the design of iohexol")
    assert "no population of 'aspirin'" in Since(catalog).changed("aspirin", other)[0]


def test_the_training_of_a_rule_records_it_of_every_population(catalog: Catalog) -> None:
    plan = Plan(patients=20, test_patients=5, test_seeds=(1, 2))
    found = populations(load_cohort_design("iohexol"), catalog, "late", plan)
    assert all(np.isfinite(list(one.manifest.fingerprint.values())).all() for one in (found.training, *found.test))
    assert all(one.manifest.fingerprint == fingerprint(one) for one in (found.training, *found.test))
