"""Alembic, apart from all else: a shop whose schema is the newest never imports it."""

from alembic.config import Config

from alembic import command
from app.core.db.server import MIGRATIONS


def upgrade(url: str, revision: str) -> None:
    """Bring the schema of that database up to the revision."""
    config = Config(attributes={"url": url})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, revision)
