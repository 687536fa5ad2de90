"""What a study of one drug found, before it is drawn or written."""

from dataclasses import dataclass

from models.study.design import Design
from models.study.summary import Compared, Row


@dataclass(frozen=True, kw_only=True)
class Studied:
    """One drug's results. tried: patients drawn for each one whom all models take."""

    drug: str
    design: Design
    rows: tuple[Row, ...]
    standard: tuple[Compared, ...]
    single: tuple[Compared, ...]
    tried: float
