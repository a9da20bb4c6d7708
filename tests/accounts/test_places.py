"""Whoever comes from a place where the account signed in before is not stopped by what strangers use up."""

import asyncio
import re
from collections import Counter

import pytest
from httpx2 import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.places import PLACES_KEPT, Place, Places
from tests.accounts.counters import NETWORK, NETWORKS, PAIR, STRANGERS, use_up
from tests.accounts.support import NEW_PASSWORD, PASSWORD, bearer, from_address, limit, log_in, mailed_token, reader
from tests.statements import statements
from tests.support import Person, Shop, assert_problem

HOME, OFFICE, ELSEWHERE = "192.0.2.1", "192.0.2.2", "203.0.113.9"
WRONG = "wrong horse battery"


async def tried(shop: Shop, email: str, address: str, password: str = PASSWORD) -> Response:
    async with from_address(shop.app, address) as client:
        return await log_in(client, email, password)


async def at_home(shop: Shop, **columns: object) -> Person:
    """A reader who signed in at home; the limits are on."""
    limit(shop, 1000)
    person = await reader(shop, **columns)
    assert (await tried(shop, person.email, HOME)).status_code == 200
    return person


async def reset(shop: Shop, email: str, address: str) -> None:
    """Whoever reads the owner's mail at that address sets NEW_PASSWORD."""
    await shop.client.post("/auth/password/forgot", json={"email": email})
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": NEW_PASSWORD}
    async with from_address(shop.app, address) as client:
        assert (await client.post("/auth/password/reset", json=body)).status_code == 204


async def kinds(shop: Shop) -> dict[str, int]:
    """How many places of each kind are known."""
    return Counter(row.kind for row in await shop.rows("SELECT kind FROM sign_in_places"))


async def test_strangers_do_not_lock_the_owner_out_at_home(shop: Shop):
    """Seen to fail (429) with the choices of those who are known taken out."""
    person = await at_home(shop)
    await use_up(shop, person.email, STRANGERS)
    assert_problem(await tried(shop, person.email, ELSEWHERE), 429, "RATE_LIMITED")
    assert_problem(await tried(shop, person.email, HOME, WRONG), 401, "AUTH_INVALID_CREDENTIALS")
    assert (await tried(shop, person.email, HOME)).status_code == 200


async def test_the_home_of_one_account_is_none_of_another(shop: Shop):
    await at_home(shop)
    other = await reader(shop)
    await use_up(shop, other.email, STRANGERS)
    assert (await tried(shop, other.email, HOME)).status_code == 429


@pytest.mark.parametrize("own", [NETWORK, NETWORKS])
async def test_a_known_network_whose_tries_are_used_up_is_a_stranger(shop: Shop, own: str):
    """Seen to fail with the quota taken out of `_known`, each."""
    person = await at_home(shop)
    await use_up(shop, person.email, own, place=Place(HOME))
    assert (await tried(shop, person.email, HOME, WRONG)).status_code == 401
    await use_up(shop, person.email, STRANGERS)
    assert_problem(await tried(shop, person.email, HOME), 429, "RATE_LIMITED")


async def test_one_known_network_leaves_the_others_their_tries(shop: Shop):
    person = await at_home(shop)
    assert (await tried(shop, person.email, OFFICE)).status_code == 200
    await use_up(shop, person.email, STRANGERS)
    await use_up(shop, person.email, NETWORK, place=Place(OFFICE))
    assert (await tried(shop, person.email, OFFICE)).status_code == 429
    assert (await tried(shop, person.email, HOME)).status_code == 200


async def test_a_known_network_has_no_more_tries_in_a_quarter_of_an_hour_than_others(shop: Shop):
    """Whoever sits beside the owner guesses no faster than before. Seen to fail with the pair taken out."""
    person = await at_home(shop)
    await use_up(shop, person.email, PAIR, place=Place(HOME))
    assert_problem(await tried(shop, person.email, HOME), 429, "RATE_LIMITED")


async def test_the_wait_that_is_told_ends_when_the_first_try_is_free(shop: Shop):
    person = await at_home(shop)
    await use_up(shop, person.email, STRANGERS)
    await use_up(shop, person.email, PAIR, place=Place(HOME))
    answer = await tried(shop, person.email, HOME)
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60


async def test_a_finished_reset_gives_all_tries_back_everywhere(shop: Shop):
    """Seen to fail with the generation taken out of the counters, of pairs and of strangers each."""
    person = await at_home(shop)
    await use_up(shop, person.email, STRANGERS)
    await use_up(shop, person.email, PAIR, place=Place(ELSEWHERE))
    assert (await tried(shop, person.email, ELSEWHERE)).status_code == 429
    await reset(shop, person.email, OFFICE)
    assert (await tried(shop, person.email, ELSEWHERE, NEW_PASSWORD)).status_code == 200


async def test_whoever_finished_a_reset_is_known_there(shop: Shop):
    """Else whoever tries passwords all day keeps out an owner who is on a journey. Seen to fail without `_arrive`."""
    person = await at_home(shop)
    await reset(shop, person.email, OFFICE)
    await use_up(shop, person.email, STRANGERS)
    assert (await tried(shop, person.email, ELSEWHERE, NEW_PASSWORD)).status_code == 429
    assert (await tried(shop, person.email, OFFICE, NEW_PASSWORD)).status_code == 200


@pytest.mark.parametrize(("proven", "status"), [(True, 200), (False, 429)])
async def test_a_reset_forgets_places_where_anybody_may_have_signed_in(shop: Shop, proven: bool, status: int):
    """Who registers with another's address is known where they were. Seen to fail without `forget` in `_arrive`."""
    person = await at_home(shop)
    if proven:
        await shop.rows("UPDATE users SET email_verified_at = now()")
    await reset(shop, person.email, OFFICE)
    await use_up(shop, person.email, STRANGERS)
    assert (await tried(shop, person.email, HOME, NEW_PASSWORD)).status_code == status


async def test_a_changed_password_gives_all_tries_back(shop: Shop):
    person = await at_home(shop)
    await use_up(shop, person.email, STRANGERS)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await shop.client.post("/auth/password", headers=person.headers, json=body)).status_code == 204
    assert (await tried(shop, person.email, ELSEWHERE, NEW_PASSWORD)).status_code == 200


async def test_a_registration_makes_its_network_known(shop: Shop):
    limit(shop, 1000)
    account = {"email": "new@example.com", "password": PASSWORD}
    async with from_address(shop.app, HOME) as client:
        assert (await client.post("/auth/register", json=account)).status_code == 201
    await use_up(shop, account["email"], STRANGERS)
    assert (await tried(shop, account["email"], ELSEWHERE)).status_code == 429
    assert (await tried(shop, account["email"], HOME)).status_code == 200


async def test_a_wrong_password_makes_nothing_known(shop: Shop):
    person = await at_home(shop)
    await tried(shop, person.email, ELSEWHERE, WRONG)
    assert await kinds(shop) == {"network": 1}


async def test_whoever_signs_out_everywhere_is_known_nowhere_else(shop: Shop):
    """Seen to fail with `forget` taken out of `close_all`."""
    person = await at_home(shop)
    tokens = (await tried(shop, person.email, OFFICE)).json()
    async with from_address(shop.app, OFFICE) as client:
        assert (await client.post("/auth/logout-all", headers=bearer(tokens))).status_code == 204
    await use_up(shop, person.email, STRANGERS)
    assert (await tried(shop, person.email, HOME)).status_code == 429
    assert (await tried(shop, person.email, OFFICE)).status_code == 200


async def test_an_ipv6_network_is_known_as_a_whole(shop: Shop):
    limit(shop, 1000)
    person = await reader(shop)
    assert (await tried(shop, person.email, "2001:db8::1")).status_code == 200
    await use_up(shop, person.email, STRANGERS)
    assert (await tried(shop, person.email, "2001:db8::ffff:2")).status_code == 200
    assert (await tried(shop, person.email, "2001:db8:0:1::1")).status_code == 429


async def test_a_place_is_forgotten_in_time(shop: Shop):
    person = await at_home(shop)
    await shop.rows("UPDATE sign_in_places SET last_used_at = now() - interval '180 days'")
    await use_up(shop, person.email, STRANGERS)
    assert (await tried(shop, person.email, HOME)).status_code == 429


async def test_of_each_kind_the_latest_are_kept(shop: Shop):
    """Seen to fail with the deletion taken out of `add`, and with one rank for both kinds."""
    person = await reader(shop)
    for number in range(PLACES_KEPT):
        await remember(shop, person, Place(f"192.0.2.{number}", f"browser {number}"), days_ago=PLACES_KEPT - number)
    await remember(shop, person, Place("192.0.2.0"), days_ago=0)
    await remember(shop, person, Place("203.0.113.1"), days_ago=0)
    assert await kinds(shop) == {"network": PLACES_KEPT, "browser": PLACES_KEPT}
    places = Places(shop.app.state.signing_key)
    known = [f"192.0.2.{number}" for number in range(PLACES_KEPT)] + ["203.0.113.1"]
    standings = [await places.familiarity(shop.app.state.database, person.email, Place(address)) for address in known]
    assert [familiarity.knows_network for familiarity in standings] == [True, False, *[True] * (PLACES_KEPT - 1)]


async def remember(shop: Shop, person: Person, place: Place, days_ago: int) -> None:
    async def work(session: AsyncSession) -> None:
        await Places(shop.app.state.signing_key).remember(session, person.id, place)

    await shop.app.state.database.transaction(work)
    earlier = (
        "UPDATE sign_in_places SET last_used_at = now() - make_interval(days => :days) WHERE last_used_at = now()"
    )
    await shop.rows(earlier, days=days_ago)


async def test_rows_tell_neither_where_somebody_was_nor_who_was_there_too(shop: Shop):
    """Seen to fail with the account taken out of the digest."""
    await at_home(shop)
    await at_home(shop)
    digests = [row.digest for row in await shop.rows("SELECT digest FROM sign_in_places")]
    assert len(set(digests)) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


async def test_many_at_once_make_one_place(live: Shop):
    person = await reader(live)
    answers = await asyncio.gather(*(tried(live, person.email, HOME) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert await kinds(live) == {"network": 1}


@pytest.mark.parametrize("besieged", [False, True])
async def test_a_stranger_learns_of_no_account_from_answers_or_work(live: Shop, besieged: bool):
    """Seen to fail with the look at places left out where there is no account."""
    person = await at_home(live)
    answers, work = [], []
    for email in (person.email, "nobody@example.com"):
        if besieged:
            await use_up(live, email, STRANGERS)
        with statements() as seen:
            answers.append(await tried(live, email, ELSEWHERE, WRONG))
        work.append(seen)
    assert work[0] == work[1]
    assert [answer.status_code for answer in answers] == [429 if besieged else 401] * 2
    assert answers[0].json() == answers[1].json()


async def test_nobody_learns_of_an_account_from_the_number_of_tries(shop: Shop):
    limit(shop, 1000)
    counted = []
    for email in ((await at_home(shop)).email, "nobody@example.com"):
        for address in ("203.0.113.1", "203.0.113.2"):
            await use_up(shop, email, PAIR, place=Place(address))
        statuses = [(await tried(shop, email, f"203.0.113.{number}", WRONG)).status_code for number in range(1, 6)]
        counted.append(statuses)
    assert counted == [[429, 429, 401, 401, 401]] * 2
