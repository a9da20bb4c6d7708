"""POST /auth/register and all that follows from it."""

from fastapi import APIRouter, Depends

from app.accounts.deps import CurrentUser, NoStoreRoute
from app.accounts.schemas import (
    Accepted,
    AccountOut,
    ChangeAccount,
    ChangePassword,
    ForgotPassword,
    LogIn,
    Refresh,
    Register,
    ResetPassword,
    TokensOut,
    VerifyEmail,
)
from app.accounts.service_deps import Accounts, Limits, Recovery, Sessions
from app.core.db.route import Session
from app.core.db.transaction import release
from app.core.middleware import storable_text
from app.core.openapi import problems

router = APIRouter(prefix="/auth", tags=["auth"], route_class=NoStoreRoute)
PUBLIC = [Depends(storable_text)]


@router.post(
    "/register",
    status_code=201,
    summary="Create an account",
    dependencies=PUBLIC,
    responses=problems("RATE_LIMITED", "BUSY_TRY_AGAIN", "AUTH_EMAIL_CONFLICT", "AUTH_PASSWORD_TOO_COMMON"),
)
async def register(body: Register, limits: Limits, accounts: Accounts) -> TokensOut:
    """The account can be used at once. A mail asks to confirm its address."""
    async with limits.password_work("register"):
        return TokensOut.of(await accounts.register(body.email, body.password, body.display_name))


@router.post(
    "/login",
    summary="Sign in",
    dependencies=PUBLIC,
    responses=problems(
        "RATE_LIMITED",
        "BUSY_TRY_AGAIN",
        "AUTH_INVALID_CREDENTIALS",
        "AUTH_OAUTH_ONLY_ACCOUNT",
        "AUTH_ACCOUNT_DEACTIVATED",
    ),
)
async def login(body: LogIn, limits: Limits, accounts: Accounts) -> TokensOut:
    """Opens a session beside those that are open. Failed attempts are limited by address and by account.

    Networks where the account signed in before have attempts of their own.
    """
    await limits.check("login")
    async with limits.login_attempt(body.email) as attempt:
        return TokensOut.of(await accounts.log_in(body.email, body.password, attempt))


@router.post(
    "/refresh",
    summary="Exchange a refresh token",
    dependencies=PUBLIC,
    responses=problems("RATE_LIMITED", "AUTH_REFRESH_INVALID", "AUTH_TOKEN_REUSE", "AUTH_USER_INACTIVE"),
)
async def refresh(body: Refresh, limits: Limits, sessions: Sessions) -> TokensOut:
    """New tokens of the same session. A refresh token is good for one exchange: presented again, it ends the session.

    Refresh one at a time: of simultaneous exchanges of one token the first wins and the others count as misuse.
    """
    await limits.check("refresh")
    return TokensOut.of(await sessions.rotate(body.refresh_token))


@router.post("/logout", status_code=204, summary="Give up a refresh token", dependencies=PUBLIC)
async def logout(body: Refresh, sessions: Sessions) -> None:
    """Revokes that token alone; unknown ones are accepted as well."""
    await sessions.close(body.refresh_token)


@router.post("/logout-all", status_code=204, summary="End all sessions")
async def logout_all(user: CurrentUser, sessions: Sessions) -> None:
    """Revokes the refresh tokens of every session of the caller. Access tokens run out by themselves."""
    await sessions.close_all(user.id)


@router.post(
    "/password",
    status_code=204,
    summary="Change the password",
    responses=problems(
        "RATE_LIMITED",
        "BUSY_TRY_AGAIN",
        "AUTH_OAUTH_ONLY_ACCOUNT",
        "AUTH_PASSWORD_INCORRECT",
        "AUTH_PASSWORD_TOO_COMMON",
    ),
)
async def change_password(
    body: ChangePassword, user: CurrentUser, session: Session, limits: Limits, accounts: Accounts
) -> None:
    """Ends the other sessions of the caller; the one of the access token stays. A mail tells of the change."""
    await release(session)
    async with limits.password_work("password", is_known=True):
        await accounts.change_password(user.id, user.session_id, body.current_password, body.new_password)


@router.get("/me", summary="Show the account")
async def show_account(user: CurrentUser, accounts: Accounts) -> AccountOut:
    """The caller's own account."""
    return AccountOut.of(await accounts.profile(user.id))


@router.patch("/me", summary="Change the account")
async def change_account(body: ChangeAccount, user: CurrentUser, accounts: Accounts) -> AccountOut:
    """Sets the name that others see, null takes it back; and whether mails tell of books that are back in stock."""
    if changes := body.changes():
        return AccountOut.of(await accounts.change_profile(user.id, changes))
    return AccountOut.of(await accounts.profile(user.id))


@router.post(
    "/verify-email",
    status_code=204,
    summary="Confirm an address",
    dependencies=PUBLIC,
    responses=problems("RATE_LIMITED", "AUTH_LINK_INVALID"),
)
async def verify_email(body: VerifyEmail, limits: Limits, recovery: Recovery) -> None:
    """Uses up the token of a confirmation mail, which is good for 24 hours."""
    await limits.check("verify-email")
    await recovery.verify(body.token)


@router.post(
    "/verify-email/resend", status_code=202, summary="Ask for another link", responses=problems("RATE_LIMITED")
)
async def resend_verification(user: CurrentUser, session: Session, limits: Limits, recovery: Recovery) -> Accepted:
    """Sends another confirmation mail, unless the address is confirmed or has got enough mails within the hour."""
    await release(session)
    await limits.check("verify-email/resend")
    await recovery.resend_verification(user.id)
    return Accepted(detail="A mail is on its way, unless the address is confirmed already.")


@router.post(
    "/password/forgot",
    status_code=202,
    summary="Ask for a new password",
    dependencies=PUBLIC,
    responses=problems("RATE_LIMITED"),
)
async def forgot_password(body: ForgotPassword, limits: Limits, recovery: Recovery) -> Accepted:
    """Sends a reset link to an active account. Whether there is one is told neither by the answer nor by its time.

    Few such mails go to one address in an hour; beyond, the links that were sent before are still good.
    """
    await limits.check("password/forgot")
    await recovery.forgot(body.email)
    return Accepted(detail="If there is an account with this address, a mail is on its way.")


@router.post(
    "/password/reset",
    status_code=204,
    summary="Set a new password",
    dependencies=PUBLIC,
    responses=problems("RATE_LIMITED", "BUSY_TRY_AGAIN", "AUTH_LINK_INVALID", "AUTH_PASSWORD_TOO_COMMON"),
)
async def reset_password(body: ResetPassword, limits: Limits, recovery: Recovery) -> None:
    """Uses up the token of a reset mail, which is good for one hour. Ends every session and confirms the address.

    Failed attempts to sign in are forgotten, and the other links that were mailed are void.
    """
    async with limits.password_work("password/reset"):
        await recovery.reset(body.token, body.new_password)
