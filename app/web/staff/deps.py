"""The services that staff pages act with, in the name of whoever looks at them."""

from typing import Annotated

from fastapi import Depends

from app.admin.outbox import RequeueService
from app.admin.shop_settings import ShopSettingsService
from app.admin.users import UserService
from app.core.db.route import Session
from app.web.access import Staff


async def get_users(session: Session, staff: Staff) -> UserService:
    """Accounts on the session of this request."""
    return UserService(session, staff)


async def get_requeue(session: Session, staff: Staff) -> RequeueService:
    """Queueing mails again on the session of this request."""
    return RequeueService(session, staff)


async def get_shop_settings(session: Session, staff: Staff) -> ShopSettingsService:
    """Saving the shop's settings on the session of this request."""
    return ShopSettingsService(session, staff)


Users = Annotated[UserService, Depends(get_users)]
Requeue = Annotated[RequeueService, Depends(get_requeue)]
SettingsDesk = Annotated[ShopSettingsService, Depends(get_shop_settings)]
