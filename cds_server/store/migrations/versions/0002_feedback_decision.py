"""The dose that a user decided on, beside the one proposed: numbers, worked out when the feedback came."""

import sqlalchemy as sa
from alembic import op

revision = "0002_feedback_decision"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback", sa.Column("decision", sa.Text))


def downgrade() -> None:
    op.drop_column("feedback", "decision")
