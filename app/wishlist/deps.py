"""The wishlist as a dependency."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.db.route import Session
from app.core.parts import SETTINGS
from app.wishlist.service import WishlistService


async def get_wishlists(request: Request, session: Session) -> WishlistService:
    """Wishlists on the session of this request."""
    return WishlistService(session, SETTINGS.of(request).max_wishlist_items)


Wishlists = Annotated[WishlistService, Depends(get_wishlists)]
