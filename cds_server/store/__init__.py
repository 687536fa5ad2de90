"""The database: the only package that imports SQLAlchemy."""

from cds_server.store.repository import Store
from cds_server.store.rows import AdviceRow, AuditRow, CardRow, FeedbackRow, Receipt, advice_row

__all__ = ["AdviceRow", "AuditRow", "CardRow", "FeedbackRow", "Receipt", "Store", "advice_row"]
