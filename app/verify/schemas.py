"""What a verification found."""

from pydantic import BaseModel, Field

from app.core.values import TimestampOut

Row = dict[str, int | str | None]
SHOWN = 10


class Finding(BaseModel):
    """A law and the rows that break it."""

    name: str = Field(examples=["stock_is_sum_of_movements"])
    sentence: str = Field(examples=["The stock of a book is the sum of its movements."])
    ok: bool
    offending: list[Row] = Field(max_length=SHOWN, description=f"The first {SHOWN} rows that break the law.")
    offending_count: int = Field(ge=0, description="How many there are in all.")


class Verification(BaseModel):
    """All laws, judged on one picture of the shop."""

    ok: bool = Field(description="Whether every law holds.")
    checked_at: TimestampOut
    laws: list[Finding]
