"""Compiled kernels of estimation: objective, MAP search, Laplace covariance, importance weights."""
