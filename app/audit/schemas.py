"""The audit trail on the wire."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import TimestampOut


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


class AuditEventOut(BaseModel):
    """One action of staff, or of the operator by a command: then both members of the actor are null."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    actor_user_id: int | None = Field(description="Null also when the account is gone")
    actor_email: str | None = Field(examples=["staff@example.com"], description="The address at the time")
    action: str = Field(examples=["book.changed"])
    subject: str = Field(examples=["book"])
    subject_id: int | None
    before: dict[str, Any] | None = Field(examples=[{"price": "15.90"}], description="The values that changed")
    after: dict[str, Any] | None = Field(examples=[{"price": "12.50"}], description="What became of them")
    created_at: TimestampOut
