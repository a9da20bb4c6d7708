"""The wishlist as a dependency."""

from typing import Annotated

from fastapi import Depends

from app.core.db.transaction import Session
from app.wishlist.service import WishlistService


async def get_wishlists(session: Session) -> WishlistService:
    """Wishlists on the session of this request."""
    return WishlistService(session)


Wishlists = Annotated[WishlistService, Depends(get_wishlists)]
