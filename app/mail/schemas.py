"""Mails as staff see them: never their bodies, which may hold links that open an account."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.paging import Total
from app.core.values import TimestampOut

MailStatus = Literal["pending", "sent", "dead", "suppressed"]


class MailOut(BaseModel):
    """A mail of the outbox. `dead`: given up after too many attempts; `suppressed`: no mail server was set."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    message_id: str = Field(examples=["<5f0c8f4e@bookstore.example>"])
    kind: str = Field(examples=["order_confirmation"])
    recipient: str = Field(examples=["ann@example.com"])
    subject: str = Field(examples=["Your Bookstore order is confirmed"])
    status: MailStatus
    attempts: int = Field(ge=0)
    next_attempt_at: TimestampOut
    last_error: str | None = Field(examples=["550 No such mailbox"])
    created_at: TimestampOut
    sent_at: TimestampOut | None


class MailList(BaseModel):
    """A page of mails, the newest first."""

    items: list[MailOut]
    total_count: Total
    page: int
    per_page: int
    total_pages: Total
