"""Simulated patients dosed by rule and by advice: how often each reaches the target, and how far forecasts are off."""
