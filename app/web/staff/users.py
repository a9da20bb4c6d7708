"""Readers and staff: find an account, lock it out, let it in again."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.models import UserRole
from app.accounts.query import AccountFilter
from app.accounts.schemas import AccountOut
from app.core.errors import DomainError
from app.core.values import Id
from app.web.errors import Answered
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.deps import Users
from app.web.staff.query_params import PER_PAGE, address, last_page, page_number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute, prefix="/staff/users")
FIELDS = ("email", "role", "active")


@dataclass(frozen=True, slots=True)
class UsersPage(PageContext):
    """A page of accounts."""

    template: ClassVar[str] = "staff/users.html"
    asked: dict[str, str]
    users: list[AccountOut]
    total: int
    number: int

    @property
    def last(self) -> int:
        return last_page(self.total)

    def link(self, number: int) -> str:
        """The address of another page of the same."""
        return address("/staff/users", self.asked | {"page": number if number > 1 else None})


@dataclass(frozen=True, slots=True)
class UserPage(PageContext):
    """One account."""

    template: ClassVar[str] = "staff/user.html"
    user: AccountOut


@router.get("")
async def list_users(request: Request, users: Users) -> Response:
    """All accounts that fit, the newest first."""
    asked = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    wanted = AccountFilter(
        role=UserRole(asked["role"]) if asked["role"] in set(UserRole) else None,
        is_active={"yes": True, "no": False}.get(asked["active"]),
        email=asked["email"] or None,
    )
    number = page_number(request.query_params)
    total, found = await users.page(wanted, (number - 1) * PER_PAGE, PER_PAGE)
    return render(request, UsersPage(asked, found, total, number))


@router.get("/{user_id}")
async def show_user(request: Request, user_id: Id, users: Users) -> Response:
    """One account."""
    return render(request, UserPage(await users.get(user_id)))


@router.post("/{user_id}/deactivate")
async def deactivate(user_id: Id, users: Users, visitor: AnyVisitor) -> Response:
    """Lock somebody out at once."""
    try:
        await users.deactivate(user_id)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(f"/staff/users/{user_id}")) from error
    visitor.flash("The account is locked out, and all its sessions have ended.")
    return see_other(f"/staff/users/{user_id}")


@router.post("/{user_id}/reactivate")
async def reactivate(user_id: Id, users: Users, visitor: AnyVisitor) -> Response:
    """Let somebody in again."""
    await users.reactivate(user_id)
    visitor.flash("The account can sign in again.")
    return see_other(f"/staff/users/{user_id}")
