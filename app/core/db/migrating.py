"""Alembic, apart from all else: a shop whose schema is the newest never imports it."""

from alembic.config import Config

from alembic import command
from app.core.db.server import PROJECT


def upgrade(url: str, revision: str) -> None:
    """Bring the schema of that database up to the revision."""
    config = Config(PROJECT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, revision)
