"""What the settings of the shop refuse."""

from http import HTTPStatus

from app.core.errors import DomainError


class SettingsChanged(DomainError):
    """Somebody else saved the section since it was read."""

    code = "SETTINGS_CHANGED"
    status = HTTPStatus.CONFLICT
    title = "Changed meanwhile"
    detail = (
        "Somebody else saved these settings meanwhile, and nothing of yours is saved yet. Compare it with what is"
        " stored now, then save again."
    )


class CurrencyDoesNotFit(DomainError):
    """Prices have more decimals than the new currency: `books` of them."""

    code = "CURRENCY_DOES_NOT_FIT"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Prices do not fit the currency"
    field = "currency"

    def __init__(self, currency: str, books: int) -> None:
        prices = "The price of one book is" if books == 1 else f"The prices of {books} books are"
        super().__init__(f"{prices} no amount of {currency}, which has fewer decimals. Change the prices first.")
        self.books = books

    def members(self) -> dict[str, object]:
        return {"books": self.books}
