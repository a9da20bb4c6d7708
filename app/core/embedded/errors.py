"""What the embedded database says when it cannot serve."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used. The message is a sentence for the person who starts the shop."""
