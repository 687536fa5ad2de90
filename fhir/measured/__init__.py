"""What was measured or answered: levels and covariates from Observations."""
