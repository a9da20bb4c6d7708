"""Where a mail or a notice leads: pages of the shop, relative to its base."""

ACCOUNT_PAGE = "/account"


def book_page(book_id: int) -> str:
    """The page of a book."""
    return f"/shop/books/{book_id}"


def order_page(order_id: int) -> str:
    """The page of an order, for its buyer."""
    return f"/account/orders/{order_id}"


def guest_order_page(access_token: str) -> str:
    """The page of a guest's order, for whoever has the link."""
    return f"/order/{access_token}"
