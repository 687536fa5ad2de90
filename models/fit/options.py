"""What a fit may be asked for beyond its model and its levels."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """prior_weight: 1 is the full prior, below 1 a flattened one. starts: None, or how many points to search from.

    level_half_life: None, or the age in h at which a level counts half: its term is weighted 0.5^(age / half-life).
    now: h, from which ages count back; None: from the last level. A level after `now` has full weight.
    """

    prior_weight: float = 1.0
    starts: int | None = None
    level_half_life: float | None = None
    now: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.prior_weight < inf:
            raise ValueError(f"prior_weight must be above 0 and finite, got {self.prior_weight}")
        if self.level_half_life is not None and not 0.0 < self.level_half_life < inf:
            raise ValueError(f"level_half_life must be above 0 h and finite, got {self.level_half_life}")
        if self.now is not None and not -inf < self.now < inf:
            raise ValueError(f"now must be a finite time in h, got {self.now}")
