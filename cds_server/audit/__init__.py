"""The audit log's content: what has to be known later to prove and replay an advice, and nothing that names anyone."""
