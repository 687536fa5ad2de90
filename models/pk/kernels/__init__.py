"""Compiled kernels: one set for all models; a model is the small tables of models.population.plan.Plan."""
