"""What the embedded database says when it cannot serve."""

from app.core.errors import OperatorError


class EmbeddedPostgresError(OperatorError):
    """The embedded PostgreSQL cannot be used."""
