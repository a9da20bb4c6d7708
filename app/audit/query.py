"""What is asked of the audit trail."""

from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions that all hold; None is no condition. `created_from` inclusive, `created_to` exclusive."""

    action: str | None = None
    subject: str | None = None
    subject_id: int | None = None
    actor_user_id: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """The query parameters that a link to the next page keeps, and that a cursor belongs to."""
        asked = asdict(self).items()
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asked}
