"""GET /countries and what addresses there consist of; the address book of the caller."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.accounts.deps import CurrentUser
from app.addresses.deps import Addresses, AddressId
from app.addresses.errors import CountryNotFound
from app.addresses.rules import countries, form_of
from app.addresses.schemas import (
    AddressesOut,
    AddressFormOut,
    AddressIn,
    AddressOut,
    ChangeAddress,
    CountriesOut,
    CountryOut,
)
from app.core.db.route import TransactionRoute, only_reads
from app.core.middleware import storable_text
from app.core.openapi import problems

router = APIRouter(tags=["addresses"], route_class=TransactionRoute)
CountryCode = Annotated[str, Path(description="ISO 3166-1 alpha-2", examples=["US"])]


PUBLIC = [Depends(storable_text)]


@router.get("/countries", summary="List countries", dependencies=PUBLIC)
@only_reads
async def list_countries() -> CountriesOut:
    """Those that addresses may be in, by their English names. The shop may send parcels to fewer."""
    return CountriesOut(items=[CountryOut.model_validate(country) for country in countries()])


@router.get(
    "/countries/{code}/address-form",
    summary="Show what an address consists of",
    responses=problems("COUNTRY_NOT_FOUND"),
    dependencies=PUBLIC,
)
@only_reads
async def show_address_form(code: CountryCode) -> AddressFormOut:
    """The fields that addresses in the country have, in their order there, with what they are called and must be."""
    try:
        return AddressFormOut.model_validate(form_of(code.upper()))
    except KeyError as error:
        raise CountryNotFound from error


@router.get("/addresses", summary="Show the address book")
@only_reads
async def list_addresses(user: CurrentUser, addresses: Addresses) -> AddressesOut:
    """The caller's addresses: the default, then the newest first."""
    return AddressesOut(items=[AddressOut.model_validate(entry) for entry in await addresses.all(user.id)])


@router.post(
    "/addresses",
    status_code=201,
    summary="Put an address into the book",
    responses=problems("ADDRESS_INVALID", "ADDRESS_BOOK_FULL"),
)
async def add_address(body: AddressIn, user: CurrentUser, addresses: Addresses) -> AddressOut:
    """Complete and right for its country, with a name or a company. The first one is the default."""
    return AddressOut.model_validate(await addresses.add(user.id, body))


@router.get("/addresses/{address_id}", summary="Show an address", responses=problems("ADDRESS_NOT_FOUND"))
@only_reads
async def show_address(address_id: AddressId, user: CurrentUser, addresses: Addresses) -> AddressOut:
    """One of the caller's."""
    return AddressOut.model_validate(await addresses.get(user.id, address_id))


@router.put(
    "/addresses/{address_id}",
    summary="Change an address",
    responses=problems("ADDRESS_NOT_FOUND", "ADDRESS_INVALID", "ADDRESS_CHANGED"),
)
async def change_address(
    address_id: AddressId, body: ChangeAddress, user: CurrentUser, addresses: Addresses
) -> AddressOut:
    """The whole entry anew. Orders keep what they were placed with."""
    return AddressOut.model_validate(await addresses.change(user.id, address_id, body))


@router.delete(
    "/addresses/{address_id}",
    status_code=204,
    summary="Delete an address",
    responses=problems("ADDRESS_NOT_FOUND"),
)
async def delete_address(address_id: AddressId, user: CurrentUser, addresses: Addresses) -> None:
    """Orders keep it. After the default, the newest is the default."""
    await addresses.delete(user.id, address_id)


@router.post(
    "/addresses/{address_id}/default",
    summary="Make an address the default",
    responses=problems("ADDRESS_NOT_FOUND"),
)
async def make_address_default(address_id: AddressId, user: CurrentUser, addresses: Addresses) -> AddressOut:
    """A checkout begins with it from now on."""
    return AddressOut.model_validate(await addresses.make_default(user.id, address_id))
