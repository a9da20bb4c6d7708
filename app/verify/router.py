"""GET /admin/verify."""

from fastapi import APIRouter

from app.accounts.deps import AdminUser
from app.core.db.route import Session, TransactionRoute
from app.core.db.transaction import release
from app.verify.schemas import Verification
from app.verify.service import verify

router = APIRouter(prefix="/admin/verify", tags=["staff"], route_class=TransactionRoute)


@router.get("", summary="Check the laws of the shop")
async def verify_shop(_: AdminUser, session: Session) -> Verification:
    """Every law as one query over the live shop, on one consistent picture of it, with the rows that break it.

    The answer is 200 also when a law is broken. `bookstore verify` does the same without a time limit.
    """
    await release(session)
    return await verify(session)
