"""Address books as a dependency."""

from typing import Annotated

from fastapi import Depends, Path, Request

from app.addresses.service import AddressService
from app.core.db.route import Session
from app.core.parts import SETTINGS
from app.core.values import Id


async def get_addresses(request: Request, session: Session) -> AddressService:
    """Address books on the session of this request."""
    return AddressService(session, SETTINGS.of(request).max_addresses)


Addresses = Annotated[AddressService, Depends(get_addresses)]
AddressId = Annotated[Id, Path(description="Id of an own address")]
