"""Every charge that was asked for is on record, whatever became of its checkout."""

from dataclasses import replace
from decimal import Decimal

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.batch import Batch
from app.payments.attempts import PaymentAttempts, Purchase, charge_key
from app.payments.service import Charge, MockPaymentService
from tests.support import Person, Shop, assert_problem

ATTEMPTS = "SELECT charge_key, outcome, reference, order_id, amount, voided_at IS NOT NULL AS voided FROM payment_attempts ORDER BY id"


class Till(MockPaymentService):
    """Approves, and notes under which keys it was asked; fails to answer when told so."""

    def __init__(self) -> None:
        super().__init__(success_rate=1.0)
        self.asked: list[str] = []
        self.amounts: list[tuple[Decimal, str]] = []
        self.silent = self.broken = False

    async def charge(self, attempt_id: str, amount: Decimal, currency: str, *, force_fail: bool = False) -> Charge:
        self.asked.append(attempt_id)
        self.amounts.append((amount, currency))
        charge = await super().charge(attempt_id, amount, currency, force_fail=force_fail)
        if self.silent:
            raise RuntimeError("the answer was lost")
        return charge

    async def void(self, attempt_id: str) -> None:
        if self.broken:
            raise RuntimeError("the service is down")
        await super().void(attempt_id)


@pytest.fixture
def till(live: Shop) -> Till:
    live.app.state.payments = Till()
    return live.app.state.payments


@pytest.fixture
async def buyer(live: Shop) -> Person:
    person = await live.person()
    await live.add_to_cart(person, await live.book(), 2)
    return person


async def test_an_approved_charge_is_on_record_with_its_order(live: Shop, buyer: Person, till: Till, raw):
    order = (await live.checkout(buyer)).json()
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["order_id"], attempt["amount"], attempt["voided"]) == (
        "approved",
        order["id"],
        20,
        False,
    )
    assert attempt["charge_key"] == till.asked[0]
    assert till.amounts == [(Decimal("20.00"), "USD")]
    assert attempt["reference"] == await raw.fetchval("SELECT payment_reference FROM orders")


@pytest.mark.parametrize("declined", [False, True])
async def test_an_attempt_tells_who_paid_for_which_turn_of_which_cart_and_how(
    live: Shop, buyer: Person, till: Till, raw, declined: bool
):
    cart, number = await raw.fetchrow("SELECT id, checkout_number FROM carts")
    await live.checkout(buyer, force_payment_failure=declined)
    told = await raw.fetchrow("SELECT user_id, cart_id, checkout_number, amount, currency FROM payment_attempts")
    assert tuple(told) == (buyer.id, cart, number, 20, "USD")


async def test_only_a_charge_can_be_put_on_record(live: Shop, till: Till):
    async def work(session: AsyncSession) -> None:
        PaymentAttempts(session, live.app.state.database, till).record(Batch(session), 1)

    with pytest.raises(AssertionError, match=r"^nothing was charged in this transaction$"):
        await live.app.state.database.transaction(work)


async def test_a_decline_is_on_record_with_the_end_of_its_checkout_and_leaves_nothing_else(
    live: Shop, buyer: Person, till: Till, raw, monkeypatch: pytest.MonkeyPatch
):
    """Not a moment later, when somebody who waited for the cart has counted the declines already.

    Seen to fail when the decline was rolled back, and recorded afterwards.
    """

    async def afterwards(*_: object) -> bool:
        raise AssertionError("recorded apart")

    monkeypatch.setattr(PaymentAttempts, "_on_record_apart", afterwards)
    declined = await live.checkout(buyer, key="a", force_payment_failure=True)
    assert_problem(declined, 402, "ORDER_PAYMENT_FAILED")
    assert await raw.fetchval("SELECT count(*) FROM orders") == 0
    assert await raw.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["order_id"], attempt["voided"]) == ("declined", None, False)


async def test_after_a_decline_the_next_try_has_a_key_of_its_own(live: Shop, buyer: Person, till: Till, raw):
    """Seen to fail when ended attempts were not counted: the decline was found again for ever."""
    await live.checkout(buyer, force_payment_failure=True)
    assert (await live.checkout(buyer)).status_code == 201
    assert len(set(till.asked)) == 2
    assert [row["outcome"] for row in await raw.fetch(ATTEMPTS)] == ["declined", "approved"]


async def test_only_what_ended_in_the_same_turn_of_the_same_cart_is_counted(
    live: Shop, buyer: Person, till: Till, raw
):
    """The last part of a key but one is that number."""

    async def declined_by(person: Person) -> str:
        await live.checkout(person, force_payment_failure=True)
        return till.asked[-1].split("-")[2]

    other = await live.person()
    await live.add_to_cart(other, await raw.fetchval("SELECT id FROM books"))
    assert [await declined_by(buyer), await declined_by(buyer), await declined_by(other)] == ["0", "1", "0"]
    assert (await live.checkout(buyer)).status_code == 201
    await live.add_to_cart(buyer, await raw.fetchval("SELECT id FROM books"))
    assert await declined_by(buyer) == "0"


async def test_a_rolled_back_sale_leaves_a_voided_attempt(live: Shop, buyer: Person, till: Till, raw):
    await raw.execute("""
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()
    """)
    assert (await live.checkout(buyer)).status_code == 500
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["order_id"], attempt["voided"]) == ("approved", None, True)
    assert till.voided == set(till.asked)
    await raw.execute("DROP TRIGGER fail ON orders")
    assert (await live.checkout(buyer)).status_code == 201
    assert [row["voided"] for row in await raw.fetch(ATTEMPTS)] == [True, False]


async def test_a_charge_without_an_answer_is_voided_and_on_record(live: Shop, buyer: Person, till: Till, raw):
    till.silent = True
    assert (await live.checkout(buyer)).status_code == 500
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["voided"]) == ("errored", True)


async def test_what_could_not_be_voided_is_asked_for_under_the_same_key_again(
    live: Shop, buyer: Person, till: Till, raw: asyncpg.Connection
):
    """The service took the money, and neither its answer nor the void went through: the retry finds the first charge.

    Seen to fail when the key was a new one for each request: two charges, one order.
    """
    till.silent = till.broken = True
    assert (await live.checkout(buyer)).status_code == 500
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["voided"]) == ("errored", False)
    till.silent = till.broken = False
    assert (await live.checkout(buyer)).status_code == 201
    assert len(set(till.asked)) == 1
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["order_id"] is not None) == ("approved", True)
    assert attempt["reference"] == await raw.fetchval("SELECT payment_reference FROM orders")


async def test_a_charge_is_kept_when_only_the_answer_to_commit_was_lost(
    live: Shop, buyer: Person, till: Till, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail without `in_doubt`: the charge of an order that stands was voided."""
    commit = AsyncSession.commit

    async def commit_and_hang_up(session: AsyncSession) -> None:
        charged = "undos" in session.info
        await commit(session)
        if charged:
            raise ConnectionResetError("the connection broke")

    monkeypatch.setattr(AsyncSession, "commit", commit_and_hang_up)
    assert_problem(await live.checkout(buyer, key="k"), 503, "BUSY_TRY_AGAIN")
    assert till.voided == set()
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["outcome"], attempt["order_id"] is not None, attempt["voided"]) == ("approved", True, False)
    retry = await live.checkout(buyer, key="k")
    assert (retry.status_code, retry.headers["idempotent-replayed"]) == (201, "true")


async def test_a_commit_that_never_arrived_voids_the_charge(
    live: Shop, buyer: Person, till: Till, raw: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail when a lost answer always kept the charge."""
    commit = AsyncSession.commit

    async def hang_up(session: AsyncSession) -> None:
        if "undos" in session.info:
            await session.rollback()
            raise ConnectionResetError("the connection broke")
        await commit(session)

    monkeypatch.setattr(AsyncSession, "commit", hang_up)
    assert_problem(await live.checkout(buyer), 503, "BUSY_TRY_AGAIN")
    assert till.voided == set(till.asked)
    (attempt,) = await raw.fetch(ATTEMPTS)
    assert (attempt["order_id"], attempt["voided"]) == (None, True)


async def test_the_next_turn_of_a_cart_has_other_keys(live: Shop, buyer: Person, till: Till, raw):
    """The same book for the same money, bought twice. Seen to fail when the turn did not count: the charge was found."""
    await live.checkout(buyer)
    await live.add_to_cart(buyer, await raw.fetchval("SELECT id FROM books"), 2)
    assert (await live.checkout(buyer)).status_code == 201
    assert len(set(till.asked)) == 2


async def test_the_database_allows_one_live_charge_for_a_turn_and_for_an_order(
    live: Shop, buyer: Person, till: Till, raw
):
    await live.checkout(buyer)
    for values in ("order_id, checkout_number + 1", "NULL, checkout_number"):
        with pytest.raises(asyncpg.UniqueViolationError):
            await raw.execute(f"""
                INSERT INTO payment_attempts (charge_key, cart_id, amount, currency, outcome, order_id, checkout_number)
                SELECT 'other', cart_id, amount, currency, outcome, {values} FROM payment_attempts
            """)


def test_a_key_is_the_same_in_every_release():
    """A crash may come between two releases, and the retry must find the charge."""
    assert charge_key(Purchase(1, 2, 3, 4, Decimal("20.00"), "USD")) == "2-3-4-4c371c5c84b8"


def test_a_key_says_what_is_paid_and_fits():
    most = 2**31 - 1
    purchase = Purchase(1, most, most, most, Decimal("20.00"), "USD")
    key = charge_key(purchase)
    assert key == charge_key(replace(purchase))
    assert len(f"mock_{key}") <= 64
    others = {
        charge_key(replace(purchase, **other))
        for other in ({"ended": 0}, {"amount": Decimal("20.01")}, {"currency": "EUR"}, {"cart_id": 2})
    }
    assert len(others | {key}) == 5


async def test_the_mock_gives_a_charge_back_once_under_a_refund_id():
    mock = MockPaymentService()
    first = await mock.refund("a", "refund-a", Decimal(5), "USD")
    assert await mock.refund("a", "refund-a", Decimal(5), "USD") == first
    assert mock.refunded == {"refund-a": Decimal(5)}
