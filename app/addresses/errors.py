"""What addresses refuse."""

from collections.abc import Mapping
from http import HTTPStatus

from app.core.errors import DomainError, Full


class AddressInvalid(DomainError):
    """An address that its country does not know. `errors` are sentences by field."""

    code = "ADDRESS_INVALID"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Address not right"

    def __init__(self, errors: Mapping[str, str], labels: Mapping[str, str], within: str = "") -> None:
        """`labels` name the fields in the sentence; `within` is the key that holds the address, such as `ship_to`."""
        first = next(iter(errors))
        super().__init__(f"{labels.get(first, first)}: {errors[first]}")
        self.errors = dict(errors)
        self.data = [{"field": f"{within}.{name}" if within else name, "message": errors[name]} for name in errors]
        self.field = self.data[0]["field"]

    def members(self) -> dict[str, object]:
        return {"fields": self.data}


class CountryNotFound(DomainError):
    """No country has that code."""

    code = "COUNTRY_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Country not found"
    detail = "There is no country with this code."


class AddressNotFound(DomainError):
    """The caller has no such address."""

    code = "ADDRESS_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Address not found"
    detail = "There is no address with this id in your address book."


class AddressBookFull(Full):
    """The address book has as many addresses as it may."""

    code = "ADDRESS_BOOK_FULL"
    status = HTTPStatus.CONFLICT
    title = "Address book full"
    sentence = "Your address book holds {limit} addresses, and no more fit in. Delete one first."


class AddressChanged(DomainError):
    """Another browser or program saved the entry since it was read."""

    code = "ADDRESS_CHANGED"
    status = HTTPStatus.CONFLICT
    title = "Changed meanwhile"
    detail = "This address was changed elsewhere meanwhile. Compare both, then save again."
