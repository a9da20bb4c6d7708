"""Security events on the wire."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.security.kinds import REFUSALS, Kind, Way
from app.accounts.security.models import SecurityEvent
from app.core.values import TimestampOut

Device = Field(examples=["Firefox on Windows"], description="Rough; null where no request was the cause")
NetworkText = Field(examples=["203.0.113.0/24"], description="/24 of IPv4, /48 of IPv6; null where it is unknown")
Times = Field(ge=1, description="How often the same happened within a minute, the last time at `last_at`")


class SecurityEventOut(BaseModel):
    """Something that happened at the doors of the shop."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: int
    kind: Kind
    outcome: Literal["success", "refused"]
    created_at: TimestampOut
    last_at: TimestampOut
    times: int = Times
    user_id: int | None = Field(description="The account it is about; null where it is unknown or gone")
    user_email: str | None = Field(examples=["reader@example.com"], description="The address of that account now")
    network: str | None = NetworkText
    device: str | None = Device
    detail: dict[str, str | bool] = Field(
        examples=[{"reason": "wrong_password"}],
        description="What the kind has to tell; `crowded`: the rest of an hour that had too many to list",
    )
    request_id: str | None = Field(description="The `X-Request-ID` of the first, as it stands in the log")

    @classmethod
    def of(cls, event: SecurityEvent, email: str | None) -> Self:
        kind = Kind(event.kind)
        return cls(
            id=event.id,
            kind=kind,
            outcome="refused" if kind in REFUSALS else "success",
            created_at=event.created_at,
            last_at=event.last_at,
            times=event.times,
            user_id=event.user_id,
            user_email=email,
            network=None if event.network is None else str(event.network),
            device=event.device,
            detail=event.detail,
            request_id=event.request_id,
        )


class SignInOut(BaseModel):
    """A sign-in to the caller's account, or one that was refused."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: int
    outcome: Literal["success", "refused"]
    created_at: TimestampOut
    last_at: TimestampOut
    times: int = Times
    way: Way | None = Field(description="Null where it was refused: only a password can be wrong")
    client: Literal["app", "browser"] | None = Field(description="What the session was opened for")
    reason: str | None = Field(examples=["wrong_password"], description="Why it was refused")
    network: str | None = NetworkText
    device: str | None = Device

    @classmethod
    def of(cls, event: SecurityEvent) -> Self:
        limited = "too_many_attempts" if event.kind == Kind.SIGN_IN_LIMITED else None
        return cls(
            id=event.id,
            outcome="success" if event.kind == Kind.SIGNED_IN else "refused",
            created_at=event.created_at,
            last_at=event.last_at,
            times=event.times,
            way=event.detail.get("way"),
            client=event.detail.get("client"),
            reason=limited or event.detail.get("reason"),
            network=None if event.network is None else str(event.network),
            device=event.device,
        )
