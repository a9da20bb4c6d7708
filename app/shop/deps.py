"""The shop's settings as dependencies."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.db.route import Session
from app.shop.service import SHOP, ShopService
from app.shop.settings import ShopSettings


async def get_shop(request: Request, session: Session) -> ShopSettings:
    """What the shop says of itself, as of this request."""
    return await SHOP.of(request).settings(session)


async def get_shop_service(session: Session) -> ShopService:
    """Saving settings on the session of this request."""
    return ShopService(session)


CurrentShop = Annotated[ShopSettings, Depends(get_shop)]
ShopDep = Annotated[ShopService, Depends(get_shop_service)]
