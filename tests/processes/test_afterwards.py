"""Orders that several cancel, and sessions that several refresh."""

import pytest

from tests.processes.support import PATIENCE_SECONDS, Race, outcomes
from tests.support import Person

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS)


async def bought(race: Race, buyer: Person, book: int) -> int:
    """The id of an order of three copies, made under the key `a-key`."""
    await race.shop.add_to_cart(buyer, book, 3)
    return int((await race.shop.checkout(buyer, "a-key")).raise_for_status().json()["id"])


async def assert_cancelled_once(race: Race, order: int, book: int) -> None:
    """One step in the life of the order, one refund of its one charge, and every copy back."""
    steps = "SELECT count(*) FROM order_events WHERE order_id = $1 AND status = 'cancelled'"
    assert await race.raw.fetchval(steps, order) == 1
    refunds = """
        SELECT payment_refunds.amount = payment_attempts.amount FROM payment_refunds
        JOIN payment_attempts ON payment_attempts.id = attempt_id WHERE order_id = $1
    """
    assert [row[0] for row in await race.raw.fetch(refunds, order)] == [True]
    back = "SELECT array_agg(delta) FROM stock_movements WHERE order_id = $1 AND kind = 'cancellation'"
    assert await race.raw.fetchval(back, order) == [3]
    assert await race.stock(book) == 5


async def test_staff_and_buyer_cancel_at_once(race: Race):
    """Shown to fail without its guard by tests/cancellations/test_cancelling.py::test_simultaneous_cancellations_restock_and_refund_once."""
    admin, client = await race.shop.admin(), race.shop.client
    async for _ in race.rounds():
        buyer, book = await race.shop.person(), await race.shop.book(stock_quantity=5)
        order = await bought(race, buyer, book)
        because = {"reason": "The last copy was damaged."}
        answers = await race.run(
            *(client.post(f"/orders/{order}/cancel", headers=buyer.headers) for _ in range(4)),
            *(client.post(f"/admin/orders/{order}/cancel", headers=admin.headers, json=because) for _ in range(4)),
            door=f"SELECT 1 FROM orders WHERE id = {order} FOR UPDATE",
        )
        assert outcomes(answers) == {"200": 8}
        assert {answer.json()["status"] for answer in answers} == {"cancelled"}
        await assert_cancelled_once(race, order, book)


async def test_refunded_once_and_not_charged_again(race: Race):
    """The checkout is retried under its key while the order is cancelled. Shown to fail without its guards by
    tests/cancellations/test_cancelling.py and tests/races/test_idempotency.py.
    """
    async for _ in race.rounds():
        buyer, book = await race.shop.person(), await race.shop.book(stock_quantity=5)
        order = await bought(race, buyer, book)
        answers = await race.run(
            *(race.shop.client.post(f"/orders/{order}/cancel", headers=buyer.headers) for _ in range(4)),
            *(race.shop.checkout(buyer, "a-key") for _ in range(4)),
        )
        assert outcomes(answers) == {"200": 4, "201": 4}
        assert {answer.json()["id"] for answer in answers} == {order}
        assert (await race.orders(buyer.id), await race.live_charges(buyer.id)) == (1, 1)
        await assert_cancelled_once(race, order, book)


async def test_one_refresh_token_presented_eight_times(race: Race):
    """Shown to fail without its guards by tests/accounts/test_session_races.py::test_of_simultaneous_refreshes_one_wins_and_the_rest_end_the_session."""
    client = race.shop.client
    async for _ in race.rounds():
        account, tokens = await race.register()
        presented = {"refresh_token": tokens["refresh_token"]}
        answers = await race.run(
            *(client.post("/auth/refresh", json=presented) for _ in range(8)),
            door=f"SELECT 1 FROM users WHERE email = '{account['email']}' FOR UPDATE",
        )
        assert outcomes(answers) == {"200": 1, "AUTH_TOKEN_REUSE": 7}
        [won] = [answer.json()["refresh_token"] for answer in answers if answer.is_success]
        late = await client.post("/auth/refresh", json={"refresh_token": won})
        assert (late.status_code, late.json()["code"]) == (401, "AUTH_TOKEN_REUSE")
        alive = "SELECT count(*) FROM refresh_tokens JOIN users ON users.id = user_id WHERE email = $1 AND revoked_at IS NULL"
        assert await race.raw.fetchval(alive, account["email"]) == 0
