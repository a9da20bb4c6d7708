"""What delivery and tax rates refuse."""

from http import HTTPStatus

from app.core.errors import DomainError


class DeliveryMethodNotFound(DomainError):
    """There is no such method, or it is not offered."""

    code = "DELIVERY_METHOD_NOT_FOUND"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "No such delivery method"
    detail = "This way of delivery is not offered. Please choose another one."
    field = "delivery"


class DeliveryNotThere(DomainError):
    """The method does not reach the place, or does not carry a parcel of that weight."""

    code = "DELIVERY_NOT_THERE"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Delivery does not reach the place"
    detail = "This way of delivery does not reach the address. Please choose another one."
    field = "delivery"


class ParcelTooHeavy(DeliveryNotThere):
    """None of the method's prices is for a parcel of that weight."""

    detail = "The parcel is too heavy for this way of delivery. Please choose another one."


class AddressMissing(DomainError):
    """What is shipped needs an address."""

    code = "ADDRESS_MISSING"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Address missing"
    detail = "Please say where the parcel is to go."
    field = "ship_to"


class TaxRateMissing(DomainError):
    """The shop charges tax and has no rate for these goods there."""

    code = "TAX_RATE_MISSING"
    status = HTTPStatus.CONFLICT
    title = "No tax rate"

    def __init__(self, category: str, place: str) -> None:
        super().__init__(f"The shop has no tax rate for goods of the category “{category}” in {place}.")
        self.category, self.place = category, place

    def members(self) -> dict[str, object]:
        return {"category": self.category, "place": self.place}


class LocationNotFound(DomainError):
    """There is no location with that id."""

    code = "LOCATION_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Location not found"
    detail = "There is no location with this id."


class ZoneNotFound(DomainError):
    """There is no zone with that id."""

    code = "DELIVERY_ZONE_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Zone not found"
    detail = "There is no zone with this id."


class MethodNotFound(DomainError):
    """There is no delivery method with that id, offered or not."""

    code = "DELIVERY_METHOD_UNKNOWN"
    status = HTTPStatus.NOT_FOUND
    title = "Delivery method not found"
    detail = "There is no delivery method with this id."


class RateNotFound(DomainError):
    """There is no tax rate with that id."""

    code = "TAX_RATE_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Tax rate not found"
    detail = "There is no tax rate with this id."


class DeliveryChanged(DomainError):
    """Somebody else saved it since it was read."""

    code = "DELIVERY_CHANGED"
    status = HTTPStatus.CONFLICT
    title = "Changed meanwhile"
    detail = (
        "Somebody else changed this meanwhile. Below is what you typed; compare it with what is stored now, "
        "then save again."
    )


class InUse(DomainError):
    """Methods go to that zone or location."""

    code = "DELIVERY_IN_USE"
    status = HTTPStatus.CONFLICT
    title = "In use"
    detail = "Delivery methods use this. Change or delete them first."


class ZoneNameTaken(DomainError):
    """Another zone has the name."""

    code = "DELIVERY_ZONE_NAME_TAKEN"
    status = HTTPStatus.CONFLICT
    title = "Name taken"
    detail = "Another zone has this name."
    field = "name"


class LastCollectMethod(DomainError):
    """Without it, an order that names no delivery is refused."""

    code = "LAST_COLLECT_METHOD"
    status = HTTPStatus.CONFLICT
    title = "Last way to collect"
    detail = (
        "Nothing could be collected any more: this is the last offered way, and orders that name no delivery rely "
        "on it. Tick the box if that is what you want."
    )
    field = "sure"


class TaxRateOverlaps(DomainError):
    """A rate of the same category and place is in force on one of its days."""

    code = "TAX_RATE_OVERLAPS"
    status = HTTPStatus.CONFLICT
    title = "Tax rates overlap"
    detail = "There is a rate for these goods and this place on that day. Change or delete it instead."
    field = "valid_from"


class DeliveryFull(DomainError):
    """There are as many locations, zones, methods or rates as may be."""

    code = "DELIVERY_FULL"
    status = HTTPStatus.CONFLICT
    title = "As many as may be"

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit}, which is as many as there may be. Delete one first.")
        self.limit = limit

    def members(self) -> dict[str, object]:
        return {"limit": self.limit}
