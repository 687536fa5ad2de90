"""Every advice, card and feedback belongs to a tenant; the ids of JWTs that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0004_tenant"
down_revision = "0003_card_digest"
branch_labels = None
depends_on = None

_OWNED = ("advice", "card", "feedback")


def upgrade() -> None:
    # "" = callers without a JWT, which is what all earlier rows are
    for table in _OWNED:
        op.add_column(table, sa.Column("tenant", sa.String(63), nullable=False, server_default=""))
    op.create_table(
        "used_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("iss", sa.String(512), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_used_token_expires_at", "used_token", ["expires_at"])


def downgrade() -> None:
    op.drop_table("used_token")
    for table in _OWNED:
        with op.batch_alter_table(table) as changed:
            changed.drop_column("tenant")
