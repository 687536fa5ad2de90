"""Estimates, advice, cards, feedback, and the append-only audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _estimate()
    _advice()
    _feedback()
    _audit()


def downgrade() -> None:
    for table in ("audit_entry", "feedback", "card", "advice", "estimate"):
        op.drop_table(table)


def _estimate() -> None:
    op.create_table(
        "estimate",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("posterior", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("queued_at", _INSTANT, nullable=False),
        sa.Column("started_at", _INSTANT),
        sa.Column("finished_at", _INSTANT),
    )
    op.create_index("ix_estimate_status", "estimate", ["status"])


def _advice() -> None:
    op.create_table(
        "advice",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("issued_at", _INSTANT, nullable=False),
        sa.Column("drug", sa.String(64), nullable=False),
        sa.Column("estimate_key", sa.String(64)),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("chart", sa.Text, nullable=False),
    )
    op.create_index("ix_advice_issued_at", "advice", ["issued_at"])
    op.create_table(
        "card",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("advice_id", sa.String(32), sa.ForeignKey("advice.id", ondelete="CASCADE")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("hook", sa.String(32), nullable=False),
        sa.Column("hook_instance", sa.String(64), nullable=False),
        sa.Column("issued_at", _INSTANT, nullable=False),
        sa.Column("indicator", sa.String(8), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("ix_card_advice_id", "card", ["advice_id"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("card_uuid", sa.String(64), nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_at", _INSTANT),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("accepted", sa.Text, nullable=False),
        sa.Column("reason_system", sa.Text),
        sa.Column("reason_code", sa.Text),
        sa.Column("comment", sa.Text),
    )
    op.create_index("ix_feedback_card_uuid", "feedback", ["card_uuid"])


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _append_only_sqlite()
    else:
        _append_only_postgresql()


def _append_only_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
        )


def _append_only_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_entry_refuse() RETURNS trigger AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
    )
