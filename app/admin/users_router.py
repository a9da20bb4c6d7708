"""Accounts for staff: who there is, locking out and letting in. Administrators are made by the command line alone."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from app.accounts.deps import AdminUser, NoStoreRoute
from app.accounts.models import UserRole
from app.accounts.query import AccountFilter
from app.accounts.schemas import AccountOut
from app.admin.users import UserService
from app.core.db.route import Session
from app.core.deps import PageNumber, PageSize
from app.core.openapi import problems
from app.core.paging import Total
from app.core.values import Id

router = APIRouter(prefix="/admin/users", tags=["users"], route_class=NoStoreRoute)

UserId = Annotated[Id, Path(description="Id of an account")]


class UserList(BaseModel):
    """A page of accounts, the newest first."""

    items: list[AccountOut]
    total_count: Total
    page: int
    per_page: int
    total_pages: Total


async def get_service(session: Session, admin: AdminUser) -> UserService:
    """Accounts on the session of this request, changed by its caller."""
    return UserService(session, admin)


async def get_filter(
    role: Annotated[UserRole | None, Query(description="Exact")] = None,
    is_active: Annotated[bool | None, Query(description="Exact")] = None,
    email: Annotated[str | None, Query(max_length=255, description="Part of the address, in any case")] = None,
) -> AccountFilter:
    """The filters, which combine with AND."""
    return AccountFilter(role, is_active, email)


Users = Annotated[UserService, Depends(get_service)]
Filter = Annotated[AccountFilter, Depends(get_filter)]


@router.get("", summary="List accounts")
async def list_users(users: Users, wanted: Filter, page: PageNumber = 1, per_page: PageSize = 20) -> UserList:
    """The newest first. Filters combine with AND."""
    total, found = await users.page(wanted, (page - 1) * per_page, per_page)
    return UserList(items=found, total_count=total, page=page, per_page=per_page, total_pages=ceil(total / per_page))


@router.patch(
    "/{user_id}/deactivate",
    summary="Deactivate an account",
    responses=problems("USER_NOT_FOUND", "ADMN_CANNOT_DEACTIVATE_ADMIN"),
)
async def deactivate_user(user_id: UserId, users: Users) -> AccountOut:
    """All sessions end, sign-in is refused, and access tokens are worth nothing from now on. Happens once."""
    return await users.deactivate(user_id)


@router.patch("/{user_id}/reactivate", summary="Reactivate an account", responses=problems("USER_NOT_FOUND"))
async def reactivate_user(user_id: UserId, users: Users) -> AccountOut:
    """The account may sign in again; sessions that were ended stay so. Happens once."""
    return await users.reactivate(user_id)
