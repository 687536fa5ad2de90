"""Training spread over a cluster. No patient is in it: jobs are drug, scheme and plan; answers are files."""
