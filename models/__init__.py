"""Pharmacokinetic models, their fit to a patient, and the doses that follow; no I/O, no clock, no names."""
