"""A PostgreSQL of the shop's own under its data folder, for those who run no database server."""

from app.core.embedded.cluster import program
from app.core.embedded.errors import EmbeddedPostgresError
from app.core.embedded.launcher import EmbeddedPostgres, Status

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "Status", "program"]
