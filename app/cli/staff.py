"""`bookstore create-admin`, `promote` and `demote`: administrators are made by the command line alone."""

import os
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.common_passwords import refuse_common
from app.accounts.errors import PasswordTooCommon
from app.accounts.passwords import hash_password
from app.accounts.schemas import AccountOut, Register
from app.admin.users import UserService
from app.cli.terminal import on_database, out
from app.core.config import ConfigurationError
from app.core.db.transaction import Database

SOME_PASSWORD = "a password to go with the address"  # noqa: S105 - where only the address is looked at
Email = Annotated[str, typer.Argument(help="The e-mail address of the account.")]


def create_admin(email: Annotated[str, typer.Argument(help="The administrator's e-mail address.")]) -> None:
    """Create an administrator, or make the account with this address one and set its password.

    The password is asked for, or taken from BOOKSTORE_ADMIN_PASSWORD.
    """
    _valid(email, SOME_PASSWORD)
    password = os.environ.get("BOOKSTORE_ADMIN_PASSWORD") or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    account = _valid(email, password)
    try:
        refuse_common(account.password, account.email, "password")
    except PasswordTooCommon as error:
        raise ConfigurationError(f"The password cannot be used: {error.detail}") from error

    async def make(database: Database) -> bool:
        hashed = await hash_password(account.password)
        return await database.transaction(lambda session: UserService(session).make_admin(account.email, hashed))

    created = on_database(make)
    out.print(f"{account.email} is an administrator now{'' if created else ' with a new password'}.", markup=False)


def promote(email: Email) -> None:
    """Make an account an administrator; its password and its sessions stay."""
    address = _valid(email, SOME_PASSWORD).email
    _change(lambda users: users.promote(address))
    out.print(f"{address} is an administrator now.", markup=False)


def demote(email: Email) -> None:
    """Make an administrator a reader, from the next request on; never the last active one."""
    address = _valid(email, SOME_PASSWORD).email
    _change(lambda users: users.demote(address))
    out.print(f"{address} is no administrator now.", markup=False)


def _change(work: Callable[[UserService], Awaitable[AccountOut]]) -> None:
    async def in_transaction(session: AsyncSession) -> AccountOut:
        return await work(UserService(session))

    on_database(lambda database: database.transaction(in_transaction))


def _valid(email: str, password: str) -> Register:
    try:
        return Register(email=email, password=password)
    except ValidationError as error:
        problem = error.errors()[0]
        message = str(problem["msg"]).removeprefix("Value error, ")
        raise ConfigurationError(f"The {problem['loc'][0]} cannot be used: {message}") from error
