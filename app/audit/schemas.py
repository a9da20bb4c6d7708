"""The audit trail on the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import TimestampOut


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
