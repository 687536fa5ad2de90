"""Which dose: candidates, their outcomes over the posterior, hard limits, and the answer."""
