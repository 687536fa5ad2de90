"""Cards know whether their user was shown the same before: a keyed digest, no identifier."""

import sqlalchemy as sa
from alembic import op

revision = "0003_card_digest"
down_revision = "0002_feedback_decision"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card", sa.Column("digest", sa.String(64)))
    op.create_index("ix_card_digest", "card", ["digest"])


def downgrade() -> None:
    op.drop_index("ix_card_digest", "card")
    op.drop_column("card", "digest")
