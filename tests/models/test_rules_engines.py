"""The search engines: pyoperon itself, PySR through a stand-in of its trainer, and what PySR leaves behind."""

import sys
from pathlib import Path

import numpy as np
import pytest

from models.errors import RuleError
from models.rules.engines.hall_of_fame import LARGEST, Imported, bytes_of, read_hall_of_fame
from models.rules.engines.operon import Operon
from models.rules.engines.pysr import Pysr, probe
from models.rules.expression import evaluate
from models.rules.printing import text

QUICK = Operon(population=100, generations=20)
NAMES = ("r_peak", "r_trough")


def data(noise: float = 0.0, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    X = random.uniform(-1.0, 2.0, (n, 2))
    return X, -0.05 + 0.3 * X[:, 0] + 0.35 * X[:, 1] + noise * random.standard_normal(n)


# --- pyoperon -----------------------------------------------------------------------------------------------------


def test_a_known_formula_is_found_in_noiseless_data() -> None:
    X, y = data()
    front = QUICK.fit(X, y, NAMES, seed=1)
    best = min(front, key=lambda item: item.loss)
    values = evaluate(best.node, dict(zip(NAMES, X.T, strict=True)))
    assert float(np.max(np.abs(values - y))) < 1e-4, "single precision, and five digits of search"


def test_the_same_seed_gives_the_same_front_on_one_and_two_threads() -> None:
    X, y = data(noise=0.3)
    one, two = (Operon(population=100, generations=20, threads=threads).fit(X, y, NAMES, seed=7) for threads in (1, 2))
    assert [text(item.node) for item in one] == [text(item.node) for item in two]


def test_another_seed_gives_another_search() -> None:
    X, y = data(noise=0.3)
    one, two = (QUICK.fit(X, y, NAMES, seed=seed) for seed in (1, 2))
    assert [text(item.node) for item in one] != [text(item.node) for item in two]


def test_its_data_are_left_alone_and_may_be_read_only() -> None:
    X, y = data()
    X.setflags(write=False)
    before = X.copy()
    QUICK.fit(X, y, NAMES, seed=1)
    assert (before == X).all()


def test_threads_are_no_part_of_what_a_result_depends_on() -> None:
    assert Operon(threads=2) == Operon()
    assert "threads" not in Operon().settings


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_that_are_no_numbers_are_refused(bad: float) -> None:
    X, y = data()
    X[3, 1] = bad
    with pytest.raises(RuleError, match="finite data"):
        QUICK.fit(X, y, NAMES, seed=1)


# --- PySR's hall of fame --------------------------------------------------------------------------------------------

# as PySR 1.x writes it: losses and equations in Julia's notation, one line a complexity
HALL = b"""Complexity,Loss,Equation
1,0.11374,-0.0484
3,0.10513,r_trough * 0.4391
7,0.098539,"(r_peak * 0.2972) + (r_trough * 0.3491)"
9,0.098538,"((r_peak * 0.2972) - 0.0482) + (r_trough * 0.3491)"
11,0.0966,"square(r_peak) * -0.123 + ((r_peak * 0.378) + (r_trough * 0.338))"
12,0.0961,"sin(r_peak) + (r_trough * 0.338)"
"""


def test_a_hall_of_fame_is_read_without_julia() -> None:
    found = read_hall_of_fame(HALL, NAMES)
    assert [text(item.node) for item in found.found[:4]] == [
        "-0.0484",
        "r_trough*0.4391",
        "r_peak*0.2972 + r_trough*0.3491",
        "r_peak*0.2972 - 0.0482 + r_trough*0.3491",
    ]
    assert found.found[3].loss == 0.098538
    assert [(line.number, "sin" in line.reason) for line in found.refused] == [(7, True)]
    assert "juliacall" not in sys.modules


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Complexity, Loss, Equation is missing"),
        (b"Complexity,Score\n1,2\n", "Loss, Equation is missing"),
        (b"Complexity,Loss,Equation\n", "it has no equations"),
        (b'Complexity,Loss,Equation\n1,0.1,"__import__(os)"\n', "line 2: '__import__' is no function"),
        (b"Complexity,Loss,Equation\n1,nan,r_peak\n", "a loss must be finite"),
        (b"Complexity,Loss,Equation\n1,much,r_peak\n", "a loss must be a number"),
        (b"Complexity,Loss,Equation\n1,0.1,r_peak ^ 1e9\n", "an exponent must be a number from -10 to 10"),
        (b"Complexity,Loss,Equation\n1,0.1\n", "the formula ends too early"),
        (b"\xff\xfe\x00bad", "no readable CSV"),
        (b"x" * (LARGEST + 1), "at most 1000000 bytes"),
    ],
)
def test_a_damaged_or_hostile_hall_of_fame_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        read_hall_of_fame(content, NAMES)


def test_one_line_that_is_too_deep_is_refused_and_the_others_are_read() -> None:
    deep = f"9,0.1,{NAMES[0]}^{'-' * 2500}2\n9,0.1,{'+'.join(['1'] * 1900)}\n".encode()
    found, before = (read_hall_of_fame(data, NAMES) for data in (HALL + deep, HALL))
    assert found.found == before.found
    assert [line.reason for line in found.refused[len(before.refused) :]] == [
        "a formula is at most 40 levels deep",
        "a formula has at most 200 nodes, this one more",
    ]


def test_a_hall_of_fame_is_not_read_further_than_any_is_long(tmp_path: Path) -> None:
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    (tmp_path / "large.csv").write_bytes(b"x" * (LARGEST + 1))
    for name, said in (("endless.csv", "no regular file"), ("large.csv", "more than the"), ("none.csv", "regular")):
        with pytest.raises(RuleError, match=rf"{name} can not be read as a hall of fame: .*{said}"):
            bytes_of(tmp_path / name)


def test_an_imported_front_is_an_engine_that_searches_nothing() -> None:
    hall = read_hall_of_fame(HALL, NAMES)
    engine = Imported(front=hall.found, source=f"hall_of_fame.csv of PySR, {hall.hash[:12]}")
    X, y = data()
    assert engine.fit(X, y, NAMES, seed=1) == engine.fit(X, -y, NAMES, seed=2) == hall.found
    assert engine.name.startswith("imported: hall_of_fame.csv of PySR")


# --- PySR's trainer: a stand-in, not PySR -----------------------------------------------------------------------------

STAND_IN = """
import json, sys
from pathlib import Path
import numpy as np
if sys.argv[1] == "--probe":
    print("loading ...")
    print("stand-in 0")
    sys.exit(0)
place = Path(sys.argv[1])
asked = json.loads((place / "asked.json").read_text())
assert asked["deterministic"] is True and asked["parallelism"] == "serial" and asked["seed"] == 5
data = np.load(place / "data.npz", allow_pickle=False)
design = np.column_stack([np.ones(len(data["y"])), data["X"]])
a, b, c = np.linalg.lstsq(design, data["y"], rcond=None)[0]
one, two = asked["names"]
equation = f"{a} + ({b} * {one}) + ({c} * {two})"
(place / "hall_of_fame.csv").write_text(f"Complexity,Loss,Equation\\n9,0.1,{equation}\\n")
"""


def stand_in(tmp_path: Path, program: str = STAND_IN) -> Pysr:
    (tmp_path / "stand_in_for_pysr.py").write_text(program)
    return Pysr(trainer=(sys.executable, str(tmp_path / "stand_in_for_pysr.py")), seconds=60.0)


def test_the_adapter_with_a_stand_in_trainer(tmp_path: Path) -> None:
    """The contract: data and settings in a folder, a hall of fame out; the stand-in is no PySR and says so."""
    engine = stand_in(tmp_path)
    X, y = data()
    (found,) = engine.fit(X, y, NAMES, seed=5)
    assert engine.name == "PySR stand-in 0"
    assert evaluate(found.node, dict(zip(NAMES, X.T, strict=True))) == pytest.approx(y, abs=1e-9)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit('no Julia')", "ended with 1: no Julia"),
        ("pass", "ended with 0: it said nothing"),
    ],
)
def test_a_trainer_that_fails_is_told_with_its_last_words(tmp_path: Path, program: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        stand_in(tmp_path, program).fit(*data(), NAMES, seed=5)


def test_a_trainer_that_hangs_is_ended(tmp_path: Path) -> None:
    engine = Pysr(trainer=stand_in(tmp_path, "while True: pass").trainer, seconds=0.5)
    with pytest.raises(RuleError, match=r"more than 0\.5 s"):
        engine.fit(*data(), NAMES, seed=5)


def test_without_pysr_the_probe_says_so_and_nothing_is_imported() -> None:
    """Where somebody installed PySR with Julia, the probe tells a version instead."""
    found = probe()
    assert found.words
    assert found.usable or "Error" in found.words or "Exception" in found.words
    assert "pysr" not in sys.modules
    if not found.usable:
        with pytest.raises(RuleError, match="PySR can not be used here"):
            _ = Pysr().name


def test_a_trainer_that_is_not_there_is_no_engine() -> None:
    assert not probe(["/nowhere/python"]).usable
