"""What sign-in with a provider takes."""

from typing import Annotated

from pydantic import BaseModel, Field


class ProviderAnswer(BaseModel):
    """What the provider sends the browser back with."""

    code: Annotated[str | None, Field(repr=False, description="Redeemed at the provider, once.")] = None
    state: Annotated[str | None, Field(repr=False, description="As it was sent along.")] = None
    error: Annotated[str | None, Field(description="Why there is no code.", examples=["access_denied"])] = None


class GoogleToken(BaseModel):
    """An id token, as Google's own button or a mobile app gets it."""

    id_token: Annotated[str, Field(repr=False, examples=["eyJhbGciOiJSUzI1NiIs…"])]
