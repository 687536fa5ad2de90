"""How an estimation reaches a worker: Celery over Redis, or over files to a worker that is a child of this process."""
