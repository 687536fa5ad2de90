"""Which dose: candidates, their outcomes over the posterior, hard limits, and the answer."""

from models.dosing.recommend import recommend

__all__ = ["recommend"]
