"""The page of security events, what refused pages leave on it, and the sign-ins that readers see of themselves."""

import re

import pytest

from app.accounts.passwords import hash_password
from app.accounts.security.kinds import Kind
from app.accounts.security.models import SecurityEvent
from app.web.security_words import NAMES, sentence
from tests.accounts.security import FIREFOX, add_event, events, told
from tests.web.browser import Browser

PASSWORD = "correct horse battery"
DETAILS: dict[Kind, list[dict[str, str]]] = {
    Kind.SIGNED_IN: [
        {"way": way, "client": client}
        for way in ("password", "registration", "google", "github")
        for client in ("app", "browser")
    ],
    Kind.SIGN_IN_FAILED: [
        {"reason": reason} for reason in ("unknown_account", "wrong_password", "no_password", "deactivated")
    ],
    Kind.SIGN_IN_LIMITED: [{"operation": "login", "limit": limit} for limit in ("network", "account")],
    Kind.REGISTRATION_REFUSED: [{"reason": "address_taken"}],
    Kind.REFRESH_REFUSED: [{"reason": reason} for reason in ("unknown_token", "expired_token", "deactivated")],
    Kind.REFRESH_TOKEN_REUSED: [{"client": "app"}],
    Kind.ACCESS_TOKEN_REFUSED: [{"reason": reason} for reason in ("not_ours", "deactivated")],
    Kind.SIGNED_OUT: [{"client": "app"}, {"client": "browser"}],
    Kind.SESSION_ENDED: [{}],
    Kind.SESSIONS_ENDED: [{"which": "all"}, {"which": "others"}],
    Kind.PASSWORD_CHANGED: [{}],
    Kind.PASSWORD_CHANGE_REFUSED: [
        {"reason": reason} for reason in ("wrong_password", "no_password", "deactivated", "changed_meanwhile")
    ],
    Kind.RESET_ASKED: [{"state": state} for state in ("active", "deactivated", "unknown")],
    Kind.RESET_DONE: [{}],
    Kind.LINK_REFUSED: [{"link": "verify_email"}, {"link": "reset_password"}],
    Kind.ADDRESS_VERIFIED: [{}],
    Kind.PROVIDER_LINKED: [{"provider": "google"}, {"provider": "github"}],
    Kind.PROVIDER_REFUSED: [
        {"provider": "google", "reason": reason}
        for reason in ("failed", "no_email", "email_unverified", "token_not_valid", "deactivated")
    ],
    Kind.OPERATION_LIMITED: [
        {"operation": operation, "limit": "network"}
        for operation in ("register", "refresh", "password", "verify-email", "password/forgot", "google/callback")
    ],
    Kind.STAFF_PAGE_REFUSED: [{"operation": "GET /staff/users"}],
    Kind.ADMIN_OPERATION_REFUSED: [{"operation": "PATCH /admin/orders"}],
    Kind.ACCESS_REFUSED: [{"subject": "cart_line"}, {"subject": "review"}],
    Kind.FORM_REFUSED: [{"reason": "other_site"}, {"reason": "token"}],
    Kind.ACCOUNT_CREATED: [{"by": "operator"}],
    Kind.ACCOUNT_MADE_ADMIN: [{"by": "operator"}],
    Kind.ACCOUNT_PROMOTED: [{"by": "operator"}],
    Kind.ACCOUNT_DEMOTED: [{"by": "operator"}],
    Kind.ACCOUNT_DEACTIVATED: [{"by": "staff"}, {"by": "operator"}],
    Kind.ACCOUNT_REACTIVATED: [{"by": "staff"}, {"by": "operator"}],
}
"""What the details of each kind can be."""


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_a_name_and_sentences_without_codes(kind: Kind):
    said = [sentence(SecurityEvent(kind=kind, detail=detail)) for detail in DETAILS[kind]]
    assert len(set(said)) == len(said)
    said += [NAMES[kind], sentence(SecurityEvent(kind=kind, detail={"crowded": True}))]
    assert not [text for text in said if "_" in text or "None" in text or not text[0].isupper()]


def test_a_detail_of_another_release_does_no_harm():
    assert {sentence(SecurityEvent(kind=kind, detail={"reason": "new"})) for kind in Kind}


async def refused_staff_pages(browser: Browser) -> list[tuple[int | None, str]]:
    return [
        (account, detail["operation"])
        for kind, account, detail in await told(browser.shop)
        if kind == "staff_page_refused"
    ]


async def test_guests_and_readers_at_the_pages_of_staff(browser: Browser):
    await browser.open("/staff/users/7")
    await browser.open("/account")  # anybody may be asked to sign in
    person = await browser.reader()
    assert (await browser.open("/staff")).status_code == 403
    await browser.open("/account")
    assert await refused_staff_pages(browser) == [(None, "GET /staff/users/{user_id}"), (person.id, "GET /staff")]


async def test_a_reader_who_sends_a_form_of_staff(browser: Browser):
    person = await browser.reader()
    await browser.open("/account/profile")
    token = re.search(r'name="csrf" value="(\w+)"', browser.page.text)
    assert token
    await browser.client.post("/staff/users/7/deactivate", data={"csrf": token[1]})
    assert await refused_staff_pages(browser) == [(person.id, "POST /staff/users/{user_id}/deactivate")]


async def test_forms_of_other_sites_and_of_other_sessions(browser: Browser):
    evil = {"Origin": "https://evil.example"}
    await browser.client.post("/basket/add", data={"book_id": "1"}, headers=evil)
    await browser.client.post("/basket/add", data={"book_id": "1"}, headers={"Sec-Fetch-Site": "cross-site"})
    await browser.client.post("/basket/add", data={"book_id": "1", "csrf": "guessed"})
    await browser.client.post("/staff/books/cover?token=guessed", content=b"")
    assert await told(browser.shop) == [
        ("form_refused", None, {"reason": "other_site"}),
        ("form_refused", None, {"reason": "token"}),
    ]
    assert [event.times for event in await events(browser.shop)] == [2, 2]


async def test_signing_in_and_out_on_pages(browser: Browser):
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    await browser.open("/account/sign-in")
    await browser.send("/account/sign-in", email=person.email, password="wrong horse battery")
    await browser.send("/account/sign-in", email=person.email, password=PASSWORD)
    await browser.send("/account/sign-out")
    assert await told(browser.shop) == [
        ("sign_in_failed", person.id, {"reason": "wrong_password"}),
        ("signed_in", person.id, {"way": "password", "client": "browser"}),
        ("signed_out", person.id, {"client": "browser"}),
    ]


async def test_signing_in_anew_gives_the_session_before_up(browser: Browser):
    person = await browser.reader(hashed_password=await hash_password(PASSWORD))
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    fields = {"csrf": token, "email": person.email, "password": PASSWORD}
    await browser.client.post("/account/sign-in", data=fields)
    assert [kind for kind, *_ in await told(browser.shop)] == ["signed_in", "signed_in", "signed_out"]


async def test_sessions_that_are_ended_on_pages(browser: Browser):
    person = await browser.reader()
    await browser.sign_in(person)
    await browser.open("/account/sessions")
    await browser.send("/account/sessions/end-others")
    own = re.search(r'name="session_id" value="([\w-]+)"', browser.page.text)
    assert own
    await browser.send("/account/sessions/end", session_id=own[1])
    assert (await told(browser.shop))[1:] == [
        ("sessions_ended", person.id, {"which": "others"}),
        ("session_ended", person.id, {}),
    ]


async def test_ending_a_session_that_is_none_of_ones_own_is_no_event(browser: Browser):
    await browser.reader()
    other = await browser.shop.scalar("SELECT token_family FROM refresh_tokens")
    await browser.reader()
    await browser.open("/account/sessions")
    await browser.send("/account/sessions/end", session_id=str(other))
    assert {kind for kind, *_ in await told(browser.shop)} == {"signed_in"}


async def test_a_stale_link_that_is_opened(browser: Browser):
    await browser.open("/account/reset?token=stale")
    await browser.open("/account/verify?token=stale")
    assert await told(browser.shop) == [
        ("link_refused", None, {"link": "reset_password"}),
        ("link_refused", None, {"link": "verify_email"}),
    ]


async def test_the_page_tells_staff_what_happened(browser: Browser):
    ann = await browser.shop.person(email="ann@example.com")
    await add_event(browser.shop, Kind.SIGN_IN_FAILED, user_id=ann.id, detail='{"reason": "wrong_password"}', times=4)
    await add_event(browser.shop, Kind.SIGN_IN_LIMITED, network="203.0.113.0/24", device="Firefox on Windows")
    await add_event(browser.shop, Kind.SIGN_IN_FAILED, then="now() - interval '25 hours'", network="198.51.100.0/24")
    await browser.staff()
    await browser.open("/staff/security")
    assert "5 sign-ins were refused in the last 24 hours, from one network." in browser.text
    assert "Wrong password 4 times Refused ann@example.com" in browser.text
    assert "Firefox on Windows, network 203.0.113.0/24" in browser.text
    assert "4 entries" in browser.text
    assert f'href="/staff/users/{ann.id}"' in browser.page.text


async def test_the_filters_of_the_page(browser: Browser):
    ann = await browser.shop.person(email="ann@example.com")
    await browser.staff()
    here = {"network": "203.0.113.0/24", "user_id": ann.id}
    await add_event(browser.shop, Kind.PASSWORD_CHANGED, then="timestamptz '20260301T120000Z'", **here)
    await add_event(browser.shop, Kind.RESET_DONE, then="timestamptz '20260302T000000Z'", user_id=ann.id)
    changed, done = "Changed the password", "Set a new password with a mailed link"
    for query, shown in {
        "kind=reset_done": (False, True),
        "email=ANN@example.com": (True, True),
        "email=an@example.com": (False, False),
        "network=203.0.113.200": (True, False),
        "network=203.0.113.0/24&kind=reset_done": (False, False),
        "from=2026-03-02": (False, True),
        "from=2026-03-01&to=2026-03-01": (True, False),
        # What makes no sense counts as not asked.
        "kind=nonsense&network=nonsense&from=nonsense": (True, True),
    }.items():
        await browser.open(f"/staff/security?{query}")
        assert (changed in browser.text, done in browser.text) == shown, query


async def test_older_entries_are_a_page_further_with_the_filters_kept(browser: Browser):
    for number in range(30):
        await add_event(browser.shop, Kind.ADDRESS_VERIFIED, network=f"203.0.{number}.0/24")
    await browser.staff()
    await browser.open("/staff/security?kind=address_verified")
    further = re.search(r'rel="next" href="([^"]+)"', browser.page.text)
    assert further
    assert browser.page.text.count("Confirmed the e-mail address") == 25
    await browser.open(further[1].replace("&amp;", "&"))
    assert browser.page.text.count("Confirmed the e-mail address") == 5
    assert "Older entries" not in browser.text


@pytest.mark.parametrize("query", ["cursor=x", "email=%00", "network=" + "9" * 5000, "from=9999-12-31&to=9999-12-31"])
async def test_hostile_filters(browser: Browser, query: str):
    await browser.staff()
    assert (await browser.open(f"/staff/security?{query}")).status_code in {200, 404, 422}


async def test_readers_see_their_own_sign_ins(browser: Browser):
    browser.client.headers["User-Agent"] = FIREFOX
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    await add_event(browser.shop, Kind.SIGNED_IN, detail='{"way": "github", "client": "app"}')
    await browser.open("/account/sign-in")
    for _ in range(2):
        await browser.send("/account/sign-in", email=person.email, password="wrong horse battery")
    await browser.send("/account/sign-in", email=person.email, password=PASSWORD)
    await browser.open("/account/sessions")
    card, listed = browser.text.split("Last sign-ins")
    assert "This browser Firefox on Windows, network 127.0.0.0/24 Ends" in card
    assert "Signed in with a password, in a browser" in listed
    assert "Wrong password 2 times Refused" in listed
    assert "GitHub" not in listed


async def test_a_session_whose_sign_in_is_not_certain_tells_no_device(browser: Browser):
    """Two devices signed in within one minute: which of them opened the session in between is not known."""
    await browser.reader()
    person = await browser.shop.scalar("SELECT max(id) FROM users")
    move = "UPDATE refresh_tokens SET session_expires_at = now() + interval '30 days' - interval '10 minutes'"
    await browser.shop.rows(move)
    around = "INSERT INTO security_events (kind, user_id, device, times, created_at, last_at) SELECT 'signed_in', :id, d, 3, now() - interval '11 minutes', now() - interval '9 minutes' FROM unnest(ARRAY['Firefox on Linux', 'Chrome on Windows']) d"
    await browser.shop.rows(around, id=person)
    await browser.open("/account/sessions")
    card = browser.text.split("Last sign-ins")[0]
    assert "Firefox on Linux" not in card
    assert "Chrome on Windows" not in card
