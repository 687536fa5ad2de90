"""Learned companions: boosted trees trained on simulated populations, shown beside the fit and never in its place."""
