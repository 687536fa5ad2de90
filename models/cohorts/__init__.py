"""Simulated training and test populations of a drug, from several published models at once."""
