"""Formulas for hypothesis: any tree of the whitelist over a few variables."""

from hypothesis import strategies as st

from models.rules.expression import Node, applied, constant, variable

NAMES = ("a", "b", "c")
NUMBERS = st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 4))
LEAVES = st.one_of(NUMBERS.map(constant), st.sampled_from(NAMES).map(variable))


def formulas(*, polynomial: bool = False, leaves: int = 10) -> st.SearchStrategy[Node]:
    """polynomial: of +, -, * and whole powers only."""
    return st.recursive(LEAVES, lambda inner: _grown(inner, polynomial), max_leaves=leaves)


def _grown(inner: st.SearchStrategy[Node], polynomial: bool) -> st.SearchStrategy[Node]:
    pairs = ("add", "sub", "mul") if polynomial else ("add", "sub", "mul", "div")
    exponents = st.integers(1, 3).map(float) if polynomial else st.floats(-3, 3).map(lambda x: round(x, 2)).filter(bool)
    grown = [
        st.builds(applied, st.sampled_from(pairs), inner, inner),
        st.builds(applied, st.just("neg"), inner),
        st.builds(applied, st.just("pow"), inner, exponents.map(constant)),
    ]
    if not polynomial:
        grown.append(st.builds(applied, st.sampled_from(("exp", "log", "sqrt")), inner))
    return st.one_of(*grown)
