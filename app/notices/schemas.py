"""Notices on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import TimestampOut
from app.mail.notices import NoticeKind

UnreadNumber = Annotated[int, Field(ge=0, examples=[3])]


class NoticeOut(BaseModel):
    """What the shop has to tell. `path` is the page of the shop to go to; `read_at` is null until it was read."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: NoticeKind
    title: str = Field(examples=["'Emma' is back in stock"])
    body: str = Field(examples=["You asked to be told. Copies are not reserved, so come soon."])
    path: str = Field(examples=["/shop/books/1"])
    created_at: TimestampOut
    read_at: TimestampOut | None


class NoticeList(BaseModel):
    """A page of notices, the newest first, and how many of all are unread."""

    items: list[NoticeOut]
    unread_count: UnreadNumber


class UnreadCount(BaseModel):
    """How many notices are unread."""

    unread_count: UnreadNumber
