"""Delivery and tax rates as dependencies."""

from typing import Annotated

from fastapi import Depends

from app.core.db.route import Session
from app.delivery.desk import DeliveryDesk
from app.delivery.service import DeliveryService
from app.delivery.taxes import TaxDesk


async def get_delivery(session: Session) -> DeliveryService:
    """What buyers are offered, on the session of this request."""
    return DeliveryService(session)


async def get_desk(session: Session) -> DeliveryDesk:
    """Locations, zones and methods, on the session of this request."""
    return DeliveryDesk(session)


async def get_taxes(session: Session) -> TaxDesk:
    """Tax rates, on the session of this request."""
    return TaxDesk(session)


Delivery = Annotated[DeliveryService, Depends(get_delivery)]
Desk = Annotated[DeliveryDesk, Depends(get_desk)]
Taxes = Annotated[TaxDesk, Depends(get_taxes)]
