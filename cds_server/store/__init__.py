"""The database: the only package that imports SQLAlchemy."""

from cds_server.store.engine import StoreError
from cds_server.store.repository import Store
from cds_server.store.rows import AdviceRow, AuditRow, CardRow, FeedbackRow, Receipt, advice_row

__all__ = ["AdviceRow", "AuditRow", "CardRow", "FeedbackRow", "Receipt", "Store", "StoreError", "advice_row"]
