"""The basket of the visitor, as pages are given it."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.deps import GuestCarts, Opening
from app.cart.service import CartService
from app.catalog.shelves import Shelves
from app.core.db.route import Session
from app.web.buying.basket import Basket
from app.web.visitor import AnyVisitor, Visitor


def basket_on(session: AsyncSession, visitor: Visitor, opening: GuestCarts | None = None) -> Basket:
    """The basket of that visitor in a transaction that is not the request's own."""
    return Basket(session, visitor, CartService(session, visitor.max_cart_lines), Shelves(session), opening)


async def get_basket(session: Session, visitor: AnyVisitor, opening: Opening) -> Basket:
    """On the session of this request."""
    return basket_on(session, visitor, opening)


BasketDep = Annotated[Basket, Depends(get_basket)]
