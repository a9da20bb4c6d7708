"""Two requests have one fingerprint when they ask for the same, and only then."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from app.orders.idempotency import fingerprint, former_fingerprint
from app.orders.schemas import CheckoutRequest
from tests.support import Shop, assert_problem

AMOUNTS = st.decimals(min_value=0, max_value=Decimal("99999999999999999999999999.99"), places=2) | st.sampled_from(
    [Decimal("-0"), Decimal("0.0"), Decimal(20), Decimal("20.0"), Decimal("2e1")]
)
ADDRESSES = st.fixed_dictionaries(
    {"country": st.sampled_from(["DE", "US"])},
    optional={
        name: st.sampled_from([None, "", "1", "Berlin", " Berlin "]) for name in ("street", "city", "postal_code")
    },
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "force_payment_failure": st.booleans(),
    "expected_total": st.none() | AMOUNTS,
    "email": st.none() | st.sampled_from(["ann@example.com", "bob@example.com"]),
    "name": st.none() | st.sampled_from(["Ann", "Bob"]),
    "delivery": st.none() | st.fixed_dictionaries({"method": st.integers(1, 3)}),
    "ship_to": st.none() | ADDRESSES,
    "bill_to": st.none() | ADDRESSES,
}
REQUESTS = st.fixed_dictionaries({}, optional=FIELDS).map(lambda body: CheckoutRequest(**body))


class Place(BaseModel):
    street: str
    town: str = "Berlin"


class LaterRequest(CheckoutRequest):
    """As the model may look after a release or two."""

    note: str = ""
    where: Place | None = None


def digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def test_every_field_is_drawn():
    """A field that is added to the request is added here."""
    assert set(FIELDS) == set(CheckoutRequest.model_fields)


@given(REQUESTS, REQUESTS)
def test_requests_have_one_fingerprint_when_they_are_equal_and_only_then(
    one: CheckoutRequest, other: CheckoutRequest
):
    assert (fingerprint(one) == fingerprint(other)) == (one.model_dump() == other.model_dump())


@given(REQUESTS)
def test_unset_and_default_are_alike(request: CheckoutRequest):
    assert fingerprint(CheckoutRequest(**request.model_dump())) == fingerprint(request)


@pytest.mark.parametrize("same", [["20", "20.0", "2e1", 20, "20.00"], ["0", "-0", "0.00", 0.0]])
def test_an_amount_has_one_fingerprint_however_it_is_written(same: list[Any]):
    assert len({fingerprint(CheckoutRequest(expected_total=written)) for written in same}) == 1


@given(REQUESTS, st.text(), st.text())
def test_a_new_field_is_never_forgotten(request: CheckoutRequest, one: str, other: str):
    """Seen to fail when the fingerprint is made of a list of fields."""
    fields = request.model_dump()
    notes = [fingerprint(LaterRequest(**fields, note=note)) for note in (one, other)]
    assert (notes[0] == notes[1]) == (one == other)
    places = [fingerprint(LaterRequest(**fields, where=Place(street=street))) for street in (one, other)]
    assert (places[0] == places[1]) == (one == other)
    assert not set(places) & {fingerprint(LaterRequest(**fields)), *notes}


@given(REQUESTS)
def test_a_key_from_before_a_field_was_added_is_known_to_who_does_not_use_it(request: CheckoutRequest):
    fields = request.model_dump()
    assert fingerprint(LaterRequest(**fields)) == fingerprint(request)
    assert former_fingerprint(LaterRequest(**fields)) == former_fingerprint(request)
    assert former_fingerprint(LaterRequest(**fields, note="x")) is None


@pytest.mark.parametrize(
    ("body", "other", "kept"),
    [
        ({}, {"force_payment_failure": True}, digest([False, None])),
        ({"expected_total": 10}, {"expected_total": "10.01"}, digest([False, "10.00"])),
    ],
)
async def test_keys_that_an_earlier_release_kept_are_answered(
    shop: Shop, body: dict[str, Any], other: dict[str, Any], kept: str
):
    """Seen to fail (422) without the former fingerprint."""
    person = await shop.person()
    await shop.add_to_cart(person, await shop.book())
    first = await shop.checkout(person, key="a", **body)
    assert first.status_code == 201
    await shop.rows("UPDATE idempotency_keys SET request_hash = :kept", kept=kept)
    again = await shop.checkout(person, key="a", **body)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert_problem(await shop.checkout(person, key="a", **other), 422, "IDEMPOTENCY_KEY_REUSED")
