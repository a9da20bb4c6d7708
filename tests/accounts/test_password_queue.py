"""A bounded queue for password work: who gets a seat, whose turn it is, and what everybody else is told."""

import asyncio
import os
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from httpx2 import Response

from app.accounts import passwords
from app.accounts.password_queue import Crowded, Guest, PasswordQueue
from app.core.config import Settings
from tests.accounts.support import (
    NEW_PASSWORD,
    PASSWORD,
    from_address,
    limit,
    log_in,
    mailed_token,
    note_verifications,
    reader,
)
from tests.support import Person, Shop, assert_problem

SEATS = Settings.model_fields["password_queue"].default
STRANGERS = 18


def stranger(number: int) -> Guest:
    return Guest(f"client {number}", is_known=False)


def known(number: int) -> Guest:
    return Guest(f"client {number}")


def seated(queue: PasswordQueue, room: ExitStack, *guests: Guest) -> int:
    """How many of them got a seat."""
    taken = 0
    for guest in guests:
        try:
            room.enter_context(queue.seat(guest, SEATS))
        except Crowded:
            continue
        taken += 1
    return taken


def test_no_client_takes_all_seats():
    """Seen to fail with the bound of one client taken out."""
    queue = PasswordQueue(1)
    with ExitStack() as room:
        assert seated(queue, room, *[stranger(0)] * SEATS) == 15
        assert seated(queue, room, stranger(1), stranger(2), stranger(3), stranger(4)) == 3


def test_strangers_leave_a_quarter_to_those_who_are_known():
    """Seen to fail with one bound for both."""
    queue = PasswordQueue(1)
    with ExitStack() as room:
        assert seated(queue, room, *map(stranger, range(SEATS))) == STRANGERS
        assert seated(queue, room, *map(known, range(100, 100 + SEATS))) == SEATS - STRANGERS


def test_a_seat_is_free_again_whatever_happened():
    queue = PasswordQueue(1)
    for _ in range(2 * SEATS):
        with pytest.raises(ZeroDivisionError), queue.seat(stranger(0), 1):
            raise ZeroDivisionError
    with queue.seat(stranger(0), 1), pytest.raises(Crowded), queue.seat(stranger(1), 1):
        raise AssertionError


async def served(queue: PasswordQueue, *guests: Guest) -> list[Guest]:
    """In which order they are served who wait for one place at work."""
    order: list[Guest] = []

    async def come(guest: Guest) -> None:
        with queue.seat(guest, SEATS):
            async with queue.turn():
                order.append(guest)

    async with queue.turn():
        waiting = [asyncio.create_task(come(guest)) for guest in guests]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    return order


async def test_clients_take_turns():
    """Seen to fail with one line for all of them."""
    order = await served(PasswordQueue(1), *[stranger(0)] * 4, stranger(1), stranger(2))
    assert [guest.client for guest in order] == [f"client {number}" for number in (0, 1, 2, 0, 0, 0)]


async def test_whoever_is_known_goes_first():
    order = await served(PasswordQueue(1), stranger(0), stranger(1), known(2), known(3))
    assert [guest.is_known for guest in order] == [True, True, False, False]


@pytest.mark.parametrize("at_once", [1, 2])
async def test_so_many_work_at_once_and_no_more(at_once: int):
    queue = PasswordQueue(at_once)
    at_work = most = 0

    async def work() -> None:
        nonlocal at_work, most
        async with queue.turn():
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert (most, at_work) == (at_once, 0)
    assert queue._free == at_once


@pytest.mark.parametrize("served_already", [False, True])
async def test_who_goes_away_takes_no_place_along(served_already: bool):
    """Seen to fail (nobody is served any more) with `_pass_on` taken out of `_wait`, and with places that were given
    up not left out."""
    queue = PasswordQueue(1)
    first = queue.turn()
    await first.__aenter__()

    async def come() -> None:
        async with queue.turn():
            pass

    tasks = [asyncio.create_task(come()) for _ in range(2)]
    await asyncio.sleep(0)
    if served_already:
        await first.__aexit__(None, None, None)
        tasks[0].cancel()
    else:
        tasks[0].cancel()
        await asyncio.sleep(0)
        await first.__aexit__(None, None, None)
    await asyncio.wait_for(tasks[1], 5)
    assert tasks[0].cancelled()
    assert queue._free == 1


def crowd(monkeypatch: pytest.MonkeyPatch, seats: int = SEATS) -> None:
    """So many seats are taken by others."""
    monkeypatch.setattr(passwords.queue, "_seats", Counter({"a crowd": seats}))


async def _register(shop: Shop, person: Person) -> Response:
    return await shop.client.post("/auth/register", json={"email": "new@example.com", "password": PASSWORD})


async def _log_in(shop: Shop, person: Person) -> Response:
    return await log_in(shop.client, person.email)


async def _change(shop: Shop, person: Person) -> Response:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return await shop.client.post("/auth/password", headers=person.headers, json=body)


async def _reset(shop: Shop, person: Person) -> Response:
    await shop.client.post("/auth/password/forgot", json={"email": person.email})
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": NEW_PASSWORD}
    return await shop.client.post("/auth/password/reset", json=body)


OPERATIONS = [_register, _log_in, _change, _reset]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_without_a_seat_the_answer_is_503_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch, operation):
    """Seen to fail with the seat taken out of each."""
    person = await reader(shop)
    crowd(monkeypatch)
    monkeypatch.setattr(passwords, "_in_turn", None)
    answer = await operation(shop, person)
    assert_problem(answer, 503, "BUSY_TRY_AGAIN")
    assert answer.headers["retry-after"] == "2"


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_one_seat_is_enough_for_an_operation(shop: Shop, monkeypatch: pytest.MonkeyPatch, operation):
    person = await reader(shop)
    crowd(monkeypatch, STRANGERS - 1)
    answer = await operation(shop, person)
    assert answer.is_success, answer.text


async def test_what_ended_in_503_is_no_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Seen to fail with the failure counted before the seat is taken."""
    limit(shop, 1000)
    person = await reader(shop)
    crowd(monkeypatch)
    for _ in range(12):
        assert (await log_in(shop.client, person.email, "wrong horse battery")).status_code == 503
    crowd(monkeypatch, 0)
    assert (await log_in(shop.client, person.email)).status_code == 200


async def test_a_known_network_has_seats_where_strangers_have_none(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    person = await reader(shop)
    async with from_address(shop.app, "192.0.2.1") as home, from_address(shop.app, "203.0.113.1") as elsewhere:
        assert (await log_in(home, person.email)).status_code == 200
        crowd(monkeypatch, STRANGERS)
        assert (await log_in(elsewhere, person.email)).status_code == 503
        assert (await log_in(home, person.email)).status_code == 200


async def test_an_ipv6_site_is_one_client(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Seen to fail with seats for each network."""
    monkeypatch.setattr(passwords.queue, "_seats", Counter({"2001:db8::/48": 15}))
    for address, status in (("2001:db8:0:7::1", 503), ("2001:db8:1::1", 401)):
        async with from_address(shop.app, address) as client:
            assert (await log_in(client, "nobody@example.com")).status_code == status


async def test_a_crowd_is_served_as_far_as_there_are_seats(live: Shop, monkeypatch: pytest.MonkeyPatch):
    """Seen to fail (60 verifications) with `seat` taken out."""
    verified = note_verifications(monkeypatch)
    clients = [from_address(live.app, f"203.0.113.{number}") for number in range(60)]
    answers = await asyncio.gather(*(log_in(client, "nobody@example.com") for client in clients))
    assert Counter(answer.status_code for answer in answers) == {401: STRANGERS, 503: 60 - STRANGERS}
    assert len(verified) == STRANGERS


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have the priority of their process")
async def test_password_work_steps_back_with_all_threads_that_it_starts():
    """Seen to fail with the initializer taken out of the pool."""
    with ExitStack() as stack:
        stop = threading.Event()
        stack.callback(stop.set)
        seen: set[int] = set()

        def look() -> None:
            while not stop.is_set():
                for thread in Path("/proc/self/task").iterdir():
                    try:
                        if os.getpriority(os.PRIO_PROCESS, int(thread.name)) == passwords.NICENESS:
                            seen.add(int(thread.name))
                    except OSError:
                        continue  # it has ended

        watching = threading.Thread(target=look)
        watching.start()
        for _ in range(3):
            await passwords.hash_password("whatever")
    watching.join()
    assert len(seen) > passwords.AT_ONCE, "the lanes of Argon2 are threads as well"
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < passwords.NICENESS


async def test_nothing_is_wrong_where_the_priority_cannot_be_changed(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    passwords._step_back()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "setpriority")
    passwords._step_back()


@pytest.mark.parametrize(("processors", "at_once"), [(1, 1), (2, 1), (3, 2), (64, 2)])
def test_one_processor_is_left_to_everybody_else(monkeypatch: pytest.MonkeyPatch, processors: int, at_once: int):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert passwords._at_once() == at_once
