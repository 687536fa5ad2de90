"""For whom a target or a product is: covariates in ranges."""

from math import inf

from models.datafile import Table
from models.drug.drug import Condition


def read_condition(table: Table) -> Condition:
    """One [[...when]]: covariate, from (included), until (excluded); ModelFileError naming the key."""
    low, high = table.maybe("from"), table.maybe("until")
    condition = Condition(
        covariate=table.text("covariate"), low=-inf if low is None else low, high=inf if high is None else high
    )
    if not condition.low < condition.high:
        raise table.error("until", f"above from ({condition.low:g})", condition.high)
    table.finish()
    return condition
