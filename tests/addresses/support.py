"""Addresses that tests need."""

from collections.abc import Mapping
from typing import Any

from app.addresses.rules import form_of
from tests.support import Person, Shop

US: dict[str, Any] = {
    "country": "US",
    "name": "Ada Lovelace",
    "street": "1600 Amphitheatre Parkway",
    "city": "Mountain View",
    "region": "CA",
    "postal_code": "94043",
}
GERMAN: dict[str, Any] = {
    "country": "DE",
    "name": "Änne Groß",
    "street": "Marienplatz 1",
    "city": "München",
    "postal_code": "80331",
}


async def add(shop: Shop, person: Person, address: Mapping[str, Any], **others: Any) -> int:
    """The id of an address that is in that person's book now."""
    answer = await shop.client.post("/addresses", headers=person.headers, json={"address": dict(address), **others})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def example(country: str) -> dict[str, str]:
    """An address there, of what the library says of the country: all that is required, and an example of its code."""
    given = {"country": country, "name": "Ada Lovelace"}
    for field in form_of(country).fields:
        if field.name == "postal_code" and field.example:
            given[field.name] = field.example
        elif field.required:
            given[field.name] = field.choices[0].code if field.choices else "Somewhere"
    return given
